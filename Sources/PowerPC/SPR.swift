/// Numbers of the special-purpose registers that the code names.
enum SPR {
    static let xer = 1
    static let lr = 8
    static let ctr = 9
    static let dec = 22
    static let srr0 = 26
    static let srr1 = 27
    static let pid0 = 48
    static let decar = 54
    static let csrr0 = 58
    static let csrr1 = 59
    static let dear = 61
    static let esr = 62
    static let ivpr = 63
    static let tbl = 268
    static let tbu = 269
    static let tblWrite = 284
    static let tbuWrite = 285
    static let pir = 286
    static let pvr = 287
    static let dbsr = 304
    static let dbcr0 = 308
    static let tsr = 336
    static let tcr = 340
    static let ivor0 = 400
    static let ivor32 = 528
    static let l1cfg0 = 515
    static let l1cfg1 = 516
    static let atbl = 526
    static let atbu = 527
    static let mcsrr0 = 570
    static let mcsrr1 = 571
    static let mcsr = 572
    static let dsrr0 = 574
    static let dsrr1 = 575
    static let mas0 = 624
    static let mas1 = 625
    static let mas2 = 626
    static let mas3 = 627
    static let mas4 = 628
    static let mas6 = 630
    static let pid1 = 633
    static let pid2 = 634
    static let tlb0cfg = 688
    static let tlb1cfg = 689
    static let epr = 702
    static let mas7 = 944
    static let mmucsr0 = 1012
    static let mmucfg = 1015
    static let svr = 1023
}

/// One row of the SPR table: who may reach a register, and where its value lives.
struct SPRInfo {
    /// Who may use a register.
    enum Access: UInt8 {
        /// Everybody, for reading only.
        case userRead
        /// Everybody.
        case user
        /// Supervisor state, for reading only.
        case supervisorRead
        /// Supervisor state.
        case supervisor
    }

    /// Where a register's value lives.
    enum Storage {
        /// In the vCPU's own file; writes keep only the bits of the mask.
        case file(writeMask: UInt32)
        /// A 64-bit field of the page that a guest may map (its magic page).
        case shared64(Int)
        /// A 32-bit field of that page.
        case shared32(Int)
        /// A field of that page under another number, for reading.
        case sharedAlias64(Int)
        /// Reading and writing have effects; see `Interpreter+SPR`.
        case special
    }

    let number: Int
    let name: StaticString
    let access: Access
    let storage: Storage
    /// The models that have it.
    let cores: Cores

    init(_ number: Int, _ name: StaticString, _ access: Access, _ storage: Storage, on cores: Cores = .e500) {
        self.number = number
        self.name = name
        self.access = access
        self.storage = storage
        self.cores = cores
    }

    /// How the word of a register that is plain storage lies in memory. Raw values are what predecoded operations hold.
    enum PlaceKind: UInt8 {
        /// It is none: `Interpreter+SPR` has to look at the register.
        case none = 0
        /// As the host has words.
        case host
        /// In big-endian order.
        case bigEndian
        /// In big-endian order, behind another word that writing clears.
        case bigEndianLow
    }

    /// Where the register's word is in the block that ``RegisterBlock`` describes; nil where reading or writing it is more
    /// than one access to memory.
    func place(writes: Bool) -> (kind: PlaceKind, offset: Int)? {
        switch storage {
        case .file(let mask):
            writes && mask != .max ? nil : (.host, RegisterBlock.specialPurpose + 4 * number)
        case .shared32(let offset): (.bigEndian, RegisterBlock.sharedPage + offset)
        case .shared64(let offset): (.bigEndianLow, RegisterBlock.sharedPage + offset + 4)
        case .sharedAlias64(let offset): writes ? nil : (.bigEndianLow, RegisterBlock.sharedPage + offset + 4)
        case .special: nil
        }
    }

    var isPrivileged: Bool { access == .supervisor || access == .supervisorRead }
    var isWritable: Bool { access == .supervisor || access == .user }
}

/// The special-purpose registers (PowerPC e500 Core Family Reference Manual, chapter 2; e500mc Core Reference Manual,
/// chapter 2). After reset they are zero, but for those that describe the core: ``CoreModel``.
enum SPRTable {
    private static let plain = SPRInfo.Storage.file(writeMask: .max)
    private static let fixed = SPRInfo.Storage.file(writeMask: 0)
    private static let vector = SPRInfo.Storage.file(writeMask: 0xFFF0)

    static let rows: [SPRInfo] =
        userRows + interruptRows + guestRows + vectorRows + timerRows + memoryRows + debugRows + coreRows

