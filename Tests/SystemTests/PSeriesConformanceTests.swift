import Foundation
import TestTools
import Testing

private let conformanceGuests = ProcessInfo.processInfo.environment["PARAVANE_CONFORMANCE"]

/// The conformance guests for Book3S on the machine `pseries`, with either clock.
@Suite(.enabled(if: conformanceGuests != nil, "run through 'make test', which builds the guests"))
struct PSeriesConformanceTests {
    private func run(_ guest: String, _ options: [String]) throws -> GuestRun {
        let kernel = try #require(conformanceGuests) + "/\(guest).elf"
        return try GuestRun.paravane(["--machine", "pseries", "--kernel", kernel, "--memory", "128M"] + options)
    }

    private func expectSuccess(_ run: GuestRun, tests: Int) {
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.lines.filter { $0.hasPrefix("not ok") } == [])
        let passed = run.lines.count { $0.hasPrefix("ok ") }
        #expect(passed >= tests)
        #expect(run.lines.contains("1..\(passed)"))
    }

    @Test(
        arguments: [("ppc64", 300), ("ppc64le", 300), ("ppc32", 250)],
        [("host", "sc-magic"), ("host", "sc1"), ("virtual", "sc-magic"), ("virtual", "sc1")])
    func `every answer is right, and sleeping vCPUs wake`(
        guest: (name: String, tests: Int), way: (clock: String, sequence: String)
    ) throws {
        let run = try run(guest.name, ["--cpus", "2", "--clock", way.clock, "--hcall", way.sequence])
        expectSuccess(run, tests: guest.tests)
    }

    @Test func `one vCPU has nobody to wake`() throws {
        let run = try run("ppc64", ["--clock", "virtual"])
        expectSuccess(run, tests: 300)
        #expect(run.lines.contains("# one vCPU, so nobody wakes another"))
    }

    @Test func `without /hypervisor what needs one fails, and nothing else`() throws {
        let run = try run("ppc64", ["--hcall", "none", "--clock", "virtual", "--cpus", "2"])
        #expect(run.status == 0, "\(run.errors)")
        let marks = ["hcall-instructions", "sc 1 with the call handed over", "magic page: ", "EV_IDLE: "]
        for line in run.lines where line.hasPrefix("not ok") {
            #expect(marks.contains(where: line.contains), "\(line)")
        }
        #expect(run.lines.contains("# no /hypervisor: what needs one fails"))
    }
}
