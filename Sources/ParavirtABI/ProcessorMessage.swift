/// What a processor finds in the operand of a message: rB of `msgsnd` and `msgclr`, and the argument of `EV_MSGSND`.
///
/// Power ISA 2.06 Book III-E chapter 11 (category Processor Control):
///
/// | bits       | field     |
/// |-----------:|:----------|
/// | 31…27      | type      |
/// | 26         | broadcast |
/// | 13…0       | PIR tag   |
public struct ProcessorMessage: Sendable {
    /// What a message raises.
    public enum Kind: UInt32, CaseIterable, Sendable {
        /// A processor doorbell interrupt.
        case doorbell = 0
        /// A critical processor doorbell interrupt.
        case criticalDoorbell = 1
    }

    /// The 32 bits of the operand.
    public let operand: UInt32

    /// The message that an operand stands for.
    public init(_ operand: UInt32) { self.operand = operand }

    /// What it raises; nil for a type that only a hypervisor may send, or that does not exist. Processors ignore those.
    public var kind: Kind? { Kind(rawValue: operand >> 27) }

    /// Whether bits are set that no field of a guest's message has. Processors ignore them.
    public var hasReservedBits: Bool { operand & 0x03FF_C000 != 0 }

    /// Whether the processor with that PIR accepts the message.
    public func reaches(processor: UInt32) -> Bool {
        operand & 0x0400_0000 != 0 || (processor ^ operand) & 0x3FFF == 0
    }
}
