/// What a vCPU has done so far.
@safe
public struct Counters {
    private let base: UnsafeMutablePointer<UInt64>

    /// Where each group of counters starts.
    private enum Group {
        static let privileged = 0
        static let interrupts = privileged + Operation.count
        static let single = interrupts + 128
        static let total = single + 8
    }

    /// Bytes of all counters.
    static let size = Group.total * 8

    /// The counters in ``size`` bytes of zeros at `memory`, for as long as that exists.
    init(memory: UnsafeMutableRawPointer) {
        unsafe base = memory.bindMemory(to: UInt64.self, capacity: Group.total)
    }

    /// Where the counter of a privileged instruction is, in bytes.
    static func offset(of operation: Operation) -> Int { (Group.privileged + Int(operation.rawValue)) * 8 }

    /// How often an interrupt was taken.
    public func interrupts(_ interrupt: Interrupt) -> UInt64 {
        unsafe base[Group.interrupts + interrupt.rawValue]
    }

    /// How often supervisor state executed a privileged instruction of a kind.
    public func privileged(_ kind: PrivilegedKind) -> UInt64 {
        unsafe base[Group.privileged + Int(kind.operation.rawValue)]
    }

    /// How often a software TLB entry had to be made.
    public var translationRefills: UInt64 { unsafe base[Group.single] }

    /// How many pages of code were predecoded.
    public var codePages: UInt64 { unsafe base[Group.single + 1] }

    /// How often a 64-bit core took an interrupt.
    public func serverInterrupts(_ interrupt: Book3SInterrupt) -> UInt64 {
        unsafe base[Group.interrupts + interrupt.rawValue]
    }

    func count(_ interrupt: Book3SInterrupt) { unsafe base[Group.interrupts + interrupt.rawValue] += 1 }
    func count(_ interrupt: Interrupt) { unsafe base[Group.interrupts + interrupt.rawValue] += 1 }
    func count(_ operation: Operation) { unsafe base[Group.privileged + Int(operation.rawValue)] += 1 }
    func countRefill() { unsafe base[Group.single] += 1 }
    func countCodePage() { unsafe base[Group.single + 1] += 1 }
}

/// The privileged instructions that statistics tell apart: what would leave the guest under KVM-PR.
public enum PrivilegedKind: CaseIterable {
    case mfmsr, mtmsr, wrtee, wrteei, mfspr, mtspr, rfi, rfci, rfmci, tlbre, tlbwe, tlbsx, tlbivax, tlbsync, dcbi
    case mtmsrd, rfid, slbmte, slbie, slbia, slbmfee, slbmfev, slbfee, msgsndp, msgclrp

    var operation: Operation {
        switch self {
        case .mfmsr: .mfmsr
        case .mtmsr: .mtmsr
        case .wrtee: .wrtee
        case .wrteei: .wrteei
        case .mfspr: .mfspr
        case .mtspr: .mtspr
        case .rfi: .rfi
        case .rfci: .rfci
        case .rfmci: .rfmci
        case .tlbre: .tlbre
        case .tlbwe: .tlbwe
        case .tlbsx: .tlbsx
        case .tlbivax: .tlbivax
        case .tlbsync: .tlbsync
        case .dcbi: .dcbi
        case .mtmsrd: .mtmsrd
        case .rfid: .rfid
        case .slbmte: .slbmte
        case .slbie: .slbie
        case .slbia: .slbia
        case .slbmfee: .slbmfee
        case .slbmfev: .slbmfev
        case .slbfee: .slbfee
        case .msgsndp: .msgsndp
        case .msgclrp: .msgclrp
        }
    }

    /// Those that one of `cores` has.
    package static func kinds(of cores: Cores) -> [PrivilegedKind] {
        allCases.filter { kind in
            InstructionTable.rows.contains { $0.operation == kind.operation && !$0.cores.isDisjoint(with: cores) }
        }
    }

    /// The instruction's mnemonic.
    public var name: StaticString {
        InstructionTable.rows.first { $0.operation == operation }?.mnemonic ?? "unknown"
    }
}
