package import Foundation

/// The results of a plan or of some of its shards: what the JSON has, and what all reports are made of.
package struct MatrixReport: Equatable, Codable, Sendable {
    /// What tells this JSON from others.
    package static let format = "paravane-matrix"
    /// The version of its shape. It changes whenever a key changes its meaning or goes away.
    package static let version = 1

    /// The plan that the results belong to.
    package struct PlanReference: Equatable, Codable, Sendable {
        /// ``Plan/digest(differences:)``.
        package let digest: String
        /// The ids of all its cells, in its order.
        package let cells: [String]
        /// Into how many shards it is divided.
        package let shards: Int
    }

    /// One run of a shard.
    package struct ShardRun: Equatable, Codable, Sendable {
        /// Which shard, from 1.
        package let index: Int
        /// Which attempt at it, from 1.
        package let attempt: Int
        /// The machine that it ran on.
        package let host: String
        /// How many cells ran at the same time.
        package let jobs: Int
        /// When it began.
        package let started: Date
        /// How long it took.
        package let seconds: Double

        /// That run.
        package init(index: Int, attempt: Int, host: String, jobs: Int, started: Date, seconds: Double) {
            self.index = index
            self.attempt = attempt
            self.host = host
            self.jobs = jobs
            self.started = started
            self.seconds = seconds
        }
    }

    /// Always ``format``.
    package let format: String
    /// Always ``version``.
    package let version: Int
    /// The plan.
    package let plan: PlanReference
    /// The runs that the results are from, by index and attempt.
    package internal(set) var shards: [ShardRun]
    /// The results, in the order of the plan.
    package internal(set) var results: [CellResult]

    /// The report of one run of a shard.
    package init(
        _ plan: Plan, shard: Shard, differences: Differences, run: ShardRun, results: [CellResult]
    ) {
        format = Self.format
        version = Self.version
        self.plan = PlanReference(
            digest: plan.digest(differences: differences), cells: plan.cells.map(\.id), shards: shard.count)
        shards = [run]
        self.results = results
        settle()
    }

    /// Puts results into the plan's order, and compares cells with their peers.
    mutating func settle() {
        let places = Dictionary(zip(plan.cells, 0...), uniquingKeysWith: { first, _ in first })
        results.sort { places[$0.cell] ?? 0 < places[$1.cell] ?? 0 }
        let byCell = Dictionary(results.map { ($0.cell, $0) }, uniquingKeysWith: { first, _ in first })
        for index in results.indices {
            if let peer = results[index].peer.flatMap({ byCell[$0] }) { results[index].compare(with: peer) }
        }
    }

    // MARK: What it says

    /// The shards without a run.
    package var missingShards: [Int] {
        let there = Set(shards.map(\.index))
        return (1...max(plan.shards, 1)).filter { !there.contains($0) }
    }

    /// The cells without a result.
    package var missingCells: [String] {
        let there = Set(results.map(\.cell))
        return plan.cells.filter { !there.contains($0) }
    }

    /// How many results have a verdict.
    package func count(_ verdict: Verdict) -> Int { results.count { $0.verdict == verdict } }

    /// How many results have which verdict, in one line; verdicts that nothing has are left out.
    package var summary: String {
        var parts = Verdict.allCases.compactMap { verdict in
            count(verdict) == 0 ? nil : "\(count(verdict)) \(verdict.words)"
        }
        if !missingCells.isEmpty { parts.append("\(missingCells.count) missing") }
        return parts.isEmpty ? "no cells" : parts.joined(separator: ", ")
    }

    /// From the first beginning to the last end, in seconds.
    package var span: Double {
        guard let first = shards.map(\.started).min(),
            let last = shards.map({ $0.started.addingTimeInterval($0.seconds) }).max()
        else { return 0 }
        return last.timeIntervalSince(first)
    }

    // MARK: JSON

    /// The JSON, keys sorted, with a line feed at the end.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(date.formatted(Self.time))
        }
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    /// Reads such a JSON.
    package init(json: Data) throws(MatrixError) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.dateDecodingStrategy = .custom { decoder in
            try Self.time.parse(decoder.singleValueContainer().decode(String.self))
        }
        struct Head: Decodable {
            let format: String
            let version: Int
        }
        guard let head = try? decoder.decode(Head.self, from: json), head.format == Self.format else {
            throw .notResults
        }
        guard head.version == Self.version else { throw .otherVersion(head.version) }
        do {
            self = try decoder.decode(Self.self, from: json)
        } catch {
            throw .notResults
        }
        guard (1...Shard.limit).contains(plan.shards), Set(plan.cells).isSuperset(of: results.map(\.cell)),
            shards.allSatisfy({ (1...plan.shards).contains($0.index) })
        else { throw .notResults }
    }

    /// How times are written: UTC, to the millisecond.
    static let time = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}

/// Why results cannot be used.
package enum MatrixError: Error, Equatable, CustomStringConvertible {
    /// There is nothing to merge.
    case nothing
    /// The file is none that `paravane matrix` wrote, or it is damaged.
    case notResults
    /// It is of another version of the format.
    case otherVersion(Int)
    /// Two files are of different plans.
    case mixedPlans
    /// Two files divide the plan differently.
    case mixedShards(Int, Int)

    /// What is wrong.
    package var description: String {
        switch self {
        case .nothing: "there are no results"
        case .notResults: "these are no results of 'paravane matrix'"
        case .otherVersion(let version): "results of version \(version); this is version \(MatrixReport.version)"
        case .mixedPlans: "these results are of another plan: other cells were chosen, or the table has changed"
        case .mixedShards(let first, let second): "these are results of \(second) shards, and others are of \(first)"
        }
    }
}
