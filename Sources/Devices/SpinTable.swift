/// Starts secondary processors on behalf of a ``SpinTable``.
public protocol SecondaryStarter: AnyObject {
    /// Lets processor `cpu` run.
    ///
    /// - Parameters:
    ///   - cpu: which processor, 1 or higher; named once at most.
    ///   - entry: the guest real address of its first instruction.
    ///   - r3: what its r3 holds there.
    ///   - pir: what its processor identification register holds there.
    func startSecondary(cpu: Int, entry: UInt64, r3: UInt64, pir: UInt32)
}

/// Where the fields of a spin-table entry are, in bytes from its start (ePAPR 1.1 §5.5.2).
enum SpinTableField {
    static let address = 0x00
    static let r3 = 0x08
    static let pir = 0x14
}

/// The spin table of ePAPR 1.1 §5.5.2, as a device: how software on the boot processor releases the others.
///
/// One entry a processor, in big-endian order, 0x20 bytes apart:
///
/// | offset | bytes | field |
/// |-------:|------:|:------|
/// | 0x00   | 8     | entry address; bit 0 (the least significant) set means "keep spinning" |
/// | 0x08   | 8     | r3 |
/// | 0x14   | 4     | PIR |
///
/// The store that clears the address's bit 0 releases the processor, with the entry as it is then. So a guest that
/// stores the address in two halves stores the upper one first, and r3 and PIR before either. Any width may be used.
/// An entry whose processor runs is plain memory, and so is the boot processor's.
public final class SpinTable: MMIODevice {
    /// Bytes of one entry.
    public static let entrySize = 0x20
    /// The entries that the table has, whatever the number of processors.
    public static let entryCount = 32

    private typealias Field = SpinTableField

    private let cpuCount: Int
    private let starter: any SecondaryStarter
    private var bytes = [UInt8](repeating: 0, count: entryCount * entrySize)
    /// One bit a released processor.
    private var released: UInt32 = 1

    /// The table of a machine with `cpuCount` processors (1 to ``entryCount``), all but the first of them spinning.
    public init(cpuCount: Int, starter: any SecondaryStarter) {
        precondition((1...Self.entryCount).contains(cpuCount), "a spin table serves 1 to 32 processors")
        self.cpuCount = cpuCount
        self.starter = starter
        for cpu in 0..<Self.entryCount {
            let entry = cpu * Self.entrySize
            store(1, at: entry + Field.address, width: 8)
            store(UInt64(cpu), at: entry + Field.r3, width: 8)
            store(UInt64(cpu), at: entry + Field.pir, width: 4)
        }
    }

    /// What the table holds there, in big-endian order.
    public func read(offset: UInt64, width: Int) -> UInt64 {
        guard let start = index(offset, width: width) else { return 0 }
        return load(at: start, width: width)
    }

    /// Stores into the table and releases the processor whose entry the store completed.
    public func write(_ value: UInt64, offset: UInt64, width: Int) {
        guard let start = index(offset, width: width) else { return }
        store(value, at: start, width: width)
        release(entryAt: start)
        // An unaligned store may reach into the next entry.
        release(entryAt: start + width - 1)
    }

    /// The place of an access in ``bytes``, or nil when it does not lie within the table.
    private func index(_ offset: UInt64, width: Int) -> Int? {
        guard (1...8).contains(width), offset <= UInt64(bytes.count - width) else { return nil }
        return Int(offset)
    }

    private func load(at start: Int, width: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in start..<start + width { value = value << 8 | UInt64(bytes[index]) }
        return value
    }

    private func store(_ value: UInt64, at start: Int, width: Int) {
        for index in 0..<width {
            bytes[start + index] = UInt8(truncatingIfNeeded: value >> UInt64((width - 1 - index) * 8))
        }
    }

    /// Starts the processor whose entry holds byte `index`, if that entry asks for it.
    private func release(entryAt index: Int) {
        let cpu = index / Self.entrySize
        let entry = cpu * Self.entrySize
        let bit: UInt32 = 1 << UInt32(cpu)
        let address = load(at: entry + Field.address, width: 8)
        guard cpu < cpuCount, released & bit == 0, address & 1 == 0 else { return }
        released |= bit
        starter.startSecondary(
            cpu: cpu, entry: address, r3: load(at: entry + Field.r3, width: 8),
            pir: UInt32(truncatingIfNeeded: load(at: entry + Field.pir, width: 4)))
    }
}
