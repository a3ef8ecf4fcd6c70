package import Foundation

/// How a cell's program ended, and what it said.
package struct Outcome: Sendable {
    /// The exit status, or the negative number of the signal that ended it.
    package var status: Int32
    /// Whether it was ended because its time was over.
    package var isTimedOut = false
    /// When it was started.
    package var started: Date
    /// How long it ran.
    package var seconds: Double
    /// Standard output.
    package var output: CapturedOutput
    /// Standard error.
    package var errors: CapturedOutput

    /// That end.
    package init(
        status: Int32, isTimedOut: Bool = false, started: Date, seconds: Double, output: CapturedOutput,
        errors: CapturedOutput = CapturedOutput()
    ) {
        self.status = status
        self.isTimedOut = isTimedOut
        self.started = started
        self.seconds = seconds
        self.output = output
        self.errors = errors
    }
}

extension CellResult {
    /// Judges what a cell's program did.
    package init(_ cell: Cell, command: [String], limit: Double, outcome: Outcome, differences: Differences) {
        self.init(cell, .passed, started: outcome.started)
        self.command = command
        status = outcome.status
        seconds = (outcome.seconds * 1000).rounded() / 1000
        output = outcome.output.text
        errors = outcome.errors.text
        if outcome.isTimedOut {
            verdict = .timedOut
            reasons = ["it did not end within \(limit.formatted(.number.grouping(.never))) seconds"]
            readTests(of: cell, differences)
            return
        }
        if outcome.status == Verdict.unavailableStatus, cell.status != Verdict.unavailableStatus {
            verdict = .absent
            reasons = [Self.lastLine(errors) ?? "the program says that the host lacks something"]
            remedy = cell.package.map { "apt-get install \($0)" }
            return
        }
        if outcome.status != cell.status { reasons.append(Self.describe(outcome.status, instead: cell.status)) }
        if outcome.output.dropped > 0 { reasons.append("it printed more than \(CapturedOutput.limit) bytes") }
        switch cell.expectation {
        case .tap(let reference, _):
            let report = readTests(of: cell, differences)
            if let flaw = report.flaw { reasons.append(flaw) }
            reasons += differences.surprises(in: report, of: reference)
        case .skip(let reason):
            let found = TAPReport(console: output).skipReason
            if found != reason {
                reasons.append(
                    "the guest should leave its tests out because of '\(reason)'"
                        + (found.map { ", and does because of '\($0)'" } ?? ""))
            }
        case .lines(let patterns, let never):
            reasons += Self.missing(patterns, never: never, in: output)
        }
        if !reasons.isEmpty {
            verdict = .failed
        } else if explained > 0 {
            verdict = .differs
            reasons = Self.distinct(tests.compactMap(\.explanation))
        }
    }

    @discardableResult
    private mutating func readTests(of cell: Cell, _ differences: Differences) -> TAPReport {
        let report = TAPReport(console: output)
        guard case .tap(let reference, _) = cell.expectation else { return report }
        tests = report.tests.map { test in
            let explanation = reference.flatMap { test.passed ? nil : differences.reason(for: test.name, on: $0) }
            return Test(name: test.name, passed: test.passed, explanation: explanation)
        }
        return report
    }

    /// Compares the tests with those of the peer, where both have been run.
    package mutating func compare(with peer: CellResult) {
        guard verdict == .passed || verdict == .differs, peer.verdict != .absent, peer.verdict != .timedOut else {
            return
        }
        let place = zip(tests, peer.tests).prefix { $0.name == $1.name }.count
        guard place < max(tests.count, peer.tests.count) else { return }
        func name(_ tests: [Test]) -> String { place < tests.count ? "'\(tests[place].name)'" : "missing" }
        verdict = .failed
        reasons = ["test \(place + 1) is \(name(tests)), and \(name(peer.tests)) in \(peer.cell)"]
    }

    // MARK: Sentences

    private static func describe(_ status: Int32, instead expected: Int32) -> String {
        status < 0 ? "it was ended by signal \(-status)" : "it ended with status \(status) instead of \(expected)"
    }

    private static func lastLine(_ text: String) -> String? {
        text.split(whereSeparator: \.isNewline).last.map(String.init)
    }

    private static func missing(_ patterns: [String], never: [String], in console: String) -> [String] {
        let lines = console.split(whereSeparator: \.isNewline).map(String.init)
        var reasons: [String] = []
        var rest = lines[...]
        for pattern in patterns {
            let wanted = Pattern(pattern)
            if let place = rest.firstIndex(where: wanted.matches) {
                rest = rest[(place + 1)...]
            } else {
                reasons.append("the console has no '\(pattern)' where it should be")
            }
        }
        for line in lines where never.contains(where: { Pattern($0).matches(line) }) {
            reasons.append("the console says '\(line)'")
        }
        return reasons
    }

    private static func distinct(_ texts: [String]) -> [String] {
        var seen: Set<String> = []
        return texts.filter { seen.insert($0).inserted }
    }
}
