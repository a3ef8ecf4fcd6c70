internal import GuestMemory
internal import Hypercalls
internal import ParavirtABI

extension SelfCheck {
    /// One call of each architecture, from registers to registers.
    static let hypercalls: [SelfCheck] = [
        SelfCheck("KVM_HC_FEATURES offers the magic page") { _ in
            powerPC([11: 0x2A_0003], r3: 0, r4: 2)
        },
        SelfCheck("KVM_HC_PPC_MAP_MAGIC_PAGE takes addresses and flags from r3 and r4") { _ in
            let host = CallHost()
            return powerPC([11: 0x2A_0004, 3: 0x1234_5FFF, 4: 0xFFFF_FFFF_FFFF_F001], host: host, r3: 0, r4: 3)
                ?? difference("the real address", host.realAddress, 0x1234_5000)
                ?? difference("the effective address", host.effectiveAddress, 0xFFFF_FFFF_FFFF_F000)
                ?? difference("the flags", host.flags, 1)
        },
        SelfCheck("a token that nobody knows is not implemented") { _ in
            powerPC([11: 0x2A_FFFF, 4: 77], r3: 12, r4: 0)
        },
        SelfCheck("a PowerPC call from user state is none") { _ in
            var registers = Registers([11: 0x2A_0003])
            var counts = HypercallCounts()
            let outcome = HypercallDispatcher<CallHost>.powerPC().call(
                &registers, vcpu: 0, isPrivileged: false, width: .bits64, host: CallHost(), counts: &counts)
            return outcome == .notAHypercall ? nil : "it was answered"
        },
        SelfCheck("an x86 call that nobody knows is -KVM_ENOSYS") { _ in
            x86(isPrivileged: true, rax: UInt64(bitPattern: -1000))
        },
        SelfCheck("an x86 call from user state is -KVM_EPERM") { _ in
            x86(isPrivileged: false, rax: UInt64(bitPattern: -1))
        },
        SelfCheck("an s390x subcode that nobody knows is a specification exception") { _ in
            var registers = Registers([1: 0xFFFF])
            var counts = HypercallCounts()
            let outcome = HypercallDispatcher<CallHost>(.s390x).call(
                &registers, vcpu: 0, isPrivileged: true, width: .bits64, host: CallHost(), counts: &counts)
            return outcome == .programInterruption(.specification) ? nil : "it was answered otherwise"
        },
    ]

    private static func powerPC(
        _ values: [Int: UInt64], host: CallHost = CallHost(), r3: UInt64, r4: UInt64
    ) -> String? {
        var registers = Registers(values)
        var counts = HypercallCounts()
        let outcome = HypercallDispatcher<CallHost>.powerPC().call(
            &registers, vcpu: 0, isPrivileged: true, width: .bits64, host: host, counts: &counts)
        guard outcome == .resume else { return "it was not answered" }
        return difference("r3", registers.register(3), r3) ?? difference("r4", registers.register(4), r4)
    }

    private static func x86(isPrivileged: Bool, rax: UInt64) -> String? {
        var registers = Registers([0: 0xFFFF])
        var counts = HypercallCounts()
        _ = HypercallDispatcher<CallHost>(.x86).call(
            &registers, vcpu: 0, isPrivileged: isPrivileged, width: .bits64, host: CallHost(), counts: &counts)
        return difference("rax", registers.register(0), rax)
    }
}

/// The registers of a call, zero but for those that are named.
private struct Registers: CallRegisters {
    private var values = InlineArray<32, UInt64>(repeating: 0)

    init(_ values: [Int: UInt64]) {
        for (index, value) in values { self.values[index & 31] = value }
    }

    func register(_ index: Int) -> UInt64 { values[index & 31] }

    mutating func setRegister(_ index: Int, to value: UInt64) { values[index & 31] = value }
}

/// A machine that remembers what it was asked to map.
private final class CallHost: PowerPCHypercallHost {
    let offersMagicPage = true
    private(set) var realAddress: UInt64 = 0
    private(set) var effectiveAddress: UInt64 = 0
    private(set) var flags: UInt64 = 0

    func mapMagicPage(
        vcpu: Int, realAddress: UInt64, effectiveAddress: UInt64, flags: MagicPageFlags
    ) -> MagicPageFeatures {
        self.realAddress = realAddress
        self.effectiveAddress = effectiveAddress
        self.flags = flags.rawValue
        return [.segmentRegisters, .mas0ToSPRG7]
    }

    func idle(vcpu: Int) {}
}
