/// The parts of integer instructions that set CR0, XER, or depend on them.
///
/// Where a result is recorded depends on the mode: without MSR[SF] its lower 32 bits count. `narrow` is 0 or 32, by which
/// a result is shifted so that its most significant bit comes first.
extension Book3SCPU {
    /// Sets CR0 from a result.
    @inline(__always)
    func record(_ value: UInt64, _ narrow: UInt64) {
        let value = Int64(bitPattern: value &<< narrow)
        let relation =
            value == 0
            ? ConditionFields.equal : value < 0 ? ConditionFields.less : ConditionFields.greater
        cr[0] = relation | special.summaryOverflow
    }

    /// Sets XER's overflow bits and CR0 as the flags of `op` ask.
    mutating func record(_ op: MicroOperation, _ value: UInt64, overflow: Bool, _ narrow: UInt64) {
        if op.immediate & MicroOperation.overflow != 0 {
            special.overflow = overflow
            if overflow { special.summaryOverflow = 1 }
        }
        if op.immediate & MicroOperation.record != 0 { record(value, narrow) }
    }

    /// Records a sum; it overflowed when both addends have the sign that the sum has not.
    mutating func recordSum(_ op: MicroOperation, _ sum: UInt64, _ a: UInt64, _ b: UInt64, _ narrow: UInt64) {
        record(op, sum, overflow: Int64(bitPattern: ((sum ^ a) & (sum ^ b)) &<< narrow) < 0, narrow)
    }

    mutating func recordProduct(_ op: MicroOperation, _ a: UInt64, _ b: UInt64, _ narrow: UInt64) {
        let (_, overflow) = Int64(bitPattern: a).multipliedReportingOverflow(by: Int64(bitPattern: b))
        record(op, a &* b, overflow: overflow, narrow)
    }

    @inline(__always)
    func compareSigned(_ a: UInt64, _ b: UInt64) -> UInt8 {
        let (a, b) = (Int64(bitPattern: a), Int64(bitPattern: b))
        return (a < b ? ConditionFields.less : a > b ? ConditionFields.greater : ConditionFields.equal)
            | special.summaryOverflow
    }

    @inline(__always)
    func compareUnsigned(_ a: UInt64, _ b: UInt64) -> UInt8 {
        (a < b ? ConditionFields.less : a > b ? ConditionFields.greater : ConditionFields.equal)
            | special.summaryOverflow
    }

