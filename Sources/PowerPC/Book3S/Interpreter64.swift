/// Where the interpreter is: a page's predecoded operations, the current one, and how far the count has got.
@safe
struct Cursor64 {
    var operation: UnsafeMutablePointer<MicroOperation>
    var base: UnsafeMutablePointer<MicroOperation>
    /// The first operation that is not counted yet.
    var counted: UnsafeMutablePointer<MicroOperation>
    /// The effective address of the page.
    var page: UInt64
    /// Instructions left before timers and interrupts have to be looked at, as of ``counted``.
    var remaining: Int

    init(operations: UnsafeMutablePointer<MicroOperation>, pc: UInt64, remaining: Int) {
        unsafe base = operations
        unsafe operation = operations + Int(pc >> 2 & 1023)
        unsafe counted = unsafe operation
        page = pc & Book3STag.page
        self.remaining = remaining
    }

    var current: MicroOperation {
        @inline(__always) get { unsafe operation.pointee }
    }

    var number: Int {
        @inline(__always) get { unsafe operation - base }
    }

    var pc: UInt64 {
        @inline(__always) get { page &+ UInt64(truncatingIfNeeded: number) << 2 }
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
    mutating func go(to target: UInt64, _ codes: Book3SCodeArray) -> Bool {
        remaining -= unsafe operation - counted + 1
        if target & Book3STag.page != page {
            guard let operations = unsafe codes.lookup(target) else {
                unsafe operation += 1
                unsafe counted = unsafe operation
                return false
            }
            unsafe base = operations
            page = target & Book3STag.page
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
}

extension MicroOperation {
    /// The immediate operand as a doubleword with its sign.
    var signed: UInt64 { @inline(__always) get { UInt64(bitPattern: Int64(Int32(bitPattern: immediate))) } }
}

extension Book3SCPU {
    /// Executes predecoded operations from ``pc`` on, until something needs more than the loop. Nil means to go on by
    /// looking ``pc`` up again. Every way out leaves ``pc`` and ``instructions`` exact.
    mutating func interpret(_ operations: UnsafeMutablePointer<MicroOperation>) -> Exit? {
        let gpr = self.gpr
        let cr = self.cr
        let direct = self.direct
        let codes = code.array(fetchMode)
        // Results are compared with zero, and overflow, where the mode's most significant bit is: shifted to the left end.
        let narrow: UInt64 = is64Bit ? 0 : 32
        let budget = Int(clamping: deadline &- min(deadline, instructions))
        let start = instructions
        var cursor = unsafe Cursor64(operations: operations, pc: pc, remaining: budget)

        /// The count of instructions once everything before the cursor is counted.
        @inline(__always)
        func settled(_ cursor: inout Cursor64) -> UInt64 {
            cursor.settle()
            return start &+ UInt64(truncatingIfNeeded: budget - cursor.remaining)
        }

        var op = cursor.current
        expired: do {
            loop: while true {
                op = cursor.current
                let target: UInt64
                branch: do {
                    switch op.operation {
                    case .undecoded:
                        cursor.decode()
                        continue loop
                    case .pageEnd:
                        pc = cursor.page &+ 0x1000
                        instructions = settled(&cursor)
                        return nil
                    case .nop:
                        break

                    // MARK: Integer arithmetic with an immediate
                    case .addi:
                        gpr[op.d] = gpr[op.a] &+ op.signed
                    case .addic:
                        gpr[op.d] = addCarrying(gpr[op.a], op.signed, 0)
                    case .addicRecord:
                        let sum = addCarrying(gpr[op.a], op.signed, 0)
                        gpr[op.d] = sum
                        record(sum, narrow)
                    case .subfic:
                        gpr[op.d] = addCarrying(~gpr[op.a], op.signed, 1)
                    case .mulli:
                        gpr[op.d] = gpr[op.a] &* op.signed
                    case .andiRecord:
                        let value = gpr[op.a] & UInt64(op.immediate)
                        gpr[op.d] = value
                        record(value, narrow)
                    case .ori:
                        gpr[op.d] = gpr[op.a] | UInt64(op.immediate)
                    case .xori:
                        gpr[op.d] = gpr[op.a] ^ UInt64(op.immediate)
                    case .cmpwi:
                        cr[op.d] = compareSigned(extendWord(gpr[op.a]), op.signed)
                    case .cmplwi:
                        cr[op.d] = compareUnsigned(gpr[op.a] & 0xFFFF_FFFF, UInt64(op.immediate))
                    case .cmpw:
                        cr[op.d] = compareSigned(extendWord(gpr[op.a]), extendWord(gpr[op.b]))
                    case .cmplw:
                        cr[op.d] = compareUnsigned(gpr[op.a] & 0xFFFF_FFFF, gpr[op.b] & 0xFFFF_FFFF)
                    case .cmpdi:
                        cr[op.d] = compareSigned(gpr[op.a], op.signed)
                    case .cmpldi:
                        cr[op.d] = compareUnsigned(gpr[op.a], UInt64(op.immediate))
                    case .cmpd:
                        cr[op.d] = compareSigned(gpr[op.a], gpr[op.b])
                    case .cmpld:
                        cr[op.d] = compareUnsigned(gpr[op.a], gpr[op.b])

                    // MARK: Integer arithmetic on registers
                    case .add:
                        let (a, b) = (gpr[op.a], gpr[op.b])
                        let sum = a &+ b
                        gpr[op.d] = sum
                        if op.immediate != 0 { recordSum(op, sum, a, b, narrow) }
                    case .subf:
                        let (a, b) = (~gpr[op.a], gpr[op.b])
                        let sum = a &+ b &+ 1
                        gpr[op.d] = sum
                        if op.immediate != 0 { recordSum(op, sum, a, b, narrow) }
                    case .addc:
                        addExtended(op, gpr[op.a], gpr[op.b], 0, narrow)
                    case .adde:
                        addExtended(op, gpr[op.a], gpr[op.b], special.carry, narrow)
                    case .addme:
                        addExtended(op, gpr[op.a], .max, special.carry, narrow)
                    case .addze:
                        addExtended(op, gpr[op.a], 0, special.carry, narrow)
                    case .subfc:
                        addExtended(op, ~gpr[op.a], gpr[op.b], 1, narrow)
                    case .subfe:
                        addExtended(op, ~gpr[op.a], gpr[op.b], special.carry, narrow)
                    case .subfme:
                        addExtended(op, ~gpr[op.a], .max, special.carry, narrow)
                    case .subfze:
                        addExtended(op, ~gpr[op.a], 0, special.carry, narrow)
                    case .neg:
                        let a = gpr[op.a]
                        gpr[op.d] = 0 &- a
                        if op.immediate != 0 { record(op, 0 &- a, overflow: a &<< narrow == 1 << 63, narrow) }
                    case .mullw:
                        let (a, b) = (extendWord(gpr[op.a]), extendWord(gpr[op.b]))
                        let product = a &* b
                        gpr[op.d] = product
                        if op.immediate != 0 { record(op, product, overflow: extendWord(product) != product, narrow) }
                    case .mulhw:
                        let product = extendWord(gpr[op.a]) &* extendWord(gpr[op.b])
                        let high = product >> 32
                        gpr[op.d] = high
                        if op.immediate != 0 { record(high, 32) }
                    case .mulhwu:
                        let high = ((gpr[op.a] & 0xFFFF_FFFF) &* (gpr[op.b] & 0xFFFF_FFFF)) >> 32
                        gpr[op.d] = high
                        if op.immediate != 0 { record(high, 32) }
                    case .mulld:
                        let (a, b) = (gpr[op.a], gpr[op.b])
                        gpr[op.d] = a &* b
                        if op.immediate != 0 { recordProduct(op, a, b, narrow) }
                    case .mulhd:
                        let value = UInt64(
                            bitPattern: Int64(bitPattern: gpr[op.a]).multipliedFullWidth(
                                by: Int64(bitPattern: gpr[op.b])
                            ).high)
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value, narrow) }
                    case .mulhdu:
                        let value = gpr[op.a].multipliedFullWidth(by: gpr[op.b]).high
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value, narrow) }
                    case .divw, .divwu, .divwe, .divweu, .divd, .divdu, .divde, .divdeu:
                        divide(op, narrow)

                    // MARK: Logic, shifts, rotates
                    case .and:
                        let value = gpr[op.a] & gpr[op.b]
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value, narrow) }
                    case .andc:
                        let value = gpr[op.a] & ~gpr[op.b]
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value, narrow) }
                    case .or:
                        let value = gpr[op.a] | gpr[op.b]
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value, narrow) }
                    case .orc:
                        let value = gpr[op.a] | ~gpr[op.b]
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value, narrow) }
                    case .xor:
                        let value = gpr[op.a] ^ gpr[op.b]
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value, narrow) }
                    case .nor:
                        let value = ~(gpr[op.a] | gpr[op.b])
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value, narrow) }
                    case .nand:
                        let value = ~(gpr[op.a] & gpr[op.b])
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value, narrow) }
                    case .eqv:
                        let value = ~(gpr[op.a] ^ gpr[op.b])
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value, narrow) }
                    case .extsb:
                        let value = UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: gpr[op.a])))
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value, narrow) }
                    case .extsh:
                        let value = UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: gpr[op.a])))
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value, narrow) }
                    case .extsw:
                        let value = extendWord(gpr[op.a])
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value, narrow) }
                    case .cntlzw:
                        let value = UInt64(
                            truncatingIfNeeded: UInt32(truncatingIfNeeded: gpr[op.a]).leadingZeroBitCount)
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value, narrow) }
                    case .cntlzd:
                        let value = UInt64(truncatingIfNeeded: gpr[op.a].leadingZeroBitCount)
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value, narrow) }
                    case .slw:
                        let value = UInt64(UInt32(truncatingIfNeeded: gpr[op.a]) << (gpr[op.b] & 63))
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value, narrow) }
                    case .srw:
                        let value = UInt64(UInt32(truncatingIfNeeded: gpr[op.a]) >> (gpr[op.b] & 63))
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value, narrow) }
                    case .sld:
                        let value = gpr[op.a] << (gpr[op.b] & 127)
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value, narrow) }
                    case .srd:
                        let value = gpr[op.a] >> (gpr[op.b] & 127)
                        gpr[op.d] = value
                        if op.immediate != 0 { record(value, narrow) }
                    case .sraw:
                        shiftRightAlgebraic(op, word: gpr[op.a], by: gpr[op.b] & 63, narrow)
                    case .srawi:
                        shiftRightAlgebraic(op, word: gpr[op.a], by: UInt64(op.b), narrow)
                    case .srad:
                        shiftRightAlgebraic(op, doubleword: gpr[op.a], by: gpr[op.b] & 127, narrow)
                    case .sradi:
                        shiftRightAlgebraic(op, doubleword: gpr[op.a], by: UInt64(op.b), narrow)
                    case .rlwinm:
                        gpr[op.d] = UInt64(rotate(gpr[op.a], by: UInt32(op.b)) & op.immediate)
                    case .rlwinmRecord:
                        let value = UInt64(rotate(gpr[op.a], by: UInt32(op.b)) & op.immediate)
                        gpr[op.d] = value
                        record(value, narrow)
                    case .rlwimi:
                        gpr[op.d] =
                            UInt64(rotate(gpr[op.a], by: UInt32(op.b)) & op.immediate) | gpr[op.d] & ~UInt64(
                                op.immediate)
                    case .rlwimiRecord:
                        let value =
                            UInt64(rotate(gpr[op.a], by: UInt32(op.b)) & op.immediate) | gpr[op.d] & ~UInt64(
                                op.immediate)
                        gpr[op.d] = value
                        record(value, narrow)
                    case .rlwnm:
                        gpr[op.d] = UInt64(
                            rotate(gpr[op.a], by: UInt32(truncatingIfNeeded: gpr[op.b]) & 31) & op.immediate)
                    case .rlwnmRecord:
                        let value = UInt64(
                            rotate(gpr[op.a], by: UInt32(truncatingIfNeeded: gpr[op.b]) & 31) & op.immediate)
                        gpr[op.d] = value
                        record(value, narrow)
                    case .rotateWordWrapped:
                        rotateWordWrapped(op, narrow)
                    case .rldicl:
                        let value = rotate(gpr[op.a], by: op.b) & (.max &>> UInt64(op.immediate & 63))
                        gpr[op.d] = value
                        if op.immediate & MicroOperation.rotateRecord != 0 { record(value, narrow) }
                    case .rldicr:
                        let value = rotate(gpr[op.a], by: op.b) & (.max &<< UInt64(63 &- op.immediate & 63))
                        gpr[op.d] = value
                        if op.immediate & MicroOperation.rotateRecord != 0 { record(value, narrow) }
                    case .rldcl:
                        let value =
                            rotate(gpr[op.a], by: UInt8(truncatingIfNeeded: gpr[op.b]) & 63)
                            & (.max &>> UInt64(op.immediate & 63))
                        gpr[op.d] = value
                        if op.immediate & MicroOperation.rotateRecord != 0 { record(value, narrow) }
                    case .rldcr:
                        let value =
                            rotate(gpr[op.a], by: UInt8(truncatingIfNeeded: gpr[op.b]) & 63)
                            & (.max &<< UInt64(63 &- op.immediate & 63))
                        gpr[op.d] = value
                        if op.immediate & MicroOperation.rotateRecord != 0 { record(value, narrow) }
                    case .rldic:
                        let value = rotate(gpr[op.a], by: op.b) & insertionMask(op)
                        gpr[op.d] = value
                        if op.immediate & MicroOperation.rotateRecord != 0 { record(value, narrow) }
                    case .rldimi:
                        let mask = insertionMask(op)
                        let value = rotate(gpr[op.a], by: op.b) & mask | gpr[op.d] & ~mask
                        gpr[op.d] = value
                        if op.immediate & MicroOperation.rotateRecord != 0 { record(value, narrow) }
                    case .isel:
                        gpr[op.d] = cr[bit: UInt8(truncatingIfNeeded: op.immediate)] ? gpr[op.a] : gpr[op.b]
                    case .popcntb:
                        gpr[op.d] = populationOfBytes(gpr[op.a])
                    case .popcntw:
                        let a = gpr[op.a]
                        gpr[op.d] =
                            UInt64(truncatingIfNeeded: (a >> 32).nonzeroBitCount) << 32
                            | UInt64(truncatingIfNeeded: (a & 0xFFFF_FFFF).nonzeroBitCount)
                    case .popcntd:
                        gpr[op.d] = UInt64(truncatingIfNeeded: gpr[op.a].nonzeroBitCount)
                    case .prtyw, .prtyd, .cmpb, .bpermd, .addg6s, .cdtbcd, .cbcdtd:
                        manipulateBits(op)

                    // MARK: Loads
                    case .lbz:
                        guard let value = load(UInt8.self, gpr[op.a] &+ op.signed, direct) else { break loop }
                        gpr[op.d] = UInt64(value)
                    case .lbzu:
                        let address = gpr[op.a] &+ op.signed
                        guard let value = load(UInt8.self, address, direct) else { break loop }
                        gpr[op.a] = address
                        gpr[op.d] = UInt64(value)
                    case .lbzx:
                        guard let value = load(UInt8.self, gpr[op.a] &+ gpr[op.b], direct) else { break loop }
                        gpr[op.d] = UInt64(value)
                    case .lbzux:
                        let address = gpr[op.a] &+ gpr[op.b]
                        guard let value = load(UInt8.self, address, direct) else { break loop }
                        gpr[op.a] = address
                        gpr[op.d] = UInt64(value)
                    case .lhz:
                        guard let value = load(UInt16.self, gpr[op.a] &+ op.signed, direct) else { break loop }
                        gpr[op.d] = UInt64(value)
                    case .lhzu:
                        let address = gpr[op.a] &+ op.signed
                        guard let value = load(UInt16.self, address, direct) else { break loop }
                        gpr[op.a] = address
                        gpr[op.d] = UInt64(value)
                    case .lhzx:
                        guard let value = load(UInt16.self, gpr[op.a] &+ gpr[op.b], direct) else { break loop }
                        gpr[op.d] = UInt64(value)
                    case .lhzux:
                        let address = gpr[op.a] &+ gpr[op.b]
                        guard let value = load(UInt16.self, address, direct) else { break loop }
                        gpr[op.a] = address
                        gpr[op.d] = UInt64(value)
                    case .lha:
                        guard let value = load(UInt16.self, gpr[op.a] &+ op.signed, direct) else { break loop }
                        gpr[op.d] = extend(value)
                    case .lhau:
                        let address = gpr[op.a] &+ op.signed
                        guard let value = load(UInt16.self, address, direct) else { break loop }
                        gpr[op.a] = address
                        gpr[op.d] = extend(value)
                    case .lhax:
                        guard let value = load(UInt16.self, gpr[op.a] &+ gpr[op.b], direct) else { break loop }
                        gpr[op.d] = extend(value)
                    case .lhaux:
                        let address = gpr[op.a] &+ gpr[op.b]
                        guard let value = load(UInt16.self, address, direct) else { break loop }
                        gpr[op.a] = address
                        gpr[op.d] = extend(value)
                    case .lwz:
                        guard let value = load(UInt32.self, gpr[op.a] &+ op.signed, direct) else { break loop }
                        gpr[op.d] = UInt64(value)
                    case .lwzu:
                        let address = gpr[op.a] &+ op.signed
                        guard let value = load(UInt32.self, address, direct) else { break loop }
                        gpr[op.a] = address
                        gpr[op.d] = UInt64(value)
                    case .lwzx:
                        guard let value = load(UInt32.self, gpr[op.a] &+ gpr[op.b], direct) else { break loop }
                        gpr[op.d] = UInt64(value)
                    case .lwzux:
                        let address = gpr[op.a] &+ gpr[op.b]
                        guard let value = load(UInt32.self, address, direct) else { break loop }
                        gpr[op.a] = address
                        gpr[op.d] = UInt64(value)
                    case .ld:
                        guard let value = load(UInt64.self, gpr[op.a] &+ op.signed, direct) else { break loop }
                        gpr[op.d] = value
                    case .ldu:
                        let address = gpr[op.a] &+ op.signed
                        guard let value = load(UInt64.self, address, direct) else { break loop }
                        gpr[op.a] = address
                        gpr[op.d] = value
                    case .ldx:
                        guard let value = load(UInt64.self, gpr[op.a] &+ gpr[op.b], direct) else { break loop }
                        gpr[op.d] = value
                    case .ldux:
                        let address = gpr[op.a] &+ gpr[op.b]
                        guard let value = load(UInt64.self, address, direct) else { break loop }
                        gpr[op.a] = address
                        gpr[op.d] = value
                    case .lwa:
                        guard let value = load(UInt32.self, gpr[op.a] &+ op.signed, direct) else { break loop }
                        gpr[op.d] = extendWord(UInt64(value))
                    case .lwax:
                        guard let value = load(UInt32.self, gpr[op.a] &+ gpr[op.b], direct) else { break loop }
                        gpr[op.d] = extendWord(UInt64(value))
                    case .lwaux:
                        let address = gpr[op.a] &+ gpr[op.b]
                        guard let value = load(UInt32.self, address, direct) else { break loop }
                        gpr[op.a] = address
                        gpr[op.d] = extendWord(UInt64(value))
                    case .lhbrx:
                        guard let value = load(UInt16.self, gpr[op.a] &+ gpr[op.b], direct) else { break loop }
                        gpr[op.d] = UInt64(value.byteSwapped)
                    case .lwbrx:
                        guard let value = load(UInt32.self, gpr[op.a] &+ gpr[op.b], direct) else { break loop }
                        gpr[op.d] = UInt64(value.byteSwapped)
                    case .ldbrx:
                        guard let value = load(UInt64.self, gpr[op.a] &+ gpr[op.b], direct) else { break loop }
                        gpr[op.d] = value.byteSwapped

                    // MARK: Stores
                    case .stb:
                        guard store(UInt8(truncatingIfNeeded: gpr[op.d]), gpr[op.a] &+ op.signed, direct) else {
                            break loop
                        }
                    case .stbu:
                        let address = gpr[op.a] &+ op.signed
                        guard store(UInt8(truncatingIfNeeded: gpr[op.d]), address, direct) else { break loop }
                        gpr[op.a] = address
                    case .stbx:
                        guard store(UInt8(truncatingIfNeeded: gpr[op.d]), gpr[op.a] &+ gpr[op.b], direct) else {
                            break loop
                        }
                    case .stbux:
                        let address = gpr[op.a] &+ gpr[op.b]
                        guard store(UInt8(truncatingIfNeeded: gpr[op.d]), address, direct) else { break loop }
                        gpr[op.a] = address
                    case .sth:
                        guard store(UInt16(truncatingIfNeeded: gpr[op.d]), gpr[op.a] &+ op.signed, direct) else {
                            break loop
                        }
                    case .sthu:
                        let address = gpr[op.a] &+ op.signed
                        guard store(UInt16(truncatingIfNeeded: gpr[op.d]), address, direct) else { break loop }
                        gpr[op.a] = address
                    case .sthx:
                        guard store(UInt16(truncatingIfNeeded: gpr[op.d]), gpr[op.a] &+ gpr[op.b], direct) else {
                            break loop
                        }
                    case .sthux:
                        let address = gpr[op.a] &+ gpr[op.b]
                        guard store(UInt16(truncatingIfNeeded: gpr[op.d]), address, direct) else { break loop }
                        gpr[op.a] = address
                    case .stw:
                        guard store(UInt32(truncatingIfNeeded: gpr[op.d]), gpr[op.a] &+ op.signed, direct) else {
                            break loop
                        }
                    case .stwu:
                        let address = gpr[op.a] &+ op.signed
                        guard store(UInt32(truncatingIfNeeded: gpr[op.d]), address, direct) else { break loop }
                        gpr[op.a] = address
                    case .stwx:
                        guard store(UInt32(truncatingIfNeeded: gpr[op.d]), gpr[op.a] &+ gpr[op.b], direct) else {
                            break loop
                        }
                    case .stwux:
                        let address = gpr[op.a] &+ gpr[op.b]
                        guard store(UInt32(truncatingIfNeeded: gpr[op.d]), address, direct) else { break loop }
                        gpr[op.a] = address
                    case .std:
                        guard store(gpr[op.d], gpr[op.a] &+ op.signed, direct) else { break loop }
                    case .stdu:
                        let address = gpr[op.a] &+ op.signed
                        guard store(gpr[op.d], address, direct) else { break loop }
                        gpr[op.a] = address
                    case .stdx:
                        guard store(gpr[op.d], gpr[op.a] &+ gpr[op.b], direct) else { break loop }
                    case .stdux:
                        let address = gpr[op.a] &+ gpr[op.b]
                        guard store(gpr[op.d], address, direct) else { break loop }
                        gpr[op.a] = address
                    case .sthbrx:
                        guard store(UInt16(truncatingIfNeeded: gpr[op.d]).byteSwapped, gpr[op.a] &+ gpr[op.b], direct)
                        else { break loop }
                    case .stwbrx:
                        guard store(UInt32(truncatingIfNeeded: gpr[op.d]).byteSwapped, gpr[op.a] &+ gpr[op.b], direct)
                        else { break loop }
                    case .stdbrx:
                        guard store(gpr[op.d].byteSwapped, gpr[op.a] &+ gpr[op.b], direct) else { break loop }

                    // MARK: Storage accesses with more to them
                    case .lmw:
                        guard loadMultiple(op, direct) else { break loop }
                    case .stmw:
                        guard storeMultiple(op, direct) else { break loop }
                    case .lswi, .lswx:
                        guard loadString(op, direct) else { break loop }
                    case .stswi, .stswx:
                        guard storeString(op, direct) else { break loop }
                    case .lq:
                        guard loadQuadword(op, direct) else { break loop }
                    case .stq:
                        guard storeQuadword(op, direct) else { break loop }
                    case .lbarx, .lharx, .lwarx, .ldarx, .lqarx:
                        guard loadReserve(op) else { break loop }
                    case .stbcx, .sthcx, .stwcx, .stdcx, .stqcx:
                        guard storeConditional(op) else { break loop }
                    case .dcbz:
                        guard zeroLine(op, direct) else { break loop }
                    case .floatingPoint, .floatingStorage, .floatingStorageIndexed:
                        guard floatingPoint(op, direct) else { break loop }
                    case .vector:
                        guard vector(op) else { break loop }
                    case .vectorStorage:
                        guard vectorStorage(op, direct) else { break loop }

                    // MARK: Branches
                    case .branch:
                        guard cursor.jump(op.immediate) else { break expired }
                        continue loop
                    case .branchLink:
                        special.lr = cursor.pc &+ 4
                        guard cursor.jump(op.immediate) else { break expired }
                        continue loop
                    case .branchTrue:
                        if cr[op.a] & op.b != 0 {
                            guard cursor.jump(op.immediate) else { break expired }
                            continue loop
                        }
                    case .branchFalse:
                        if cr[op.a] & op.b == 0 {
                            guard cursor.jump(op.immediate) else { break expired }
                            continue loop
                        }
                    case .branchDecrementNotZero:
                        special.ctr = special.ctr &- 1
                        if special.ctr &<< narrow != 0 {
                            guard cursor.jump(op.immediate) else { break expired }
                            continue loop
                        }
                    case .branchDecrementZero:
                        special.ctr = special.ctr &- 1
                        if special.ctr &<< narrow == 0 {
                            guard cursor.jump(op.immediate) else { break expired }
                            continue loop
                        }
                    case .branchTrueFar, .branchFalseFar:
                        guard (cr[op.a] & op.b != 0) == (op.operation == .branchTrueFar) else { break }
                        target = cursor.pc &+ op.signed
                        break branch
                    case .branchFar:
                        target = cursor.pc &+ op.signed
                        break branch
                    case .branchLinkFar:
                        let address = cursor.pc
                        special.lr = address &+ 4
                        target = address &+ op.signed
                        break branch
                    case .branchAbsolute:
                        if op.d != 0 { special.lr = cursor.pc &+ 4 }
                        target = op.signed
                        break branch
                    case .branchConditional, .branchConditionalToLR, .branchConditionalToCTR, .branchConditionalToTAR:
                        if op.operation == .branchConditionalToTAR, isUnavailable(.tar) {
                            pc = cursor.pc
                            instructions = settled(&cursor)
                            return raise(unavailable(.tar))
                        }
                        guard let address = conditionalTarget(op, at: cursor.pc, narrow) else { break }
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
                    case .mfcr: gpr[op.d] = UInt64(cr.word)
                    case .mfocrf: gpr[op.d] = UInt64(cr.word & fieldBits(op))
                    case .mtcrf: cr.set(op.immediate, of: UInt32(truncatingIfNeeded: gpr[op.d]))
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

                    case .twi, .tw, .tdi, .td:
                        guard traps(op) else { break }
                        pc = cursor.pc
                        instructions = settled(&cursor)
                        return raise(.program(SRR1.trap))

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
                guard cursor.go(to: target, codes) else {
                    pc = target
                    instructions = settled(&cursor)
                    return nil
                }
                if cursor.remaining <= 0 { break expired }
            }

            // A storage access stopped: it faulted, or changed code.
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
