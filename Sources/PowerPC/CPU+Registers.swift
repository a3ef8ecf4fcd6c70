/// The registers as a test or a debugger sets them, without the effects that the guest's own instructions have.
extension CPU {
    /// Sets the effective address of the next instruction.
    package mutating func setPC(_ value: UInt32) { pc = value & ~3 }

    /// Sets the condition register.
    package mutating func setConditionRegister(_ value: UInt32) { cr.word = value }

    /// Sets XER.
    package mutating func setXER(_ value: UInt32) { special.xer = value }

    /// Sets the link register.
    package mutating func setLinkRegister(_ value: UInt32) { special.lr = value }

    /// Sets the count register.
    package mutating func setCountRegister(_ value: UInt32) { special.ctr = value }

    /// Sets floating-point register `number`, 0–31, to a number in double format.
    package mutating func setFloatingPointRegister(_ number: Int, to value: UInt64) {
        fpr[UInt8(truncatingIfNeeded: number)] = value
    }

    /// Sets FPSCR; the summary bits follow from the others.
    package mutating func setFloatingPointStatus(_ value: UInt32) { fpscr = FPSCR(value) }

    /// Sets the machine state register, with everything that a write by the guest entails.
    package mutating func setMachineState(_ value: UInt32) { setMSR(value) }

    /// The value of special-purpose register `number`, or nil where the core has none.
    package mutating func specialRegister(_ number: Int) -> UInt32? {
        guard (0..<1024).contains(number), let info = SPRTable.info(number, on: model.core) else { return nil }
        return switch info.storage {
        case .file: spr[number]
        case .shared64(let offset), .sharedAlias64(let offset): page[double: offset]
        case .shared32(let offset): page[word: offset]
        case .special: readSpecial(number)
        }
    }

    /// Sets special-purpose register `number` to `value`, as a write by the guest's supervisor would.
    package mutating func setSpecialRegister(_ number: Int, to value: UInt32) {
        guard (0..<1024).contains(number), let info = SPRTable.info(number, on: model.core), info.isWritable else {
            return
        }
        switch info.storage {
        case .file(let mask): spr[number] = value & mask
        case .shared64(let offset): page[double: offset] = value
        case .shared32(let offset): page[word: offset] = value
        case .sharedAlias64: break
        case .special:
            let before = (pc, instructions)
            _ = writeSpecial(number, value)
            (pc, instructions) = before
        }
    }
}
