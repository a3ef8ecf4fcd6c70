public import ArgumentParser
internal import Foundation
internal import Matrix

/// `paravane matrix merge`: unites the results of shards.
public struct MatrixMergeCommand: ParsableCommand {
    /// The name and the help.
    public static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Unite the results of shards, and write the reports.",
        discussion: """
            Of several results for one cell that of the latest attempt counts, of the same attempt the one that ended last. \
            Results of different plans are refused. What is missing is said, and the exit status is 69 then.
            """)

    @Argument(
        help: "Files of results, or directories with some. The default is the directory of --results.",
        completion: .file())
    var inputs: [String] = []

    @OptionGroup var output: MatrixOutput

    /// Made by the argument parser.
    public init() {}

    /// Reads, unites and writes.
    public func run() throws {
        var files: [String] = []
        for input in inputs.isEmpty ? [output.results] : inputs {
            var isDirectory = ObjCBool(false)
            guard unsafe FileManager.default.fileExists(atPath: input, isDirectory: &isDirectory) else {
                throw CommandFailure(.badInput, "\(input): there is no such file or directory")
            }
            guard isDirectory.boolValue else {
                files.append(input)
                continue
            }
            let found = ResultDirectory(input).files()
            if found.isEmpty { throw CommandFailure(.badInput, "\(input): no results of shards are in there") }
            files += found
        }
        let report = try Self.merge(files)
        try output.writeReports(of: report)
        let style = MatrixProgress.Style.current()
        for (index, result) in report.results.enumerated() where result.verdict != .passed {
            let line = MatrixProgress.line(result, number: index + 1, of: report.plan.cells.count, style)
            try OutputFile.write(line + "\n", to: nil)
        }
        try OutputFile.write("\(report.plan.cells.count) cells: \(report.summary)\n", to: nil)
        if !report.missingShards.isEmpty {
            let names = report.missingShards.map { "\($0)/\(report.plan.shards)" }.joined(separator: ", ")
            StandardError.print(
                "no results of shard \(names), which has \(report.missingCells.joined(separator: ", "))")
        }
        let status = output.status(of: report)
        if status != .success { throw ExitCode(status.rawValue) }
    }

    private static func merge(_ files: [String]) throws -> MatrixReport {
        var reports: [MatrixReport] = []
        for file in files {
            let json = Data(try InputFile.read(file, limit: 1 << 30))
            do throws(MatrixError) {
                let report = try MatrixReport(json: json)
                try reports.first?.check(report)
                reports.append(report)
            } catch {
                throw CommandFailure(.badInput, "\(file): \(error)")
            }
        }
        return try MatrixReport(merging: reports)
    }
}
