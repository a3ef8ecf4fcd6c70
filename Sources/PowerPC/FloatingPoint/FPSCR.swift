/// The floating-point status and control register (Power ISA 2.06 Book I §4.2.2).
package struct FPSCR: Equatable, Sendable {
    /// The register's value; ``vx`` and ``fex`` are always the summaries of the other bits.
    package private(set) var bits: UInt32

    /// DRN, the rounding mode of decimal numbers, in the left half of a register of 64 bits. It is storage and no more.
    package private(set) var decimalRounding: UInt8 = 0

    package init(_ bits: UInt32 = 0) {
        self.bits = bits & Self.writable
        summarize()
    }

    /// A register of 64 bits.
    package init(wide bits: UInt64) {
        self.init(UInt32(truncatingIfNeeded: bits))
        decimalRounding = UInt8(truncatingIfNeeded: bits >> 32) & 7
    }

    /// The register of 64 bits.
    package var wide: UInt64 { UInt64(decimalRounding) << 32 | UInt64(bits) }

    /// An exception bit went from 0 to 1.
    package static let fx: UInt32 = 1 << 31
    /// An enabled exception: the summary of all of them.
    package static let fex: UInt32 = 1 << 30
    /// An invalid operation: the summary of the bits in ``invalid``.
    package static let vx: UInt32 = 1 << 29
    package static let ox: UInt32 = 1 << 28
    package static let ux: UInt32 = 1 << 27
    package static let zx: UInt32 = 1 << 26
    package static let xx: UInt32 = 1 << 25
    /// An operand is a signaling NaN.
    package static let vxsnan: UInt32 = 1 << 24
    /// ∞ − ∞.
    package static let vxisi: UInt32 = 1 << 23
    /// ∞ ÷ ∞.
    package static let vxidi: UInt32 = 1 << 22
    /// 0 ÷ 0.
    package static let vxzdz: UInt32 = 1 << 21
    /// ∞ × 0.
    package static let vximz: UInt32 = 1 << 20
    /// A comparison of a NaN.
    package static let vxvc: UInt32 = 1 << 19
    /// Rounding made the magnitude larger.
    package static let fr: UInt32 = 1 << 18
    /// Rounding changed the value.
    package static let fi: UInt32 = 1 << 17
    /// The class of the result, or the outcome of a comparison in its low four bits.
    package static let fprf: UInt32 = 0x1F << 12
    /// The low four bits of ``fprf``.
    package static let fpcc: UInt32 = 0xF << 12
    /// Software asked for it.
    package static let vxsoft: UInt32 = 1 << 10
    /// The square root of a negative number.
    package static let vxsqrt: UInt32 = 1 << 9
    /// A conversion to an integer that has no such value.
    package static let vxcvi: UInt32 = 1 << 8
    package static let ve: UInt32 = 1 << 7
    package static let oe: UInt32 = 1 << 6
    package static let ue: UInt32 = 1 << 5
    package static let ze: UInt32 = 1 << 4
    package static let xe: UInt32 = 1 << 3
    /// Non-IEEE mode, which changes nothing here.
    package static let ni: UInt32 = 1 << 2
    package static let rn: UInt32 = 3
    /// VE, OE, UE, ZE and XE.
    package static let enables: UInt32 = ve | oe | ue | ze | xe

    /// All kinds of invalid operations.
    package static let invalid: UInt32 =
        vxsnan | vxisi | vxidi | vxzdz | vximz | vxvc | vxsoft | vxsqrt | vxcvi
    /// All exception bits that stay until software clears them.
    package static let exceptions: UInt32 = ox | ux | zx | xx | invalid
    /// What software can write: neither the summaries nor the reserved bit 20.
    private static let writable: UInt32 = ~(fex | vx | 1 << 11)

    package var roundingMode: RoundingMode {
        switch bits & Self.rn {
        case 0: .nearest
        case 1: .towardZero
        case 2: .towardPositive
        default: .towardNegative
        }
    }

    /// Whether a bit is set.
    func has(_ mask: UInt32) -> Bool { bits & mask != 0 }

    /// FX, FEX, VX and OX, which the record forms copy to CR1.
    var summary: UInt8 { UInt8(truncatingIfNeeded: bits >> 28) }

    /// Sets the exception bits of one instruction.
    mutating func raise(_ exceptions: UInt32) {
        if exceptions & ~bits != 0 { bits |= Self.fx }
        bits |= exceptions
        summarize()
    }

    /// Sets FR, FI and FPRF, as far as `mask` covers them.
    mutating func describe(_ value: UInt32, mask: UInt32) { bits = bits & ~mask | value & mask }

    /// Puts `value` where `mask` is, as the moves to this register do.
    mutating func write(_ value: UInt32, mask: UInt32) {
        let mask = mask & Self.writable
        bits = bits & ~mask | value & mask
        summarize()
    }

    /// Puts `value` where `mask` is in the left half.
    mutating func writeLeft(_ value: UInt32, mask: UInt32) {
        decimalRounding = (decimalRounding & ~UInt8(mask & 7)) | UInt8(value & mask & 7)
    }

    private mutating func summarize() {
        bits &= ~(Self.vx | Self.fex)
        if bits & Self.invalid != 0 { bits |= Self.vx }
        // VX, OX, UX, ZX and XX lie as VE, OE, UE, ZE and XE do.
        if bits >> 25 & bits >> 3 & 31 != 0 { bits |= Self.fex }
    }
}

/// FPSCR[RN].
package enum RoundingMode: CaseIterable, Sendable {
    /// To the nearest value, and of two to the even one.
    case nearest
    case towardZero
    case towardPositive
    case towardNegative
    /// To the nearest value, and of two to the one farther from zero: what some instructions do, and RN cannot ask for.
    case nearestAway
}
