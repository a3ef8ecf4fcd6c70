import GuestMemory
import Hypercalls
import ParavirtABI

/// Sixteen (and, on PowerPC, 32) registers that remember which of them were written.
struct TestRegisters: CallRegisters, ~Copyable {
    private var values = [UInt64](repeating: 0xAAAA_AAAA_AAAA_AAAA, count: 32)
    private(set) var written: Set<Int> = []

    init(_ values: [Int: UInt64] = [:]) {
        for (index, value) in values { self.values[index] = value }
    }

    func register(_ index: Int) -> UInt64 {
        values[index]
    }

    mutating func setRegister(_ index: Int, to value: UInt64) {
        values[index] = value
        written.insert(index)
    }

    subscript(index: Int) -> UInt64 { values[index] }
}

/// x86 register numbers.
let (rax, rcx, rdx, rbx, rsi) = (0, 1, 2, 3, 6)

/// A PowerPC machine that notes what it is asked.
final class TestPowerPCHost: PowerPCHypercallHost {
    struct Mapping: Equatable {
        var vcpu: Int
        var realAddress: UInt64
        var effectiveAddress: UInt64
        var flags: UInt64
    }

    let offersMagicPage: Bool
    var mappings: [Mapping] = []
    var idled: [Int] = []

    init(offersMagicPage: Bool = true) {
        self.offersMagicPage = offersMagicPage
    }

    func mapMagicPage(
        vcpu: Int, realAddress: UInt64, effectiveAddress: UInt64, flags: MagicPageFlags
    ) -> MagicPageFeatures {
        mappings.append(
            Mapping(
                vcpu: vcpu, realAddress: realAddress, effectiveAddress: effectiveAddress, flags: flags.rawValue))
        return [.segmentRegisters, .mas0ToSPRG7]
    }

    func idle(vcpu: Int) {
        idled.append(vcpu)
    }
}

extension HypercallDispatcher {
    /// ``call(_:vcpu:isPrivileged:width:host:counts:)`` with what most tests do not care about.
    func call(
        _ registers: inout TestRegisters, vcpu: Int = 0, isPrivileged: Bool = true, width: RegisterWidth = .bits64,
        host: Host
    ) -> HypercallOutcome {
        var counts = HypercallCounts()
        return call(
            &registers, vcpu: vcpu, isPrivileged: isPrivileged, width: width, host: host, counts: &counts)
    }
}

extension Hypercall {
    /// What the number register holds to make the call under `convention`.
    func number(in convention: CallingConvention) -> UInt64 {
        convention == .epapr ? UInt64(family.vendor?.token(UInt16(number)) ?? 0) : UInt64(number)
    }
}

/// An x86 machine of 1 MiB whose clock stands still.
func makeX86Machine(
    apicIDs: [UInt32] = [0, 1, 2, 3], features: X86Features = .all,
    clock: @escaping @Sendable () -> X86Machine.ClockReading? = {
        X86Machine.ClockReading(seconds: 1_000_000_007, nanoseconds: 999_999_999, counter: 0x1122_3344_5566_7788)
    }
) throws -> X86Machine {
    X86Machine(apicIDs: apicIDs, memory: try GuestMemory(size: 1 << 20), features: features, clock: clock)
}
