internal import GuestMemory

/// The supervisor registers that a report on a 64-bit vCPU shows.
public enum Book3SSystemRegister: Int, CaseIterable, CustomStringConvertible {
    case srr0, srr1, dar, dsisr, sprg0, sprg3

    /// The register's name.
    public var description: String {
        switch self {
        case .srr0: "srr0"
        case .srr1: "srr1"
        case .dar: "dar"
        case .dsisr: "dsisr"
        case .sprg0: "sprg0"
        case .sprg3: "sprg3"
        }
    }
}

extension Book3SCPU {
    /// The value of a supervisor register.
    public func systemRegister(_ register: Book3SSystemRegister) -> UInt64 {
        switch register {
        case .srr0: page[SharedPage.srr0]
        case .srr1: page[SharedPage.srr1]
        case .dar: page[SharedPage.dar]
        case .dsisr: UInt64(page[word: SharedPage.dsisr])
        case .sprg0: page[SharedPage.sprg0]
        case .sprg3: page[SharedPage.sprg3]
        }
    }

    /// The instruction word at an effective address, or nil where the current translations lead to no RAM. Of the guest it
    /// changes no more than R bits of its page table.
    public func instruction(at effective: UInt64) -> UInt32? {
        guard effective % 4 == 0, case .translated(let translation) = translate(effective, for: .fetch) else {
            return nil
        }
        return try? memory.load(UInt32.self, at: translation.real, order: isLittleEndian ? .little : .big)
    }
}
