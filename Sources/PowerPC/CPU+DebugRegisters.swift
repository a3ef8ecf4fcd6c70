/// A register as a debugger sees it.
public struct DebugRegister: Sendable {
    /// What belongs together.
    public enum Group: Sendable {
        /// The registers of every program.
        case core
        /// Floating-point registers and their status.
        case floatingPoint
        /// Special-purpose registers.
        case special
    }

    /// The register's name: `r0`, `pc`, or as the SPR table has it.
    public let name: String
    /// What it belongs to.
    public let group: Group
    /// Whether it holds the address of an instruction.
    public let isCodeAddress: Bool
    /// Its size in bits.
    public var bits: Int {
        if case .floatingPoint = place { return 64 }
        return 32
    }

    let place: Place

    enum Place: Sendable {
        case general(Int)
        case pc, msr, cr, lr, ctr, xer
        case floatingPoint(Int), floatingPointStatus
        /// Number for reading and number for writing.
        case special(read: Int, write: Int)
    }

    init(_ name: String, _ group: Group, _ place: Place, isCodeAddress: Bool = false) {
        self.name = name
        self.group = group
        self.place = place
        self.isCodeAddress = isCodeAddress
    }
}

extension CPU {
    /// All registers of a core: r0 to r31, pc, msr, cr, lr, ctr, xer, where it has them f0 to f31 and fpscr, and the SPR
    /// table's others by number.
    public static func debugRegisters(of model: CoreModel) -> [DebugRegister] {
        var registers = (0..<32).map { DebugRegister("r\($0)", .core, .general($0)) }
        registers.append(DebugRegister("pc", .core, .pc, isCodeAddress: true))
        registers.append(DebugRegister("msr", .core, .msr))
        registers.append(DebugRegister("cr", .core, .cr))
        registers.append(DebugRegister("lr", .core, .lr, isCodeAddress: true))
        registers.append(DebugRegister("ctr", .core, .ctr))
        registers.append(DebugRegister("xer", .core, .xer))
        if model.hasFloatingPoint {
            for number in 0..<32 {
                registers.append(DebugRegister("f\(number)", .floatingPoint, .floatingPoint(number)))
            }
            registers.append(DebugRegister("fpscr", .floatingPoint, .floatingPointStatus))
        }
        for number in 0..<1024 {
            guard let row = SPRTable.info(number, on: model.core), let register = debugRegister(row) else { continue }
            registers.append(register)
        }
        return registers
    }

    /// The debugger's register of a row; nil for the rows that are another way to a register that has one.
    private static func debugRegister(_ row: SPRInfo) -> DebugRegister? {
        switch row.number {
        case SPR.xer, SPR.lr, SPR.ctr, SPR.tblWrite, SPR.tbuWrite: return nil
        case SPR.tbl: return DebugRegister("tbl", .special, .special(read: row.number, write: SPR.tblWrite))
        case SPR.tbu: return DebugRegister("tbu", .special, .special(read: row.number, write: SPR.tbuWrite))
        default: break
        }
        if case .sharedAlias64 = row.storage { return nil }
        let isReturnAddress = [SPR.srr0, SPR.csrr0, SPR.mcsrr0].contains(row.number)
        return DebugRegister(
            row.debugName, .special, .special(read: row.number, write: row.number), isCodeAddress: isReturnAddress)
    }

    /// The value of a register.
    public mutating func value(of register: DebugRegister) -> UInt64 {
        switch register.place {
        case .general(let number): UInt64(self.register(number))
        case .pc: UInt64(pc)
        case .msr: UInt64(msr)
        case .cr: UInt64(conditionRegister)
        case .lr: UInt64(linkRegister)
        case .ctr: UInt64(countRegister)
        case .xer: UInt64(xer)
        case .floatingPoint(let number): floatingPointRegister(number)
        case .floatingPointStatus: UInt64(floatingPointStatus)
        case .special(let number, _): UInt64(specialRegister(number) ?? 0)
        }
    }

    /// Sets a register. False where it cannot be set.
    public mutating func setValue(of register: DebugRegister, to value: UInt64) -> Bool {
        let word = UInt32(truncatingIfNeeded: value)
        switch register.place {
        case .general(let number): setRegister(number, to: word)
        case .pc: setPC(word)
        case .msr: setMachineState(word)
        case .cr: setConditionRegister(word)
        case .lr: setLinkRegister(word)
        case .ctr: setCountRegister(word)
        case .xer: setXER(word)
        case .floatingPoint(let number): setFloatingPointRegister(number, to: value)
        case .floatingPointStatus: setFloatingPointStatus(word)
        case .special(_, let number):
            guard let info = SPRTable.info(number, on: model.core), info.isWritable else { return false }
            setSpecialRegister(number, to: word)
        }
        return true
    }
}

extension SPRInfo {
    /// The row's name, with the number of those that share one.
    fileprivate var debugName: String {
        switch number {
        case SPR.ivor0..<SPR.ivor0 + 16: "ivor\(number - SPR.ivor0)"
        case SPR.ivor32..<SPR.ivor32 + 4: "ivor\(number - SPR.ivor32 + 32)"
        default: "\(name)"
        }
    }
}
