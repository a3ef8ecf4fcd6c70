/// Decimal numbers of 31 digits and a sign, a nibble each (Power ISA 2.07 Book I, §6.17).
extension VectorUnit {
    /// The sum or difference of `a` and `b`, and its relation to zero in CR6.
    static func decimal(
        _ a: Vector128, _ b: Vector128, subtracting: Bool, preferredSign: UInt8
    ) -> VectorEffect {
        let (x, y) = (DecimalNumber(a), DecimalNumber(b))
        guard let x, var y else { return VectorEffect(target: .ones, field: 0b0001) }
        if subtracting { y.isNegative.toggle() }
        var result = x
        var isOverflow = false
        if x.isNegative == y.isNegative {
            (result.digits, isOverflow) = DecimalNumber.sum(x.digits, y.digits)
        } else if x.digits >= y.digits {
            result.digits = DecimalNumber.difference(x.digits, y.digits)
        } else {
            result.digits = DecimalNumber.difference(y.digits, x.digits)
            result.isNegative = y.isNegative
        }
        let isZero = result.digits == 0 && !isOverflow
        if isZero, x.isNegative != y.isNegative { result.isNegative = false }
        let relation: UInt8 = isZero ? 0b0010 : result.isNegative ? 0b1000 : 0b0100
        return VectorEffect(
            target: result.encoded(preferredSign: preferredSign), field: relation | (isOverflow ? 0b0001 : 0))
    }
}

/// A signed packed decimal number.
private struct DecimalNumber {
    var isNegative: Bool
    /// 31 digits, each in a nibble; the first nibble is zero.
    var digits: UInt128

    /// The number that a register holds, or nil if some nibble is no digit or no sign.
    init?(_ register: Vector128) {
        let sign = register.low & 15
        guard sign >= 10 else { return nil }
        isNegative = sign == 0xB || sign == 0xD
        digits = register.quadword >> 4
        var rest = digits
        while rest != 0 {
            if rest & 15 > 9 { return nil }
            rest >>= 4
        }
    }

    func encoded(preferredSign: UInt8) -> Vector128 {
        Vector128(digits << 4 | UInt128(isNegative ? 0xD : preferredSign == 0 ? 0xC : 0xF))
    }

    /// The lower 31 digits of a sum, and whether there are more.
    static func sum(_ x: UInt128, _ y: UInt128) -> (digits: UInt128, isOverflow: Bool) {
        var (result, carry): (UInt128, UInt128) = (0, 0)
        for digit in UInt128(0)..<31 {
            var sum = x &>> (digit * 4) & 15 + y &>> (digit * 4) & 15 + carry
            carry = sum > 9 ? 1 : 0
            if sum > 9 { sum -= 10 }
            result |= sum &<< (digit * 4)
        }
        return (result, carry != 0)
    }

    /// The difference of `x` and a `y` that is not larger.
    static func difference(_ x: UInt128, _ y: UInt128) -> UInt128 {
        var (result, borrow): (UInt128, UInt128) = (0, 0)
        for digit in UInt128(0)..<31 {
            var difference = x &>> (digit * 4) & 15 &- y &>> (digit * 4) & 15 &- borrow
            borrow = difference > 9 ? 1 : 0
            if borrow != 0 { difference &+= 10 }
            result |= (difference & 15) &<< (digit * 4)
        }
        return result
    }
}
