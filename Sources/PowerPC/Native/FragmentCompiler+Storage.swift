/// Loads and stores: the direct path through the software TLB. What is not direct is left to the interpreter.
extension FragmentCompiler {
    private enum Size: UInt32 {
        case byte = 1
        case halfword = 2
        case word = 4
    }

    /// What a load does with what it found.
    private enum Extension {
        case zero, sign
    }

    private enum Address {
        case displacement, displacementUpdate, indexed, indexedUpdate

        var updates: Bool { self == .displacementUpdate || self == .indexedUpdate }
    }

    /// ecx: the effective address. rax: what to add to it for the host address. Leaves an access that is not direct to the
    /// interpreter.
    ///
    /// The tag is compared with the page of the access's last byte, the translation that of its first: an access that
    /// crosses into the next page never matches, an unaligned one within the page does.
    private mutating func translate(_ op: MicroOperation, _ address: Address, _ size: Size, writes: Bool) {
        switch address {
        case .displacement, .displacementUpdate:
            load(.rcx, op.a, plus: op.immediate)
        case .indexed, .indexedUpdate:
            loadIndexed(op)
        }
        translate(size, writes: writes)
    }

    /// ecx: the sum of two registers.
    private mutating func loadIndexed(_ op: MicroOperation) {
        load(.rcx, op.a)
        combine(.add, .rcx, op.b)
    }

    /// The rest of ``translate(_:_:_:writes:)``, for the address in ecx.
    private mutating func translate(_ size: Size, writes: Bool) {
        // The index of the translation times its size.
        assembler.move(.rax, .rcx)
        assembler.shift(.right, .rax, by: 12 - DataTranslations.entryShift)
        assembler.arithmetic(
            .and, .rax, constant: UInt32(DataTranslations.count - 1) << UInt32(DataTranslations.entryShift))
        if size == .byte {
            assembler.move(.rdx, .rcx)
        } else {
            assembler.loadAddress(.rdx, HostMemory(.rcx, displacement: Int32(size.rawValue) - 1))
        }
        assembler.arithmetic(.and, .rdx, constant: ~0xFFF)
        assembler.arithmetic(.or, .rdx, .r12, .bits64)
        assembler.arithmetic(
            .compare, .rdx,
            HostMemory(
                .rbp, index: .rax,
                displacement: writes ? DataTranslations.writeOffset : DataTranslations.readOffset), .bits64)
        giveUp(assembler.jump(if: .notEqual))
        assembler.move(
            .rax, HostMemory(.rbp, index: .rax, displacement: DataTranslations.offsetOffset), .bits64)
    }

    private mutating func emitLoad(
        _ op: MicroOperation, _ address: Address, _ size: Size, _ extension: Extension = .zero, reversed: Bool = false
    ) -> Flow {
        translate(op, address, size, writes: false)
        let place = HostMemory(.rax, index: .rcx)
        switch size {
        case .byte:
            assembler.zeroExtendByte(.rax, place)
        case .halfword:
            assembler.zeroExtendHalfword(.rax, place)
            if !reversed { assembler.swapHalfwordBytes(.rax) }
            if `extension` == .sign { assembler.signExtendHalfword(.rax, .rax) }
        case .word:
            assembler.move(.rax, place)
            if !reversed { assembler.swapBytes(.rax) }
        }
        if address.updates { store(.rcx, op.a) }
        store(.rax, op.d)
        return .next
    }

    private mutating func emitStore(
        _ op: MicroOperation, _ address: Address, _ size: Size, reversed: Bool = false
    ) -> Flow {
        translate(op, address, size, writes: true)
        load(.rdx, op.d)
        let place = HostMemory(.rax, index: .rcx)
        switch size {
        case .byte:
            assembler.moveByte(place, .rdx)
        case .halfword:
            if !reversed { assembler.swapHalfwordBytes(.rdx) }
            assembler.moveHalfword(place, .rdx)
        case .word:
            if !reversed { assembler.swapBytes(.rdx) }
            assembler.move(place, .rdx)
        }
        if address.updates { store(.rcx, op.a) }
        return .next
    }

    // MARK: Reservations and cache lines

    /// rdx: the host address of the word that `lwarx` or `stwcx.` names. What is not aligned is left to the interpreter.
    private mutating func reach(_ op: MicroOperation, writes: Bool) {
        loadIndexed(op)
        assembler.testByte(.rcx, mask: 3)
        giveUp(assembler.jump(if: .notEqual))
        translate(.word, writes: writes)
        assembler.loadAddress(.rdx, HostMemory(.rax, index: .rcx), .bits64)
    }

    /// rcx: what tells the reservation of the word at rdx from others.
    private mutating func loadGranule() {
        assembler.move(.rcx, .rdx, .bits64)
        assembler.arithmetic(.and, .rcx, constant: ~(sharesMemory ? 3 : lineSize &- 1), .bits64)
    }

