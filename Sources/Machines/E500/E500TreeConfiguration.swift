public import Devices
public import PowerPC

/// What the device tree of an e500 machine depends on.
public struct E500TreeConfiguration: Sendable {
    /// The machine.
    public let board: E500Board
    /// What core the vCPUs are.
    public let core: CoreModel
    /// Bytes of RAM: a multiple of ``E500MemoryMap/ramGranule`` up to ``E500MemoryMap/maximumRAM``.
    public let memorySize: UInt64
    /// The vCPUs: from 1 to ``E500MemoryMap/maximumCPUs``.
    public let cpuCount: Int
    /// The kernel's command line; empty for none.
    public let bootArguments: String
    /// Where the loader puts the initial RAM disk. It lies in RAM, below 4 GiB.
    public let initrd: AddressRange?
    /// Where the loader puts the kernel, for firmware that boots it from there.
    public let bootKernel: AddressRange?
    /// What the guest may ask of the hypervisor; nil leaves the node out, as on real hardware. The board
    /// ``E500Board/hypervisor`` needs it.
    public let hypervisor: HypervisorNode?
    /// What the guest's console is. A byte channel needs ``hypervisor``, and the board ``E500Board/hypervisor`` has
    /// nothing else.
    public let console: E500Console
    /// 32 random bytes for the guest's generator, fresh at each start; nil leaves the property out.
    public let randomSeed: [UInt8]?

    /// Bytes of ``randomSeed``.
    public static let randomSeedSize = 32

    /// A configuration, whose values are checked.
    public init(
        board: E500Board = .ppce500, core: CoreModel? = nil, memorySize: UInt64, cpuCount: Int = 1,
        bootArguments: String = "", initrd: AddressRange? = nil, bootKernel: AddressRange? = nil,
        hypervisor: HypervisorNode? = nil, console: E500Console? = nil, randomSeed: [UInt8]? = nil
    ) throws(E500TreeConfigurationError) {
        let console = console ?? board.defaultConsole
        guard memorySize > 0, memorySize.isMultiple(of: E500MemoryMap.ramGranule),
            memorySize <= E500MemoryMap.maximumRAM
        else { throw .memorySize(memorySize, board) }
        guard (1...E500MemoryMap.maximumCPUs).contains(cpuCount) else { throw .cpuCount(cpuCount, board) }
        if let initrd {
            let limit = board.freeMemory(of: memorySize)
            guard initrd.base <= limit, initrd.size <= limit - initrd.base else { throw .initrd(initrd, limit: limit) }
        }
        if let hypervisor {
            let count = hypervisor.hcallInstructions.count
            guard HypervisorNode.instructionCounts.contains(count) else { throw .hcallInstructions(count) }
        }
        if board == .hypervisor {
            guard hypervisor != nil else { throw .machineWithoutHypercalls }
            guard console == .byteChannel else { throw .consoleWithoutSerialPort }
        }
        guard hypervisor != nil || console == .serial else { throw .consoleWithoutHypercalls }
        if let randomSeed, randomSeed.count != Self.randomSeedSize { throw .randomSeed(randomSeed.count) }
        self.board = board
        self.core = core ?? board.defaultCore
        self.memorySize = memorySize
        self.cpuCount = cpuCount
        self.bootArguments = bootArguments
        self.initrd = initrd
        self.bootKernel = bootKernel
        self.hypervisor = hypervisor
        self.console = console
        self.randomSeed = randomSeed
    }
}

/// Which value of an ``E500TreeConfiguration`` no such machine can have.
public enum E500TreeConfigurationError: Error, CustomStringConvertible {
    /// Bytes of RAM.
    case memorySize(UInt64, E500Board)
    /// The number of vCPUs.
    case cpuCount(Int, E500Board)
    /// The initial RAM disk does not lie below the limit.
    case initrd(AddressRange, limit: UInt64)
    /// The number of hypercall instruction words.
    case hcallInstructions(Int)
    /// The console is a byte channel, but the guest is offered no hypercalls to reach it.
    case consoleWithoutHypercalls
    /// The machine's interrupts, console and power are hypercalls, but the guest is offered none.
    case machineWithoutHypercalls
    /// The console is a serial port, which the machine does not have.
    case consoleWithoutSerialPort
    /// Bytes of the random seed.
    case randomSeed(Int)

    /// One line that says what is wrong, and what would be right.
    public var description: String {
        switch self {
        case .memorySize(let size, let board):
            "\(size) bytes of memory: the \(board.name) machine takes a multiple of \(E500MemoryMap.ramGranule >> 20)M"
                + " up to \(E500MemoryMap.maximumRAM >> 30)G"
        case .cpuCount(let count, let board):
            "\(count) CPUs: the \(board.name) machine takes 1 to \(E500MemoryMap.maximumCPUs)"
        case .initrd(let range, let limit):
            "the initrd's \(range.size) bytes at 0x\(String(range.base, radix: 16)) end above"
                + " 0x\(String(limit, radix: 16)), where memory or 32-bit addresses end: use more memory or a smaller one"
        case .hcallInstructions(let count):
            "\(count) hypercall instructions: a guest takes 1 to \(HypervisorNode.instructionCounts.upperBound)"
        case .consoleWithoutHypercalls:
            "a byte channel cannot be the console of a guest without hypercalls: use the serial port"
        case .machineWithoutHypercalls:
            "the e500-hv machine's interrupts, console and power are hypercalls: it cannot be without them"
        case .consoleWithoutSerialPort:
            "the e500-hv machine has no serial port: its console is a byte channel"
        case .randomSeed(let count):
            "\(count) bytes of random seed: it takes \(E500TreeConfiguration.randomSeedSize)"
        }
    }
}
