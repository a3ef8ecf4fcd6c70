/// Products of elements, and sums across them.
extension VectorUnit {
    static func product(
        _ kind: VectorOperation, _ a: Vector128, _ b: Vector128, _ c: Vector128, _ status: inout VectorStatus
    ) -> Vector128 {
        switch kind {
        case .vmuleub: return products(a, b, UInt8.self, UInt16.self, from: 0)
        case .vmuleuh: return products(a, b, UInt16.self, UInt32.self, from: 0)
        case .vmuleuw: return products(a, b, UInt32.self, UInt64.self, from: 0)
        case .vmuloub: return products(a, b, UInt8.self, UInt16.self, from: 1)
        case .vmulouh: return products(a, b, UInt16.self, UInt32.self, from: 1)
        case .vmulouw: return products(a, b, UInt32.self, UInt64.self, from: 1)
        case .vmulesb: return products(a, b, Int8.self, Int16.self, from: 0)
        case .vmulesh: return products(a, b, Int16.self, Int32.self, from: 0)
        case .vmulesw: return products(a, b, Int32.self, Int64.self, from: 0)
        case .vmulosb: return products(a, b, Int8.self, Int16.self, from: 1)
        case .vmulosh: return products(a, b, Int16.self, Int32.self, from: 1)
        case .vmulosw: return products(a, b, Int32.self, Int64.self, from: 1)
        case .vmuluwm: return a.zip(b) { (x: UInt32, y: UInt32) in x &* y }
        case .vpmsumb: return polynomialSums(a, b, UInt8.self, UInt16.self)
        case .vpmsumh: return polynomialSums(a, b, UInt16.self, UInt32.self)
        case .vpmsumw: return polynomialSums(a, b, UInt32.self, UInt64.self)
        case .vpmsumd: return Vector128(polynomialProduct(a.high, b.high) ^ polynomialProduct(a.low, b.low))
        case .vsum4ubs: return partialSums(a, b, UInt8.self, UInt32.self, &status)
        case .vsum4sbs: return partialSums(a, b, Int8.self, Int32.self, &status)
        case .vsum4shs: return partialSums(a, b, Int16.self, Int32.self, &status)
        case .vsum2sws, .vsumsws: return wordSums(a, b, into: kind == .vsumsws ? 4 : 2, &status)
        case .vmhaddshs, .vmhraddshs:
            let rounding: Int64 = kind == .vmhraddshs ? 0x4000 : 0
            var isSaturated = false
            let result = Vector128.of(Int16.self) { index in
                let (x, y, z): (Int16, Int16, Int16) = (a[index], b[index], c[index])
                return clamp((Int64(x) &* Int64(y) &+ rounding) >> 15 &+ Int64(z), &isSaturated)
            }
            if isSaturated { status.isSaturated = true }
            return result
        case .vmladduhm:
            return Vector128.of(UInt16.self) { index in
                let (x, y, z): (UInt16, UInt16, UInt16) = (a[index], b[index], c[index])
                return x &* y &+ z
            }
        case .vmsumubm: return productSums(a, b, c, UInt8.self, UInt8.self)
        case .vmsummbm: return productSums(a, b, c, Int8.self, UInt8.self)
        case .vmsumuhm: return productSums(a, b, c, UInt16.self, UInt16.self)
        case .vmsumshm: return productSums(a, b, c, Int16.self, Int16.self)
        case .vmsumuhs: return saturatingProductSums(a, b, c, UInt16.self, UInt32.self, &status)
        case .vmsumshs: return saturatingProductSums(a, b, c, Int16.self, Int32.self, &status)
        default: return .zero
        }
    }

    /// The nearest value that the type has, and whether it is another one.
    @inline(__always)
    static func clamp<Element: FixedWidthInteger>(_ value: Int64, _ isSaturated: inout Bool) -> Element {
        let result = Element(clamping: value)
        if Int64(truncatingIfNeeded: result) != value { isSaturated = true }
        return result
    }

    /// The whole products of every second element.
    @inline(__always)
    private static func products<Element: FixedWidthInteger, Wide: FixedWidthInteger>(
        _ a: Vector128, _ b: Vector128, _ type: Element.Type, _ wide: Wide.Type, from first: Int
    ) -> Vector128 {
        Vector128.of(Wide.self) { index in
            let (x, y): (Element, Element) = (a[2 * index + first], b[2 * index + first])
            return Wide(truncatingIfNeeded: x) &* Wide(truncatingIfNeeded: y)
        }
    }