    private mutating func emitLoadReserve(_ op: MicroOperation) -> Flow {
        reach(op, writes: false)
        assembler.move(.rax, HostMemory(.rdx))
        assembler.move(block(RegisterBlock.reservedValue), .rax)
        loadGranule()
        assembler.move(block(RegisterBlock.reservation), .rcx, .bits64)
        assembler.swapBytes(.rax)
        store(.rax, op.d)
        return .next
    }

    private mutating func emitStoreConditional(_ op: MicroOperation) -> Flow {
        reach(op, writes: true)
        loadGranule()
        assembler.arithmetic(.compare, .rcx, block(RegisterBlock.reservation), .bits64)
        let lost = assembler.jump(if: .notEqual)
        load(.rcx, op.d)
        assembler.swapBytes(.rcx)
        if sharesMemory {
            assembler.move(.rax, block(RegisterBlock.reservedValue))
            assembler.compareAndExchange(HostMemory(.rdx), .rcx)
        } else {
            assembler.move(HostMemory(.rdx), .rcx)
            assembler.arithmetic(.compare, .rax, .rax)
        }
        // From either way: equal if the word is stored.
        assembler.setTarget(of: lost, to: assembler.position)
        assembler.set(.rcx, to: .equal)
        assembler.zeroExtendByte(.rcx, .rcx)
        assembler.arithmetic(.add, .rcx, .rcx)
        assembler.orByte(.rcx, block(RegisterBlock.summaryOverflow))
        assembler.moveByte(block(RegisterBlock.cr), .rcx)
        assembler.move(block(RegisterBlock.reservation), constant: 0)
        assembler.move(block(RegisterBlock.reservation + 4), constant: 0)
        return .next
    }

    private mutating func emitZeroLine(_ op: MicroOperation) -> Flow {
        loadIndexed(op)
        assembler.arithmetic(.and, .rcx, constant: ~(lineSize &- 1))
        translate(.byte, writes: true)
        for offset in stride(from: Int32(0), to: Int32(truncatingIfNeeded: lineSize), by: 4) {
            assembler.move(HostMemory(.rax, index: .rcx, displacement: offset), constant: 0)
        }
        return .next
    }

    /// Cache instructions do nothing to memory that can be read; where others may hold the code, `icbi` does more.
    private mutating func emitTouch(_ op: MicroOperation) -> Flow {
        translate(op, .indexed, .byte, writes: false)
        return .next
    }

    mutating func emitStorage(_ op: MicroOperation) -> Flow? {
        switch op.operation {
        case .lbz: emitLoad(op, .displacement, .byte)
        case .lbzu: emitLoad(op, .displacementUpdate, .byte)
        case .lbzx: emitLoad(op, .indexed, .byte)
        case .lbzux: emitLoad(op, .indexedUpdate, .byte)
        case .lhz: emitLoad(op, .displacement, .halfword)
        case .lhzu: emitLoad(op, .displacementUpdate, .halfword)
        case .lhzx: emitLoad(op, .indexed, .halfword)
        case .lhzux: emitLoad(op, .indexedUpdate, .halfword)
        case .lha: emitLoad(op, .displacement, .halfword, .sign)
        case .lhau: emitLoad(op, .displacementUpdate, .halfword, .sign)
        case .lhax: emitLoad(op, .indexed, .halfword, .sign)
        case .lhaux: emitLoad(op, .indexedUpdate, .halfword, .sign)
        case .lwz: emitLoad(op, .displacement, .word)
        case .lwzu: emitLoad(op, .displacementUpdate, .word)
        case .lwzx: emitLoad(op, .indexed, .word)
        case .lwzux: emitLoad(op, .indexedUpdate, .word)
        case .lhbrx: emitLoad(op, .indexed, .halfword, reversed: true)
        case .lwbrx: emitLoad(op, .indexed, .word, reversed: true)
        case .stb: emitStore(op, .displacement, .byte)
        case .stbu: emitStore(op, .displacementUpdate, .byte)
        case .stbx: emitStore(op, .indexed, .byte)
        case .stbux: emitStore(op, .indexedUpdate, .byte)
        case .sth: emitStore(op, .displacement, .halfword)
        case .sthu: emitStore(op, .displacementUpdate, .halfword)
        case .sthx: emitStore(op, .indexed, .halfword)
        case .sthux: emitStore(op, .indexedUpdate, .halfword)
        case .stw: emitStore(op, .displacement, .word)
        case .stwu: emitStore(op, .displacementUpdate, .word)
        case .stwx: emitStore(op, .indexed, .word)
        case .stwux: emitStore(op, .indexedUpdate, .word)
        case .sthbrx: emitStore(op, .indexed, .halfword, reversed: true)
        case .stwbrx: emitStore(op, .indexed, .word, reversed: true)
        case .lwarx: emitLoadReserve(op)
        case .stwcx: emitStoreConditional(op)
        case .dcbz: emitZeroLine(op)
        case .cacheTouchData: emitTouch(op)
        case .icbi where !sharesMemory: emitTouch(op)
        default: nil
        }
    }
}
