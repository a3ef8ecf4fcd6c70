/// 128 bits as vector-scalar registers hold them, numbered as the Power ISA does: bit, byte, halfword, word and doubleword
/// 0 are the leftmost ones, whatever the byte order of storage is.
package struct Vector128: Equatable, BitwiseCopyable, Sendable {
    /// Doubleword 0, the left half: what a floating-point register is.
    package var high: UInt64
    /// Doubleword 1.
    package var low: UInt64

    @inline(__always)
    package init(_ high: UInt64, _ low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The same doubleword twice.
    @inline(__always)
    init(both value: UInt64) { self.init(value, value) }

    @inline(__always)
    init(_ value: UInt128) {
        self.init(UInt64(truncatingIfNeeded: value >> 64), UInt64(truncatingIfNeeded: value))
    }

    package static let zero = Vector128(0, 0)
    static let ones = Vector128(.max, .max)

    /// The bits as one number.
    var quadword: UInt128 {
        @inline(__always) get { UInt128(high) << 64 | UInt128(low) }
    }

    // MARK: - Elements

    /// How many elements of a type there are.
    @inline(__always)
    static func count<Element: FixedWidthInteger>(_ type: Element.Type) -> Int { 128 / Element.bitWidth }

    /// Element `index` of the type that is asked for, of which there are as many as fit.
    @inline(__always)
    subscript<Element: FixedWidthInteger>(index: Int) -> Element {
        get {
            let bit = index &* Element.bitWidth
            let half = bit < 64 ? high : low
            return Element(truncatingIfNeeded: half &>> UInt64(truncatingIfNeeded: 64 &- Element.bitWidth &- bit & 63))
        }
        set {
            let bit = index &* Element.bitWidth
            let shift = UInt64(truncatingIfNeeded: 64 &- Element.bitWidth &- bit & 63)
            let mask = (~UInt64(0) &>> UInt64(truncatingIfNeeded: 64 &- Element.bitWidth)) &<< shift
            let bits = UInt64(truncatingIfNeeded: newValue) &<< shift & mask
            if bit < 64 { high = high & ~mask | bits } else { low = low & ~mask | bits }
        }
    }

    /// The vector whose elements `element` gives, by index.
    @inline(__always)
    static func of<Element: FixedWidthInteger>(_ type: Element.Type, _ element: (Int) -> Element) -> Vector128 {
        var result = Vector128.zero
        for index in 0..<count(type) { result[index] = element(index) }
        return result
    }

    /// Each element changed by `transform`.
    @inline(__always)
    func map<Element: FixedWidthInteger>(_ transform: (Element) -> Element) -> Vector128 {
        Self.of(Element.self) { transform(self[$0]) }
    }

    /// Each element and the one of `other` beside it combined.
    @inline(__always)
    func zip<Element: FixedWidthInteger>(
        _ other: Vector128, _ combine: (Element, Element) -> Element
    ) -> Vector128 {
        Self.of(Element.self) { combine(self[$0], other[$0]) }
    }

    // MARK: - Bits

    @inline(__always)
    static func & (a: Vector128, b: Vector128) -> Vector128 { Vector128(a.high & b.high, a.low & b.low) }

    @inline(__always)
    static func | (a: Vector128, b: Vector128) -> Vector128 { Vector128(a.high | b.high, a.low | b.low) }

    @inline(__always)
    static func ^ (a: Vector128, b: Vector128) -> Vector128 { Vector128(a.high ^ b.high, a.low ^ b.low) }

    @inline(__always)
    static prefix func ~ (a: Vector128) -> Vector128 { Vector128(~a.high, ~a.low) }
}

/// The 64 vector-scalar registers. The first 32 have the floating-point registers in their left halves, the others are the
/// vector registers.
@safe
struct VectorRegisters {
    /// Two doublewords a register, the left one first, each in the host's byte order.
    let base: UnsafeMutablePointer<UInt64>

    /// How many doublewords there are.
    static let doublewords = 128
    /// The number of vector register 0.
    static let firstVector: UInt8 = 32

    /// Vector-scalar register `number`, 0–63.
    subscript(_ number: UInt8) -> Vector128 {
        @inline(__always) get {
            let index = Int(number & 63) &* 2
            return unsafe Vector128(base[index], base[index &+ 1])
        }
        @inline(__always) nonmutating set {
            let index = Int(number & 63) &* 2
            unsafe base[index] = newValue.high
            unsafe base[index &+ 1] = newValue.low
        }
    }

    /// Floating-point register `number`, 0–31. Writing one leaves zero in the other half of the vector-scalar register,
    /// which the architecture leaves undefined.
    subscript(floating number: UInt8) -> UInt64 {
        @inline(__always) get { unsafe base[Int(number & 31) &* 2] }
        @inline(__always) nonmutating set {
            unsafe base[Int(number & 31) &* 2] = newValue
            unsafe base[Int(number & 31) &* 2 &+ 1] = 0
        }
    }
}
