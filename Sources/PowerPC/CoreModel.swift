/// A set of core models: which of them have an instruction, a special-purpose register, a form.
package struct Cores: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The e500v2, with the SPE and without a floating-point unit.
    package static let e500v2 = Cores(rawValue: 1)
    /// The e500mc, with the classic floating-point unit, processor doorbells and 64-byte cache lines.
    package static let e500mc = Cores(rawValue: 2)

    /// The POWER8 (Power ISA 2.07), with 64 bits, vectors and a hashed page table.
    package static let power8 = Cores(rawValue: 4)

    /// The embedded ones.
    package static let e500: Cores = [.e500v2, .e500mc]
    package static let all: Cores = [.e500v2, .e500mc, .power8]
    /// How many models there are.
    static let count = 3
}

/// What distinguishes one core from another, as data: there is one ``CPU`` for all of them.
///
/// Instructions and special-purpose registers are not here: each row of ``InstructionTable`` and `SPRTable` names the
/// models that have it.
public struct CoreModel: Sendable {
    /// The name, as QEMU's `-cpu` knows it.
    public let name: StaticString
    /// PVR.
    public let processorVersion: UInt32
    /// SVR; 0 because the core is in no particular chip.
    public let systemVersion: UInt32
    /// Bytes of a line of the first-level caches, which `dcbz` clears and a reservation covers.
    public let cacheLineSize: UInt32
    /// Bytes of each of the first-level caches.
    public let cacheSize: UInt32

    /// The bit of this model in tables.
    package let core: Cores
    /// The array of small pages.
    let tlb0: TLBGeometry
    /// The array of pages of any size.
    let tlb1: TLBGeometry
    /// How many process ID registers take part in translation: PID0 up to PID2.
    let processRegisters: UInt32
    /// Bits of a real address as MMUCFG tells; 0 where MMUCFG has no such field.
    let announcedRealAddressBits: UInt32
    /// The bits of MSR that the core has; the others read as zero.
    let machineState: UInt32

    /// Freescale's e500v2 (PowerPC e500 Core Family Reference Manual), revision 3.0: the core of the MPC8544.
    public static let e500v2 = CoreModel(
        name: "e500v2", processorVersion: 0x8021_0030, systemVersion: 0, cacheLineSize: 32, cacheSize: 32 << 10,
        core: .e500v2, tlb0: .smallPages,
        tlb1: TLBGeometry(entries: 16, ways: 16, minimumSize: 1, maximumSize: 12, isFlexible: true),
        processRegisters: 3, announcedRealAddressBits: 0,
        machineState: MSR.ucle | MSR.spe | MSR.we | MSR.ce | MSR.ee | MSR.pr | MSR.fp | MSR.me | MSR.fe0 | MSR.dwe
            | MSR.de | MSR.fe1 | MSR.is | MSR.ds | MSR.pmm)

    /// Freescale's e500mc (e500mc Core Reference Manual), as a guest of its embedded hypervisor sees it: MMUCFG[LPIDSIZE]
    /// is 0 and the hypervisor's own registers do not exist.
    public static let e500mc = CoreModel(
        name: "e500mc", processorVersion: 0x8023_0020, systemVersion: 0, cacheLineSize: 64, cacheSize: 32 << 10,
        core: .e500mc, tlb0: .smallPages,
        tlb1: TLBGeometry(entries: 64, ways: 64, minimumSize: 1, maximumSize: 12, isFlexible: true),
        processRegisters: 1, announcedRealAddressBits: 36,
        machineState: MSR.ucle | MSR.ce | MSR.ee | MSR.pr | MSR.fp | MSR.me | MSR.fe0 | MSR.de | MSR.fe1 | MSR.is
            | MSR.ds | MSR.pmm | MSR.ri)

    /// Whether the core takes messages of other processors (`msgsnd`), which ring its doorbell.
    public var hasDoorbells: Bool { core == .e500mc }

    /// Every model.
    public static let all = [e500v2, e500mc]

    /// Whether the core has the classic floating-point unit.
    var hasFloatingPoint: Bool {
        InstructionTable.rows.contains { $0.operation == .floatingPoint && $0.cores.contains(core) }
    }

    /// The values of the registers that describe the core.
    var description: [(register: Int, value: UInt32)] {
        [
            (SPR.pvr, processorVersion), (SPR.svr, systemVersion), (SPR.tlb0cfg, tlb0.configuration),
            (SPR.tlb1cfg, tlb1.configuration), (SPR.mmucfg, mmuConfiguration),
            (SPR.l1cfg0, cacheConfiguration), (SPR.l1cfg1, cacheConfiguration),
        ]
    }

    /// MMUCFG of MMU architecture version 1: RASIZE, NPIDS, PIDSIZE of 8 bits less one, NTLBS of two less one.
    private var mmuConfiguration: UInt32 {
        announcedRealAddressBits << 17 | processRegisters << 11 | 7 << 6 | 1 << 2
    }

    /// L1CFG0 and L1CFG1: CBSIZE, CNWAY of 8 less one, CSIZE in KiB.
    private var cacheConfiguration: UInt32 {
        (cacheLineSize / 64) << 23 | 7 << 11 | cacheSize >> 10
    }
}

/// The shape of one array of the architected TLB.
struct TLBGeometry: Sendable {
    /// All entries.
    let entries: Int
    /// Entries of a set; all of them in a fully associative array.
    let ways: Int
    /// The smallest page as TSIZE: 4^n KiB.
    let minimumSize: UInt32
    /// The largest page that TLBnCFG names.
    let maximumSize: UInt32
    /// Whether pages have any size and may be protected from invalidation.
    let isFlexible: Bool

    /// TLB0 of every e500 core: 128 sets of 4 ways for 4 KiB pages.
    static let smallPages = TLBGeometry(entries: 512, ways: 4, minimumSize: 1, maximumSize: 1, isFlexible: false)

    /// The number of sets, a power of two.
    var sets: Int { entries / ways }

    /// TLBnCFG: ASSOC, MINSIZE, MAXSIZE, IPROT and AVAIL, NENTRY.
    var configuration: UInt32 {
        UInt32(truncatingIfNeeded: ways) << 24 | minimumSize << 20 | maximumSize << 16 | (isFlexible ? 0xC000 : 0)
            | UInt32(truncatingIfNeeded: entries)
    }
}
