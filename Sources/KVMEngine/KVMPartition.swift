#if arch(powerpc64le)
    internal import CHost
    public import GuestMemory
    public import KVM
    internal import ParavirtABI
    public import PowerPC

    /// Memory, page table and vCPUs of a machine `pseries` that KVM-PR runs.
    public final class KVMPartition {
        /// Why there is none.
        public enum Failure: Error, CustomStringConvertible {
            /// KVM fails.
            case kvm(KVMError)
            /// The host's KVM is not KVM-PR.
            case notPR
            /// The kernel has no interrupt controller of PAPR.
            case noXICS
            /// The host has too little memory for the guest's and its page table, both in bytes.
            case memory(guest: UInt64, pageTable: UInt64, available: UInt64)

            /// One line that says what is wrong.
            public var description: String {
                switch self {
                case .kvm(let error): error.description
                case .notPR: "the KVM of this host is not KVM-PR"
                case .noXICS: "this host's KVM has no interrupt controller of its own: use --irqchip vmm"
                case .memory(let guest, let pageTable, let available):
                    "the host has \(available >> 20)M of memory left, and the guest needs \(guest >> 20)M and"
                        + " \(max(pageTable >> 20, 1))M for its page table: use a smaller --memory"
                }
            }
        }

        /// Who answers the hypercalls of KVM and ePAPR.
        public enum HypercallEngine: Sendable {
            /// The kernel, which has its own and no others.
            case kernel
            /// The VMM.
            case vmm
        }

        /// Who has the interrupt controller.
        public enum InterruptChip: Sendable {
            /// The kernel.
            case kernel
            /// The VMM.
            case vmm
        }

        /// The guest's RAM.
        public let memory: GuestMemory
        /// The guest's page table, which the kernel changes as well.
        public let pageTable: HashedPageTable
        /// The vCPUs.
        public let cpus: [PSeriesVCPU]
        /// The page sizes that the guest may have.
        public let pageSizes: HashPageSizes
        /// The host's processor version.
        public let processorVersion: UInt32
        /// Whether `sc 1` has to be replaced in the guest's code.
        public let needsSubstitute: Bool
        /// The kernel's interrupt controller, where it is the guest's.
        public let interrupts: KernelInterrupts?
        private let info: PVInfo
        private let processors: [PAPRProcessor]
        private let vm: VM

        /// Makes everything; nothing is in memory yet.
        ///
        /// - Parameters:
        ///   - stub: where in the guest's memory the VMM's own code lies.
        ///   - interruptChip: nil for the kernel's interrupt controller where it has one.
        ///   - time: the host's clock.
        public init(
            memorySize: UInt64, cpuCount: Int, stub: PAPRProcessor.Stub?, interruptChip: InterruptChip?,
            time: TimeSource
        ) throws(Failure) {
            let order = HashedPageTable.order(forMemory: memorySize)
            let lack = Failure.memory(
                guest: memorySize, pageTable: 1 << UInt64(order), available: host_available_memory())
            // More than that the host would notice only while the guest runs, and kill whom it likes.
            guard memorySize &+ (1 << UInt64(order)) <= host_available_memory() else { throw lack }
            guard let memory = try? GuestMemory(size: memorySize), let table = HashedPageTable(order: order) else {
                throw lack
            }
            self.memory = memory
            pageTable = table
            let parts: Parts?
            do throws(KVMError) {
                parts = try Self.parts(memory, table, cpuCount: cpuCount, stub: stub, interruptChip)
            } catch {
                throw .kvm(error)
            }
            guard let parts else { throw .notPR }
            if interruptChip == .kernel, parts.interrupts == nil { throw .noXICS }
            needsSubstitute = parts.needsSubstitute
            info = parts.info
            pageSizes = parts.pageSizes
            processorVersion = parts.version
            processors = parts.processors
            interrupts = parts.interrupts
            vm = parts.vm
            var cpus: [PSeriesVCPU] = []
            for processor in processors {
                guard let cpu = PSeriesVCPU(processor, time: time) else { throw lack }
                cpus.append(cpu)
            }
            self.cpus = cpus
            // Without its interrupts the guest cannot go on.
            interrupts?.onFailure = { [cpus] error in cpus.first?.give(up: error) }
        }

        /// What KVM has of a partition.
        private struct Parts: ~Copyable {
            let vm: VM
            let processors: [PAPRProcessor]
            let info: PVInfo
            let pageSizes: HashPageSizes
            let version: UInt32
            let needsSubstitute: Bool
            let interrupts: KernelInterrupts?
        }

        /// Nil where KVM is not KVM-PR.
        private static func parts(
            _ memory: GuestMemory, _ table: HashedPageTable, cpuCount: Int, stub: PAPRProcessor.Stub?,
            _ interruptChip: InterruptChip?
        ) throws(KVMError) -> Parts? {
            let kvm = try KVM()
            var vm = try kvm.createVM(.powerPCPR)
            guard try vm.isPR() else { return nil }
            let info = try vm.pvInfo()
            try vm.setMemory(slot: 0, at: 0, memory)
            var interrupts: KernelInterrupts?
            if interruptChip != .vmm, try vm.hasXICS() { interrupts = try KernelInterrupts(of: vm) }
            var processors: [PAPRProcessor] = []
            for index in 0..<cpuCount {
                let processor = try PAPRProcessor(index, of: vm, hashTable: table.sdr1, stub: stub)
                try interrupts?.add(processor)
                processors.append(processor)
            }
            // Complete once a vCPU is there.
            let sizes = pageSizes(try vm.smmuInfo())
            let version = try processors.first?.version() ?? 0
            return Parts(
                vm: vm, processors: processors, info: info, pageSizes: sizes, version: version,
                needsSubstitute: try !SystemCall1.works(on: kvm), interrupts: interrupts)
        }

        /// Those of the host's page sizes that there are names for.
        private static func pageSizes(_ info: SMMUInfo) -> HashPageSizes {
            var sizes: HashPageSizes = []
            let table = HashPageEncoding.all
            for index in table.indices {
                let row = table[index]
                let isThere = info.segmentPageSizes.contains { segment in
                    segment.shift == UInt32(row.baseShift) && segment.slbEncoding == UInt32(row.segment)
                        && segment.pages.contains { $0.shift == UInt32(row.shift) && $0.encoding == UInt32(row.page) }
                }
                if isThere { sizes.insert(row.member) }
            }
            return sizes
        }

        // MARK: What the guest is told

        /// The hypercall instructions for the guest's tree.
        public func hypercallInstructions(_ engine: HypercallEngine) -> [UInt32] {
            switch engine {
            case .kernel: return info.words
            case .vmm:
                let words = (needsSubstitute ? HypercallInstructions.paprForwardNested : .paprForward).words
                return words.indices.map { words[$0] }
            }
        }

        /// Whether the kernel answers `EV_IDLE`.
        public var hasIdle: Bool { info.hasIdle }

        /// What RTAS executes to call the hypervisor.
        public var callInstruction: UInt32 { needsSubstitute ? SystemCall1.substitute : SystemCall1.word }

        /// The processor for the guest's tree: the host's if it is a POWER8, what PAPR calls a POWER8 on a later one. A guest that
        /// takes its processor for a later one uses `scv`, which KVM-PR does not have.
        public var guestProcessorVersion: UInt32 {
            processorVersion >> 16 >= 0x4E ? Self.architectedPOWER8 : processorVersion
        }

        /// The logical processor version of ISA 2.07.
        private static let architectedPOWER8: UInt32 = 0x0F00_0004

        /// Adapts the code of a kernel that lies in memory to the host. How many instructions were replaced.
        @discardableResult
        public func adapt(_ code: ExecutableCode) -> Int {
            guard needsSubstitute else { return 0 }
            var count = 0
            for piece in code.pieces {
                count += SystemCall1.replace(in: memory, at: piece.address, size: piece.size, order: code.order)
            }
            return count
        }
    }
#endif
