internal import Foundation

extension MatrixReport {
    /// Unites reports of the same plan.
    ///
    /// Of two results for the same cell the one of the later attempt stays; of the same attempt the one that ended later; and
    /// of the same time that of the later report in the list.
    package init(merging reports: [MatrixReport]) throws(MatrixError) {
        guard var merged = reports.first else { throw .nothing }
        for report in reports.dropFirst() { try merged.add(report) }
        merged.shards.sort { ($0.index, $0.attempt, $0.started) < ($1.index, $1.attempt, $1.started) }
        merged.settle()
        self = merged
    }

    /// Whether this one can be united with another one.
    package func check(_ other: MatrixReport) throws(MatrixError) {
        guard plan.digest == other.plan.digest, plan.cells == other.plan.cells else { throw .mixedPlans }
        guard plan.shards == other.plan.shards else { throw .mixedShards(plan.shards, other.plan.shards) }
    }

    private mutating func add(_ other: MatrixReport) throws(MatrixError) {
        try check(other)
        for run in other.shards where !shards.contains(run) { shards.append(run) }
        for result in other.results {
            if let place = results.firstIndex(where: { $0.cell == result.cell }) {
                if (result.attempt, result.ended) >= (results[place].attempt, results[place].ended) {
                    results[place] = result
                }
            } else {
                results.append(result)
            }
        }
    }
}

/// The files of results in a directory.
package struct ResultDirectory: Sendable {
    /// The directory.
    package let path: String

    /// That directory.
    package init(_ path: String) { self.path = path }

    /// What a run of a shard leaves.
    package static func name(of shard: Shard) -> String { "shard-\(shard.index)-of-\(shard.count).json" }

    /// Where the results of a shard are.
    package func file(of shard: Shard) -> String { path + "/" + Self.name(of: shard) }

    /// The files with results of shards, by name.
    package func files() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.filter { $0.wholeMatch(of: /shard-\d+-of-\d+\.json/) != nil }.sorted { first, second in
            first.compare(second, options: .numeric) == .orderedAscending
        }.map { path + "/" + $0 }
    }

    /// Writes a file so that it is there with all of its contents or not at all, and makes the directory for it.
    package func write(_ text: String, as name: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name), options: .atomic)
    }
}
