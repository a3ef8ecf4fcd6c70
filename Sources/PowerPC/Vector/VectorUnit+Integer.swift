/// Integer arithmetic on elements, shifts, logic and comparisons.
extension VectorUnit {
    static func integer(
        _ kind: VectorOperation, _ a: Vector128, _ b: Vector128, _ c: Vector128, _ status: inout VectorStatus
    ) -> Vector128 {
        switch kind {
        case .vaddubm: return a.zip(b) { (x: UInt8, y: UInt8) in x &+ y }
        case .vadduhm: return a.zip(b) { (x: UInt16, y: UInt16) in x &+ y }
        case .vadduwm: return a.zip(b) { (x: UInt32, y: UInt32) in x &+ y }
        case .vaddudm: return a.zip(b) { (x: UInt64, y: UInt64) in x &+ y }
        case .vsububm: return a.zip(b) { (x: UInt8, y: UInt8) in x &- y }
        case .vsubuhm: return a.zip(b) { (x: UInt16, y: UInt16) in x &- y }
        case .vsubuwm: return a.zip(b) { (x: UInt32, y: UInt32) in x &- y }
        case .vsubudm: return a.zip(b) { (x: UInt64, y: UInt64) in x &- y }
        case .vadduqm: return Vector128(a.quadword &+ b.quadword)
        case .vsubuqm: return Vector128(a.quadword &- b.quadword)
        case .vaddcuq: return carry(a.quadword, b.quadword, false)
        case .vsubcuq: return carry(a.quadword, ~b.quadword, true)
        case .vaddeuqm: return Vector128(a.quadword &+ b.quadword &+ (c.quadword & 1))
        case .vaddecuq: return carry(a.quadword, b.quadword, c.low & 1 != 0)
        case .vsubeuqm: return Vector128(a.quadword &+ ~b.quadword &+ (c.quadword & 1))
        case .vsubecuq: return carry(a.quadword, ~b.quadword, c.low & 1 != 0)
        case .vaddcuw: return a.zip(b) { (x: UInt32, y: UInt32) in x.addingReportingOverflow(y).overflow ? 1 : 0 }
        case .vsubcuw: return a.zip(b) { (x: UInt32, y: UInt32) in x >= y ? 1 : 0 }
        case .vaddubs: return saturatingSum(a, b, UInt8.self, &status)
        case .vadduhs: return saturatingSum(a, b, UInt16.self, &status)
        case .vadduws: return saturatingSum(a, b, UInt32.self, &status)
        case .vaddsbs: return saturatingSum(a, b, Int8.self, &status)
        case .vaddshs: return saturatingSum(a, b, Int16.self, &status)
        case .vaddsws: return saturatingSum(a, b, Int32.self, &status)
        case .vsububs: return saturatingDifference(a, b, UInt8.self, &status)
        case .vsubuhs: return saturatingDifference(a, b, UInt16.self, &status)
        case .vsubuws: return saturatingDifference(a, b, UInt32.self, &status)
        case .vsubsbs: return saturatingDifference(a, b, Int8.self, &status)
        case .vsubshs: return saturatingDifference(a, b, Int16.self, &status)
        case .vsubsws: return saturatingDifference(a, b, Int32.self, &status)
        case .vmaxub: return a.zip(b) { (x: UInt8, y: UInt8) in max(x, y) }
        case .vmaxuh: return a.zip(b) { (x: UInt16, y: UInt16) in max(x, y) }
        case .vmaxuw: return a.zip(b) { (x: UInt32, y: UInt32) in max(x, y) }
        case .vmaxud: return a.zip(b) { (x: UInt64, y: UInt64) in max(x, y) }
        case .vmaxsb: return a.zip(b) { (x: Int8, y: Int8) in max(x, y) }
        case .vmaxsh: return a.zip(b) { (x: Int16, y: Int16) in max(x, y) }
        case .vmaxsw: return a.zip(b) { (x: Int32, y: Int32) in max(x, y) }
        case .vmaxsd: return a.zip(b) { (x: Int64, y: Int64) in max(x, y) }
        case .vminub: return a.zip(b) { (x: UInt8, y: UInt8) in min(x, y) }
        case .vminuh: return a.zip(b) { (x: UInt16, y: UInt16) in min(x, y) }
        case .vminuw: return a.zip(b) { (x: UInt32, y: UInt32) in min(x, y) }
        case .vminud: return a.zip(b) { (x: UInt64, y: UInt64) in min(x, y) }
        case .vminsb: return a.zip(b) { (x: Int8, y: Int8) in min(x, y) }
        case .vminsh: return a.zip(b) { (x: Int16, y: Int16) in min(x, y) }
        case .vminsw: return a.zip(b) { (x: Int32, y: Int32) in min(x, y) }
        case .vminsd: return a.zip(b) { (x: Int64, y: Int64) in min(x, y) }
        case .vavgub: return average(a, b, UInt8.self)
        case .vavguh: return average(a, b, UInt16.self)
        case .vavguw: return average(a, b, UInt32.self)
        case .vavgsb: return average(a, b, Int8.self)
        case .vavgsh: return average(a, b, Int16.self)
        case .vavgsw: return average(a, b, Int32.self)
        case .vrlb: return a.zip(b) { (x: UInt8, y: UInt8) in x &<< y | x &>> (0 &- y) }
        case .vrlh: return a.zip(b) { (x: UInt16, y: UInt16) in x &<< y | x &>> (0 &- y) }
        case .vrlw: return a.zip(b) { (x: UInt32, y: UInt32) in x &<< y | x &>> (0 &- y) }
        case .vrld: return a.zip(b) { (x: UInt64, y: UInt64) in x &<< y | x &>> (0 &- y) }
        case .vslb: return a.zip(b) { (x: UInt8, y: UInt8) in x &<< y }
        case .vslh: return a.zip(b) { (x: UInt16, y: UInt16) in x &<< y }
        case .vslw: return a.zip(b) { (x: UInt32, y: UInt32) in x &<< y }
        case .vsld: return a.zip(b) { (x: UInt64, y: UInt64) in x &<< y }
        case .vsrb: return a.zip(b) { (x: UInt8, y: UInt8) in x &>> y }
        case .vsrh: return a.zip(b) { (x: UInt16, y: UInt16) in x &>> y }
        case .vsrw: return a.zip(b) { (x: UInt32, y: UInt32) in x &>> y }
        case .vsrd: return a.zip(b) { (x: UInt64, y: UInt64) in x &>> y }
        case .vsrab: return a.zip(b) { (x: Int8, y: Int8) in x &>> y }
        case .vsrah: return a.zip(b) { (x: Int16, y: Int16) in x &>> y }
        case .vsraw: return a.zip(b) { (x: Int32, y: Int32) in x &>> y }
        case .vsrad: return a.zip(b) { (x: Int64, y: Int64) in x &>> y }
        case .vsl: return Vector128(a.quadword &<< (b.quadword & 7))
        case .vsr: return Vector128(a.quadword &>> (b.quadword & 7))
        case .vslo: return Vector128(a.quadword &<< (b.quadword & 0x78))
        case .vsro: return Vector128(a.quadword &>> (b.quadword & 0x78))
        case .vand: return a & b
        case .vandc: return a & ~b
        case .vor: return a | b
        case .vxor: return a ^ b
        case .vnor: return ~(a | b)
        case .vorc: return a | ~b
        case .vnand: return ~(a & b)
        case .veqv: return ~(a ^ b)
        case .vclzb: return b.map { (x: UInt8) in UInt8(truncatingIfNeeded: x.leadingZeroBitCount) }
        case .vclzh: return b.map { (x: UInt16) in UInt16(truncatingIfNeeded: x.leadingZeroBitCount) }
        case .vclzw: return b.map { (x: UInt32) in UInt32(truncatingIfNeeded: x.leadingZeroBitCount) }
        case .vclzd: return b.map { (x: UInt64) in UInt64(truncatingIfNeeded: x.leadingZeroBitCount) }
        case .vpopcntb: return b.map { (x: UInt8) in UInt8(truncatingIfNeeded: x.nonzeroBitCount) }
        case .vpopcnth: return b.map { (x: UInt16) in UInt16(truncatingIfNeeded: x.nonzeroBitCount) }
        case .vpopcntw: return b.map { (x: UInt32) in UInt32(truncatingIfNeeded: x.nonzeroBitCount) }
        case .vpopcntd: return b.map { (x: UInt64) in UInt64(truncatingIfNeeded: x.nonzeroBitCount) }
        case .vgbbd: return Vector128(transposed(b.high), transposed(b.low))
        case .vbpermq: return bitPermutation(a, b)
        default: return .zero
        }
    }

