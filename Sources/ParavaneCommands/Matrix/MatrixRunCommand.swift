public import ArgumentParser
internal import CHost
internal import CProcess
internal import Foundation
internal import Matrix

/// `paravane matrix run`: runs cells and writes their results.
public struct MatrixRunCommand: ParsableCommand {
    /// The name and the help.
    public static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run cells, and write their results and reports.",
        discussion: """
            Writes shard-1-of-1.json and the reports matrix.json, matrix.xml (JUnit), matrix.tap and matrix.html. With \
            --shard only that shard's file is written, which 'paravane matrix merge' reads.
            """)

    @OptionGroup var selection: MatrixSelection
    @OptionGroup var places: MatrixSurroundings
    @OptionGroup var output: MatrixOutput

    @Option(help: "How many cells run at the same time. The default is the number of processors.")
    var jobs: Int?

    @Option(help: ArgumentHelp("End each cell after this long, instead of after its own limit.", valueName: "seconds"))
    var timeout: Double?

    @Option(help: "Which attempt at this shard it is; merging prefers later ones.")
    var attempt = 1

    @Option(help: "What reports call this machine. The default is its name.")
    var host: String?

    /// Made by the argument parser.
    public init() {}

    /// Checks what can be checked without opening a file.
    public func validate() throws {
        if let timeout, !(timeout > 0) { throw ValidationError("--timeout takes a positive number of seconds") }
        if let jobs, !(1...Runner.mostJobs).contains(jobs) {
            throw ValidationError("--jobs takes 1 to \(Runner.mostJobs)")
        }
        guard attempt > 0 else { throw ValidationError("--attempt takes 1 or more") }
    }

    /// Runs the cells.
    public func run() throws {
        let plan = try selection.plan()
        let differences = try places.differences()
        let shard = selection.shard
        var runner = Runner(surroundings: places.surroundings, differences: differences)
        runner.jobs = jobs ?? min(ProcessInfo.processInfo.activeProcessorCount, Runner.mostJobs)
        runner.limit = timeout
        runner.attempt = attempt
        runner.host = host ?? Self.hostName
        host_unblock_signals()
        let interruptions = process_interruptions()
        let cells = plan.cells(of: shard)
        var progress = MatrixProgress(total: cells.count)
        let (started, began) = (Date(), host_monotonic_nanoseconds())
        let results = runner.run(cells, interruptions: interruptions) { progress.show($0) }
        progress.clear()
        guard let results else {
            StandardError.print("interrupted: all cells are ended, nothing is written")
            process_end_by_interruption(interruptions)
            throw ExitCode(ExitStatus.internalError.rawValue)
        }
        let seconds = (Double(host_monotonic_nanoseconds() &- began) / 1e6).rounded() / 1e3
        let report = MatrixReport(
            plan, shard: shard, differences: differences,
            run: .init(
                index: shard.index, attempt: attempt, host: runner.host, jobs: runner.jobs, started: started,
                seconds: seconds),
            results: results)
        try output.write(try report.json(), as: ResultDirectory.name(of: shard))
        try OutputFile.write(MatrixProgress.conclusion(of: report, shard: shard, progress.style), to: nil)
        if shard == .whole {
            try output.writeReports(of: report)
            let status = output.status(of: report)
            if status != .success { throw ExitCode(status.rawValue) }
        } else if report.results.contains(where: \.verdict.isBad) {
            throw ExitCode(ExitStatus.difference.rawValue)
        } else if report.count(.absent) > 0, !output.allowAbsent {
            throw ExitCode(ExitStatus.unavailable.rawValue)
        }
    }

    /// The machine's name, without asking a name service.
    private static var hostName: String {
        let name = FileManager.default.contents(atPath: "/proc/sys/kernel/hostname").map {
            String(decoding: $0, as: UTF8.self)
        }
        return name?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "this machine"
    }
}
