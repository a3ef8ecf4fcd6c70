/// The interrupts of a 64-bit server core without hypervisor state (Power ISA 2.07B book III-S §6.5). Raw values are the
/// effective addresses of their vectors divided by 32.
public enum Book3SInterrupt: Int, CaseIterable, Sendable {
    case systemReset = 0x08
    case machineCheck = 0x10
    case dataStorage = 0x18
    case dataSegment = 0x1C
    case instructionStorage = 0x20
    case instructionSegment = 0x24
    case external = 0x28
    case alignment = 0x30
    case program = 0x38
    case floatingPointUnavailable = 0x40
    case decrementer = 0x48
    case doorbell = 0x50
    case systemCall = 0x60
    case trace = 0x68
    case performanceMonitor = 0x78
    case vectorUnavailable = 0x79
    case vsxUnavailable = 0x7A
    case facilityUnavailable = 0x7B

    /// The name in statistics.
    public var name: StaticString {
        switch self {
        case .systemReset: "system_reset"
        case .machineCheck: "machine_check"
        case .dataStorage: "data_storage"
        case .dataSegment: "data_segment"
        case .instructionStorage: "instruction_storage"
        case .instructionSegment: "instruction_segment"
        case .external: "external"
        case .alignment: "alignment"
        case .program: "program"
        case .floatingPointUnavailable: "floating_point_unavailable"
        case .decrementer: "decrementer"
        case .doorbell: "doorbell"
        case .systemCall: "system_call"
        case .trace: "trace"
        case .performanceMonitor: "performance_monitor"
        case .vectorUnavailable: "vector_unavailable"
        case .vsxUnavailable: "vsx_unavailable"
        case .facilityUnavailable: "facility_unavailable"
        }
    }

    /// The vector's offset.
    public var vector: UInt64 { UInt64(rawValue) << 5 }

    /// Whether taking it sets DAR.
    var setsDataAddress: Bool {
        switch self {
        case .dataStorage, .dataSegment, .alignment, .machineCheck: true
        default: false
        }
    }

    /// Whether taking it sets DSISR.
    var setsSyndrome: Bool {
        switch self {
        case .dataStorage, .alignment, .machineCheck: true
        default: false
        }
    }
}

/// An exception that an instruction raised: a value that travels to the delivery code.
struct Book3SException {
    var interrupt: Book3SInterrupt
    /// The bits of ``SRR1`` that it sets.
    var reason: UInt64 = 0
    /// DSISR.
    var syndrome: UInt32 = 0
    /// DAR.
    var dataAddress: UInt64 = 0

    static func program(_ reason: UInt64) -> Book3SException {
        Book3SException(interrupt: .program, reason: reason)
    }
}
