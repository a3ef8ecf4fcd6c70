internal import ParavirtABI

/// The interrupts of the core, in the order of their IVOR numbers.
public enum Interrupt: Int, CaseIterable, Sendable {
    /// A critical external signal.
    case criticalInput = 0
    /// A bus error or parity error.
    case machineCheck = 1
    /// A data access without permission.
    case dataStorage = 2
    /// An instruction fetch without permission.
    case instructionStorage = 3
    /// An external signal, normally from the interrupt controller.
    case external = 4
    /// An access that must be aligned and is not.
    case alignment = 5
    /// An illegal or privileged instruction, or a trap.
    case program = 6
    /// A floating-point instruction while MSR[FP] is 0.
    case floatingPointUnavailable = 7
    /// `sc`.
    case systemCall = 8
    /// The decrementer reached zero.
    case decrementer = 10
    /// The fixed-interval timer.
    case fixedInterval = 11
    /// The watchdog timer's first time-out.
    case watchdog = 12
    /// No TLB entry for a data access.
    case dataTLBMiss = 13
    /// No TLB entry for an instruction fetch.
    case instructionTLBMiss = 14
    /// An SPE instruction while MSR[SPE] is 0.
    case speUnavailable = 32
    /// A message from a processor (`msgsnd`).
    case doorbell = 36
    /// A critical message from a processor.
    case criticalDoorbell = 37

    /// The interrupt's name in statistics.
    public var name: StaticString {
        switch self {
        case .criticalInput: "critical_input"
        case .machineCheck: "machine_check"
        case .dataStorage: "data_storage"
        case .instructionStorage: "instruction_storage"
        case .external: "external"
        case .alignment: "alignment"
        case .program: "program"
        case .floatingPointUnavailable: "floating_point_unavailable"
        case .systemCall: "system_call"
        case .decrementer: "decrementer"
        case .fixedInterval: "fixed_interval"
        case .watchdog: "watchdog"
        case .dataTLBMiss: "data_tlb_miss"
        case .instructionTLBMiss: "instruction_tlb_miss"
        case .speUnavailable: "spe_unavailable"
        case .doorbell: "doorbell"
        case .criticalDoorbell: "critical_doorbell"
        }
    }

    /// The number of the SPR that holds the interrupt's vector offset.
    var vectorRegister: Int { rawValue < 16 ? SPR.ivor0 + rawValue : SPR.ivor32 + rawValue - 32 }

    /// The bit that stands for it among pending interrupts. Those that an instruction causes are never pending, which
    /// leaves bits for the ones with numbers above 31.
    var pendingBit: UInt32 {
        switch self {
        case .doorbell: 1 << 16
        case .criticalDoorbell: 1 << 17
        default: 1 << UInt32(rawValue & 31)
        }
    }

    /// Which registers save the interrupted context.
    var saveClass: SaveClass {
        switch self {
        case .criticalInput, .watchdog, .criticalDoorbell: .critical
        case .machineCheck: .machineCheck
        default: .base
        }
    }

    /// Whether taking it sets ESR.
    var setsSyndrome: Bool {
        switch self {
        case .dataStorage, .instructionStorage, .alignment, .program, .dataTLBMiss, .speUnavailable: true
        default: false
        }
    }

    /// Whether taking it sets DEAR.
    var setsDataAddress: Bool {
        switch self {
        case .dataStorage, .alignment, .dataTLBMiss: true
        default: false
        }
    }

    enum SaveClass {
        case base, critical, machineCheck
    }
}

/// An exception that an instruction raised: a value that travels to the delivery code.
struct PendingException {
    var interrupt: Interrupt
    var syndrome: UInt32 = 0
    var dataAddress: UInt32 = 0
}

extension ProcessorMessage {
    /// The interrupt that the message raises; nil for a type that the core does not know.
    var interrupt: Interrupt? {
        switch kind {
        case .doorbell: .doorbell
        case .criticalDoorbell: .criticalDoorbell
        case nil: nil
        }
    }
}
