public import GuestMemory

/// The spin table of ePAPR 1.1 §5.5.2 in the guest's RAM, where ePAPR has it: entries as ``SpinTable`` describes them,
/// ``entrySize`` bytes apart.
///
/// A store to RAM tells nobody. So the machine looks at the table now and then, as the loop of a spinning processor
/// would, for as long as some processor spins.
public final class MemorySpinTable {
    /// Bytes from one entry to the next: a cache line of the cores whose tables are in RAM, as ePAPR asks.
    public static let entrySize: UInt64 = 0x40
    /// The entries that the table has, whatever the number of processors.
    public static let entryCount = 32
    /// Bytes of the table: one page, which the tree reserves as a whole.
    public static let size: UInt64 = 0x1000

    private let memory: GuestMemory
    private let base: UInt64
    private let starter: any SecondaryStarter
    /// The processors that spin, one bit each.
    private var spinning: UInt32 = 0

    /// Whether some processor spins.
    public var isWaiting: Bool { spinning != 0 }

    /// Writes the table of a machine with `cpuCount` processors (1 to ``entryCount``), all but the first of them
    /// spinning, at real address `base`.
    public init(
        at base: UInt64, in memory: GuestMemory, cpuCount: Int, starter: any SecondaryStarter
    ) throws(GuestMemoryError) {
        precondition((1...Self.entryCount).contains(cpuCount), "a spin table serves 1 to 32 processors")
        self.memory = memory
        self.base = base
        self.starter = starter
        for cpu in 0..<Self.entryCount {
            let entry = Self.entry(cpu, from: base)
            try memory.store(UInt64(1), at: entry + UInt64(SpinTableField.address))
            try memory.store(UInt64(cpu), at: entry + UInt64(SpinTableField.r3))
            try memory.store(UInt32(cpu), at: entry + UInt64(SpinTableField.pir))
            if (1..<cpuCount).contains(cpu) { spinning |= 1 << UInt32(cpu) }
        }
    }

    /// Starts every processor that spins and whose entry has bit 0 of its address clear.
    public func look() {
        guard spinning != 0 else { return }
        for cpu in 1..<Self.entryCount where spinning & 1 << UInt32(cpu) != 0 {
            let entry = Self.entry(cpu, from: base)
            // The word with bit 0 is the last that a guest stores; what it stored before is there once that bit is.
            guard let lower = try? memory.load(UInt32.self, at: entry + UInt64(SpinTableField.address) + 4),
                lower & 1 == 0,
                let address = try? memory.load(UInt64.self, at: entry + UInt64(SpinTableField.address)),
                let r3 = try? memory.load(UInt64.self, at: entry + UInt64(SpinTableField.r3)),
                let pir = try? memory.load(UInt32.self, at: entry + UInt64(SpinTableField.pir))
            else { continue }
            spinning &= ~(1 << UInt32(cpu))
            starter.startSecondary(cpu: cpu, entry: address, r3: r3, pir: pir)
        }
    }

    /// The real address of processor `cpu`'s entry in a table at `base`: its `cpu-release-addr`.
    public static func entry(_ cpu: Int, from base: UInt64) -> UInt64 {
        base + UInt64(cpu) * entrySize
    }
}
