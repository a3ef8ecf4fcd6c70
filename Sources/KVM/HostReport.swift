internal import CHost
internal import CKVM

/// What this machine can run PowerPC guests with, and what it lacks: the facts behind `paravane host`, and the words of every
/// message that says that an engine is not there.
public struct HostReport: Sendable {
    /// The processor's family, as far as KVM differs by it.
    public enum Processor: Sendable {
        /// 64-bit PowerPC.
        case powerPC
        /// x86-64.
        case x86
        /// Any other.
        case other
    }

    /// How a PowerPC host translates addresses.
    public enum Translation: Sendable {
        /// By hashed page table, which KVM-PR needs.
        case hash
        /// By radix tree.
        case radix
    }

    /// What there is of KVM.
    public enum KVMState: Sendable {
        /// There is no `/dev/kvm`.
        case missing
        /// There is, but not for this user.
        case forbidden
        /// There is, but no kind of VM can be made: on PowerPC neither KVM-PR nor KVM-HV is loaded.
        case empty
        /// It does not work, for this reason.
        case broken(String)
        /// KVM-PR: guests run in user state and have the paravirtual interface.
        case pr
        /// KVM-HV: guests run in supervisor state, without the paravirtual interface.
        case hv
        /// The KVM of another processor.
        case other
    }

    /// A capability and what KVM says of it.
    public struct CapabilityValue: Sendable {
        /// The capability.
        public let capability: Capability
        /// 0 for no, 1 for yes, or a number.
        public let value: Int

        /// A capability with its value.
        public init(capability: Capability, value: Int) {
            self.capability = capability
            self.value = value
        }
    }

    /// The processor.
    public let processor: Processor
    /// The processor's name as the kernel has it; empty where it tells none.
    public let processorName: String
    /// Bytes of a page.
    public let pageSize: Int
    /// How it translates addresses; nil where that is no question.
    public let translation: Translation?
    /// Whether the module `kvm_pr` is in the kernel.
    public let hasPRModule: Bool
    /// What there is of KVM.
    public let kvm: KVMState
    /// What KVM says of itself; empty where there is none.
    public let capabilities: [CapabilityValue]
    /// The words of the kernel's hypercall instructions; empty where it has none.
    public let hypercallInstructions: [UInt32]
    /// Whether the kernel answers `EV_IDLE`.
    public let hasIdle: Bool
    /// The page sizes that guests can have, in bytes; empty where KVM does not tell.
    public let guestPageSizes: [UInt64]

    /// A report of given facts.
    public init(
        processor: Processor, processorName: String = "", pageSize: Int = 4096, translation: Translation? = nil,
        hasPRModule: Bool = false, kvm: KVMState, capabilities: [CapabilityValue] = [],
        hypercallInstructions: [UInt32] = [], hasIdle: Bool = false, guestPageSizes: [UInt64] = []
    ) {
        self.processor = processor
        self.processorName = processorName
        self.pageSize = pageSize
        self.translation = translation
        self.hasPRModule = hasPRModule
        self.kvm = kvm
        self.capabilities = capabilities
        self.hypercallInstructions = hypercallInstructions
        self.hasIdle = hasIdle
        self.guestPageSizes = guestPageSizes
    }

    /// Whether PowerPC guests can run on KVM here.
    public var runsOnKVM: Bool {
        if case .pr = kvm { true } else { false }
    }

    /// What to do so that guests can run on KVM here, a line each; empty where they can, or nothing helps.
    public var advice: [String] {
        guard processor == .powerPC else { return [] }
        switch kvm {
        case .pr, .broken, .other:
            return []
        case .forbidden:
            return ["join the group of /dev/kvm, or run as root"]
        case .missing, .empty, .hv:
            var lines: [String] = []
            if translation == .radix {
                lines.append("boot the host with 'disable_radix': KVM-PR runs only on a hashed page table")
            }
            if case .hv = kvm { lines.append("unload KVM-HV: 'modprobe -r kvm_hv'") }
            if !hasPRModule {
                lines.append("load KVM-PR: 'modprobe kvm_pr', from a kernel with CONFIG_KVM_BOOK3S_64_PR")
            }
            return lines
        }
    }

    /// Why PowerPC guests cannot run on KVM here, in one line that ends with what to do; nil where they can.
    public var obstacle: String? {
        let reason: String
        switch kvm {
        case .pr: return nil
        case .missing: reason = "there is no /dev/kvm"
        case .empty: reason = "/dev/kvm is there without a hypervisor behind it"
        case .forbidden: reason = "/dev/kvm may not be opened by this user"
        case .broken(let why): reason = why
        case .hv: reason = "this host's KVM is KVM-HV, whose guests have no paravirtual interface"
        case .other: reason = "this host's KVM runs no PowerPC guests"
        }
        guard processor == .powerPC else {
            return "\(reason); the KVM engine needs a PowerPC host: use the software CPU"
        }
        var line = reason
        for (index, step) in advice.enumerated() { line += (index == 0 ? "; " : ", then ") + step }
        return line
    }
}

