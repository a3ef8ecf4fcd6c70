import Foundation
import Matrix
import TestTools
import Testing

/// A machine without devices: Linux for boards below Freescale's hypervisor, whose console, interrupts, restart and
/// power-off are hypercalls.
@Suite(.enabled(if: Guests.areBuiltForHV, "run through 'make test', which builds the guests"), .serialized)
struct E500HVTests {
    private func boot(exec: String, options: [String] = [], input: String = "") throws -> GuestRun {
        try GuestRun.paravane(
            [
                "--machine", "e500-hv", "--kernel", try Guests.hvKernel, "--initrd", try Guests.initrd, "--append",
                "console=ttyEHV0 paravane.exec=\(exec)",
            ] + options, input: input)
    }

    @Test(arguments: [1, 2, 4], ["host", "virtual"])
    func `an unmodified kernel runs its userland and powers off without one device access`(
        cpus: Int, clock: String
    ) throws {
        let run = try boot(exec: "test", options: ["--cpus", "\(cpus)", "--clock", clock])
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.userland.last == "userland: self test passed", "\(run.console)")
        #expect(run.userland.contains("userland: processors online 0\(cpus > 1 ? "-\(cpus - 1)" : "")"))
        #expect(run.count("device_accesses") == 0)
        #expect(run.count("unknown_hypercalls") == 0)
        #expect(run.counts("refused_hypercalls").isEmpty)
        for (call, minimum) in [
            ("EV_BYTE_CHANNEL_SEND", 100), ("EV_INT_SET_CONFIG", 1), ("EV_INT_EOI", 1), ("EV_IDLE", 1),
        ] {
            #expect(run.count("hypercalls", call) ?? 0 >= minimum, "\(call)")
        }
        // vCPUs send each other doorbells.
        #expect((run.count("interrupts", "doorbell") ?? 0 > 0) == (cpus > 1))
        // EPR brings the number of an interrupt; nobody asks for it by hypercall.
        #expect(run.count("hypercalls", "EV_INT_IACK") == nil)
        #expect(run.count("hypercalls", "FH_PARTITION_STOP") == 1)
        #expect(run.count("hypercalls", "KVM_HC_PPC_MAP_MAGIC_PAGE") == cpus)
    }

    @Test func `Linux finds the hypervisor's management interface and its doorbell`() throws {
        let run = try boot(exec: "poweroff")
        #expect(run.console.contains("CoreNet Generic board"))
        #expect(run.console.contains("Freescale hypervisor management driver"))
        #expect(run.console.contains("fsl-hv: registered handler for doorbell 15"))
        #expect(run.lines.filter { $0.contains("registered /dev/ttyEHV") }.count == 3)
        #expect(!run.console.contains("WARNING"), "\(run.console)")
    }

    /// Linux's own driver says what is in which register.
    @Test(arguments: [1, 2]) func `a process manages its partition through Linux's driver`(cpus: Int) throws {
        let run = try boot(exec: "partition", options: ["--cpus", "\(cpus)"])
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.userland.last == "userland: partition test passed", "\(run.console)")
        #expect(run.userland.filter { $0.hasPrefix("userland: ok ") }.count == 9)
        #expect(run.count("hypercalls", "EV_DOORBELL_SEND") == 2)
        #expect(run.count("refused_hypercalls", "FH_PARTITION_GET_DTPROP", "EV_ENOENT") == 1)
    }

    @Test func `what is typed arrives over the byte channel`() throws {
        let text = String(repeating: "0123456789", count: 20)
        let run = try boot(exec: "echo", input: "hello\n\(text)\nend\n")
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.lines.contains("[hello]"), "\(run.console)")
        #expect(run.lines.contains("[\(text)]"), "\(run.console)")
        #expect(run.count("device_accesses") == 0)
    }

    @Test func `a restart is a hypercall`() throws {
        let run = try boot(exec: "reboot", options: ["--no-reboot"])
        #expect(run.status == 32)
        #expect(run.count("hypercalls", "FH_PARTITION_RESTART") == 1)
    }

    @Test func `a kernel panic ends the run with status 34`() throws {
        #expect(try boot(exec: "panic").status == 34)
    }

    @Test(arguments: ["sc-magic", "sc1"]) func `both hypercall sequences work`(sequence: String) throws {
        let run = try boot(exec: "poweroff", options: ["--hcall", sequence, "--no-magic-page"])
        #expect(run.status == 0, "\(run.errors)")
    }

    @Test(arguments: [["--hcall", "none"], ["--console", "serial"]])
    func `what the machine cannot be without is refused`(options: [String]) throws {
        let run = try boot(exec: "poweroff", options: options)
        #expect(run.status == 64)
        #expect(run.errors.hasPrefix("paravane: the e500-hv machine"))
    }

    @Test(arguments: ["hypercalls", "magicpage", "timers"], ["host", "virtual"])
    func `a bare-metal program passes here as well, and accesses no device`(program: String, clock: String) throws {
        let run = try GuestRun.paravane([
            "--machine", "e500-hv", "--kernel", try Guests.bareMetal(program), "--clock", clock,
        ])
        #expect(TAPReport(run.lines).isComplete, "\(run.console)\(run.errors)")
        #expect(run.status == 0)
        #expect(run.count("device_accesses") == 0)
    }
}
