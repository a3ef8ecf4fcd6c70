import Matrix
import Testing

struct TAPReportTests {
    @Test func `tests and plan are found among other lines of a console`() {
        let report = TAPReport(
            console: "boot\r\nTAP version 13\r\nok 1 - one: 1\r\n# note\r\nnot ok 2 - two\r\n1..2\r\n")
        #expect(report.tests.map(\.name) == ["one: 1", "two"])
        #expect(report.tests.map(\.passed) == [true, false])
        #expect(report.failed == ["two"])
        #expect(report.flaw == nil)
        #expect(!report.isComplete)
    }

    @Test(arguments: [
        ("", "the guest said nothing of tests"),
        ("ok 1 - one\n", "there is no plan"),
        ("1..2\nok 1 - one\n", "1 of 2 planned tests ran"),
        ("1..1\nok 1 - one\nok 2 - two\n", "2 of 1 planned tests ran"),
        ("ok 1 - one\nok 3 - three\n1..2\n", "test 2 has the number 3"),
        ("ok 1 - one\nok 1 - one\n1..2\n", "test 2 has the number 1"),
        ("1..0 # skip no hypervisor\n", "all tests were left out: no hypervisor"),
        ("1..0\n", "there are no tests"),
        ("ok 1 - one\nBail out! no memory\n", "the guest gave up: no memory"),
        ("1..99999999999999999999\n", "the guest said nothing of tests"),
        ("ok 99999999999999999999 - one\n1..1\n", "0 of 1 planned tests ran"),
    ])
    func `a report that is not whole has a flaw`(console: String, flaw: String) {
        #expect(TAPReport(console: console).flaw == flaw)
        #expect(!TAPReport(console: console).isComplete)
    }

    @Test func `the reason for leaving all tests out is kept`() {
        #expect(TAPReport(console: "1..0 # SKIP no /hypervisor\n").skipReason == "no /hypervisor")
    }
}
