public import GuestMemory
public import Hypercalls
internal import ParavirtABI

/// What surrounds the vCPUs of a flat x86 machine, whatever executes them: memory, ports, CPUID, hypercalls.
///
/// The machine has a debug port that prints (0xE9), one that ends the run (0xF4, as QEMU's isa-debug-exit), and local APICs as
/// far as interprocessor interrupts go. All vCPUs start at the guest's entry in 64-bit mode, with rdi the vCPU's number and rsi
/// how many there are; the first gigabyte is mapped to itself.
public final class X86Board {
    /// The port that prints bytes; read, it answers its own number.
    public static let consolePort: UInt16 = 0xE9
    /// The port that ends the run with the status that is written.
    public static let exitPort: UInt16 = 0xF4
    /// Where the local APIC of each vCPU is.
    public static let localAPIC: UInt64 = 0xFEE0_0000
    /// Where the page tables and the descriptor table of the start are; four pages, below every guest.
    public static let startTables: UInt64 = 0x1000
    /// The code selector at the start.
    public static let codeSelector: UInt16 = 8
    /// The data selector at the start.
    public static let dataSelector: UInt16 = 16

    /// The guest's memory.
    public let memory: GuestMemory
    /// What its hypercalls act on.
    public let machine: X86Machine
    /// How often which call was made.
    public private(set) var counts = HypercallCounts()
    /// How the run ended, once it has.
    public private(set) var outcome: FlatOutcome?
    private let dispatcher = HypercallDispatcher<X86Machine>.x86()
    private let console: (UInt8) -> Void

    /// A machine with `cpus` vCPUs whose APIC ids count from 0 and whose local APICs are off.
    ///
    /// - Parameters:
    ///   - clock: as ``Hypercalls/X86Machine`` has it.
    ///   - console: takes what the guest prints.
    public init(
        memory: GuestMemory, cpus: Int, clock: @escaping @Sendable () -> X86Machine.ClockReading?,
        console: @escaping (UInt8) -> Void
    ) {
        self.memory = memory
        self.console = console
        machine = X86Machine(apicIDs: (0..<UInt32(cpus)).map { $0 }, memory: memory, clock: clock)
        for index in 0..<cpus { machine.vcpus[index].isAPICEnabled = false }
    }

    /// Writes the page tables and descriptors that vCPUs start with.
    public func writeStartTables() throws(GuestMemoryError) {
        let page = GuestMemory.pageSize
        let start = Self.startTables
        try memory.store(start + page | 3, at: start, order: .little)
        try memory.store(start + 2 * page | 3, at: start + page, order: .little)
        for index in 0..<UInt64(512) {
            try memory.store(index << 21 | 0x83, at: start + 2 * page + 8 * index, order: .little)
        }
        let descriptors: [UInt64] = [0, 0x00AF_9B00_0000_FFFF, 0x00CF_9300_0000_FFFF]
        for (index, descriptor) in descriptors.enumerated() {
            try memory.store(descriptor, at: descriptorTable + 8 * UInt64(index), order: .little)
        }
    }

    /// Where the descriptors of the start are, and how many bytes they have.
    public var descriptorTable: UInt64 { Self.startTables + 3 * GuestMemory.pageSize }
    /// Bytes of the descriptor table.
    public let descriptorTableSize: UInt32 = 24

    /// Ends the run, unless it has ended already.
    public func end(_ outcome: FlatOutcome) {
        if self.outcome == nil { self.outcome = outcome }
    }

    /// A vCPU writes `value` to `port`. Nobody hears writes to other ports.
    public func write(port: UInt16, _ value: UInt32) {
        switch port {
        case Self.consolePort: console(UInt8(truncatingIfNeeded: value))
        case Self.exitPort: end(.powerOff(status: value))
        default: break
        }
    }

    /// A vCPU reads `port`: ones where nothing is.
    public func read(port: UInt16) -> UInt32 {
        port == Self.consolePort ? UInt32(Self.consolePort) : .max
    }

    /// One hypercall of vCPU `vcpu`.
    public func call<Registers: CallRegisters>(
        _ registers: inout Registers, vcpu: Int, isPrivileged: Bool, width: RegisterWidth
    ) {
        // No call of x86 ends otherwise than with a result.
        _ = dispatcher.call(
            &registers, vcpu: vcpu, isPrivileged: isPrivileged, width: width, host: machine, counts: &counts)
    }

    /// What CPUID answers: eax, ebx, ecx, edx.
    public func cpuid(_ leaf: UInt32, vcpu: Int) -> InlineArray<4, UInt32> {
        switch leaf {
        case 0: [1, 0x6874_7541, 0x444D_4163, 0x6974_6E65]  // "AuthenticAMD"
        case 1:
            [
                0x0006_0F01,
                UInt32(truncatingIfNeeded: vcpu) << 24 | UInt32(truncatingIfNeeded: machine.vcpus.count) << 16,
                1 << 31,  // a hypervisor
                0x0783_FBFD,  // FPU, TSC, MSR, PAE, CX8, APIC, MTRR, CMOV, CLFLUSH, MMX, FXSR, SSE, SSE2 and older ones
            ]
        case 0x4000_0000: [0x4000_0001, 0x4B4D_564B, 0x564B_4D56, 0x4D]  // "KVMKVMKVM"
        case 0x4000_0001: [machine.features.rawValue, 0, 0, 0]
        case 0x8000_0000: [0x8000_0001, 0, 0, 0]
        case 0x8000_0001: [0, 0, 1, 1 << 29 | 1 << 20 | 1 << 11]  // LAHF; long mode, NX, SYSCALL
        default: [0, 0, 0, 0]
        }
    }

    /// vCPU `vcpu` reads its local APIC at `offset`: ID, version and the spurious vector, zeros elsewhere.
    public func readLocalAPIC(_ offset: UInt64, vcpu: Int) -> UInt32 {
        switch offset {
        case 0x20: machine.vcpus[vcpu].apicID << 24
        case 0x30: 0x14
        case 0xF0: machine.vcpus[vcpu].isAPICEnabled ? 0x1FF : 0xFF
        default: 0
        }
    }

    /// vCPU `vcpu` writes its local APIC: the spurious vector's register switches it on and off. The end of an interrupt has
    /// no effect, for interrupts have no priorities here, and commands are hypercalls.
    public func writeLocalAPIC(_ offset: UInt64, _ value: UInt32, vcpu: Int) {
        if offset == 0xF0 { machine.vcpus[vcpu].isAPICEnabled = value & 1 << 8 != 0 }
    }
}