    private static let userRows: [SPRInfo] = [
        SPRInfo(SPR.xer, "xer", .user, .special),
        SPRInfo(SPR.lr, "lr", .user, .special),
        SPRInfo(SPR.ctr, "ctr", .user, .special),
        SPRInfo(256, "usprg0", .user, plain),
        SPRInfo(259, "sprg3", .userRead, .sharedAlias64(SharedPage.sprg3)),
        SPRInfo(260, "sprg4", .userRead, .sharedAlias64(SharedPage.sprg4)),
        SPRInfo(261, "sprg5", .userRead, .sharedAlias64(SharedPage.sprg5)),
        SPRInfo(262, "sprg6", .userRead, .sharedAlias64(SharedPage.sprg6)),
        SPRInfo(263, "sprg7", .userRead, .sharedAlias64(SharedPage.sprg7)),
        SPRInfo(SPR.tbl, "tbl", .userRead, .special),
        SPRInfo(SPR.tbu, "tbu", .userRead, .special),
        SPRInfo(512, "spefscr", .user, plain, on: .e500v2),
        SPRInfo(513, "bbear", .user, plain, on: .e500v2),
        SPRInfo(514, "bbtar", .user, plain, on: .e500v2),
        SPRInfo(SPR.l1cfg0, "l1cfg0", .userRead, fixed),
        SPRInfo(SPR.l1cfg1, "l1cfg1", .userRead, fixed),
        SPRInfo(519, "l2cfg0", .userRead, fixed, on: .e500mc),
        SPRInfo(SPR.atbl, "atbl", .userRead, .special),
        SPRInfo(SPR.atbu, "atbu", .userRead, .special),
    ]

    private static let interruptRows: [SPRInfo] = [
        SPRInfo(SPR.srr0, "srr0", .supervisor, .shared64(SharedPage.srr0)),
        SPRInfo(SPR.srr1, "srr1", .supervisor, .shared64(SharedPage.srr1)),
        SPRInfo(SPR.csrr0, "csrr0", .supervisor, plain),
        SPRInfo(SPR.csrr1, "csrr1", .supervisor, plain),
        SPRInfo(SPR.dear, "dear", .supervisor, .shared64(SharedPage.dar)),
        SPRInfo(SPR.esr, "esr", .supervisor, .shared32(SharedPage.esr)),
        SPRInfo(SPR.ivpr, "ivpr", .supervisor, .file(writeMask: 0xFFFF_0000)),
        SPRInfo(272, "sprg0", .supervisor, .shared64(SharedPage.sprg0)),
        SPRInfo(273, "sprg1", .supervisor, .shared64(SharedPage.sprg1)),
        SPRInfo(274, "sprg2", .supervisor, .shared64(SharedPage.sprg2)),
        SPRInfo(275, "sprg3", .supervisor, .shared64(SharedPage.sprg3)),
        SPRInfo(276, "sprg4", .supervisor, .shared64(SharedPage.sprg4)),
        SPRInfo(277, "sprg5", .supervisor, .shared64(SharedPage.sprg5)),
        SPRInfo(278, "sprg6", .supervisor, .shared64(SharedPage.sprg6)),
        SPRInfo(279, "sprg7", .supervisor, .shared64(SharedPage.sprg7)),
        SPRInfo(SPR.pir, "pir", .supervisor, .shared32(SharedPage.pir)),
        SPRInfo(SPR.mcsrr0, "mcsrr0", .supervisor, plain),
        SPRInfo(SPR.mcsrr1, "mcsrr1", .supervisor, plain),
        SPRInfo(SPR.dsrr0, "dsrr0", .supervisor, plain, on: .e500mc),
        SPRInfo(SPR.dsrr1, "dsrr1", .supervisor, plain, on: .e500mc),
        SPRInfo(604, "sprg8", .supervisor, plain, on: .e500mc),
        SPRInfo(605, "sprg9", .supervisor, plain, on: .e500mc),
        SPRInfo(SPR.mcsr, "mcsr", .supervisor, .special),
        SPRInfo(573, "mcar", .supervisorRead, plain),
        SPRInfo(569, "mcaru", .supervisorRead, plain),
        SPRInfo(SPR.epr, "epr", .supervisorRead, plain),
    ]

    /// The names by which a guest of the embedded hypervisor may also call its own registers.
    private static let guestRows: [SPRInfo] = [
        SPRInfo(368, "gsprg0", .supervisor, .shared64(SharedPage.sprg0), on: .e500mc),
        SPRInfo(369, "gsprg1", .supervisor, .shared64(SharedPage.sprg1), on: .e500mc),
        SPRInfo(370, "gsprg2", .supervisor, .shared64(SharedPage.sprg2), on: .e500mc),
        SPRInfo(371, "gsprg3", .supervisor, .shared64(SharedPage.sprg3), on: .e500mc),
        SPRInfo(378, "gsrr0", .supervisor, .shared64(SharedPage.srr0), on: .e500mc),
        SPRInfo(379, "gsrr1", .supervisor, .shared64(SharedPage.srr1), on: .e500mc),
        SPRInfo(381, "gdear", .supervisor, .shared64(SharedPage.dar), on: .e500mc),
        SPRInfo(382, "gpir", .supervisorRead, .shared32(SharedPage.pir), on: .e500mc),
        SPRInfo(383, "gesr", .supervisor, .shared32(SharedPage.esr), on: .e500mc),
    ]