// MARK: Looking

extension HostReport {
    /// What there is on the machine that the process runs on.
    ///
    /// - Parameter kernel: the system calls to use for KVM.
    public init(kernel: any KernelInterface = HostKernel()) {
        #if arch(powerpc64le) || arch(powerpc64)
            let processor = Processor.powerPC
        #elseif arch(x86_64)
            let processor = Processor.x86
        #else
            let processor = Processor.other
        #endif
        let facts = ProcessorFacts(contentsOf: "/proc/cpuinfo")
        let look = KVMLook(kernel, processor)
        self.init(
            processor: processor, processorName: facts.name, pageSize: Int(ckvm_page_size()),
            translation: processor == .powerPC ? facts.translation : nil,
            hasPRModule: unsafe ckvm_exists("/sys/module/kvm_pr") != 0, kvm: look.state,
            capabilities: look.capabilities, hypercallInstructions: look.info?.words ?? [],
            hasIdle: look.info?.hasIdle ?? false, guestPageSizes: look.pageSizes)
    }

    /// What opening KVM and making a VM shows.
    private struct KVMLook {
        var state: KVMState = .missing
        var capabilities: [CapabilityValue] = []
        var info: PVInfo?
        var pageSizes: [UInt64] = []
        /// Whether the first VM is not made yet.
        private var isMakingVM = false

        init(_ kernel: any KernelInterface, _ processor: Processor) {
            do throws(KVMError) {
                try look(kernel, processor)
            } catch {
                switch error {
                case .noDevice: state = .missing
                case .noPermission: state = .forbidden
                case .failed(_, let errno) where processor == .powerPC && isMakingVM && Int(errno) == Errno.invalid:
                    state = .empty
                default: state = .broken(error.description)
                }
            }
        }

        private mutating func look(_ kernel: any KernelInterface, _ processor: Processor) throws(KVMError) {
            let kvm = try KVM(kernel: kernel)
            isMakingVM = true
            let vm = try processor == .powerPC ? powerPCVM(of: kvm) : kvm.createVM()
            isMakingVM = false
            for capability in Capability.common {
                capabilities.append(CapabilityValue(capability: capability, value: try vm.check(capability)))
            }
            guard processor == .powerPC else {
                state = .other
                return
            }
            for capability in Capability.powerPC {
                capabilities.append(CapabilityValue(capability: capability, value: try vm.check(capability)))
            }
            guard try vm.isPR() else {
                state = .hv
                return
            }
            info = try vm.pvInfo()
            // KVM-PR tells the page sizes of the vCPU that is there.
            let vcpu = try vm.createVCPU(0)
            pageSizes = try vm.smmuInfo().segmentPageSizes.map { 1 << UInt64(min($0.shift, 63)) }
            _ = vcpu.exitsImmediately
            state = .pr
        }

        /// A VM of KVM-PR where the kernel has it, of KVM-HV otherwise.
        private func powerPCVM(of kvm: borrowing KVM) throws(KVMError) -> VM {
            do throws(KVMError) {
                return try kvm.createVM(.powerPCPR)
            } catch {
                return try kvm.createVM()
            }
        }
    }
}

/// What a `/proc/cpuinfo` says.
struct ProcessorFacts {
    /// The value of `cpu` or `model name`.
    private(set) var name = ""
    /// The value of `MMU`.
    private(set) var translation: HostReport.Translation?

    /// Reads the file at `path`; nothing is known where it cannot be read.
    init(contentsOf path: StaticString) {
        self.init(Self.read(path))
    }

    /// The bytes of a file, up to 16 MiB: one of a machine with many processors is long, and its end has the MMU.
    private static func read(_ path: StaticString) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        // SAFETY: a static string has a zero byte behind it.
        let descriptor = unsafe path.utf8Start.withMemoryRebound(to: CChar.self, capacity: path.utf8CodeUnitCount + 1) {
            unsafe host_open_file($0)
        }
        guard descriptor >= 0 else { return bytes }
        defer { host_close(descriptor) }
        while bytes.count < 16 << 20 {
            let count = unsafe chunk.withUnsafeMutableBytes { buffer -> Int in
                guard let base = buffer.baseAddress else { return 0 }
                return unsafe host_read(descriptor, base, buffer.count)
            }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return bytes
    }

    /// Reads what such a file has in it: lines of a name, tabs, a colon, a blank and a value.
    init(_ bytes: [UInt8]) {
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let key = line[..<colon].filter { $0 != UInt8(ascii: "\t") }
            let value = line[(colon + 1)...].drop { $0 == UInt8(ascii: " ") }
            if name.utf8.isEmpty, key.elementsEqual("cpu".utf8) || key.elementsEqual("model name".utf8) {
                name = String(decoding: value, as: UTF8.self)
            } else if key.elementsEqual("MMU".utf8) {
                translation =
                    value.elementsEqual("Radix".utf8) ? .radix : value.elementsEqual("Hash".utf8) ? .hash : nil
            }
        }
    }
}
