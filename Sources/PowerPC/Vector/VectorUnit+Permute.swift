/// Merges, packs, unpacks, splats and permutations, and what only moves bits.
extension VectorUnit {
    static func permute(
        _ kind: VectorOperation, _ a: Vector128, _ b: Vector128, _ c: Vector128, _ immediate: UInt8,
        _ status: inout VectorStatus
    ) -> Vector128 {
        switch kind {
        case .vmrghb: return merged(a, b, UInt8.self, from: 0)
        case .vmrghh: return merged(a, b, UInt16.self, from: 0)
        case .vmrghw: return merged(a, b, UInt32.self, from: 0)
        case .vmrglb: return merged(a, b, UInt8.self, from: 8)
        case .vmrglh: return merged(a, b, UInt16.self, from: 4)
        case .vmrglw: return merged(a, b, UInt32.self, from: 2)
        case .vmrgew:
            return Vector128(a.high & ~0xFFFF_FFFF | b.high >> 32, a.low & ~0xFFFF_FFFF | b.low >> 32)
        case .vmrgow:
            return Vector128(a.high << 32 | b.high & 0xFFFF_FFFF, a.low << 32 | b.low & 0xFFFF_FFFF)
        case .vpkuhum: return packed(a, b, UInt16.self, UInt8.self)
        case .vpkuwum: return packed(a, b, UInt32.self, UInt16.self)
        case .vpkudum: return packed(a, b, UInt64.self, UInt32.self)
        case .vpkuhus: return packedSaturating(a, b, UInt16.self, UInt8.self, &status)
        case .vpkuwus: return packedSaturating(a, b, UInt32.self, UInt16.self, &status)
        case .vpkudus: return packedSaturating(a, b, UInt64.self, UInt32.self, &status)
        case .vpkshus: return packedSaturating(a, b, Int16.self, UInt8.self, &status)
        case .vpkswus: return packedSaturating(a, b, Int32.self, UInt16.self, &status)
        case .vpksdus: return packedSaturating(a, b, Int64.self, UInt32.self, &status)
        case .vpkshss: return packedSaturating(a, b, Int16.self, Int8.self, &status)
        case .vpkswss: return packedSaturating(a, b, Int32.self, Int16.self, &status)
        case .vpksdss: return packedSaturating(a, b, Int64.self, Int32.self, &status)
        case .vpkpx:
            return Vector128.of(UInt16.self) { index in
                let pixel: UInt32 = index < 4 ? a[index] : b[index & 3]
                return UInt16(truncatingIfNeeded: pixel >> 9 & 0xFC00 | pixel >> 6 & 0x3E0 | pixel >> 3 & 0x1F)
            }
        case .vupkhsb: return unpacked(b, Int8.self, Int16.self, from: 0)
        case .vupkhsh: return unpacked(b, Int16.self, Int32.self, from: 0)
        case .vupkhsw: return unpacked(b, Int32.self, Int64.self, from: 0)
        case .vupklsb: return unpacked(b, Int8.self, Int16.self, from: 8)
        case .vupklsh: return unpacked(b, Int16.self, Int32.self, from: 4)
        case .vupklsw: return unpacked(b, Int32.self, Int64.self, from: 2)
        case .vupkhpx, .vupklpx:
            return Vector128.of(UInt32.self) { index in
                let pixel: UInt16 = b[kind == .vupkhpx ? index : index + 4]
                let (alpha, bits): (UInt32, UInt32) = (pixel >> 15 != 0 ? 0xFF00_0000 : 0, UInt32(pixel))
                return alpha | (bits & 0x7C00) << 6 | (bits & 0x3E0) << 3 | bits & 0x1F
            }
        case .vspltb:
            let element: UInt8 = b[Int(immediate & 15)]
            return Vector128(both: UInt64(element) &* 0x0101_0101_0101_0101)
        case .vsplth:
            let element: UInt16 = b[Int(immediate & 7)]
            return Vector128(both: UInt64(element) &* 0x0001_0001_0001_0001)
        case .vspltw: return wordSplat(b, immediate)
        case .vspltisb: return Vector128(both: UInt64(immediate) &* 0x0101_0101_0101_0101)
        case .vspltish:
            let element = UInt16(truncatingIfNeeded: Int8(bitPattern: immediate))
            return Vector128(both: UInt64(element) &* 0x0001_0001_0001_0001)
        case .vspltisw:
            let element = UInt32(truncatingIfNeeded: Int8(bitPattern: immediate))
            return Vector128(both: UInt64(element) &* 0x0000_0001_0000_0001)
        case .vsel: return a & ~c | b & c
        case .vperm:
            return Vector128.of(UInt8.self) { index in
                let number: UInt8 = c[index]
                return number & 16 == 0 ? a[Int(number & 15)] : b[Int(number & 15)]
            }
        default:
            // vsldoi
            let shift = UInt128(immediate & 15) * 8
            return shift == 0 ? a : Vector128(a.quadword &<< shift | b.quadword &>> (128 - shift))
        }
    }

