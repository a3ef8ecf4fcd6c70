package import Foundation

/// What came of a cell.
package enum Verdict: String, CaseIterable, Codable, Sendable {
    /// Everything is as it should be.
    case passed
    /// It differs from the suite, in the ways that the known differences explain and in no others.
    case differs
    /// Something is not as it should be.
    case failed
    /// It did not end within its time.
    case timedOut = "timed_out"
    /// Something that it needs is not there, so it did not run.
    case absent

    /// The exit status of programs that lack something of the host.
    package static let unavailableStatus: Int32 = 69

    /// In words.
    package var words: String {
        switch self {
        case .passed: "passed"
        case .differs: "differs as documented"
        case .failed: "failed"
        case .timedOut: "timed out"
        case .absent: "absent"
        }
    }

    /// Whether it needs somebody's attention.
    package var isBad: Bool { self == .failed || self == .timedOut }
}

/// One cell's result: an element of `results` in the JSON.
package struct CellResult: Equatable, Codable, Sendable {
    /// One test of a guest that speaks TAP.
    package struct Test: Equatable, Codable, Sendable {
        /// Its sentence.
        package let name: String
        /// Whether it passed.
        package let passed: Bool
        /// Why a failure is known; missing where it is not, and of tests that passed.
        package var explanation: String?
    }

    /// ``Cell/id``.
    package let cell: String
    /// The processor that the guest is for.
    package let architecture: Cell.Architecture
    /// What executed it.
    package let engine: Cell.Engine
    /// What it tests.
    package let suite: Cell.Suite
    /// Which of several such cells it is.
    package let variant: String
    /// The cell whose tests these have to be; missing where there is none.
    package let peer: String?
    /// What came of it.
    package internal(set) var verdict: Verdict
    /// Why it did not pass, a sentence each; what differs, where that is known.
    package internal(set) var reasons: [String]
    /// The command that would bring what is absent.
    package internal(set) var remedy: String?
    /// What was executed; of an absent cell nothing.
    package internal(set) var command: [String] = []
    /// The exit status, or the negative number of the signal that ended it; missing where it did not run.
    package internal(set) var status: Int32?
    /// When it began.
    package internal(set) var started: Date
    /// How long it took.
    package internal(set) var seconds: Double = 0
    /// The machine that it ran on.
    package var host = ""
    /// Which attempt at its shard this was, from 1.
    package var attempt = 1
    /// The tests of guests that speak TAP.
    package internal(set) var tests: [Test] = []
    /// Standard output, the middle left out where it is long.
    package internal(set) var output = ""
    /// Standard error, in the same way.
    package internal(set) var errors = ""

    /// A result of `cell` that has still to be filled in.
    package init(_ cell: Cell, _ verdict: Verdict, reasons: [String] = [], remedy: String? = nil, started: Date) {
        self.cell = cell.id
        architecture = cell.architecture
        engine = cell.engine
        suite = cell.suite
        variant = cell.variant
        if case .tap(_, let peer) = cell.expectation { self.peer = peer } else { peer = nil }
        self.verdict = verdict
        self.reasons = reasons
        self.remedy = remedy
        self.started = started
    }

    /// When it ended.
    package var ended: Date { started.addingTimeInterval(seconds) }
    /// How many tests failed in a known way.
    package var explained: Int { tests.count { $0.explanation != nil } }
    /// In a word or two: `207 tests`.
    package var measure: String? {
        guard !tests.isEmpty else { return nil }
        let known = explained == 0 ? "" : ", \(explained) known to differ"
        return tests.count == 1 ? "1 test\(known)" : "\(tests.count) tests\(known)"
    }
}
