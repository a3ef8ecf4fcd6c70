import Foundation
import Matrix
import Testing

/// What cells look like whose program said something.
enum Judged {
    static let start = Date(timeIntervalSince1970: 1_700_000_000)

    static func cell(
        _ variant: String = "a", _ engine: Cell.Engine = .soft, status: Int32 = 0,
        _ expectation: Cell.Expectation = .tap(),
        package: String? = nil
    ) -> Cell {
        Cell(
            .s390x, engine, .conformance, variant, run: ["guest"], status: status, expect: expectation, package: package
        )
    }

    static func result(
        _ cell: Cell, _ output: String, errors: String = "", status: Int32 = 0, isTimedOut: Bool = false,
        started: Double = 0, seconds: Double = 1.5, differences: String = "", attempt: Int = 1, host: String = "here"
    ) throws -> CellResult {
        let outcome = Outcome(
            status: status, isTimedOut: isTimedOut, started: start.addingTimeInterval(started), seconds: seconds,
            output: CapturedOutput(output), errors: CapturedOutput(errors))
        var result = CellResult(
            cell, command: ["/guests/guest", "with space"], limit: 60, outcome: outcome,
            differences: try Differences(differences))
        result.attempt = attempt
        result.host = host
        return result
    }
}

struct JudgementTests {
    private let differences = "reference: other\ntest: two\nreason: It counts otherwise."
    private let good = "ok 1 - one\nok 2 - two\n1..2\n"
    private let different = "ok 1 - one\nnot ok 2 - two\n1..2\n"

    @Test func `a guest whose tests all pass has passed`() throws {
        let result = try Judged.result(Judged.cell(), good)
        #expect(result.verdict == .passed)
        #expect(result.reasons == [])
        #expect(result.tests.map(\.name) == ["one", "two"])
        #expect(result.measure == "2 tests")
        #expect(result.seconds == 1.5)
    }

    @Test func `a reference that differs as the file says differs as documented`() throws {
        let result = try Judged.result(
            Judged.cell(.init("a"), .qemu, .tap(reference: "other")), different, differences: differences)
        #expect(result.verdict == .differs)
        #expect(result.reasons == ["It counts otherwise."])
        #expect(result.tests.last?.explanation == "It counts otherwise.")
        #expect(result.measure == "2 tests, 1 known to differ")
    }

    @Test func `the differences of one reference excuse no other one, and not our own engines`() throws {
        for expectation in [Cell.Expectation.tap(), .tap(reference: "another")] {
            let result = try Judged.result(Judged.cell("a", .qemu, expectation), different, differences: differences)
            #expect(result.verdict == .failed)
        }
    }

    @Test func `a reference that no longer differs fails, so that the file stays right`() throws {
        let result = try Judged.result(
            Judged.cell("a", .qemu, .tap(reference: "other")), good, differences: differences)
        #expect(result.verdict == .failed)
        #expect(result.reasons == ["passes although it is explained: two"])
    }

    @Test func `a status other than the expected one fails, whatever the tests say`() throws {
        let result = try Judged.result(Judged.cell(), good, status: 33)
        #expect(result.verdict == .failed)
        #expect(result.reasons == ["it ended with status 33 instead of 0"])
        #expect(try Judged.result(Judged.cell(status: 33), good, status: 33).verdict == .passed)
        #expect(try Judged.result(Judged.cell(), good, status: -11).reasons == ["it was ended by signal 11"])
    }

    @Test func `a program that lacks something of the host is absent, and says what`() throws {
        let result = try Judged.result(
            Judged.cell(package: "libunicorn-dev"), "", errors: "one\nparavane-unicorn: there is no libunicorn\n",
            status: 69)
        #expect(result.verdict == .absent)
        #expect(result.reasons == ["paravane-unicorn: there is no libunicorn"])
        #expect(result.remedy == "apt-get install libunicorn-dev")
    }

    @Test func `a program that did not end in time has timed out, and its tests up to then are kept`() throws {
        let result = try Judged.result(Judged.cell(), "ok 1 - one\n", status: -9, isTimedOut: true)
        #expect(result.verdict == .timedOut)
        #expect(result.reasons == ["it did not end within 60 seconds"])
        #expect(result.tests.count == 1)
    }

    @Test func `a guest that should leave its tests out has to, for the right reason`() throws {
        let cell = Judged.cell("a", .qemu, status: 1, .skip("no KVM"))
        #expect(try Judged.result(cell, "1..0 # skip no KVM\n", status: 1).verdict == .passed)
        #expect(try Judged.result(cell, "1..0 # skip no memory\n", status: 1).verdict == .failed)
        #expect(try Judged.result(cell, good, status: 1).verdict == .failed)
    }

    @Test func `lines of a console have to be there, in order, and others must not`() throws {
        let cell = Judged.cell("a", .soft, .lines(["*live patching worked", "init: done"], never: ["init: not ok*"]))
        let console = "[ 1.0] KVM: live patching worked\r\ninit: ok\r\ninit: done\r\n"
        #expect(try Judged.result(cell, console).verdict == .passed)
        #expect(
            try Judged.result(cell, "init: done\nlive patching worked\n").reasons == [
                "the console has no 'init: done' where it should be"
            ])
        #expect(
            try Judged.result(cell, console + "init: not ok files\n").reasons == [
                "the console says 'init: not ok files'"
            ])
    }

    @Test func `a guest that prints without end fails`() throws {
        let flood = good + String(repeating: "noise\n", count: 500_000)
        let result = try Judged.result(Judged.cell(), flood)
        #expect(result.verdict == .failed)
        #expect(result.reasons == ["it printed more than 1048576 bytes"])
        #expect(result.output.utf8.count < CapturedOutput.limit + 100)
        #expect(result.output.contains("bytes are left out here]"))
    }

    @Test func `captured output keeps its beginning and its end`() {
        var captured = CapturedOutput()
        for number in 0..<300_000 { captured.append(Array("\(number)\n".utf8)[...]) }
        captured.finish()
        #expect(captured.text.hasPrefix("0\n1\n2\n"))
        #expect(captured.text.hasSuffix("299998\n299999\n"))
        #expect(captured.dropped > 0)
        #expect(CapturedOutput("short").text == "short")
    }

    @Test func `a reference has to have the tests of its peer`() throws {
        let cell = Judged.cell("a", .qemu)
        let own = try Judged.result(Judged.cell("b"), good)
        var same = try Judged.result(cell, good)
        same.compare(with: own)
        #expect(same.verdict == .passed)
        var other = try Judged.result(cell, "ok 1 - one\nok 2 - 2\n1..2\n")
        other.compare(with: own)
        #expect(other.reasons == ["test 2 is '2', and 'two' in s390x/soft/conformance/b"])
        var shorter = try Judged.result(cell, "ok 1 - one\n1..1\n")
        shorter.compare(with: own)
        #expect(shorter.reasons == ["test 2 is missing, and 'two' in s390x/soft/conformance/b"])
    }
}