    /// The product of two polynomials over the field of two elements.
    private static func polynomialProduct(_ x: UInt64, _ y: UInt64) -> UInt128 {
        var result: UInt128 = 0
        for bit in 0..<64 where y >> UInt64(bit) & 1 != 0 { result ^= UInt128(x) << UInt128(bit) }
        return result
    }

    /// The sums of the polynomial products of two elements side by side.
    @inline(__always)
    private static func polynomialSums<Element: FixedWidthInteger, Wide: FixedWidthInteger>(
        _ a: Vector128, _ b: Vector128, _ type: Element.Type, _ wide: Wide.Type
    ) -> Vector128 {
        Vector128.of(Wide.self) { index in
            var sum: Wide = 0
            for part in 0..<2 {
                let (x, y): (Element, Element) = (a[2 * index + part], b[2 * index + part])
                for bit in 0..<Element.bitWidth where y >> bit & 1 != 0 { sum ^= Wide(truncatingIfNeeded: x) << bit }
            }
            return sum
        }
    }

    /// The sums of the elements in each word of `a` and the word of `b`.
    @inline(__always)
    private static func partialSums<Element: FixedWidthInteger, Word: FixedWidthInteger>(
        _ a: Vector128, _ b: Vector128, _ type: Element.Type, _ word: Word.Type, _ status: inout VectorStatus
    ) -> Vector128 {
        let parts = 32 / Element.bitWidth
        var isSaturated = false
        let result = Vector128.of(Word.self) { index in
            let addend: Word = b[index]
            var sum = Int64(truncatingIfNeeded: addend)
            for part in 0..<parts {
                let element: Element = a[index * parts + part]
                sum &+= Int64(truncatingIfNeeded: element)
            }
            return clamp(sum, &isSaturated)
        }
        if isSaturated { status.isSaturated = true }
        return result
    }

    /// The sums of `count` words of `a` each and the last word of `b` beside them, in that word's place.
    private static func wordSums(
        _ a: Vector128, _ b: Vector128, into count: Int, _ status: inout VectorStatus
    ) -> Vector128 {
        var result = Vector128.zero
        var isSaturated = false
        for group in stride(from: 0, to: 4, by: count) {
            let last = group + count - 1
            let addend: Int32 = b[last]
            var sum = Int64(addend)
            for index in group...last {
                let element: Int32 = a[index]
                sum &+= Int64(element)
            }
            let clamped: Int32 = clamp(sum, &isSaturated)
            result[last] = clamped
        }
        if isSaturated { status.isSaturated = true }
        return result
    }

    /// The sums of the products in each word and the word of `c`, without what does not fit.
    @inline(__always)
    private static func productSums<Left: FixedWidthInteger, Right: FixedWidthInteger>(
        _ a: Vector128, _ b: Vector128, _ c: Vector128, _ left: Left.Type, _ right: Right.Type
    ) -> Vector128 {
        let parts = 32 / Left.bitWidth
        return Vector128.of(UInt32.self) { index in
            var sum: UInt32 = c[index]
            for part in 0..<parts {
                let x: Left = a[index * parts + part]
                let y: Right = b[index * parts + part]
                sum &+= UInt32(truncatingIfNeeded: x) &* UInt32(truncatingIfNeeded: y)
            }
            return sum
        }
    }

    @inline(__always)
    private static func saturatingProductSums<Element: FixedWidthInteger, Word: FixedWidthInteger>(
        _ a: Vector128, _ b: Vector128, _ c: Vector128, _ type: Element.Type, _ word: Word.Type,
        _ status: inout VectorStatus
    ) -> Vector128 {
        var isSaturated = false
        let result = Vector128.of(Word.self) { index in
            let addend: Word = c[index]
            var sum = Int64(truncatingIfNeeded: addend)
            for part in 0..<2 {
                let (x, y): (Element, Element) = (a[index * 2 + part], b[index * 2 + part])
                sum &+= Int64(truncatingIfNeeded: x) &* Int64(truncatingIfNeeded: y)
            }
            return clamp(sum, &isSaturated)
        }
        if isSaturated { status.isSaturated = true }
        return result
    }
}
