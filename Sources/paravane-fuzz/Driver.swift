internal import Foundation
internal import Fuzzing

/// Divides one target's inputs among worker processes, and looks after them.
struct Driver {
    private let command: FuzzCommand
    private let target: FuzzTargetName
    private let casesPerInput: UInt64
    private let inputs: UInt64
    private let started = Date()
    private var finds = 0

    /// After this many finds the rest is not worth the time.
    private static let maximumFinds = 25
    private static let pollInterval = 0.05
    private static let reportInterval = 10.0

    init(_ command: FuzzCommand, _ target: FuzzTargetName) {
        self.command = command
        self.target = target
        casesPerInput = UInt64(target.make().casesPerInput)
        inputs = ((command.iterations ?? target.fullCount) + casesPerInput - 1) / casesPerInput
    }

    /// A part of the inputs and the process that runs it.
    private final class Part {
        let first: UInt64
        let end: UInt64
        let file: URL
        let progress: Progress
        var process: Process
        var lastIndex: UInt64
        var lastChange = Date()

        init(first: UInt64, end: UInt64, file: URL, progress: Progress, process: Process) {
            self.first = first
            self.end = end
            self.file = file
            self.progress = progress
            self.process = process
            lastIndex = first
        }
    }

    /// Runs all inputs. The number of finds.
    mutating func run() throws -> Int {
        say("\(target.rawValue): \(inputs * casesPerInput) cases, seed \(command.seed)")
        var parts: [Part] = []
        let jobs = UInt64(command.jobs)
        for job in 0..<jobs {
            let (first, end) = (inputs * job / jobs, inputs * (job + 1) / jobs)
            if first < end { parts.append(try start(first, end)) }
        }
        defer { for part in parts { try? FileManager.default.removeItem(at: part.file) } }
        var nextReport = Self.reportInterval
        while parts.contains(where: { $0.process.isRunning || $0.progress.index < $0.end }) {
            Thread.sleep(forTimeInterval: Self.pollInterval)
            for part in parts { try lookAfter(part) }
            let elapsed = Date().timeIntervalSince(started)
            if let seconds = command.seconds, elapsed > seconds { break }
            if finds >= Self.maximumFinds { break }
            if elapsed > nextReport {
                report(parts, elapsed)
                nextReport += Self.reportInterval
            }
        }
        for part in parts where part.process.isRunning { stop(part) }
        report(parts, Date().timeIntervalSince(started))
        return finds
    }

    /// Prints a line at once, wherever standard output leads.
    private func say(_ line: String) {
        print(line)
        fflush(nil)
    }

    private func report(_ parts: [Part], _ elapsed: Double) {
        let done = parts.reduce(0) { $0 + ($1.progress.index - $1.first) } * casesPerInput
        let rate = Int(Double(done) / max(elapsed, 0.001))
        say("\(target.rawValue): \(done) cases in \(Int(elapsed)) s, \(rate) a second, \(finds) finds")
    }

    /// Notes how a worker is doing; starts the next one behind an input that ended it.
    private mutating func lookAfter(_ part: Part) throws {
        let index = part.progress.index
        if part.process.isRunning {
            if index != part.lastIndex {
                part.lastIndex = index
                part.lastChange = Date()
            } else if Date().timeIntervalSince(part.lastChange) > command.hangSeconds {
                stop(part)
                try note(index, "took more than \(command.hangSeconds) s")
                try goOn(part, behind: index)
            }
        } else if index < part.end {
            try note(index, "ended with \(Self.reason(part.process))")
            try goOn(part, behind: index)
        }
    }

    private static func reason(_ process: Process) -> String {
        process.terminationReason == .exit
            ? "status \(process.terminationStatus)" : "signal \(process.terminationStatus)"
    }

    private func stop(_ part: Part) {
        kill(part.process.processIdentifier, SIGKILL)
        part.process.waitUntilExit()
    }

    private func goOn(_ part: Part, behind index: UInt64) throws {
        part.progress.index = index + 1
        part.lastIndex = index + 1
        part.lastChange = Date()
        guard index + 1 < part.end else { return }
        part.process = try spawn(index + 1, part.end, part.file)
    }

    /// Keeps the input and says how to run it again.
    private mutating func note(_ index: UInt64, _ what: String) throws {
        finds += 1
        var random = FuzzRandom(seed: command.seed, index: index)
        let name = "\(target.rawValue)-\(command.seed)-\(index).bin"
        let file = URL(fileURLWithPath: command.finds).appendingPathComponent(name)
        try Data(target.make().generate(&random)).write(to: file)
        say(
            """
            \(target.rawValue): FIND: input \(index) of seed \(command.seed) \(what)
              kept as \(file.path)
              again: paravane-fuzz --target \(target.rawValue) --seed \(command.seed) --input \(index)
            """)
    }

    private func start(_ first: UInt64, _ end: UInt64) throws -> Part {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("paravane-fuzz-\(UUID().uuidString)")
        try Data(repeating: 0, count: 8).write(to: file)
        guard let progress = Progress(path: file.path) else { throw CocoaError(.fileReadUnknown) }
        progress.index = first
        return Part(
            first: first, end: end, file: file, progress: progress, process: try spawn(first, end, file))
    }

    private func spawn(_ first: UInt64, _ end: UInt64, _ file: URL) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = [
            "--target", target.rawValue, "--seed", "\(command.seed)", "--worker-first", "\(first)", "--worker-end",
            "\(end)", "--worker-progress", file.path,
        ]
        process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
        try process.run()
        return process
    }
}
