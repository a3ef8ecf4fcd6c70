/// Where the interpreter is: a page's predecoded operations, the current one, and how far the count has got.
@safe
struct Cursor {
    var operation: UnsafeMutablePointer<MicroOperation>
    var base: UnsafeMutablePointer<MicroOperation>
    /// The first operation that is not counted yet.
    var counted: UnsafeMutablePointer<MicroOperation>
    /// The effective address of the page.
    var page: UInt32
    /// Instructions left before timers and interrupts have to be looked at, as of ``counted``.
    var remaining: Int

    init(operations: UnsafeMutablePointer<MicroOperation>, pc: UInt32, remaining: Int) {
        unsafe base = operations
        unsafe operation = operations + Int(pc >> 2 & 1023)
        unsafe counted = unsafe operation
        page = pc & ~0xFFF
        self.remaining = remaining
    }

    var current: MicroOperation {
        @inline(__always) get { unsafe operation.pointee }
    }

    var number: Int {
        @inline(__always) get { unsafe operation - base }
    }

    var pc: UInt32 {
        @inline(__always) get { page &+ UInt32(truncatingIfNeeded: number) << 2 }
    }

    /// The current operation as the interpreter carries it out where native code begins with it.
    var currentWithoutNativeCode: MicroOperation {
        let operation = current
        return operation.operation == .native ? unsafe CodeCache.decoded(base, number: number) : operation
    }

    @inline(__always)
    mutating func advance() { unsafe operation += 1 }

    /// Goes `delta` operations on within the page. False when it is time to look at timers and interrupts.
    @inline(__always)
    mutating func jump(_ delta: UInt32) -> Bool {
        remaining -= unsafe operation - counted + 1
        unsafe operation += Int(Int32(bitPattern: delta))
        unsafe counted = unsafe operation
        return remaining > 0
    }

    /// Goes on at `target`, if its page is known. False leaves the cursor behind the branch, which is counted.
    @inline(__always)
    mutating func go(to target: UInt32, _ codes: CodeTranslationArray, _ context: UInt64) -> Bool {
        remaining -= unsafe operation - counted + 1
        if target & ~0xFFF != page {
            guard let operations = unsafe codes.lookup(target, tag: context | UInt64(target & ~0xFFF)) else {
                unsafe operation += 1
                unsafe counted = unsafe operation
                return false
            }
            unsafe base = operations
            page = target & ~0xFFF
        }
        unsafe operation = unsafe base + Int(target >> 2 & 1023)
        unsafe counted = unsafe operation
        return true
    }

    /// Counts the operations before the current one.
    @inline(__always)
    mutating func settle() {
        remaining -= unsafe operation - counted
        unsafe counted = unsafe operation
    }

    func decode() { unsafe CodeCache.decode(base, number: number) }

    /// Notes that a branch went to the current operation. True when that happened often enough for native code.
    @inline(__always)
    func warms(_ threshold: UInt8) -> Bool {
        let heat = unsafe CodeCache.heat(of: base) + number
        guard unsafe heat.pointee < threshold else { return false }
        unsafe heat.pointee &+= 1
        return unsafe heat.pointee == threshold
    }
}

/// What happens after an operation outside the interpreter's loop.
enum Step {
    /// The next operation.
    case next
    /// Something changed that the loop holds: look the new ``CPU/pc`` up again.
    case resync
    /// The machine is needed.
    case exit(Exit)
}

