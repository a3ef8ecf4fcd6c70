public import Devices
internal import ParavirtABI
public import PowerPC

/// What the device tree of the machine `pseries` depends on.
public struct PSeriesTreeConfiguration: Sendable {
    /// Bytes of RAM: a multiple of ``PSeriesMemoryMap/ramGranule``.
    public let memorySize: UInt64
    /// The vCPUs: from 1 to ``PSeriesMemoryMap/maximumCPUs``.
    public let cpuCount: Int
    /// The kernel's command line; empty for none.
    public let bootArguments: String
    /// Where the loader puts the instructions of RTAS calls; nil leaves the calls out.
    public let rtas: AddressRange?
    /// Where the loader puts the initial RAM disk.
    public let initrd: AddressRange?
    /// What the guest may ask of the hypervisor besides PAPR's calls; nil leaves the node out.
    public let hypervisor: HypervisorNode?
    /// The page sizes that the guest may use.
    public let pageSizes: HashPageSizes
    /// The page table has 2 to the power of this bytes.
    public let pageTableOrder: Int
    /// PVR, as the guest is told: POWER8's.
    public let processorVersion: UInt32
    /// 32 random bytes for the guest's generator, fresh at each start; nil leaves the property out.
    public let randomSeed: [UInt8]?

    /// Bytes of ``randomSeed``.
    public static let randomSeedSize = 32
    /// POWER8's PVR, as in QEMU's `-cpu power8`.
    public static let power8: UInt32 = 0x4D_0200

    /// A configuration, whose values are checked.
    public init(
        memorySize: UInt64, cpuCount: Int = 1, bootArguments: String = "", rtas: AddressRange? = nil,
        initrd: AddressRange? = nil, hypervisor: HypervisorNode? = nil, pageSizes: HashPageSizes = .power8,
        pageTableOrder: Int? = nil, processorVersion: UInt32 = Self.power8, randomSeed: [UInt8]? = nil
    ) throws(PSeriesTreeConfigurationError) {
        guard memorySize.isMultiple(of: PSeriesMemoryMap.ramGranule), memorySize >= PSeriesMemoryMap.minimumRAM,
            memorySize <= PSeriesMemoryMap.maximumRAM
        else { throw .memorySize(memorySize) }
        guard (1...PSeriesMemoryMap.maximumCPUs).contains(cpuCount) else { throw .cpuCount(cpuCount) }
        let limit = min(memorySize, PSeriesMemoryMap.loaderLimit)
        for range in [rtas, initrd] {
            guard let range else { continue }
            guard range.base <= limit, range.size <= limit - range.base else { throw .range(range, limit: limit) }
        }
        if let hypervisor {
            let count = hypervisor.hcallInstructions.count
            guard HypervisorNode.instructionCounts.contains(count) else { throw .hcallInstructions(count) }
        }
        if let randomSeed, randomSeed.count != Self.randomSeedSize { throw .randomSeed(randomSeed.count) }
        self.memorySize = memorySize
        self.cpuCount = cpuCount
        self.bootArguments = bootArguments
        self.rtas = rtas
        self.initrd = initrd
        self.hypervisor = hypervisor
        self.pageSizes = pageSizes
        self.pageTableOrder = pageTableOrder ?? HashedPageTable.order(forMemory: memorySize)
        self.processorVersion = processorVersion
        self.randomSeed = randomSeed
    }
}

/// Which value of a ``PSeriesTreeConfiguration`` no such machine can have.
public enum PSeriesTreeConfigurationError: Error, CustomStringConvertible {
    /// Bytes of RAM.
    case memorySize(UInt64)
    /// The number of vCPUs.
    case cpuCount(Int)
    /// What the loader puts there does not lie below the limit.
    case range(AddressRange, limit: UInt64)
    /// The number of hypercall instruction words.
    case hcallInstructions(Int)
    /// Bytes of the random seed.
    case randomSeed(Int)

    /// One line that says what is wrong, and what would be right.
    public var description: String {
        switch self {
        case .memorySize(let size):
            "\(size) bytes of memory: the pseries machine takes a multiple of \(PSeriesMemoryMap.ramGranule >> 20)M"
                + " from \(PSeriesMemoryMap.minimumRAM >> 20)M to \(PSeriesMemoryMap.maximumRAM >> 30)G"
        case .cpuCount(let count):
            "\(count) CPUs: the pseries machine takes 1 to \(PSeriesMemoryMap.maximumCPUs)"
        case .range(let range, let limit):
            "\(range.size) bytes at 0x\(String(range.base, radix: 16)) end above 0x\(String(limit, radix: 16)), where"
                + " memory or 32-bit addresses end: use more memory or a smaller initrd"
        case .hcallInstructions(let count):
            "\(count) hypercall instructions: a guest takes 1 to \(HypervisorNode.instructionCounts.upperBound)"
        case .randomSeed(let count):
            "\(count) bytes of random seed: it takes \(PSeriesTreeConfiguration.randomSeedSize)"
        }
    }
}
