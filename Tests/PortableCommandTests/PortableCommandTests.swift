import PortableCommand
import Testing

/// The exit statuses of the command line without Foundation; what it prints goes to the test's own output.
@Suite struct PortableCommandTests {
    @Test(
        arguments: [
            ([], 0), (["--help"], 0), (["host"], 0), (["host", "--json"], 0),
            (["host", "--xml"], 64), (["host", "--json", "x"], 64), (["check"], 64), (["nonsense"], 64),
            (["conformance", "64"], 64), (["conformance", "16", "x"], 64),
            (["conformance", "64", "/nonexistent"], 65),
            // A file that is not the guest.
            (["conformance", "32", "/proc/self/cmdline"], 65),
            (["run"], 64), (["run", "--kernel"], 64), (["run", "--kernel", "k", "--memory", "12X"], 64),
            (["run", "--kernel", "k", "--timeout", "0"], 64), (["run", "--kernel", "k", "--timeout", "1.x"], 64),
            (["run", "--kernel", "k", "--cpus", "-1"], 64), (["run", "--kernel", "k", "--machine", "e500"], 64),
            (["run", "--kernel", "k", "--hcall", "sc1"], 64), (["run", "--kernel", "k", "loose"], 64),
            (["run", "--kernel", "k", "--irqchip", "off"], 64), (["run", "--kernel", "k", "--irqchip"], 64),
            (["run", "--kernel=k", "--irqchip=kernel"], 69), (["run", "--kernel=k", "--irqchip", "vmm"], 69),
            (["run", "--kernel", "k", "--memory", "99999999999999999999"], 64),
            // Nothing is wrong but the host, which has no KVM-PR.
            (
                ["run", "--kernel=k", "--memory=64M", "-m", "1G", "--timeout", "1.5", "--hcall", "vmm", "--cpus", "2"],
                69
            ),
            // Nothing to read: the checks that read fail.
            (["check", "/nonexistent"], 70),
        ] as [([String], Int32)])
    func `a command line ends with its status`(words: [String], status: Int32) {
        #expect(PortableCommand.run((["paravane-ppc64le"] + words).map { [UInt8]($0.utf8) }) == status)
    }
}
