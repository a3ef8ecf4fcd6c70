/// Four instruction words that a guest executes to make an ePAPR hypercall: the value of the device tree's
/// `hcall-instructions`.
///
/// Linux copies them over its own `li r3,-1; nop; nop; nop` and calls that with r11 and the arguments set.
public struct HypercallInstructions: Sendable {
    /// The words, as the guest's instruction fetch sees them.
    public let words: InlineArray<4, UInt32>

    /// Four words.
    public init(_ words: InlineArray<4, UInt32>) {
        self.words = words
    }

    /// What KVM answers for guests that trap every privileged instruction (KVM-PR, e500v2):
    /// `lis r0,0x4b56; ori r0,r0,0x4d21; sc; nop`. A plain `sc` is a hypercall when r0 holds ``magicR0``.
    public static let systemCallMagic = HypercallInstructions([0x3C00_4B56, 0x6000_4D21, 0x4400_0002, 0x6000_0000])

    /// What a hypervisor uses whose CPU has hypervisor state (e500mc): `sc 1; nop; nop; nop`.
    public static let systemCall1 = HypercallInstructions([0x4400_0022, 0x6000_0000, 0x6000_0000, 0x6000_0000])

    /// Turns an ePAPR call into a PAPR call, which KVM-PR hands to the VMM:
    /// `mr r12,r3; li r3,-0x1000; sc 1; nop`. The VMM sees ``paprForwardNumber`` in r3 and argument 0 in r12.
    public static let paprForward = HypercallInstructions([0x7C6C_1B78, 0x3860_F000, 0x4400_0022, 0x6000_0000])

    /// ``paprForward`` for KVM-PR hosts that are guests themselves, where `sc 1` goes to the wrong hypervisor:
    /// the reserved word 0x7c000268 takes its place, which KVM-PR decodes as `sc 1`.
    public static let paprForwardNested = HypercallInstructions([0x7C6C_1B78, 0x3860_F000, 0x7C00_0268, 0x6000_0000])

    /// What QEMU publishes where the host has no hypercalls: every call returns -1, in either byte order.
    public static let alwaysFails = HypercallInstructions([0x0800_0048, 0x3860_FFFF, 0x4800_0008, 0xFFFF_6038])

    /// The low word of r0 at a plain `sc` that is a hypercall: "KVM!", `KVM_SC_MAGIC_R0`.
    @inlinable public static var magicR0: UInt32 { 0x4B56_4D21 }

    /// r3 of a PAPR call that ``paprForward`` made.
    @inlinable public static var paprForwardNumber: UInt64 { 0xFFFF_FFFF_FFFF_F000 }

    /// The property's 16 bytes.
    public var propertyValue: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        for index in words.indices {
            let word = words[index]
            for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(shift))) }
        }
        return bytes
    }
}