    /// The instructions that only move or combine bits.
    static func move(
        _ kind: VectorOperation, _ a: Vector128, _ b: Vector128, _ c: Vector128, _ immediate: UInt8
    ) -> Vector128 {
        switch kind {
        case .xxland: return a & b
        case .xxlandc: return a & ~b
        case .xxlor: return a | b
        case .xxlxor: return a ^ b
        case .xxlnor: return ~(a | b)
        case .xxlorc: return a | ~b
        case .xxlnand: return ~(a & b)
        case .xxleqv: return ~(a ^ b)
        case .xxmrghw: return merged(a, b, UInt32.self, from: 0)
        case .xxmrglw: return merged(a, b, UInt32.self, from: 2)
        case .xxsldwi:
            let shift = UInt128(immediate & 3) * 32
            return shift == 0 ? a : Vector128(a.quadword &<< shift | b.quadword &>> (128 - shift))
        case .xxpermdi:
            return Vector128(immediate & 2 == 0 ? a.high : a.low, immediate & 1 == 0 ? b.high : b.low)
        case .xxspltw: return wordSplat(b, immediate)
        case .xxsel: return a & ~c | b & c
        default: return .zero
        }
    }

    private static func wordSplat(_ b: Vector128, _ index: UInt8) -> Vector128 {
        let element: UInt32 = b[Int(index & 3)]
        return Vector128(both: UInt64(element) &* 0x0000_0001_0000_0001)
    }

    /// Elements of `a` and `b` in turn, from one half of both.
    @inline(__always)
    private static func merged<Element: FixedWidthInteger>(
        _ a: Vector128, _ b: Vector128, _ type: Element.Type, from first: Int
    ) -> Vector128 {
        Vector128.of(Element.self) { index in index & 1 == 0 ? a[first + index / 2] : b[first + index / 2] }
    }

    /// The lower halves of all elements of `a` and `b`.
    @inline(__always)
    private static func packed<Element: FixedWidthInteger, Narrow: FixedWidthInteger>(
        _ a: Vector128, _ b: Vector128, _ type: Element.Type, _ narrow: Narrow.Type
    ) -> Vector128 {
        let count = Vector128.count(Element.self)
        return Vector128.of(Narrow.self) { index in
            let element: Element = index < count ? a[index] : b[index - count]
            return Narrow(truncatingIfNeeded: element)
        }
    }

    /// All elements of `a` and `b` as the nearest values of a narrower type.
    @inline(__always)
    private static func packedSaturating<Element: FixedWidthInteger, Narrow: FixedWidthInteger>(
        _ a: Vector128, _ b: Vector128, _ type: Element.Type, _ narrow: Narrow.Type, _ status: inout VectorStatus
    ) -> Vector128 {
        let count = Vector128.count(Element.self)
        var isSaturated = false
        let result = Vector128.of(Narrow.self) { index in
            let element: Element = index < count ? a[index] : b[index - count]
            let clamped = Narrow(clamping: element)
            if Element(truncatingIfNeeded: clamped) != element { isSaturated = true }
            return clamped
        }
        if isSaturated { status.isSaturated = true }
        return result
    }

    /// The elements of one half, sign-extended.
    @inline(__always)
    private static func unpacked<Element: FixedWidthInteger, Wide: FixedWidthInteger>(
        _ b: Vector128, _ type: Element.Type, _ wide: Wide.Type, from first: Int
    ) -> Vector128 {
        Vector128.of(Wide.self) { index in
            let element: Element = b[first + index]
            return Wide(truncatingIfNeeded: element)
        }
    }
}
