public import ArgumentParser
internal import Matrix

extension Cell.Architecture: ExpressibleByArgument {}
extension Cell.Engine: ExpressibleByArgument {}
extension Cell.Suite: ExpressibleByArgument {}
extension Shard: ExpressibleByArgument {
    /// Reads `2/3`.
    public init?(argument: String) { self.init(argument) }
}

/// Which cells are meant.
public struct MatrixSelection: ParsableArguments {
    @Option(name: .customLong("arch"), help: "Only guests of this architecture; may be repeated.")
    var architectures: [Cell.Architecture] = []

    @Option(name: .customLong("engine"), help: "Only on this engine; may be repeated.")
    var engines: [Cell.Engine] = []

    @Option(name: .customLong("suite"), help: "Only this suite; may be repeated.")
    var suites: [Cell.Suite] = []

    @Option(
        name: .customLong("cell"),
        help: ArgumentHelp(
            "Only the cells of this name, in which * stands for anything; may be repeated.", valueName: "name"))
    var patterns: [String] = []

    @Option(help: ArgumentHelp("One part of the plan, as 2/3.", valueName: "i/n"))
    var shard = Shard.whole

    /// Made by the argument parser.
    public init() {}

    /// The plan that the options choose. Refuses one without cells.
    func plan() throws(CommandFailure) -> Plan {
        var selection = Plan.Selection()
        selection.architectures = architectures
        selection.engines = engines
        selection.suites = suites
        selection.patterns = patterns.map { Pattern($0) }
        let plan = Plan(selection: selection)
        guard !plan.cells.isEmpty else {
            throw CommandFailure(.usage, "no cell is chosen: 'paravane matrix list' has their names")
        }
        return plan
    }
}

/// Where guests and programs are.
public struct MatrixSurroundings: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Where the guests are that 'make matrix-guests' builds. The default is $\(Surroundings.guestsVariable), then \
            ~/.cache/paravane/matrix.
            """, valueName: "directory"))
    var guests: String?

    @Option(
        help: ArgumentHelp(
            "Where the programs are that 'make matrix-programs' builds. The default is where this one is.",
            valueName: "directory"))
    var programs: String?

    /// Made by the argument parser.
    public init() {}

    /// What they name.
    var surroundings: Surroundings { Surroundings(guests: guests, programs: programs) }

    /// The known differences.
    func differences() throws(CommandFailure) -> Differences {
        let surroundings = surroundings
        do throws(Differences.Malformed) {
            return try surroundings.differences()
        } catch {
            throw CommandFailure(.badInput, "\(surroundings.guests)/differences: \(error)")
        }
    }
}

/// Where results go, and what counts.
public struct MatrixOutput: ParsableArguments {
    @Option(help: ArgumentHelp("Where results and reports go.", valueName: "directory"))
    var results = "matrix-results"

    @Flag(help: "Let absent cells count as good.")
    var allowAbsent = false

    /// Made by the argument parser.
    public init() {}

    /// Writes a file of results.
    func write(_ text: String, as name: String) throws(CommandFailure) {
        do {
            try ResultDirectory(results).write(text, as: name)
        } catch {
            throw CommandFailure(.badInput, "\(results)/\(name): cannot be written; check path and room")
        }
    }

    /// Writes all reports, and says so.
    func writeReports(of report: MatrixReport) throws {
        for (name, text) in [
            ("matrix.json", try report.json()), ("matrix.xml", report.junit()), ("matrix.tap", report.tap()),
            ("matrix.html", report.html()),
        ] {
            try write(text, as: name)
        }
        StandardError.print("\(results)/matrix.html is the page with all results")
    }

    /// With what status to exit.
    func status(of report: MatrixReport) -> ExitStatus {
        if report.results.contains(where: \.verdict.isBad) { return .difference }
        if !report.missingCells.isEmpty { return .unavailable }
        return report.count(.absent) > 0 && !allowAbsent ? .unavailable : .success
    }
}