    static func compare(_ kind: VectorOperation, _ a: Vector128, _ b: Vector128) -> Vector128 {
        switch kind {
        case .vcmpequb: return a.zip(b) { (x: UInt8, y: UInt8) in x == y ? .max : 0 }
        case .vcmpequh: return a.zip(b) { (x: UInt16, y: UInt16) in x == y ? .max : 0 }
        case .vcmpequw: return a.zip(b) { (x: UInt32, y: UInt32) in x == y ? .max : 0 }
        case .vcmpequd: return a.zip(b) { (x: UInt64, y: UInt64) in x == y ? .max : 0 }
        case .vcmpgtub: return a.zip(b) { (x: UInt8, y: UInt8) in x > y ? .max : 0 }
        case .vcmpgtuh: return a.zip(b) { (x: UInt16, y: UInt16) in x > y ? .max : 0 }
        case .vcmpgtuw: return a.zip(b) { (x: UInt32, y: UInt32) in x > y ? .max : 0 }
        case .vcmpgtud: return a.zip(b) { (x: UInt64, y: UInt64) in x > y ? .max : 0 }
        case .vcmpgtsb: return a.zip(b) { (x: Int8, y: Int8) in x > y ? -1 : 0 }
        case .vcmpgtsh: return a.zip(b) { (x: Int16, y: Int16) in x > y ? -1 : 0 }
        case .vcmpgtsw: return a.zip(b) { (x: Int32, y: Int32) in x > y ? -1 : 0 }
        case .vcmpgtsd: return a.zip(b) { (x: Int64, y: Int64) in x > y ? -1 : 0 }
        default: return .zero
        }
    }

