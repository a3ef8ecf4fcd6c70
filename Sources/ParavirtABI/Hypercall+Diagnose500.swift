extension Hypercall {
    private static func diagnose(
        _ number: UInt32, _ name: StaticString, _ purpose: StaticString, _ signature: Signature?,
        status: Status = .active, source: StaticString = "Linux Documentation/virt/kvm/s390/s390-diag.rst"
    ) -> Hypercall {
        Hypercall(.diagnose500, number, name, on: .s390x, purpose, signature, status: status, source: source)
    }

    /// `DIAG500_VIRTIO_NOTIFY`.
    public static let diagnoseVirtioNotify = diagnose(
        0, "DIAG500_VIRTIO_NOTIFY", "Notified a device of the first s390 virtio transport.",
        Signature([Parameter(.realAddress, "the device's ring, or early console text")]), status: .obsolete)

    /// `DIAG500_VIRTIO_RESET`.
    public static let diagnoseVirtioReset = diagnose(
        1, "DIAG500_VIRTIO_RESET", "Reset a device of the first s390 virtio transport.", nil, status: .obsolete)

    /// `DIAG500_VIRTIO_SET_STATUS`.
    public static let diagnoseVirtioSetStatus = diagnose(
        2, "DIAG500_VIRTIO_SET_STATUS", "Set the status of a device of the first s390 virtio transport.", nil,
        status: .obsolete)

    /// `KVM_S390_VIRTIO_CCW_NOTIFY`.
    public static let diagnoseVirtioCCWNotify = diagnose(
        3, "KVM_S390_VIRTIO_CCW_NOTIFY", "Tells a virtio-ccw device that a queue has buffers.",
        Signature(
            [
                Parameter(.value, "the subchannel-identification word"), Parameter(.value, "the queue's number"),
                Parameter(.value, "what the last call for this queue returned, to find it faster"),
            ], returns: [Parameter(.value, "the cookie for the next call, or a negative errno")]))

    /// `DIAG500_STORAGE_LIMIT`.
    public static let diagnoseStorageLimit = diagnose(
        4, "DIAG500_STORAGE_LIMIT", "Tells the highest address that memory may ever have.",
        Signature([], returns: [Parameter(.realAddress, "the last byte, inclusive")]),
        source: "Linux arch/s390/boot/physmem_info.c; QEMU 10 hw/s390x/s390-hypercall.h")

    /// The family ``HypercallFamily/diagnose500`` in the order of its numbers.
    public static let diagnose500Calls = [
        diagnoseVirtioNotify, diagnoseVirtioReset, diagnoseVirtioSetStatus, diagnoseVirtioCCWNotify,
        diagnoseStorageLimit,
    ]
}
