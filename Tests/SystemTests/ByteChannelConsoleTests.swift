import Matrix
import TestTools
import Testing

/// ePAPR calls as guests make them: Linux on a byte channel, and programs that try every call.
@Suite(.enabled(if: Guests.areBuilt, "run through 'make test', which builds the guests"))
struct ByteChannelConsoleTests {
    private func boot(exec: String, options: [String] = [], input: String = "") throws -> GuestRun {
        try GuestRun.paravane(
            [
                "--kernel", try Guests.unmodifiedKernel, "--initrd", try Guests.initrd, "--console", "byte-channel",
                "--append", "console=ttyEHV0 paravane.exec=\(exec)",
            ] + options, input: input)
    }

    @Test(arguments: ["sc-magic", "sc1"], ["1", "2"])
    func `an unmodified kernel boots on a byte channel and powers off`(sequence: String, cpus: String) throws {
        let run = try boot(exec: "test", options: ["--hcall", sequence, "--cpus", cpus])
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.lines.contains { $0.contains("registered console driver for byte channel 1") })
        #expect(run.userland.last == "userland: self test passed", "\(run.console)")
        #expect(try #require(run.count("hypercalls", "EV_BYTE_CHANNEL_SEND")) > 100)
        #expect(run.count("unknown_hypercalls") == 0)
    }

    @Test func `what is typed arrives over the byte channel`() throws {
        let text = String(repeating: "0123456789", count: 20)
        let run = try boot(exec: "echo", input: "hello\n\(text)\nend\n")
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.lines.contains("[hello]"), "\(run.console)")
        #expect(run.lines.contains("[\(text)]"), "\(run.console)")
        #expect(try #require(run.count("hypercalls", "EV_BYTE_CHANNEL_RECEIVE")) > 0)
    }

    @Test func `a panic on the byte channel ends the run with status 34`() throws {
        let run = try boot(exec: "panic")
        #expect(run.status == 34)
        #expect(run.console.contains("Kernel panic - not syncing"))
    }

    @Test func `with the serial port as console the other byte channels work`() throws {
        let run = try GuestRun.linux(kernel: try Guests.unmodifiedKernel, exec: "poweroff")
        #expect(run.status == 0)
        #expect(run.lines.filter { $0.contains("registered /dev/ttyEHV") }.count == 2)
        #expect(!run.console.contains("WARNING"), "\(run.console)")
    }

    @Test func `a byte channel is no console for a guest without hypercalls`() throws {
        let run = try boot(exec: "test", options: ["--hcall", "none"])
        #expect(run.status == 64)
        #expect(run.errors.hasPrefix("paravane: a byte channel cannot be the console"))
    }

    @Test(arguments: ["sc-magic", "sc1"], ["host", "virtual"])
    func `every call answers a bare-metal guest as its documentation says`(sequence: String, clock: String) throws {
        try expectEveryCallToPass(["--hcall", sequence, "--clock", clock])
    }

    @Test(arguments: [["--machine", "e500-hv"], ["--machine", "e500-hv", "--cpu", "e500v2"], ["--cpu", "e500mc"]])
    func `every call answers on either machine with either core`(options: [String]) throws {
        try expectEveryCallToPass(options)
    }

    private func expectEveryCallToPass(_ options: [String]) throws {
        let run = try GuestRun.paravane(["--kernel", try Guests.bareMetal("evcalls")] + options)
        #expect(TAPReport(run.lines).isComplete, "\(run.console)\(run.errors)")
        #expect(run.status == 0)
    }

    @Test(arguments: ["", "system-reset"], ["e500", "e500-hv"])
    func `a partition restarts with the tree that it changed, and stops itself`(
        arguments: String, machine: String
    ) throws {
        let run = try GuestRun.paravane([
            "--machine", machine, "--kernel", try Guests.bareMetal("partition"), "--append", arguments,
        ])
        #expect(TAPReport(run.lines).isComplete, "\(run.console)\(run.errors)")
        #expect(run.status == 0)
        #expect(run.count("boots") == 2)
    }

    @Test(arguments: ["", "system-reset"])
    func `a partition's restart is a reset`(arguments: String) throws {
        let run = try GuestRun.paravane([
            "--kernel", try Guests.bareMetal("partition"), "--append", arguments, "--no-reboot",
        ])
        #expect(run.status == 32)
    }
}
