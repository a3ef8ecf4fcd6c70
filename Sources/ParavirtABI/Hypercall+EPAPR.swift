extension Hypercall {
    private static func epapr(
        _ number: UInt32, _ name: StaticString, _ purpose: StaticString, _ signature: Signature?,
        status: Status = .active,
        source: StaticString = "ePAPR 1.1 chapter 7; Linux arch/powerpc/include/asm/epapr_hcalls.h"
    ) -> Hypercall {
        Hypercall(.epapr, number, name, on: .powerPC, purpose, signature, status: status, source: source)
    }

    /// Linux has no wrapper that would tell the registers.
    private static let ownRegisters: StaticString =
        "ePAPR 1.1 chapter 7; the number in Linux arch/powerpc/include/uapi/asm/epapr_hcalls.h, the registers as here"

    /// The most bytes that one byte-channel call carries: `EV_BYTE_CHANNEL_MAX_BYTES`.
    @inlinable public static var byteChannelMaximum: Int { 16 }

    /// What `EV_INT_IACK` answers when no interrupt waits: 0xFFFF.
    @inlinable public static var noInterruptVector: UInt32 { 0xFFFF }

    /// `EV_BYTE_CHANNEL_SEND`.
    public static let byteChannelSend = epapr(
        1, "EV_BYTE_CHANNEL_SEND", "Sends up to 16 bytes into a byte channel.",
        Signature(
            [
                Parameter(.handle, "the byte channel"), Parameter(.count, "bytes to send, at most 16"),
                Parameter(.data, "bytes 0–3"), Parameter(.data, "bytes 4–7"), Parameter(.data, "bytes 8–11"),
                Parameter(.data, "bytes 12–15"),
            ], returns: [Parameter(.count, "bytes sent")]))

    /// `EV_BYTE_CHANNEL_RECEIVE`.
    public static let byteChannelReceive = epapr(
        2, "EV_BYTE_CHANNEL_RECEIVE", "Takes up to 16 bytes out of a byte channel.",
        Signature(
            [Parameter(.handle, "the byte channel"), Parameter(.count, "bytes wanted, at most 16")],
            returns: [
                Parameter(.count, "bytes received"), Parameter(.data, "bytes 0–3"), Parameter(.data, "bytes 4–7"),
                Parameter(.data, "bytes 8–11"), Parameter(.data, "bytes 12–15"),
            ]))

    /// `EV_BYTE_CHANNEL_POLL`.
    public static let byteChannelPoll = epapr(
        3, "EV_BYTE_CHANNEL_POLL", "Tells how many bytes a byte channel holds and has room for.",
        Signature(
            [Parameter(.handle, "the byte channel")],
            returns: [Parameter(.count, "bytes to receive"), Parameter(.count, "room for bytes to send")]))

    /// `EV_INT_SET_CONFIG`.
    public static let intSetConfig = epapr(
        4, "EV_INT_SET_CONFIG", "Sets an interrupt's sense, polarity, priority and destination.",
        Signature([
            Parameter(.value, "the interrupt"), Parameter(.flags, "bit 0 active high, bit 1 level-sensitive"),
            Parameter(.value, "the priority, 0 to 15"), Parameter(.value, "the destination vCPU"),
        ]))

    /// `EV_INT_GET_CONFIG`.
    public static let intGetConfig = epapr(
        5, "EV_INT_GET_CONFIG", "Tells an interrupt's sense, polarity, priority and destination.",
        Signature(
            [Parameter(.value, "the interrupt")],
            returns: [
                Parameter(.flags, "bit 0 active high, bit 1 level-sensitive"), Parameter(.value, "the priority"),
                Parameter(.value, "the destination vCPU"),
            ]))

    /// `EV_INT_SET_MASK`.
    public static let intSetMask = epapr(
        6, "EV_INT_SET_MASK", "Masks or unmasks an interrupt.",
        Signature([Parameter(.value, "the interrupt"), Parameter(.value, "1 masked, 0 not")]))

    /// `EV_INT_GET_MASK`.
    public static let intGetMask = epapr(
        7, "EV_INT_GET_MASK", "Tells whether an interrupt is masked.",
        Signature([Parameter(.value, "the interrupt")], returns: [Parameter(.value, "1 masked, 0 not")]))

    /// `EV_INT_GET_ACTIVITY`.
    public static let intGetActivity = epapr(
        8, "EV_INT_GET_ACTIVITY", "Tells whether an interrupt requests or is in service. Linux does not know it.",
        Signature(
            [Parameter(.value, "the interrupt")], returns: [Parameter(.value, "1 requests or is in service, 0 neither")]
        ),
        status: .obsolete, source: "the header of Freescale's embedded hypervisor")

    /// `EV_INT_IACK`.
    public static let intIACK = epapr(
        9, "EV_INT_IACK", "Acknowledges the most urgent pending interrupt.",
        Signature(
            [Parameter(.handle, "the interrupt controller, or 0 for any")],
            returns: [Parameter(.value, "the vector, 0xFFFF when nothing waits")]))

    /// `EV_INT_EOI`.
    public static let intEOI = epapr(
        10, "EV_INT_EOI", "Ends the service of an interrupt.",
        Signature([Parameter(.value, "the interrupt")]))

    /// `EV_INT_SEND_IPI`.
    public static let intSendIPI = epapr(
        11, "EV_INT_SEND_IPI", "Sends an interprocessor interrupt.",
        Signature([
            Parameter(.value, "which one, 0 to 3"), Parameter(.flags, "the destinations, one bit a vCPU"),
        ]), source: ownRegisters)

    /// `EV_INT_SET_TASK_PRIORITY`.
    public static let intSetTaskPriority = epapr(
        12, "EV_INT_SET_TASK_PRIORITY", "Sets the priority up to which the vCPU takes no interrupt.",
        Signature([Parameter(.value, "the priority, 0 to 15")]), source: ownRegisters)

    /// `EV_INT_GET_TASK_PRIORITY`.
    public static let intGetTaskPriority = epapr(
        13, "EV_INT_GET_TASK_PRIORITY", "Tells the priority up to which the vCPU takes no interrupt.",
        Signature(returns: [Parameter(.value, "the priority, 0 to 15")]), source: ownRegisters)

    /// `EV_DOORBELL_SEND`.
    public static let doorbellSend = epapr(
        14, "EV_DOORBELL_SEND", "Rings a doorbell: its receiving end interrupts.",
        Signature([Parameter(.handle, "the doorbell's sending end")]))

    /// `EV_MSGSND`.
    public static let messageSend = epapr(
        15, "EV_MSGSND",
        "Sends a processor message, as the msgsnd instruction does; the e500v2, which lacks both, does not have the call.",
        Signature([Parameter(.value, "the message, as in rB of msgsnd")]), source: ownRegisters)

    /// `EV_IDLE`.
    public static let idle = epapr(
        16, "EV_IDLE", "Puts the calling vCPU to sleep until its next interrupt.", Signature())

    /// The family ``HypercallFamily/epapr`` in the order of its numbers.
    public static let epaprCalls = [
        byteChannelSend, byteChannelReceive, byteChannelPoll, intSetConfig, intGetConfig, intSetMask, intGetMask,
        intGetActivity, intIACK, intEOI, intSendIPI, intSetTaskPriority, intGetTaskPriority, doorbellSend, messageSend,
        idle,
    ]
}
