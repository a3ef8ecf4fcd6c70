/// Numbers of the 64-bit core's special-purpose registers that the code names.
enum Book3SSPR {
    static let userDSCR = 3
    static let dscr = 17
    static let dsisr = 18
    static let dar = 19
    static let cfar = 28
    static let amr = 29
    static let userAMR = 13
    static let fscr = 153
    static let uamor = 157
    static let ctrlRead = 136
    static let ctrl = 152
    static let dpdes = 176
    static let spurr = 308
    static let purr = 309
    static let vtb = 849
    static let tar = 815
    static let ppr = 896
    static let ppr32 = 898
    static let pir = 1023
}

/// One row of the 64-bit core's SPR table.
struct Book3SSPRInfo {
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
        /// The hypervisor alone: a privileged instruction to everybody here.
        case hypervisor
    }

    /// Where a register's value lives.
    enum Storage {
        /// In the vCPU's own file; writes keep only the bits of the mask.
        case file(writeMask: UInt64)
        /// In the file under another number.
        case alias(Int)
        /// A 64-bit field of the page that a guest may map (its magic page).
        case shared64(Int)
        /// A 32-bit field of that page.
        case shared32(Int)
        /// Reading and writing have effects; see `Interpreter64+SPR`.
        case special
    }

    let number: Int
    let access: Access
    let storage: Storage
    /// What FSCR has to allow for problem state to use it.
    let facility: Facility?

    init(_ number: Int, _ access: Access, _ storage: Storage, _ facility: Facility? = nil) {
        self.number = number
        self.access = access
        self.storage = storage
        self.facility = facility
    }

    var isPrivileged: Bool { access == .supervisor || access == .supervisorRead }
    var isWritable: Bool { access == .supervisor || access == .user }
}

/// The special-purpose registers of a POWER8 (Power ISA 2.07B book III-S §4.4.4; POWER8 Processor User's Manual, chapter 3)
/// as supervisor and problem state of a guest see them. After reset they are zero, but PVR.
enum Book3SSPRTable {
    private static let plain = Book3SSPRInfo.Storage.file(writeMask: .max)
    private static let word = Book3SSPRInfo.Storage.file(writeMask: 0xFFFF_FFFF)

    private static let rows: [Book3SSPRInfo] =
        userRows + interruptRows + timerRows + controlRows + monitorRows + hypervisorRows

    private static let userRows: [Book3SSPRInfo] = [
        Book3SSPRInfo(SPR.xer, .user, .special),
        Book3SSPRInfo(Book3SSPR.userDSCR, .user, .alias(Book3SSPR.dscr), .dscr),
        Book3SSPRInfo(SPR.lr, .user, .special),
        Book3SSPRInfo(SPR.ctr, .user, .special),
        Book3SSPRInfo(Book3SSPR.userAMR, .user, .special),
        Book3SSPRInfo(Book3SSPR.ctrlRead, .userRead, .alias(Book3SSPR.ctrl)),
        Book3SSPRInfo(256, .user, word),
        Book3SSPRInfo(259, .userRead, .shared64(SharedPage.sprg3)),
        Book3SSPRInfo(SPR.tbl, .userRead, .special),
        Book3SSPRInfo(SPR.tbu, .userRead, .special),
        Book3SSPRInfo(Book3SSPR.tar, .user, .special, .tar),
        Book3SSPRInfo(Book3SSPR.ppr, .user, .file(writeMask: 0x001C_0000_0000_0000)),
        Book3SSPRInfo(Book3SSPR.ppr32, .user, .special),
        // Event-based branches.
        Book3SSPRInfo(800, .user, plain, .eventBasedBranches), Book3SSPRInfo(801, .user, plain, .eventBasedBranches),
        Book3SSPRInfo(802, .user, plain, .eventBasedBranches), Book3SSPRInfo(803, .user, plain, .eventBasedBranches),
        Book3SSPRInfo(804, .user, plain, .eventBasedBranches), Book3SSPRInfo(805, .user, plain, .eventBasedBranches),
        Book3SSPRInfo(806, .user, plain, .eventBasedBranches),
        // Transactional memory, which is not offered.
        Book3SSPRInfo(128, .user, .special, .transactions), Book3SSPRInfo(129, .user, .special, .transactions),
        Book3SSPRInfo(130, .user, .special, .transactions), Book3SSPRInfo(131, .user, .special, .transactions),
    ]

