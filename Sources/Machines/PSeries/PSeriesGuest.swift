public import DeviceTree
internal import Devices
public import GuestMemory
public import PowerPC

/// What a machine `pseries` is started with, wherever its files come from: a kernel, a RAM disk, and where all of it lies.
public struct PSeriesGuest {
    /// What a guest cannot be started for.
    public enum Failure: Error, CustomStringConvertible {
        /// The kernel's file.
        case image(ImageError)
        /// The room in memory.
        case layout(PSeriesBootError)
        /// What the tree is made of.
        case configuration(PSeriesTreeConfigurationError)
        /// The tree.
        case tree(DeviceTreeError)

        /// One line that says what is wrong.
        public var description: String {
            switch self {
            case .image(let error): error.description
            case .layout(let error): error.description
            case .configuration(let error): error.description
            case .tree(let error): "the device tree cannot be made: \(error.description)"
            }
        }

        /// Whether it is the fault of an option rather than of a file.
        public var isUsage: Bool {
            if case .configuration(.range) = self { return false }
            if case .configuration = self { return true }
            return false
        }
    }

    /// Where everything lies.
    public let layout: PSeriesBootLayout
    private let kernel: KernelImage
    private let initrd: [UInt8]?
    private let memorySize: UInt64

    /// A guest that starts with these files in so much memory.
    public init(kernel file: [UInt8], initrd: [UInt8]?, memorySize: UInt64) throws(Failure) {
        // What the tree refuses is said as an option's fault, and before any file's.
        do throws(PSeriesTreeConfigurationError) {
            _ = try PSeriesTreeConfiguration(memorySize: memorySize)
        } catch { throw .configuration(error) }
        let kernel: KernelImage
        do throws(ImageError) {
            kernel = try KernelImage(file, for: .bits64)
        } catch { throw .image(error) }
        do throws(PSeriesBootError) {
            layout = try PSeriesBootLayout(
                entry: kernel.entry,
                kernel: kernel.range,
                initrdSize: initrd.map { UInt64($0.count) }, memorySize: memorySize)
        } catch { throw .layout(error) }
        self.kernel = kernel
        self.initrd = initrd
        self.memorySize = memorySize
    }

    /// The guest's device tree, with overlays merged into it.
    public func tree(
        cpuCount: Int, bootArguments: String, hypervisor: HypervisorNode?, pageSizes: HashPageSizes = .power8,
        processorVersion: UInt32 = PSeriesTreeConfiguration.power8, randomSeed: [UInt8]?, overlays: [[UInt8]] = []
    ) throws(Failure) -> [UInt8] {
        let configuration: PSeriesTreeConfiguration
        do throws(PSeriesTreeConfigurationError) {
            configuration = try PSeriesTreeConfiguration(
                memorySize: memorySize, cpuCount: cpuCount, bootArguments: bootArguments, rtas: layout.rtas,
                initrd: layout.initrd, hypervisor: hypervisor, pageSizes: pageSizes,
                processorVersion: processorVersion, randomSeed: randomSeed)
        } catch { throw .configuration(error) }
        let bytes: [UInt8]
        do throws(DeviceTreeError) {
            var tree = try PSeriesTree.build(configuration)
            for overlay in overlays { try tree.apply(overlay: try DeviceTree(overlay)) }
            bytes = tree.finish()
        } catch { throw .tree(error) }
        guard UInt64(bytes.count) <= layout.tree.size else {
            throw .layout(.treeDoesNotFit(size: bytes.count))
        }
        return bytes
    }

    /// Puts kernel, RAM disk and tree into memory.
    public func load(tree: [UInt8], into memory: GuestMemory) throws(Failure) {
        do throws(ImageError) {
            try kernel.load(into: memory)
        } catch { throw .image(error) }
        do throws(GuestMemoryError) {
            try memory.write(tree, at: layout.tree.base)
            if let initrd, let range = layout.initrd { try memory.write(initrd, at: range.base) }
        } catch {
            throw .image(.doesNotFit(end: kernel.endAddress, memory: memory.ram.size))
        }
    }
}
