import Testing
import TestTools

/// What a TAP-speaking guest reported.
struct TAPReport {
    let passed: Int
    let failed: [String]
    let planned: Int?

    init(_ lines: [String]) {
        passed = lines.filter { $0.hasPrefix("ok ") }.count
        failed = lines.filter { $0.hasPrefix("not ok ") }
        planned = lines.first { $0.hasPrefix("1..") }.flatMap { Int($0.dropFirst(3).prefix { $0.isNumber }) }
    }

    var isComplete: Bool { failed.isEmpty && planned == passed && passed > 0 }
}

/// Programs that test the machine from the guest's side.
@Suite(.enabled(if: Guests.areBuilt, "run through 'make test', which builds the guests"))
struct BareMetalTests {
    @Test(arguments: ["hypercalls", "magicpage", "mmu", "interrupts", "timers"], ["sc-magic", "sc1"])
    func `a bare-metal program's tests pass`(program: String, sequence: String) throws {
        let run = try GuestRun.paravane(["--kernel", try Guests.bareMetal(program), "--hcall", sequence])
        let report = TAPReport(run.lines)
        #expect(report.isComplete, "\(run.console)\(run.errors)")
        #expect(run.status == 0)
    }

    @Test(arguments: ["hypercalls", "magicpage", "mmu", "interrupts", "timers"])
    func `a bare-metal program's tests pass in virtual time`(program: String) throws {
        let run = try GuestRun.paravane(["--kernel", try Guests.bareMetal(program), "--clock", "virtual"])
        #expect(TAPReport(run.lines).isComplete, "\(run.console)\(run.errors)")
    }

    @Test(arguments: ["hypercalls", "magicpage", "mmu", "interrupts", "timers"])
    func `a bare-metal program's tests pass on an e500mc`(program: String) throws {
        let run = try GuestRun.paravane(["--kernel", try Guests.bareMetal(program), "--cpu", "e500mc"])
        #expect(TAPReport(run.lines).isComplete, "\(run.console)\(run.errors)")
    }

    @Test(arguments: ["mmu", "interrupts"], ["e500v2", "e500mc"])
    func `a program without hypercalls passes on QEMU as well`(program: String, core: String) throws {
        let result = try Tool(named: "qemu-system-ppc").run([
            "-M", "ppce500", "-cpu", core, "-m", "256M", "-nic", "none", "-nographic", "-no-reboot",
            "-kernel", try Guests.bareMetal(program),
        ])
        let report = TAPReport(result.text.split(whereSeparator: \.isNewline).map(String.init))
        #expect(report.isComplete, "\(result.text)")
    }

    @Test func `a guest whose handlers are not mapped crashes with status 33 and a report`() throws {
        let run = try GuestRun.paravane(["--kernel", try Guests.bareMetal("crash")])
        #expect(run.status == 33)
        #expect(run.errors.hasPrefix("paravane: the guest crashed: vCPU 0: unhandled"))
        #expect(run.errors.contains("srr0"))
    }
}
