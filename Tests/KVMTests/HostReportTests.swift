import Foundation
import KVM
import Testing

/// What the report says of hosts that cannot all be at hand.
@Suite struct HostReportTests {
    /// A PowerPC host and what is said of it.
    struct Host: CustomTestStringConvertible, Sendable {
        let report: HostReport
        let obstacle: String?
        var testDescription: String { obstacle ?? "KVM-PR" }
    }

    static let load = "load KVM-PR: 'modprobe kvm_pr', from a kernel with CONFIG_KVM_BOOK3S_64_PR"
    static let hash = "boot the host with 'disable_radix': KVM-PR runs only on a hashed page table"

    static let hosts = [
        Host(report: HostReport(processor: .powerPC, translation: .hash, hasPRModule: true, kvm: .pr), obstacle: nil),
        Host(
            report: HostReport(processor: .powerPC, translation: .hash, kvm: .missing),
            obstacle: "there is no /dev/kvm; \(load)"),
        Host(
            report: HostReport(processor: .powerPC, translation: .radix, kvm: .missing),
            obstacle: "there is no /dev/kvm; \(hash), then \(load)"),
        Host(
            report: HostReport(processor: .powerPC, translation: .hash, kvm: .empty),
            obstacle: "/dev/kvm is there without a hypervisor behind it; \(load)"),
        Host(
            report: HostReport(processor: .powerPC, translation: .radix, kvm: .hv),
            obstacle: "this host's KVM is KVM-HV, whose guests have no paravirtual interface; \(hash), "
                + "then unload KVM-HV: 'modprobe -r kvm_hv', then \(load)"),
        Host(
            report: HostReport(processor: .powerPC, translation: .hash, hasPRModule: true, kvm: .hv),
            obstacle: "this host's KVM is KVM-HV, whose guests have no paravirtual interface; "
                + "unload KVM-HV: 'modprobe -r kvm_hv'"),
        Host(
            report: HostReport(processor: .powerPC, translation: .hash, hasPRModule: true, kvm: .forbidden),
            obstacle: "/dev/kvm may not be opened by this user; join the group of /dev/kvm, or run as root"),
        Host(
            report: HostReport(processor: .powerPC, kvm: .broken("KVM_CREATE_VM failed: Invalid argument (errno 22)")),
            obstacle: "KVM_CREATE_VM failed: Invalid argument (errno 22)"),
        Host(
            report: HostReport(processor: .x86, kvm: .other),
            obstacle:
                "this host's KVM runs no PowerPC guests; the KVM engine needs a PowerPC host: use the software CPU"),
        Host(
            report: HostReport(processor: .x86, kvm: .missing),
            obstacle: "there is no /dev/kvm; the KVM engine needs a PowerPC host: use the software CPU"),
    ]

    @Test(arguments: hosts) func `the obstacle says why, and what to do`(host: Host) {
        #expect(host.report.obstacle == host.obstacle)
        #expect(host.report.runsOnKVM == (host.obstacle == nil))
    }

    @Test(arguments: hosts) func `the JSON says the same`(host: Host) throws {
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(host.report.json.utf8)) as? [String: Any])
        #expect(object["obstacle"] as? String == host.obstacle)
        #expect(object["advice"] as? [String] == host.report.advice)
        #expect((object["engines"] as? [String: Bool])?["kvm"] == host.report.runsOnKVM)
    }

    @Test func `a whole report in both forms`() throws {
        let report = HostReport(
            processor: .powerPC, processorName: "POWER9 \"x\"\u{1}", pageSize: 65536, translation: .hash,
            hasPRModule: true, kvm: .pr, capabilities: [.init(capability: .pvInfo, value: 1)],
            hypercallInstructions: [0x3C00_4B56, 0x44], hasIdle: true, guestPageSizes: [4096, 1 << 16, 1 << 24])
        #expect(
            report.text == """
                processor               ppc64, POWER9 "x"\u{1}
                page size               64 KiB
                MMU                     hashed page table
                engine soft             yes: 32-bit guests (e500v2)
                engine kvm              yes: KVM-PR
                guest pages             4 KiB, 64 KiB, 16 MiB
                hypercalls              0x3c004b56, 0x00000044, EV_IDLE
                KVM_CAP_PPC_GET_PVINFO  1

                """)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
        #expect(object["processor_name"] as? String == "POWER9 \"x\"\u{1}")
        #expect(object["hcall_instructions"] as? [Int] == [0x3C00_4B56, 0x44])
        #expect(object["guest_page_sizes"] as? [Int] == [4096, 1 << 16, 1 << 24])
        #expect(object["capabilities"] as? [String: Int] == ["KVM_CAP_PPC_GET_PVINFO": 1])
        #expect(object["mmu"] as? String == "hash")
        #expect(Array(object.keys.sorted()) == report.json.keysInOrder)
    }

    @Test(arguments: [(2 as Int32, "missing"), (13, "forbidden"), (24, "broken")])
    func `a KVM that does not open is told apart`(errno: Int32, state: String) throws {
        let report = HostReport(kernel: FaultyKernel(fault: .init(call: "open", errno: errno)))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
        #expect(object["kvm"] as? String == state)
        #expect(report.pageSize == sysconf(Int32(_SC_PAGESIZE)))
    }

    @Test func `a request that fails is the reason`() {
        let report = HostReport(kernel: FaultyKernel(fault: .init(call: "KVM_CREATE_VM", errno: 22)))
        #expect(report.obstacle?.hasPrefix("KVM_CREATE_VM failed: Invalid argument (errno 22)") == true)
    }

    @Test func `looking leaves nothing open`() {
        let kernel = FaultyKernel()
        _ = HostReport(kernel: kernel)
        #expect(kernel.openDescriptors == 0)
        #expect(kernel.mappings == 0)
        #expect(kernel.calls.contains("KVM_CREATE_VM"))
    }
}

extension String {
    /// The keys of the outermost object of a JSON text whose lines begin with two blanks each.
    fileprivate var keysInOrder: [String] {
        split(separator: "\n").filter { $0.hasPrefix("  \"") }.map { String($0.dropFirst(3).prefix { $0 != "\"" }) }
    }
}
