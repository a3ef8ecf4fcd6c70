import Foundation
import ParavirtABI
import Testing

/// The numbers in Linux's own headers. Debian packages: linux-libc-dev, linux-libc-dev-powerpc-cross,
/// linux-libc-dev-s390x-cross. A test whose header is not installed is skipped.
private enum Header: String {
    case kvm = "/usr/include/linux/kvm_para.h"
    case x86 = "/usr/include/x86_64-linux-gnu/asm/kvm_para.h"
    case epapr = "/usr/powerpc-linux-gnu/include/asm/epapr_hcalls.h"
    case powerPC = "/usr/powerpc-linux-gnu/include/asm/kvm_para.h"
    case virtioCCW = "/usr/s390x-linux-gnu/include/asm/virtio-ccw.h"

    var isInstalled: Bool { FileManager.default.fileExists(atPath: rawValue) }

    var text: String {
        get throws { try String(contentsOfFile: rawValue, encoding: .utf8) }
    }

    /// Every `#define NAME NUMBER`, also `(1 << BIT)`.
    var constants: [String: Int64] {
        get throws {
            var constants: [String: Int64] = [:]
            for match in try text.matches(of: /(?m)^#define\s+(\w+)\s+(0x[0-9a-fA-F]+|\d+)\b/) {
                constants[String(match.1)] =
                    match.2.hasPrefix("0x") ? Int64(match.2.dropFirst(2), radix: 16) : Int64(match.2)
            }
            for match in try text.matches(of: /(?m)^#define\s+(\w+)\s+\(1 << (\d+)\)/) {
                constants[String(match.1)] = Int64(match.2).map { 1 << $0 }
            }
            return constants
        }
    }
}

