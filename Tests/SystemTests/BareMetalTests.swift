import Matrix
import Testing
import TestTools

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

    @Test(
        arguments: ["smp", "smpcode", "smptlb", "smpmagic"], [("host", 2), ("host", 4), ("host", 8), ("virtual", 4)])
    func `programs for several vCPUs pass on threads and in turns`(program: String, run: (clock: String, cpus: Int))
        throws
    {
        let run = try GuestRun.paravane([
            "--kernel", try Guests.bareMetal(program), "--clock", run.clock, "--cpus", "\(run.cpus)",
        ])
        #expect(TAPReport(run.lines).isComplete, "\(run.console)\(run.errors)")
        #expect(run.status == 0)
    }

    @Test(arguments: ["smp", "smpcode"])
    func `a program for several vCPUs passes on QEMU as well`(program: String) throws {
        let result = try Tool(named: "qemu-system-ppc").run([
            "-M", "ppce500", "-cpu", "e500v2", "-smp", "2", "-m", "256M", "-nic", "none", "-nographic", "-no-reboot",
            "-kernel", try Guests.bareMetal(program),
        ])
        let report = TAPReport(result.text.split(whereSeparator: \.isNewline).map(String.init))
        #expect(report.isComplete, "\(result.text)")
    }

    /// An end that one vCPU brings about while the others work, and what comes of it.
    struct End: Sendable, CustomTestStringConvertible {
        let word: String
        let status: Int32
        let outcome: String
        var testDescription: String { word }
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            End(word: "poweroff", status: 0, outcome: "power_off"),
            End(word: "reset", status: 32, outcome: "reset"),
            End(word: "crash", status: 33, outcome: "crash"),
            End(word: "panic", status: 34, outcome: "panic"),
            End(word: "nothing", status: 124, outcome: "timeout"),
        ], ["host", "virtual"])
    func `a machine ends while all its vCPUs are at work`(end: End, clock: String) throws {
        let run = try GuestRun.paravane([
            "--kernel", try Guests.bareMetal("smpend"), "--cpus", "4", "--clock", clock, "--append", end.word,
            "--no-reboot", "--timeout", end.status == 124 ? "1" : "30",
        ])
        #expect(run.lines.contains("at work"))
        #expect(run.status == end.status, "\(run.errors)")
        #expect(run.statistics["outcome"] as? String == end.outcome)
        #expect(end.status != 33 || run.errors.contains("the guest crashed: vCPU 1: unhandled"))
    }

    @Test func `a machine with several vCPUs resets and starts again`() throws {
        let run = try GuestRun.paravane([
            "--kernel", try Guests.bareMetal("smpend"), "--cpus", "4", "--append", "reset", "--timeout", "2",
        ])
        #expect(run.status == 124)
        #expect(try #require(run.count("boots")) > 2)
        #expect(run.lines.filter { $0 == "at work" }.count > 2)
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