extension CPU {
    /// Executes predecoded operations from ``pc`` on, until something needs more than the loop. Nil means to go on by
    /// looking ``pc`` up again.
    ///
    /// This is the reference dispatcher: one dense `switch`. Simple operations are carried out right here, the rest in
    /// `Interpreter+System`. Every way out leaves ``pc`` and ``instructions`` exact.
    mutating func interpret(_ operations: UnsafeMutablePointer<MicroOperation>) -> Exit? {
        let gpr = self.gpr
        let cr = self.cr
        let direct = DirectAccess(array: self.data.array(dataMode), context: context)
        let codes = code.array(fetchMode)
        let context = self.context
        let budget = Int(clamping: deadline &- min(deadline, instructions))
        let start = instructions
        let threshold = nativeEntry?.threshold ?? 0
        var cursor = unsafe Cursor(operations: operations, pc: pc, remaining: budget)
        if threshold == 1, cursor.warms(threshold) { compile(cursor) }

        /// The count of instructions once everything before the cursor is counted.
        @inline(__always)
        func settled(_ cursor: inout Cursor) -> UInt64 {
            cursor.settle()
            return start &+ UInt64(truncatingIfNeeded: budget - cursor.remaining)
        }

        var op = cursor.current
        expired: do {
            loop: while true {
                op = cursor.current
                let target: UInt32
                branch: while true {
                    switch op.operation {
                    case .undecoded:
                        cursor.decode()
                        continue loop
                    case .native:
                        guard runNative(op, &cursor, direct) else { break expired }
                        // What the fragment left to the interpreter may be what it begins with.
                        op = cursor.currentWithoutNativeCode
                        continue branch
                    case .pageEnd:
                        pc = cursor.page &+ 0x1000
                        instructions = settled(&cursor)
                        return nil
                    case .nop:
                        break
                    case .breakpoint:
                        pc = cursor.pc
                        instructions = settled(&cursor)
                        return breakpointReached()

                    // MARK: Integer arithmetic with an immediate
                    case .addi:
                        gpr[op.d] = gpr[op.a] &+ op.immediate
                    case .addic:
                        gpr[op.d] = addCarrying(gpr[op.a], op.immediate, 0)
                    case .addicRecord:
                        let sum = addCarrying(gpr[op.a], op.immediate, 0)
                        gpr[op.d] = sum
                        record(sum)
                    case .subfic:
                        gpr[op.d] = addCarrying(~gpr[op.a], op.immediate, 1)
                    case .mulli:
                        gpr[op.d] = gpr[op.a] &* op.immediate
                    case .andiRecord:
                        let value = gpr[op.a] & op.immediate
                        gpr[op.d] = value
                        record(value)
                    case .ori:
                        gpr[op.d] = gpr[op.a] | op.immediate
                    case .xori:
                        gpr[op.d] = gpr[op.a] ^ op.immediate
                    case .cmpwi:
                        cr[op.d] = compareSigned(gpr[op.a], op.immediate)
                    case .cmplwi:
                        cr[op.d] = compareUnsigned(gpr[op.a], op.immediate)
                    case .cmpw:
                        cr[op.d] = compareSigned(gpr[op.a], gpr[op.b])
                    case .cmplw:
                        cr[op.d] = compareUnsigned(gpr[op.a], gpr[op.b])

                    // MARK: Integer arithmetic on registers
                    case .add:
                        let (a, b) = (gpr[op.a], gpr[op.b])
                        let sum = a &+ b
                        gpr[op.d] = sum
                        if op.immediate != 0 { recordSum(op, sum, a, b) }
                    case .subf:
                        let (a, b) = (~gpr[op.a], gpr[op.b])
                        let sum = a &+ b &+ 1
                        gpr[op.d] = sum
                        if op.immediate != 0 { recordSum(op, sum, a, b) }
                    case .addc:
                        addExtended(op, gpr[op.a], gpr[op.b], 0)
                    case .adde:
                        addExtended(op, gpr[op.a], gpr[op.b], special.carry)
                    case .addme:
                        addExtended(op, gpr[op.a], .max, special.carry)
                    case .addze:
                        addExtended(op, gpr[op.a], 0, special.carry)
                    case .subfc:
                        addExtended(op, ~gpr[op.a], gpr[op.b], 1)
                    case .subfe:
                        addExtended(op, ~gpr[op.a], gpr[op.b], special.carry)
                    case .subfme:
                        addExtended(op, ~gpr[op.a], .max, special.carry)
                    case .subfze:
                        addExtended(op, ~gpr[op.a], 0, special.carry)
                    case .neg:
                        let a = gpr[op.a]
                        gpr[op.d] = 0 &- a
                        if op.immediate != 0 { record(op, 0 &- a, overflow: a == 0x8000_0000) }
                    case .mullw:
                        let (a, b) = (gpr[op.a], gpr[op.b])
                        gpr[op.d] = a &* b
                        if op.immediate != 0 { recordProduct(op, a, b) }
                    case .mulhw:
                        let product = Int64(Int32(bitPattern: gpr[op.a])) &* Int64(Int32(bitPattern: gpr[op.b]))
                        let high = UInt32(truncatingIfNeeded: product >> 32)
                        gpr[op.d] = high
                        if op.immediate != 0 { record(high) }
                    case .mulhwu:
                        let high = UInt32(truncatingIfNeeded: (UInt64(gpr[op.a]) &* UInt64(gpr[op.b])) >> 32)
                        gpr[op.d] = high
                        if op.immediate != 0 { record(high) }
                    case .divw:
                        divideSigned(op, gpr[op.a], gpr[op.b])
                    case .divwu:
                        divideUnsigned(op, gpr[op.a], gpr[op.b])

                    // MARK: Logic, shifts, rotates
                    case .and:
                        let value = gpr[op.a] & gpr[op.b]
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value) }
                    case .andc:
                        let value = gpr[op.a] & ~gpr[op.b]
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value) }
                    case .or:
                        let value = gpr[op.a] | gpr[op.b]
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value) }
                    case .orc:
                        let value = gpr[op.a] | ~gpr[op.b]
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value) }
                    case .xor:
                        let value = gpr[op.a] ^ gpr[op.b]
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value) }
                    case .nor:
                        let value = ~(gpr[op.a] | gpr[op.b])
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value) }
                    case .nand:
                        let value = ~(gpr[op.a] & gpr[op.b])
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value) }
                    case .eqv:
                        let value = ~(gpr[op.a] ^ gpr[op.b])
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value) }
                    case .extsb:
                        let value = UInt32(bitPattern: Int32(Int8(truncatingIfNeeded: gpr[op.a])))
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value) }
                    case .extsh:
                        let value = UInt32(bitPattern: Int32(Int16(truncatingIfNeeded: gpr[op.a])))
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value) }
                    case .cntlzw:
                        let value = UInt32(truncatingIfNeeded: gpr[op.a].leadingZeroBitCount)
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value) }
                    case .slw:
                        let value = gpr[op.a] << (gpr[op.b] & 63)
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value) }
                    case .srw:
                        let value = gpr[op.a] >> (gpr[op.b] & 63)
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value) }
                    case .sraw:
                        shiftRightAlgebraic(op, by: gpr[op.b] & 63)
                    case .srawi:
                        shiftRightAlgebraic(op, by: UInt32(op.b))
                    case .rlwinm:
                        gpr[op.d] = rotate(gpr[op.a], by: UInt32(op.b)) & op.immediate
                    case .rlwinmRecord:
                        let value = rotate(gpr[op.a], by: UInt32(op.b)) & op.immediate
                        gpr[op.d] = value
                        record(value)
                    case .rlwimi:
                        gpr[op.d] = rotate(gpr[op.a], by: UInt32(op.b)) & op.immediate | gpr[op.d] & ~op.immediate
                    case .rlwimiRecord:
                        let value = rotate(gpr[op.a], by: UInt32(op.b)) & op.immediate | gpr[op.d] & ~op.immediate
                        gpr[op.d] = value
                        record(value)
                    case .rlwnm:
                        gpr[op.d] = rotate(gpr[op.a], by: gpr[op.b] & 31) & op.immediate
                    case .rlwnmRecord:
                        let value = rotate(gpr[op.a], by: gpr[op.b] & 31) & op.immediate
                        gpr[op.d] = value
                        record(value)
                    case .isel:
                        gpr[op.d] = cr[bit: UInt8(truncatingIfNeeded: op.immediate)] ? gpr[op.a] : gpr[op.b]

                    // MARK: Loads
                    case .lbz:
                        guard let value = load(UInt8.self, gpr[op.a] &+ op.immediate, direct) else { break loop }
                        gpr[op.d] = UInt32(value)
                    case .lhz:
                        guard let value = load(UInt16.self, gpr[op.a] &+ op.immediate, direct) else { break loop }
                        gpr[op.d] = UInt32(value)
                    case .lha:
                        guard let value = load(UInt16.self, gpr[op.a] &+ op.immediate, direct) else { break loop }
                        gpr[op.d] = extend(value)
                    case .lwz:
                        guard let value = load(UInt32.self, gpr[op.a] &+ op.immediate, direct) else { break loop }
                        gpr[op.d] = value
                    case .lbzu:
                        let address = gpr[op.a] &+ op.immediate
                        guard let value = load(UInt8.self, address, direct) else { break loop }
                        gpr[op.a] = address
                        gpr[op.d] = UInt32(value)
                    case .lhzu:
                        let address = gpr[op.a] &+ op.immediate
                        guard let value = load(UInt16.self, address, direct) else { break loop }
                        gpr[op.a] = address
                        gpr[op.d] = UInt32(value)
                    case .lhau:
                        let address = gpr[op.a] &+ op.immediate
                        guard let value = load(UInt16.self, address, direct) else { break loop }
                        gpr[op.a] = address
                        gpr[op.d] = extend(value)
                    case .lwzu:
                        let address = gpr[op.a] &+ op.immediate
                        guard let value = load(UInt32.self, address, direct) else { break loop }
                        gpr[op.a] = address
                        gpr[op.d] = value
                    case .lbzx:
                        guard let value = load(UInt8.self, gpr[op.a] &+ gpr[op.b], direct) else { break loop }
                        gpr[op.d] = UInt32(value)
                    case .lhzx:
                        guard let value = load(UInt16.self, gpr[op.a] &+ gpr[op.b], direct) else { break loop }
                        gpr[op.d] = UInt32(value)
                    case .lhax:
                        guard let value = load(UInt16.self, gpr[op.a] &+ gpr[op.b], direct) else { break loop }
                        gpr[op.d] = extend(value)
                    case .lwzx:
                        guard let value = load(UInt32.self, gpr[op.a] &+ gpr[op.b], direct) else { break loop }
                        gpr[op.d] = value
                    case .lhbrx:
                        guard let value = load(UInt16.self, gpr[op.a] &+ gpr[op.b], direct) else { break loop }
                        gpr[op.d] = UInt32(value.byteSwapped)
                    case .lwbrx:
                        guard let value = load(UInt32.self, gpr[op.a] &+ gpr[op.b], direct) else { break loop }
                        gpr[op.d] = value.byteSwapped
                    case .lbzux:
                        let address = gpr[op.a] &+ gpr[op.b]
                        guard let value = load(UInt8.self, address, direct) else { break loop }
                        gpr[op.a] = address
                        gpr[op.d] = UInt32(value)
                    case .lhzux:
                        let address = gpr[op.a] &+ gpr[op.b]
                        guard let value = load(UInt16.self, address, direct) else { break loop }
                        gpr[op.a] = address
                        gpr[op.d] = UInt32(value)
                    case .lhaux:
                        let address = gpr[op.a] &+ gpr[op.b]
                        guard let value = load(UInt16.self, address, direct) else { break loop }
                        gpr[op.a] = address
                        gpr[op.d] = extend(value)
                    case .lwzux:
                        let address = gpr[op.a] &+ gpr[op.b]
                        guard let value = load(UInt32.self, address, direct) else { break loop }
                        gpr[op.a] = address
                        gpr[op.d] = value

                    // MARK: Stores
                    case .stb:
                        guard store(UInt8(truncatingIfNeeded: gpr[op.d]), gpr[op.a] &+ op.immediate, direct) else {
                            break loop
                        }
                    case .sth:
                        guard store(UInt16(truncatingIfNeeded: gpr[op.d]), gpr[op.a] &+ op.immediate, direct) else {
                            break loop
                        }
                    case .stw:
                        guard store(gpr[op.d], gpr[op.a] &+ op.immediate, direct) else { break loop }
                    case .stbu:
                        let address = gpr[op.a] &+ op.immediate
                        guard store(UInt8(truncatingIfNeeded: gpr[op.d]), address, direct) else { break loop }
                        gpr[op.a] = address
                    case .sthu:
                        let address = gpr[op.a] &+ op.immediate
                        guard store(UInt16(truncatingIfNeeded: gpr[op.d]), address, direct) else { break loop }
                        gpr[op.a] = address
                    case .stwu:
                        let address = gpr[op.a] &+ op.immediate
                        guard store(gpr[op.d], address, direct) else { break loop }
                        gpr[op.a] = address
                    case .stbx:
                        guard store(UInt8(truncatingIfNeeded: gpr[op.d]), gpr[op.a] &+ gpr[op.b], direct) else {
                            break loop
                        }
                    case .sthx:
                        guard store(UInt16(truncatingIfNeeded: gpr[op.d]), gpr[op.a] &+ gpr[op.b], direct) else {
                            break loop
                        }
                    case .stwx:
                        guard store(gpr[op.d], gpr[op.a] &+ gpr[op.b], direct) else { break loop }
                    case .sthbrx:
                        let value = UInt16(truncatingIfNeeded: gpr[op.d]).byteSwapped
                        guard store(value, gpr[op.a] &+ gpr[op.b], direct) else { break loop }
                    case .stwbrx:
                        guard store(gpr[op.d].byteSwapped, gpr[op.a] &+ gpr[op.b], direct) else { break loop }
                    case .stbux:
                        let address = gpr[op.a] &+ gpr[op.b]
                        guard store(UInt8(truncatingIfNeeded: gpr[op.d]), address, direct) else { break loop }
                        gpr[op.a] = address
                    case .sthux:
                        let address = gpr[op.a] &+ gpr[op.b]
                        guard store(UInt16(truncatingIfNeeded: gpr[op.d]), address, direct) else { break loop }
                        gpr[op.a] = address
                    case .stwux:
                        let address = gpr[op.a] &+ gpr[op.b]
                        guard store(gpr[op.d], address, direct) else { break loop }
                        gpr[op.a] = address

                    // MARK: Storage accesses with more to them
                    case .lmw:
                        guard loadMultiple(op) else { break loop }
                    case .stmw:
                        guard storeMultiple(op) else { break loop }
                    case .lswi, .lswx:
                        guard loadString(op) else { break loop }
                    case .stswi, .stswx:
                        guard storeString(op) else { break loop }
                    case .lwarx:
                        guard loadReserve(op) else { break loop }
                    case .stwcx:
                        guard storeConditional(op) else { break loop }
                    case .dcbz:
                        guard zeroLine(op, direct) else { break loop }

                    case .floatingPoint, .floatingStorage, .floatingStorageIndexed:
                        guard floatingPoint(op, direct) else { break loop }

                    // MARK: Branches
                    case .branch:
                        guard branch(op, &cursor, threshold) else { break expired }
                        continue loop
                    case .branchLink:
                        special.lr = cursor.pc &+ 4
                        guard branch(op, &cursor, threshold) else { break expired }
                        continue loop
                    case .branchTrue:
                        if cr[op.a] & op.b != 0 {
                            guard branch(op, &cursor, threshold) else { break expired }
                            continue loop
                        }
                    case .branchFalse:
                        if cr[op.a] & op.b == 0 {
                            guard branch(op, &cursor, threshold) else { break expired }
                            continue loop
                        }
                    case .branchDecrementNotZero:
                        special.ctr = special.ctr &- 1
                        if special.ctr != 0 {
                            guard branch(op, &cursor, threshold) else { break expired }
                            continue loop
                        }
                    case .branchDecrementZero:
                        special.ctr = special.ctr &- 1
                        if special.ctr == 0 {
                            guard branch(op, &cursor, threshold) else { break expired }
                            continue loop
                        }
                    case .branchTrueFar, .branchFalseFar:
                        guard (cr[op.a] & op.b != 0) == (op.operation == .branchTrueFar) else { break }
                        target = cursor.pc &+ op.immediate
                        break branch
                    case .branchFar:
                        target = cursor.pc &+ op.immediate
                        break branch
                    case .branchLinkFar:
                        let address = cursor.pc
                        special.lr = address &+ 4
                        target = address &+ op.immediate
                        break branch
                    case .branchAbsolute:
                        if op.d != 0 { special.lr = cursor.pc &+ 4 }
                        target = op.immediate
                        break branch
                    case .branchConditional, .branchConditionalToLR, .branchConditionalToCTR:
                        guard let address = conditionalTarget(op, at: cursor.pc) else { break }
                        target = address
                        break branch
                    case .branchToLR:
                        target = special.lr & ~3
                        break branch
                    case .branchToCTR:
                        let address = special.ctr & ~3
                        if op.d != 0 { special.lr = cursor.pc &+ 4 }
                        target = address
                        break branch

                    // MARK: Condition register, LR, CTR
                    case .crand: cr[bit: op.d] = cr[bit: op.a] && cr[bit: op.b]
                    case .crandc: cr[bit: op.d] = cr[bit: op.a] && !cr[bit: op.b]
                    case .creqv: cr[bit: op.d] = cr[bit: op.a] == cr[bit: op.b]
                    case .crnand: cr[bit: op.d] = !(cr[bit: op.a] && cr[bit: op.b])
                    case .crnor: cr[bit: op.d] = !(cr[bit: op.a] || cr[bit: op.b])
                    case .cror: cr[bit: op.d] = cr[bit: op.a] || cr[bit: op.b]
                    case .crorc: cr[bit: op.d] = cr[bit: op.a] || !cr[bit: op.b]
                    case .crxor: cr[bit: op.d] = cr[bit: op.a] != cr[bit: op.b]
                    case .mcrf: cr[op.d] = cr[op.a]
                    case .mcrxr:
                        cr[op.d] = UInt8(special.xer >> 28)
                        special.xer = special.xer & 0x0FFF_FFFF
                    case .mfcr: gpr[op.d] = cr.word
                    case .mtcrf: cr.set(op.immediate, of: gpr[op.d])
                    case .mflr: gpr[op.d] = special.lr
                    case .mtlr: special.lr = gpr[op.d]
                    case .mfctr: gpr[op.d] = special.ctr
                    case .mtctr: special.ctr = gpr[op.d]

                    // MARK: Order
                    case .fence:
                        if sharesMemory { fence() }
                    case .contextFence:
                        guard isJournalNews else { break }
                        pc = cursor.pc &+ 4
                        instructions = settled(&cursor) &+ 1
                        return nil

                    case .twi, .tw:
                        guard traps(op) else { break }
                        pc = cursor.pc
                        instructions = settled(&cursor)
                        return raise(PendingException(interrupt: .program, syndrome: ESR.trap))

                    // What is left to `Interpreter+System`, and what other cores have.
                    default:
                        pc = cursor.pc
                        instructions = settled(&cursor)
                        switch system(op) {
                        case .next: break
                        case .resync: return nil
                        case .exit(let exit): return exit
                        }
                    }
                    cursor.advance()
                    continue loop
                }

                // A taken branch to an effective address.
                guard cursor.go(to: target, codes, context) else {
                    pc = target
                    instructions = settled(&cursor)
                    return nil
                }
                if cursor.remaining <= 0 { break expired }
                if cursor.warms(threshold) { compile(cursor) }
            }

            // A storage access stopped: it faulted, needs a device, or changed code.
            pc = cursor.pc
            instructions = settled(&cursor)
            return finishStop(op)
        }

        // Time to look at timers and interrupts.
        pc = cursor.pc
        instructions = settled(&cursor)
        return nil
    }
}