@Suite struct LinuxHeaderTests {
    @Test(.enabled(if: Header.kvm.isInstalled))
    func `KVM's calls have Linux's names and numbers`() throws {
        let linux = try Header.kvm.constants.filter { $0.key.hasPrefix("KVM_HC_") }
        let rows = Hypercall.kvmCalls.map { ($0.name.description, Int64($0.number)) }
        // A newer Linux may have more calls; those of the table must agree.
        for (name, number) in rows { #expect(linux[name] == number, "\(name)") }
        #expect(linux.count >= rows.count)
    }

    @Test(.enabled(if: Header.kvm.isInstalled), arguments: KVMErrno.allCases)
    func `KVM's result codes have Linux's values`(code: KVMErrno) throws {
        let name = code.name.description
        let text = try Header.kvm.text
        if let value = try Header.kvm.constants[name] {
            #expect(value == code.rawValue)
        } else {
            let alias = name.replacing("KVM_", with: "")
            #expect(text.contains(try Regex("#define\\s+\(name)\\s+\(alias)\\b")))
            let host: [String: Int32] = ["EPERM": EPERM, "E2BIG": E2BIG, "EFAULT": EFAULT, "EINVAL": EINVAL]
            #expect(host[alias].map(Int64.init) == code.rawValue)
        }
    }

    @Test(.enabled(if: Header.epapr.isInstalled))
    func `ePAPR's calls have Linux's names and numbers`() throws {
        let linux = try Header.epapr.constants
        for call in Hypercall.epaprCalls where call.name.description != "EV_INT_GET_ACTIVITY" {
            #expect(linux[call.name.description] == Int64(call.number), "\(call.name)")
        }
        #expect(linux["EV_INT_GET_ACTIVITY"] == nil)
    }

    @Test(.enabled(if: Header.epapr.isInstalled))
    func `every constant of Linux's ePAPR header is known`() throws {
        var known = Set(Hypercall.epaprCalls.map(\.name.description))
        known.formUnion(EPAPRStatus.allCases.map(\.name.description))
        known.formUnion(HypercallVendor.allCases.map(\.name.description))
        known.insert("EV_BYTE_CHANNEL_MAX_BYTES")
        #expect(try Set(Header.epapr.constants.keys).subtracting(known).isEmpty)
    }

    @Test(.enabled(if: Header.epapr.isInstalled), arguments: EPAPRStatus.allCases)
    func `ePAPR's status codes have Linux's values`(status: EPAPRStatus) throws {
        #expect(try Header.epapr.constants[status.name.description] == Int64(status.rawValue))
    }

    @Test(.enabled(if: Header.epapr.isInstalled), arguments: HypercallVendor.allCases)
    func `vendors have Linux's numbers`(vendor: HypercallVendor) throws {
        #expect(try Header.epapr.constants[vendor.name.description] == Int64(vendor.rawValue))
    }

    @Test(.enabled(if: Header.epapr.isInstalled))
    func `a byte-channel call carries what Linux says`() throws {
        #expect(try Header.epapr.constants["EV_BYTE_CHANNEL_MAX_BYTES"] == Int64(Hypercall.byteChannelMaximum))
    }

    @Test(.enabled(if: Header.powerPC.isInstalled))
    func `the PowerPC feature bits are Linux's`() throws {
        let linux = try Header.powerPC.constants
        let bit = try #require(linux["KVM_FEATURE_MAGIC_PAGE"])
        #expect(PowerPCFeatures.magicPage.rawValue == 1 << UInt64(bit))
        #expect(linux["KVM_MAGIC_FEAT_SR"] == Int64(MagicPageFeatures.segmentRegisters.rawValue))
        #expect(linux["KVM_MAGIC_FEAT_MAS0_TO_SPRG7"] == Int64(MagicPageFeatures.mas0ToSPRG7.rawValue))
        #expect(linux["MAGIC_PAGE_FLAG_NOT_MAPPED_NX"] == Int64(MagicPageFlags.notMappedNX.rawValue))
        #expect(linux["KVM_SC_MAGIC_R0"] == Int64(HypercallInstructions.magicR0))
    }

    @Test(.enabled(if: Header.powerPC.isInstalled))
    func `the magic page is laid out as Linux's structure`() throws {
        let text = try Header.powerPC.text
        let start = try #require(text.range(of: "struct kvm_vcpu_arch_shared {"))
        let end = try #require(text.range(of: "};", range: start.upperBound..<text.endIndex))
        var offset = 0
        var members: [String] = []
        for match in text[start.upperBound..<end.lowerBound].matches(of: /__u(32|64) (\w+)(?:\[(\d+)\])?;/) {
            let width = match.1 == "64" ? 8 : 4
            let count = match.3.flatMap { Int($0) } ?? 1
            offset = (offset + width - 1) / width * width
            members.append("\(match.2) \(offset) \(width) \(count)")
            offset += width * count
        }
        #expect(members == MagicPage.fields.map { "\($0.name) \($0.offset) \($0.width) \($0.count)" })
        #expect(offset == MagicPage.size)
    }

    @Test(
        .enabled(if: Header.x86.isInstalled),
        arguments: [
            ("KVM_FEATURE_PV_UNHALT", X86Features.unhalt), ("KVM_FEATURE_PV_SEND_IPI", .sendIPI),
            ("KVM_FEATURE_PV_SCHED_YIELD", .schedYield), ("KVM_FEATURE_HC_MAP_GPA_RANGE", .mapGPARange),
        ])
    func `the x86 feature bits are Linux's`(name: String, feature: X86Features) throws {
        let bit = try #require(try Header.x86.constants[name])
        #expect(feature.rawValue == 1 << UInt32(bit))
    }

    @Test(.enabled(if: Header.x86.isInstalled))
    func `the clock pairing structure is Linux's`() throws {
        let text = try Header.x86.text
        let members = ["__s64 sec;", "__s64 nsec;", "__u64 tsc;", "__u32 flags;", "__u32 pad[9];"]
        let structure = "struct kvm_clock_pairing {\n\t" + members.joined(separator: "\n\t") + "\n};"
        #expect(text.contains(structure))
        #expect(ClockPairing.flagsOffset == 3 * 8)
        #expect(ClockPairing.size == ClockPairing.flagsOffset + 10 * 4)
        #expect(try Header.x86.constants["KVM_CLOCK_PAIRING_WALLCLOCK"] == Int64(ClockPairing.wallClock))
    }

    @Test(.enabled(if: Header.virtioCCW.isInstalled))
    func `the virtio-ccw notification has Linux's number`() throws {
        let call = Hypercall.diagnoseVirtioCCWNotify
        #expect(try Header.virtioCCW.constants[call.name.description] == Int64(call.number))
    }
}