    /// The lower word of a register with its sign.
    @inline(__always)
    func extendWord(_ value: UInt64) -> UInt64 { UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value))) }

    @inline(__always)
    func extend(_ value: UInt16) -> UInt64 { UInt64(bitPattern: Int64(Int16(bitPattern: value))) }

    /// `a + b + carry`, setting XER[CA] from the mode's most significant bit.
    @inline(__always)
    mutating func addCarrying(_ a: UInt64, _ b: UInt64, _ carry: UInt64) -> UInt64 {
        let (partial, first) = a.addingReportingOverflow(b)
        let (sum, second) = partial.addingReportingOverflow(carry)
        if is64Bit {
            special.carry = first || second ? 1 : 0
        } else {
            special.carry = ((a & 0xFFFF_FFFF) &+ (b & 0xFFFF_FFFF) &+ carry) >> 32
        }
        return sum
    }

    /// The carrying and extended additions and subtractions; a subtrahend comes in complemented.
    @inline(__always)
    mutating func addExtended(_ op: MicroOperation, _ a: UInt64, _ b: UInt64, _ carry: UInt64, _ narrow: UInt64) {
        let sum = addCarrying(a, b, carry)
        gpr[op.d] = sum
        if op.immediate != 0 { recordSum(op, sum, a, b, narrow) }
    }

    /// The divisions. Where a quotient has no value or does not fit the result is 0 with overflow set: the architecture
    /// leaves it undefined.
    @inline(never)
    mutating func divide(_ op: MicroOperation, _ narrow: UInt64) {
        let (a, b) = (gpr[op.a], gpr[op.b])
        let quotient: UInt64?
        switch op.operation {
        case .divw: quotient = Self.quotient(Int64(Int32(truncatingIfNeeded: a)), Int32(truncatingIfNeeded: b))
        case .divwe: quotient = Self.quotient(Int64(bitPattern: a << 32), Int32(truncatingIfNeeded: b))
        case .divwu: quotient = Self.quotient(a & 0xFFFF_FFFF, UInt32(truncatingIfNeeded: b))
        case .divweu: quotient = Self.quotient(a << 32, UInt32(truncatingIfNeeded: b))
        case .divd:
            let (value, overflow) = Int64(bitPattern: a).dividedReportingOverflow(by: Int64(bitPattern: b))
            quotient = overflow ? nil : UInt64(bitPattern: value)
        case .divdu: quotient = b == 0 ? nil : a / b
        case .divde: quotient = Self.extendedQuotient(Int64(bitPattern: a), Int64(bitPattern: b))
        default: quotient = b <= a ? nil : b.dividingFullWidth((a, 0)).quotient
        }
        gpr[op.d] = quotient ?? 0
        if op.immediate != 0 { record(op, quotient ?? 0, overflow: quotient == nil, narrow) }
    }

    /// A quotient of words, which has to fit into one.
    private static func quotient(_ a: Int64, _ b: Int32) -> UInt64? {
        let (value, overflow) = a.dividedReportingOverflow(by: Int64(b))
        guard !overflow, let word = Int32(exactly: value) else { return nil }
        return UInt64(UInt32(bitPattern: word))
    }

    private static func quotient(_ a: UInt64, _ b: UInt32) -> UInt64? {
        guard b != 0, a / UInt64(b) <= UInt64(UInt32.max) else { return nil }
        return a / UInt64(b)
    }

    /// `a` with 64 zeros behind it, divided by `b`.
    private static func extendedQuotient(_ a: Int64, _ b: Int64) -> UInt64? {
        guard a.magnitude < b.magnitude else { return nil }
        let quotient = b.magnitude.dividingFullWidth((a.magnitude, 0)).quotient
        let isNegative = (a < 0) != (b < 0)
        guard quotient < 1 << 63 || isNegative && quotient == 1 << 63 else { return nil }
        return isNegative ? 0 &- quotient : quotient
    }

    /// `sraw` and `srawi`: XER[CA] tells whether a negative number lost ones.
    mutating func shiftRightAlgebraic(_ op: MicroOperation, word: UInt64, by amount: UInt64, _ narrow: UInt64) {
        let source = Int32(truncatingIfNeeded: word)
        let result = UInt64(bitPattern: Int64(source >> min(amount, 31)))
        let bits = UInt32(bitPattern: source)
        let lost = amount > 31 ? bits : bits & ((1 << UInt32(amount)) - 1)
        special.carry = source < 0 && lost != 0 ? 1 : 0
        gpr[op.d] = result
        if op.immediate & MicroOperation.record != 0 { record(result, narrow) }
    }

    /// `srad` and `sradi`.
    mutating func shiftRightAlgebraic(_ op: MicroOperation, doubleword: UInt64, by amount: UInt64, _ narrow: UInt64) {
        let source = Int64(bitPattern: doubleword)
        let result = UInt64(bitPattern: source >> min(amount, 63))
        let lost = amount > 63 ? doubleword : doubleword & ((1 << amount) - 1)
        special.carry = source < 0 && lost != 0 ? 1 : 0
        gpr[op.d] = result
        if op.immediate & MicroOperation.record != 0 { record(result, narrow) }
    }

    /// The lower word rotated.
    @inline(__always)
    func rotate(_ value: UInt64, by amount: UInt32) -> UInt32 {
        let word = UInt32(truncatingIfNeeded: value)
        return word &<< amount | word &>> ((32 &- amount) & 31)
    }

    @inline(__always)
    func rotate(_ value: UInt64, by amount: UInt8) -> UInt64 {
        value &<< UInt64(amount) | value &>> UInt64((64 &- amount) & 63)
    }

    /// MASK(MB, 63−SH) of `rldic` and `rldimi`.
    @inline(__always)
    func insertionMask(_ op: MicroOperation) -> UInt64 {
        let begin = UInt64(op.immediate & 63)
        let fromBegin = UInt64.max &>> begin
        let toEnd = UInt64.max &<< UInt64(op.b)
        return begin &+ UInt64(op.b) <= 63 ? fromBegin & toEnd : fromBegin | toEnd
    }

    /// The word rotates whose mask wraps around: it takes in the upper word, where the rotated word is once more.
    @inline(never)
    mutating func rotateWordWrapped(_ op: MicroOperation, _ narrow: UInt64) {
        let fields = InstructionWord(op.immediate)
        let isRegister = fields.primary == 23
        let amount = isRegister ? UInt32(truncatingIfNeeded: gpr[fields.b]) & 31 : UInt32(fields.b)
        let rotated = UInt64(rotate(gpr[fields.target], by: amount))
        let mask = 0xFFFF_FFFF_0000_0000 | UInt64(fields.rotateMask)
        var value = (rotated << 32 | rotated) & mask
        if fields.primary == 20 { value |= gpr[fields.a] & ~mask }
        gpr[fields.a] = value
        if fields.record { record(value, narrow) }
    }

    func populationOfBytes(_ value: UInt64) -> UInt64 {
        var value = value
        value = value &- (value >> 1 & 0x5555_5555_5555_5555)
        value = (value & 0x3333_3333_3333_3333) &+ (value >> 2 & 0x3333_3333_3333_3333)
        return (value &+ value >> 4) & 0x0F0F_0F0F_0F0F_0F0F
    }

    /// The rare operations on bits and decimal digits.
    @inline(never)
    mutating func manipulateBits(_ op: MicroOperation) {
        let (a, b) = (gpr[op.a], gpr[op.b])
        switch op.operation {
        case .prtyw:
            let parity = Self.parities(a)
            gpr[op.d] =
                UInt64((parity >> 32).nonzeroBitCount & 1) << 32 | UInt64((parity & 0xFFFF_FFFF).nonzeroBitCount & 1)
        case .prtyd: gpr[op.d] = UInt64(Self.parities(a).nonzeroBitCount & 1)
        case .cmpb: gpr[op.d] = Self.compareBytes(a, b)
        case .bpermd: gpr[op.d] = Self.permuteBits(of: b, by: a)
        case .addg6s: gpr[op.d] = Self.sixes(a, b)
        case .cdtbcd: gpr[op.d] = Self.mapDeclets(a, from: 10, to: 12, Self.decimal(declet:))
        default: gpr[op.d] = Self.mapDeclets(a, from: 12, to: 10, Self.declet(decimal:))
        }
    }

    /// The least significant bit of each byte.
    private static func parities(_ value: UInt64) -> UInt64 { value & 0x0101_0101_0101_0101 }

    /// All ones in each byte in which both are alike.
    private static func compareBytes(_ a: UInt64, _ b: UInt64) -> UInt64 {
        var result: UInt64 = 0
        for byte in UInt64(0)..<8 where (a ^ b) >> (8 * byte) & 0xFF == 0 { result |= 0xFF << (8 * byte) }
        return result
    }

    /// Eight bits of `value`, by their numbers in the bytes of `indices`.
    private static func permuteBits(of value: UInt64, by indices: UInt64) -> UInt64 {
        var result: UInt64 = 0
        for byte in UInt64(0)..<8 {
            let index = indices >> (8 * byte) & 0xFF
            if index < 64, value >> (63 - index) & 1 != 0 { result |= 1 << byte }
        }
        return result
    }

    /// A six in each digit whose sum has no carry.
    private static func sixes(_ a: UInt64, _ b: UInt64) -> UInt64 {
        var carry: UInt64 = 0
        var result: UInt64 = 0
        for digit in UInt64(0)..<16 {
            carry = (a >> (4 * digit) & 15 + b >> (4 * digit) & 15 + carry) >> 4
            if carry == 0 { result |= 6 << (4 * digit) }
        }
        return result
    }

    /// Each word's two groups of three digits from one coding into the other.
    private static func mapDeclets(
        _ value: UInt64, from: UInt64, to: UInt64, _ map: (UInt64) -> UInt64
    ) -> UInt64 {
        var result: UInt64 = 0
        for word in UInt64(0)..<2 {
            for group in UInt64(0)..<2 {
                let source = value >> (32 * word + from * group) & (1 << from - 1)
                result |= map(source) << (32 * word + to * group)
            }
        }
        return result
    }

    /// Three BCD digits of ten bits of densely packed decimal (IEEE 754-2008 §3.5.2).
    private static func decimal(declet: UInt64) -> UInt64 {
        func bit(_ number: UInt64) -> UInt64 { declet >> number & 1 }
        let low = declet & 7
        let middle = declet >> 4 & 7
        let high = declet >> 7 & 7
        if bit(3) == 0 { return high << 8 | middle << 4 | low }
        switch bit(2) << 1 | bit(1) {
        case 0: return high << 8 | middle << 4 | 8 | bit(0)
        case 1: return high << 8 | (8 | bit(4)) << 4 | (middle & 6 | bit(0))
        case 2: return (8 | bit(7)) << 8 | middle << 4 | (high & 6 | bit(0))
        default:
            switch bit(6) << 1 | bit(5) {
            case 0: return (8 | bit(7)) << 8 | (8 | bit(4)) << 4 | (high & 6 | bit(0))
            case 1: return (8 | bit(7)) << 8 | (high & 6 | bit(4)) << 4 | (8 | bit(0))
            case 2: return high << 8 | (8 | bit(4)) << 4 | (8 | bit(0))
            default: return (8 | bit(7)) << 8 | (8 | bit(4)) << 4 | (8 | bit(0))
            }
        }
    }

    /// The other way.
    private static func declet(decimal: UInt64) -> UInt64 {
        let (a, b, c) = (decimal >> 8 & 15, decimal >> 4 & 15, decimal & 15)
        let (low, middle, high) = (c & 7, b & 7, a & 7)
        switch (a > 7, b > 7, c > 7) {
        case (false, false, false): return high << 7 | middle << 4 | low
        case (false, false, true): return high << 7 | middle << 4 | 8 | c & 1
        case (false, true, false): return high << 7 | (low & 6 | b & 1) << 4 | 10 | c & 1
        case (true, false, false): return (low & 6 | a & 1) << 7 | middle << 4 | 12 | c & 1
        case (true, true, false): return (low & 6 | a & 1) << 7 | (b & 1) << 4 | 14 | c & 1
        case (true, false, true): return (middle & 6 | a & 1) << 7 | (2 | b & 1) << 4 | 14 | c & 1
        case (false, true, true): return high << 7 | (4 | b & 1) << 4 | 14 | c & 1
        case (true, true, true): return (a & 1) << 7 | (6 | b & 1) << 4 | 14 | c & 1
        }
    }

    /// Whether the condition of a trap instruction holds: any relation that its TO field names.
    @inline(__always)
    func traps(_ op: MicroOperation) -> Bool {
        let isWord = op.operation == .tw || op.operation == .twi
        let isImmediate = op.operation == .twi || op.operation == .tdi
        let second = isImmediate ? op.signed : gpr[op.b]
        let (a, b) = isWord ? (extendWord(gpr[op.a]), extendWord(second)) : (gpr[op.a], second)
        let (signedA, signedB) = (Int64(bitPattern: a), Int64(bitPattern: b))
        return (op.d & 16 != 0 && signedA < signedB) || (op.d & 8 != 0 && signedA > signedB)
            || (op.d & 4 != 0 && a == b) || (op.d & 2 != 0 && a < b) || (op.d & 1 != 0 && a > b)
    }

    /// The bits of CR that FXM names.
    func fieldBits(_ op: MicroOperation) -> UInt32 {
        var bits: UInt32 = 0
        for field in UInt32(0)..<8 where op.immediate & 0x80 >> field != 0 { bits |= 0xF000_0000 >> (4 * field) }
        return bits
    }

    /// The target of a general conditional branch at `address`, or nil when it is not taken. Counts CTR down and sets LR
    /// as the instruction says.
    mutating func conditionalTarget(_ op: MicroOperation, at address: UInt64, _ narrow: UInt64) -> UInt64? {
        let fields = InstructionWord(op.immediate)
        let options = fields.target
        let target: UInt64
        switch op.operation {
        case .branchConditionalToLR:
            target = special.lr & ~3
        case .branchConditionalToCTR:
            target = special.ctr & ~3
        case .branchConditionalToTAR:
            target = special.tar & ~3
        default:
            let displacement = UInt64(bitPattern: Int64(Int32(bitPattern: fields.conditionalDisplacement)))
            target = (fields.absolute ? 0 : address) &+ displacement
        }
        var taken = true
        if options & 0b00100 == 0 {
            special.ctr = special.ctr &- 1
            taken = (special.ctr &<< narrow != 0) != (options & 0b00010 != 0)
        }
        if options & 0b10000 == 0 {
            taken = taken && cr[bit: fields.a] == (options & 0b01000 != 0)
        }
        if fields.link { special.lr = address &+ 4 }
        return taken ? target : nil
    }
}
