import Foundation
import TestTools
import Testing

/// The conformance guests, which `make test` builds, on each engine and reference.
enum ConformanceGuests {
    static let folder = ProcessInfo.processInfo.environment["PARAVANE_CONFORMANCE"]

    static func path(_ architecture: String) throws -> String {
        try #require(folder) + "/\(architecture).elf"
    }

    /// Runs a tool that ends with `status`, and reads what its guest said.
    static func report(_ tool: Tool, _ arguments: [String], status: Int32 = 0) throws -> TAPReport {
        let result = try tool.run(arguments)
        #expect(result.status == status, "\(result.text)\(result.errors)")
        return TAPReport(result.text.split(whereSeparator: \.isNewline).map(String.init))
    }

    static func unicorn(_ architecture: String, cpus: Int) throws -> TAPReport {
        try report(
            Tool.built("paravane-unicorn"), ["--cpus", "\(cpus)", "--timeout", "60", try path(architecture)])
    }
}

/// The suite on this project's engines, where every test passes.
@Suite(.enabled(if: ConformanceGuests.folder != nil, "run through 'make test', which builds the guests"))
struct EngineConformanceTests {
    @Test(arguments: ["x86_64", "s390x"], [1, 2, 4])
    func `all answers on libunicorn are right`(architecture: String, cpus: Int) throws {
        let report = try ConformanceGuests.unicorn(architecture, cpus: cpus)
        #expect(report.isComplete, "\(report.failed)")
        #expect(report.tests.count >= 40)
    }

    @Test(arguments: ["e500v2", "e500mc"], ["sc-magic", "sc1"])
    func `all answers on the software CPU are right`(core: String, sequence: String) throws {
        let report = try ConformanceGuests.report(
            Tool.paravane(),
            [
                "run", "--kernel", try ConformanceGuests.path("powerpc"), "--cpu", core, "--hcall", sequence, "--cpus",
                "2",
                "--timeout", "60",
            ])
        #expect(report.isComplete, "\(report.failed)")
        #expect(report.tests.count >= 40)
    }
}

/// The suite on foreign hypervisors: what they answer differently is known and has a reason.
@Suite(.enabled(if: ConformanceGuests.folder != nil, "run through 'make test', which builds the guests"))
struct ReferenceConformanceTests {
    private func compare(_ report: TAPReport, _ reference: String, with architecture: String) throws {
        #expect(report.planned == report.tests.count)
        #expect(try Differences.load().surprises(in: report, of: reference) == [])
        let own = try ConformanceGuests.unicorn(architecture, cpus: 2)
        #expect(report.tests.map(\.name) == own.tests.map(\.name))
    }

    @Test func `QEMU's diag 0x500 answers the s390x guest as ours does`() throws {
        let report = try ConformanceGuests.report(
            Tool(named: "qemu-system-s390x"),
            [
                "-M", "s390-ccw-virtio", "-accel", "tcg", "-smp", "2", "-m", "64", "-nodefaults", "-display", "none",
                "-chardev", "stdio,id=console", "-device", "sclpconsole,chardev=console", "-device",
                "virtio-rng-ccw,devno=fe.0.0000", "-kernel", try ConformanceGuests.path("s390x"),
            ])
        try compare(report, "qemu-s390x", with: "s390x")
    }

    @Test func `Linux's KVM answers the x86 guest as ours does`() throws {
        let host = repository.appendingPathComponent("Tests/Guests/kvm-x86-host/run").path
        let program = try Tool.built("paravane-kvm-x86").url.path
        let report = try ConformanceGuests.report(
            Tool(named: "bash"), [host, program, try ConformanceGuests.path("x86_64"), "--cpus", "2"])
        try compare(report, "kvm-amd", with: "x86_64")
    }

    @Test func `the x86 guest starts as a kernel of QEMU and sees that there is no KVM`() throws {
        let report = try ConformanceGuests.report(
            Tool(named: "qemu-system-x86_64"),
            [
                "-accel", "tcg", "-m", "64", "-nodefaults", "-display", "none", "-chardev", "stdio,id=console",
                "-device",
                "isa-debugcon,iobase=0xe9,chardev=console", "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-kernel",
                try ConformanceGuests.path("x86_64"),
            ], status: 1)
        #expect(report.skipReason == "CPUID does not show KVM")
    }

    @Test func `the PowerPC guest starts as a kernel of QEMU and sees that there is no hypervisor`() throws {
        let report = try ConformanceGuests.report(
            Tool(named: "qemu-system-ppc"),
            [
                "-M", "ppce500", "-cpu", "e500v2", "-m", "256M", "-nic", "none", "-nographic", "-no-reboot", "-kernel",
                try ConformanceGuests.path("powerpc"),
            ])
        #expect(report.skipReason == "no /hypervisor")
    }
}

struct DifferencesTests {
    private let text = """
        # A comment.
        reference: other
        test: a: *
        test: b
        reason: It is
          otherwise.
        """

    private func surprises(_ lines: [String]) throws -> [String] {
        try Differences(text).surprises(in: TAPReport(lines), of: "other")
    }

    @Test func `what fails as the file says is no surprise`() throws {
        #expect(try surprises(["not ok 1 - a: one", "not ok 2 - b", "ok 3 - c"]) == [])
        #expect(try Differences(text).entries.map(\.reason) == ["It is otherwise."])
    }

    @Test func `what fails without being in the file is one`() throws {
        #expect(
            try surprises(["not ok 1 - a: one", "not ok 2 - b", "not ok 3 - c"]) == ["fails without a reason: c"])
    }

    @Test func `what passes although it is in the file is one`() throws {
        #expect(
            try surprises(["not ok 1 - a: one", "ok 2 - a: two", "not ok 3 - b"])
                == ["passes although it is explained: a: two"])
    }

    @Test func `what the file says about tests that do not exist is one`() throws {
        #expect(try surprises(["not ok 1 - a: one"]) == ["explains nothing: b"])
    }

    @Test func `every entry of the file has tests and a reason`() throws {
        for entry in try Differences.load().entries {
            #expect(!entry.patterns.isEmpty && !entry.reason.isEmpty, "\(entry.reference)")
        }
    }

    @Test func `a line of another kind is refused`() {
        #expect(throws: Differences.Malformed.self) { try Differences("test: without a reference") }
    }
}
