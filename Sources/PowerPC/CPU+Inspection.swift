internal import GuestMemory

/// The supervisor registers that a report on a vCPU shows.
public enum SystemRegister: Int, CaseIterable, CustomStringConvertible {
    case srr0, srr1, csrr0, csrr1, dear, esr, ivpr, pid

    var number: Int {
        switch self {
        case .srr0: SPR.srr0
        case .srr1: SPR.srr1
        case .csrr0: SPR.csrr0
        case .csrr1: SPR.csrr1
        case .dear: SPR.dear
        case .esr: SPR.esr
        case .ivpr: SPR.ivpr
        case .pid: SPR.pid0
        }
    }

    /// The register's name.
    public var description: String {
        switch self {
        case .srr0: "srr0"
        case .srr1: "srr1"
        case .csrr0: "csrr0"
        case .csrr1: "csrr1"
        case .dear: "dear"
        case .esr: "esr"
        case .ivpr: "ivpr"
        case .pid: "pid"
        }
    }
}

extension CPU {
    /// The value of a supervisor register.
    public func systemRegister(_ register: SystemRegister) -> UInt32 {
        switch SPRTable.info(register.number, on: model.core)?.storage {
        case .shared64(let offset): page[double: offset]
        case .shared32(let offset): page[word: offset]
        default: spr[register.number]
        }
    }

    /// The instruction word at an effective address, or nil where the current translations lead to no RAM. Changes
    /// nothing.
    public func instruction(at effective: UInt32) -> UInt32? {
        guard effective % 4 == 0, let location = find(effective, space: UInt8(fetchMode >> 1)) else { return nil }
        return try? memory.load(UInt32.self, at: tlb[location].translate(effective))
    }
}
