public import Devices

/// Where the machine `pseries` puts what a kernel starts with.
///
/// ```
/// 0                 kernel image            (where its file says)
/// then              RTAS, 4 KiB             (rounded up to 64 KiB)
/// then              device tree, 1 MiB      (rounded up to 64 KiB)
/// then              RAM disk                (rounded up to 64 KiB)
/// ```
///
/// The boot vCPU has the tree's address in r3 and 0 in r5, which tells Linux that there is no Open Firmware, and is in
/// big-endian real mode whatever the kernel's byte order: its first instructions find out.
public struct PSeriesBootLayout: Sendable {
    /// The guest real address of the kernel's first instruction.
    public let entry: UInt64
    /// Where the kernel's image lies.
    public let kernel: AddressRange
    /// Where the instructions of RTAS calls lie.
    public let rtas: AddressRange
    /// Where the tree may lie.
    public let tree: AddressRange
    /// Where the RAM disk lies.
    public let initrd: AddressRange?

    private static let granule: UInt64 = 64 << 10
    private static let treeRoom: UInt64 = 1 << 20

    /// The layout for these sizes in bytes.
    ///
    /// - Parameter kernelSlack: room for data that a kernel clears behind its image, where its file does not state it.
    public init(
        entry: UInt64, kernel: AddressRange, kernelSlack: UInt64 = 0, initrdSize: UInt64?, memorySize: UInt64
    ) throws(PSeriesBootError) {
        func roundUp(_ address: UInt64) -> UInt64 { (address + Self.granule - 1) & ~(Self.granule - 1) }
        let limit = min(memorySize, PSeriesMemoryMap.loaderLimit)
        guard kernel.base <= limit, kernel.size <= limit - kernel.base, kernelSlack <= limit else {
            throw .kernelDoesNotFit(end: kernel.base &+ kernel.size, memory: memorySize)
        }
        guard entry < limit, entry % 4 == 0 else { throw .badEntry(entry) }
        self.entry = entry
        self.kernel = kernel
        rtas = AddressRange(
            base: roundUp(kernel.base + kernel.size + kernelSlack), size: PSeriesMemoryMap.rtasSize)
        tree = AddressRange(base: roundUp(rtas.base + rtas.size), size: Self.treeRoom)
        let end = roundUp(tree.base + tree.size)
        guard end <= limit else { throw .kernelDoesNotFit(end: end, memory: memorySize) }
        guard let initrdSize else {
            initrd = nil
            return
        }
        guard initrdSize <= limit - end else { throw .initrdDoesNotFit(size: initrdSize, memory: memorySize) }
        initrd = AddressRange(base: end, size: initrdSize)
    }
}

/// Why a kernel cannot start in this machine.
public enum PSeriesBootError: Error, CustomStringConvertible {
    /// The kernel, RTAS and the tree end above memory, or above 2 GiB.
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
            "the kernel, RTAS and the device tree need memory up to 0x\(String(end, radix: 16)), but there are"
                + " \(memory >> 20)M, of which the first 2G count: use a larger --memory"
        case .initrdDoesNotFit(let size, let memory):
            "the initrd's \(size) bytes do not fit behind the kernel into \(memory >> 20)M, of which the first 2G count:"
                + " use a larger --memory"
        case .badEntry(let entry):
            "the kernel's entry point 0x\(String(entry, radix: 16)) is not a word in memory"
        case .treeDoesNotFit(let size):
            "the device tree's \(size) bytes are more than the 1 MiB that the machine has for it"
        }
    }
}