    // MARK: - Elements

    /// The carry out of a sum of quadwords: 1 or 0.
    private static func carry(_ x: UInt128, _ y: UInt128, _ carry: Bool) -> Vector128 {
        let (sum, first) = x.addingReportingOverflow(y)
        let second = carry && sum == .max
        return Vector128(0, first || second ? 1 : 0)
    }

    @inline(__always)
    private static func saturatingSum<Element: FixedWidthInteger>(
        _ a: Vector128, _ b: Vector128, _ type: Element.Type, _ status: inout VectorStatus
    ) -> Vector128 {
        var isSaturated = false
        let result = a.zip(b) { (x: Element, y: Element) -> Element in
            let (sum, overflow) = x.addingReportingOverflow(y)
            guard overflow else { return sum }
            isSaturated = true
            return x < 0 ? .min : .max
        }
        if isSaturated { status.isSaturated = true }
        return result
    }

    @inline(__always)
    private static func saturatingDifference<Element: FixedWidthInteger>(
        _ a: Vector128, _ b: Vector128, _ type: Element.Type, _ status: inout VectorStatus
    ) -> Vector128 {
        var isSaturated = false
        let result = a.zip(b) { (x: Element, y: Element) -> Element in
            let (difference, overflow) = x.subtractingReportingOverflow(y)
            guard overflow else { return difference }
            isSaturated = true
            return x < y ? .min : .max
        }
        if isSaturated { status.isSaturated = true }
        return result
    }

    /// The rounded means of elements.
    @inline(__always)
    private static func average<Element: FixedWidthInteger>(
        _ a: Vector128, _ b: Vector128, _ type: Element.Type
    ) -> Vector128 {
        a.zip(b) { (x: Element, y: Element) in
            Element(truncatingIfNeeded: (Int64(truncatingIfNeeded: x) &+ Int64(truncatingIfNeeded: y) &+ 1) >> 1)
        }
    }

    /// The matrix of eight by eight bits mirrored at its diagonal.
    private static func transposed(_ bits: UInt64) -> UInt64 {
        var result: UInt64 = 0
        for row in UInt64(0)..<8 {
            for column in UInt64(0)..<8 where bits >> (63 - row * 8 - column) & 1 != 0 {
                result |= 1 << (63 - column * 8 - row)
            }
        }
        return result
    }

    /// The sixteen bits of `a` that the bytes of `b` number, of which numbers from 128 on stand for 0.
    private static func bitPermutation(_ a: Vector128, _ b: Vector128) -> Vector128 {
        var gathered: UInt64 = 0
        for index in 0..<16 {
            let number: UInt8 = b[index]
            let bit = number < 128 ? UInt64(truncatingIfNeeded: a.quadword &>> UInt128(127 - number)) & 1 : 0
            gathered = gathered << 1 | bit
        }
        return Vector128(gathered, 0)
    }
}