    private static let interruptRows: [Book3SSPRInfo] = [
        Book3SSPRInfo(Book3SSPR.dsisr, .supervisor, .shared32(SharedPage.dsisr)),
        Book3SSPRInfo(Book3SSPR.dar, .supervisor, .shared64(SharedPage.dar)),
        Book3SSPRInfo(SPR.srr0, .supervisor, .shared64(SharedPage.srr0)),
        Book3SSPRInfo(SPR.srr1, .supervisor, .shared64(SharedPage.srr1)),
        Book3SSPRInfo(Book3SSPR.cfar, .supervisor, plain),
        Book3SSPRInfo(272, .supervisor, .shared64(SharedPage.sprg0)),
        Book3SSPRInfo(273, .supervisor, .shared64(SharedPage.sprg1)),
        Book3SSPRInfo(274, .supervisor, .shared64(SharedPage.sprg2)),
        Book3SSPRInfo(275, .supervisor, .shared64(SharedPage.sprg3)),
    ]

    private static let timerRows: [Book3SSPRInfo] = [
        Book3SSPRInfo(SPR.dec, .supervisor, .special),
        Book3SSPRInfo(Book3SSPR.spurr, .supervisorRead, .special),
        Book3SSPRInfo(Book3SSPR.purr, .supervisorRead, .special),
        Book3SSPRInfo(Book3SSPR.vtb, .supervisorRead, .special),
        Book3SSPRInfo(848, .supervisorRead, .special),
    ]

    private static let controlRows: [Book3SSPRInfo] = [
        Book3SSPRInfo(Book3SSPR.dscr, .supervisor, .file(writeMask: 0x01FF_FFFF)),
        Book3SSPRInfo(Book3SSPR.amr, .supervisor, .special),
        Book3SSPRInfo(61, .supervisor, plain),
        Book3SSPRInfo(Book3SSPR.uamor, .supervisor, plain),
        Book3SSPRInfo(48, .supervisor, word),
        Book3SSPRInfo(31, .supervisor, plain),
        Book3SSPRInfo(Book3SSPR.ctrl, .supervisor, .file(writeMask: 1)),
        Book3SSPRInfo(Book3SSPR.fscr, .supervisor, plain),
        Book3SSPRInfo(159, .supervisor, word),
        Book3SSPRInfo(Book3SSPR.dpdes, .supervisorRead, .special),
        Book3SSPRInfo(446, .supervisorRead, .file(writeMask: 0)),
        Book3SSPRInfo(895, .supervisor, plain),
        Book3SSPRInfo(SPR.pvr, .supervisorRead, .file(writeMask: 0)),
        Book3SSPRInfo(Book3SSPR.pir, .supervisorRead, .shared32(SharedPage.pir)),
    ]

    /// The performance monitor's registers hold what is written: it never counts.
    private static let monitorRows: [Book3SSPRInfo] =
        (784...798).map { Book3SSPRInfo($0, .supervisor, (787...793).contains($0) ? word : plain) }
        + (768...782).map { Book3SSPRInfo($0, .user, .alias($0 + 16)) }
        + (892...894).map { Book3SSPRInfo($0, .supervisor, plain) }

    private static let hypervisorRows: [Book3SSPRInfo] =
        [
            25, 180, 187, 190, 188, SPR.tblWrite, SPR.tbuWrite, 286, 304, 305, 306, 307, 310, 311, 312, 313, 314, 315,
            318, 319, 336, 337, 338, 339, 349, 351, 850, 851, 853, 880, 881, 882, 921, 1008, 1009, 1010, 1011, 1012,
            1013, 1014,
        ].map { Book3SSPRInfo($0, .hypervisor, .special) }

    /// For each SPR number the row's index plus one, or 0.
    private static let index: [UInt8] = {
        var index = [UInt8](repeating: 0, count: 1024)
        for (position, row) in rows.enumerated() { index[row.number] = UInt8(position + 1) }
        return index
    }()

    /// The row of register `number` (0–1023), or nil where the core has none.
    static func info(_ number: Int) -> Book3SSPRInfo? {
        let position = index[number & 1023]
        return position == 0 ? nil : rows[Int(position) - 1]
    }
}