    private static let vectorRows: [SPRInfo] =
        (0..<16).map { SPRInfo(SPR.ivor0 + $0, "ivor", .supervisor, vector) }
        + (32...34).map { SPRInfo(SPR.ivor32 + $0 - 32, "ivor", .supervisor, vector, on: .e500v2) }
        + [SPRInfo(SPR.ivor32 + 3, "ivor", .supervisor, vector)]
        + (36...37).map { SPRInfo(SPR.ivor32 + $0 - 32, "ivor", .supervisor, vector, on: .e500mc) }

    private static let timerRows: [SPRInfo] = [
        SPRInfo(SPR.dec, "dec", .supervisor, .special),
        SPRInfo(SPR.decar, "decar", .supervisor, .special),
        SPRInfo(SPR.tblWrite, "tbl", .supervisor, .special),
        SPRInfo(SPR.tbuWrite, "tbu", .supervisor, .special),
        SPRInfo(SPR.tsr, "tsr", .supervisor, .special),
        SPRInfo(SPR.tcr, "tcr", .supervisor, .special),
    ]

    private static let memoryRows: [SPRInfo] = [
        SPRInfo(SPR.pid0, "pid0", .supervisor, .special),
        SPRInfo(SPR.pid1, "pid1", .supervisor, .special, on: .e500v2),
        SPRInfo(SPR.pid2, "pid2", .supervisor, .special, on: .e500v2),
        SPRInfo(SPR.mas0, "mas0", .supervisor, .shared32(SharedPage.mas0)),
        SPRInfo(SPR.mas1, "mas1", .supervisor, .shared32(SharedPage.mas1)),
        SPRInfo(SPR.mas2, "mas2", .supervisor, .shared64(SharedPage.mas2)),
        SPRInfo(SPR.mas3, "mas3", .supervisor, .shared32(SharedPage.mas3)),
        SPRInfo(SPR.mas4, "mas4", .supervisor, .shared32(SharedPage.mas4)),
        SPRInfo(SPR.mas6, "mas6", .supervisor, .shared32(SharedPage.mas6)),
        SPRInfo(SPR.mas7, "mas7", .supervisor, .shared32(SharedPage.mas7)),
        SPRInfo(SPR.tlb0cfg, "tlb0cfg", .supervisorRead, fixed),
        SPRInfo(SPR.tlb1cfg, "tlb1cfg", .supervisorRead, fixed),
        SPRInfo(SPR.mmucsr0, "mmucsr0", .supervisor, .special),
        SPRInfo(SPR.mmucfg, "mmucfg", .supervisorRead, fixed),
    ]

    private static let debugRows: [SPRInfo] = [
        SPRInfo(SPR.dbsr, "dbsr", .supervisor, .special),
        SPRInfo(SPR.dbcr0, "dbcr0", .supervisor, .special),
        SPRInfo(309, "dbcr1", .supervisor, plain),
        SPRInfo(310, "dbcr2", .supervisor, plain),
        SPRInfo(563, "dbcr4", .supervisor, plain, on: .e500mc),
        SPRInfo(312, "iac1", .supervisor, plain),
        SPRInfo(313, "iac2", .supervisor, plain),
        SPRInfo(316, "dac1", .supervisor, plain),
        SPRInfo(317, "dac2", .supervisor, plain),
    ]

    private static let coreRows: [SPRInfo] = [
        SPRInfo(SPR.pvr, "pvr", .supervisorRead, fixed),
        SPRInfo(517, "npidr", .supervisor, plain, on: .e500mc),
        SPRInfo(606, "l1csr2", .supervisor, plain, on: .e500mc),
        SPRInfo(1008, "hid0", .supervisor, plain),
        SPRInfo(1009, "hid1", .supervisor, plain, on: .e500v2),
        // The invalidate and lock-clear bits finish at once and read as zero.
        SPRInfo(1010, "l1csr0", .supervisor, .file(writeMask: 0x0001_0001)),
        SPRInfo(1011, "l1csr1", .supervisor, .file(writeMask: 0x0001_0001)),
        SPRInfo(1013, "bucsr", .supervisor, .file(writeMask: 0x0000_0001)),
        // L2FI and L2LFC finish at once as well.
        SPRInfo(1017, "l2csr0", .supervisor, .file(writeMask: 0xFFDF_F3FF), on: .e500mc),
        SPRInfo(1018, "l2csr1", .supervisor, plain, on: .e500mc),
        SPRInfo(SPR.svr, "svr", .supervisorRead, fixed),
    ]

    /// For each SPR number the row's index plus one, or 0.
    private static let index: [UInt8] = {
        var index = [UInt8](repeating: 0, count: 1024)
        for (position, row) in rows.enumerated() {
            index[row.number] = UInt8(position + 1)
        }
        return index
    }()

    /// The row of register `number` (0–1023), or nil where that core has none.
    static func info(_ number: Int, on core: Cores) -> SPRInfo? {
        let position = index[number]
        guard position != 0 else { return nil }
        let row = rows[Int(position) - 1]
        return row.cores.contains(core) ? row : nil
    }
}
