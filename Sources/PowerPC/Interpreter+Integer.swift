/// The parts of integer instructions that set CR0, XER, or depend on them.
extension CPU {
    /// Sets CR0 from a result.
    @inline(__always)
    func record(_ value: UInt32) {
        let relation =
            value == 0
            ? ConditionFields.equal : value >= 0x8000_0000 ? ConditionFields.less : ConditionFields.greater
        cr[0] = relation | special.summaryOverflow
    }

    /// Sets XER's overflow bits and CR0 as the flags of `op` ask.
    mutating func record(_ op: MicroOperation, _ value: UInt32, overflow: Bool) {
        if op.immediate & MicroOperation.overflow != 0 {
            special.overflow = overflow
            if overflow { special.summaryOverflow = 1 }
        }
        if op.immediate & MicroOperation.record != 0 { record(value) }
    }

    /// Records a sum; it overflowed when both addends have the sign that the sum has not.
    mutating func recordSum(_ op: MicroOperation, _ sum: UInt32, _ a: UInt32, _ b: UInt32) {
        record(op, sum, overflow: (sum ^ a) & (sum ^ b) & 0x8000_0000 != 0)
    }

    mutating func recordProduct(_ op: MicroOperation, _ a: UInt32, _ b: UInt32) {
        let (_, overflow) = Int32(bitPattern: a).multipliedReportingOverflow(by: Int32(bitPattern: b))
        record(op, a &* b, overflow: overflow)
    }

    @inline(__always)
    func compareSigned(_ a: UInt32, _ b: UInt32) -> UInt8 {
        let (a, b) = (Int32(bitPattern: a), Int32(bitPattern: b))
        return (a < b ? ConditionFields.less : a > b ? ConditionFields.greater : ConditionFields.equal)
            | special.summaryOverflow
    }

    @inline(__always)
    func compareUnsigned(_ a: UInt32, _ b: UInt32) -> UInt8 {
        (a < b ? ConditionFields.less : a > b ? ConditionFields.greater : ConditionFields.equal)
            | special.summaryOverflow
    }

    /// `a + b + carry`, setting XER[CA].
    @inline(__always)
    mutating func addCarrying(_ a: UInt32, _ b: UInt32, _ carry: UInt32) -> UInt32 {
        let sum = UInt64(a) + UInt64(b) + UInt64(carry)
        special.carry = UInt32(truncatingIfNeeded: sum >> 32)
        return UInt32(truncatingIfNeeded: sum)
    }

    /// The carrying and extended additions and subtractions; a subtrahend comes in complemented.
    @inline(__always)
    mutating func addExtended(_ op: MicroOperation, _ a: UInt32, _ b: UInt32, _ carry: UInt32) {
        let sum = addCarrying(a, b, carry)
        gpr[op.d] = sum
        if op.immediate != 0 { recordSum(op, sum, a, b) }
    }

    /// `divw`. Where the quotient has no value the result is 0 with overflow set: the architecture leaves it undefined.
    mutating func divideSigned(_ op: MicroOperation, _ a: UInt32, _ b: UInt32) {
        let (dividend, divisor) = (Int32(bitPattern: a), Int32(bitPattern: b))
        let undefined = divisor == 0 || (dividend == .min && divisor == -1)
        let quotient = undefined ? 0 : UInt32(bitPattern: dividend / divisor)
        gpr[op.d] = quotient
        if op.immediate != 0 { record(op, quotient, overflow: undefined) }
    }

    /// `divwu`, with the same result for a division by zero.
    mutating func divideUnsigned(_ op: MicroOperation, _ a: UInt32, _ b: UInt32) {
        let quotient = b == 0 ? 0 : a / b
        gpr[op.d] = quotient
        if op.immediate != 0 { record(op, quotient, overflow: b == 0) }
    }

    /// `sraw` and `srawi`: XER[CA] tells whether a negative number lost ones.
    mutating func shiftRightAlgebraic(_ op: MicroOperation, by amount: UInt32) {
        let source = Int32(bitPattern: gpr[op.a])
        let result = source >> min(amount, 31)
        let lost = amount > 31 ? UInt32(bitPattern: source) : UInt32(bitPattern: source) & ((1 << amount) - 1)
        special.carry = source < 0 && lost != 0 ? 1 : 0
        gpr[op.d] = UInt32(bitPattern: result)
        if op.immediate != 0 { record(UInt32(bitPattern: result)) }
    }

    @inline(__always)
    func rotate(_ value: UInt32, by amount: UInt32) -> UInt32 {
        value &<< amount | value &>> ((32 &- amount) & 31)
    }

    @inline(__always)
    func extend(_ value: UInt16) -> UInt32 { UInt32(bitPattern: Int32(Int16(bitPattern: value))) }

    /// Whether the condition of `tw` or `twi` holds: any relation that its TO field names.
    @inline(__always)
    func traps(_ op: MicroOperation) -> Bool {
        let a = gpr[op.a]
        let b = op.operation == .twi ? op.immediate : gpr[op.b]
        let (signedA, signedB) = (Int32(bitPattern: a), Int32(bitPattern: b))
        return (op.d & 16 != 0 && signedA < signedB) || (op.d & 8 != 0 && signedA > signedB)
            || (op.d & 4 != 0 && a == b) || (op.d & 2 != 0 && a < b) || (op.d & 1 != 0 && a > b)
    }

    /// The target of a general conditional branch at `address`, or nil when it is not taken. Counts CTR down and sets LR
    /// as the instruction says.
    mutating func conditionalTarget(_ op: MicroOperation, at address: UInt32) -> UInt32? {
        let fields = InstructionWord(op.immediate)
        let options = fields.target
        let target: UInt32
        switch op.operation {
        case .branchConditionalToLR:
            target = special.lr & ~3
        case .branchConditionalToCTR:
            target = special.ctr & ~3
        default:
            target = (fields.absolute ? 0 : address) &+ fields.conditionalDisplacement
        }
        var taken = true
        if options & 0b00100 == 0 {
            special.ctr = special.ctr &- 1
            taken = (special.ctr != 0) != (options & 0b00010 != 0)
        }
        if options & 0b10000 == 0 {
            taken = taken && cr[bit: fields.a] == (options & 0b01000 != 0)
        }
        if fields.link { special.lr = address &+ 4 }
        return taken ? target : nil
    }
}
