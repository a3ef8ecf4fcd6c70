public import Devices
internal import PowerPC

/// Where a machine of the e500 family puts what a kernel starts with, and in which state its vCPUs start.
///
/// ePAPR 1.1 §5.4.1 fixes the registers and the initial mapping; the distances are those that keep the tree and the RAM
/// disk clear of a kernel's zero-filled data, whose size neither a uImage nor raw code states.
///
/// ```
/// 0                 kernel image            (where its file says)
/// end + 24 MiB      device tree, 1 MiB      (rounded up to 1 MiB)
/// then              RAM disk                (rounded up to 1 MiB)
/// ```
public struct E500BootLayout: Sendable {
    /// The guest real address of the kernel's first instruction.
    public let entry: UInt64
    /// Where the kernel's image lies.
    public let kernel: AddressRange
    /// Where the tree may lie.
    public let tree: AddressRange
    /// Where the RAM disk lies.
    public let initrd: AddressRange?

    /// Room for the data that a kernel clears behind its image.
    private static let kernelSlack: UInt64 = 24 << 20
    private static let granule: UInt64 = 1 << 20

    /// The layout for these sizes in bytes.
    public init(
        entry: UInt64, kernel: AddressRange, initrdSize: UInt64?, memorySize: UInt64, board: E500Board = .ppce500
    ) throws(E500BootError) {
        func roundUp(_ address: UInt64) -> UInt64 { (address + Self.granule - 1) & ~(Self.granule - 1) }
        // Everything must be below 4 GiB, which the first mapping can cover and 32-bit properties can name.
        let limit = board.freeMemory(of: memorySize)
        guard kernel.base <= limit, kernel.size <= limit - kernel.base else {
            throw .kernelDoesNotFit(end: kernel.base &+ kernel.size, memory: memorySize)
        }
        guard entry < limit, entry % 4 == 0 else { throw .badEntry(entry) }
        self.entry = entry
        self.kernel = kernel
        tree = AddressRange(base: roundUp(kernel.base + kernel.size + Self.kernelSlack), size: Self.granule)
        var end = tree.base + tree.size
        if let initrdSize {
            let range = AddressRange(base: end, size: initrdSize)
            guard initrdSize <= limit, range.base + range.size <= limit else {
                throw .initrdDoesNotFit(size: initrdSize, memory: memorySize)
            }
            initrd = range
            end = range.base + range.size
        } else {
            initrd = nil
        }
        guard end <= limit else { throw .kernelDoesNotFit(end: end, memory: memorySize) }
    }

    /// How the boot vCPU starts: the tree's address in r3, ePAPR's magic number in r6, the size of the initial mapping
    /// in r7, and one TLB1 entry that maps effective to real addresses from 0 on.
    var bootStart: CPU.Start {
        // TSIZE n maps 4^n KiB: the smallest page that covers the tree. The e500v2 goes up to 4 GiB.
        var sizeCode: UInt8 = 1
        while sizeCode < 11, UInt64(1) << (10 + 2 * UInt64(sizeCode)) < tree.base + tree.size { sizeCode += 1 }
        var start = CPU.Start(
            pc: UInt32(truncatingIfNeeded: entry), stack: Self.initialStack, mappedEffective: 0, mappedReal: 0,
            mappedSizeCode: sizeCode, mappingEntry: 0, coherent: false)
        start.arguments[0] = UInt32(truncatingIfNeeded: tree.base)
        start.arguments[3] = Self.epaprMagic
        start.arguments[4] = UInt32(clamping: UInt64(1) << (10 + 2 * UInt64(sizeCode)))
        return start
    }

    /// How a vCPU starts that the guest released through the spin table: 64 MiB around its entry, mapped from
    /// effective address 0.
    static func secondaryStart(entry: UInt64, r3: UInt64) -> CPU.Start {
        let size = UInt64(64) << 20
        var start = CPU.Start(
            pc: UInt32(truncatingIfNeeded: entry & (size - 1)), stack: 0, mappedEffective: 0,
            mappedReal: entry & 0xF_FFFF_FFFF & ~(size - 1), mappedSizeCode: 8, mappingEntry: 1, coherent: true)
        start.arguments[0] = UInt32(truncatingIfNeeded: r3)
        start.arguments[4] = UInt32(size)
        return start
    }

    /// r6 of a boot vCPU: "EPAP".
    static let epaprMagic: UInt32 = 0x4550_4150

    /// r1 of the boot vCPU: 16 MiB, less one doubleword.
    static let initialStack: UInt32 = (16 << 20) - 8
}

/// Why a kernel cannot start in this machine.
public enum E500BootError: Error, CustomStringConvertible {
    /// The kernel, with room for its data and the tree, ends above memory.
    case kernelDoesNotFit(end: UInt64, memory: UInt64)
    /// The RAM disk does not fit behind the kernel and the tree.
    case initrdDoesNotFit(size: UInt64, memory: UInt64)
    /// The entry point is not a word in memory.
    case badEntry(UInt64)
    /// The tree is larger than the room for it.
    case treeDoesNotFit(size: Int)

    /// One line that says what is wrong and what to do.
    public var description: String {
        switch self {
        case .kernelDoesNotFit(let end, let memory):
            "the kernel, its data and the device tree need memory up to 0x\(String(end, radix: 16)), but there are"
                + " \(memory >> 20)M: use a larger --memory"
        case .initrdDoesNotFit(let size, let memory):
            "the initrd's \(size) bytes do not fit into \(memory >> 20)M behind the kernel: use a larger --memory"
        case .badEntry(let entry):
            "the kernel's entry point 0x\(String(entry, radix: 16)) is not a word in memory"
        case .treeDoesNotFit(let size):
            "the device tree's \(size) bytes are more than the 1 MiB that the machine has for it"
        }
    }
}
