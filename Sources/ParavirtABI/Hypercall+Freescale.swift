extension Hypercall {
    private static func freescale(
        _ number: UInt32, _ name: StaticString, _ purpose: StaticString, _ signature: Signature
    ) -> Hypercall {
        Hypercall(
            .freescale, number, name, on: .powerPC, purpose, signature,
            source: "Linux arch/powerpc/include/asm/fsl_hcalls.h")
    }

    private static let partition = Parameter(.handle, "the partition")
    private static let device = Parameter(.value, "the device's LIODN")
    private static let vcpuOfPartition = [partition, Parameter(.value, "the vCPU's number in it")]
    private static let propertyPath = [
        partition,
        Parameter(.realAddressHigh, "the node's path"), Parameter(.realAddressLow, "the node's path"),
        Parameter(.realAddressHigh, "the property's name"), Parameter(.realAddressLow, "the property's name"),
        Parameter(.realAddressHigh, "the value"), Parameter(.realAddressLow, "the value"),
    ]

    /// `FH_ERR_GET_INFO`.
    public static let errorGetInfo = freescale(
        1, "FH_ERR_GET_INFO", "Takes a record out of an error queue.",
        Signature(
            [
                Parameter(.value, "0 the guest's queue, 1 the global queue"), Parameter(.count, "bytes of the buffer"),
                Parameter(.realAddressHigh, "the buffer"), Parameter(.realAddressLow, "the buffer"),
                Parameter(.flags, "1 leaves the record in the queue"),
            ], returns: [Parameter(.count, "bytes written")]))

    /// `FH_PARTITION_GET_DTPROP`.
    public static let partitionGetProperty = freescale(
        2, "FH_PARTITION_GET_DTPROP", "Reads a property of a partition's device tree.",
        Signature(
            propertyPath + [Parameter(.count, "bytes of the buffer for the value")],
            returns: [Parameter(.count, "bytes of the value")]))

    /// `FH_PARTITION_SET_DTPROP`.
    public static let partitionSetProperty = freescale(
        3, "FH_PARTITION_SET_DTPROP", "Writes a property of a partition's device tree.",
        Signature(propertyPath + [Parameter(.count, "bytes of the value")]))

    /// `FH_PARTITION_RESTART`.
    public static let partitionRestart = freescale(
        4, "FH_PARTITION_RESTART", "Restarts a partition.",
        Signature([Parameter(.handle, "the partition; -1 is the caller's own")]))

    /// `FH_PARTITION_GET_STATUS`.
    public static let partitionGetStatus = freescale(
        5, "FH_PARTITION_GET_STATUS", "Tells whether a partition runs.",
        Signature([partition], returns: [Parameter(.value, "an FH_PARTITION_* state")]))

    /// `FH_PARTITION_START`.
    public static let partitionStart = freescale(
        6, "FH_PARTITION_START", "Starts a stopped partition.",
        Signature([
            partition, Parameter(.realAddress, "where it starts"), Parameter(.flags, "1 loads its images first"),
        ]))

    /// `FH_PARTITION_STOP`.
    public static let partitionStop = freescale(
        7, "FH_PARTITION_STOP", "Stops a partition.",
        Signature([Parameter(.handle, "the partition; -1 is the caller's own")]))

    /// `FH_PARTITION_MEMCPY`.
    public static let partitionMemoryCopy = freescale(
        8, "FH_PARTITION_MEMCPY", "Copies memory from one partition to another.",
        Signature([
            Parameter(.handle, "the partition to copy from"), Parameter(.handle, "the partition to copy to"),
            Parameter(.realAddressLow, "the list of pieces, 32 bytes each and 32-byte aligned"),
            Parameter(.realAddressHigh, "the list of pieces"), Parameter(.count, "pieces in the list"),
        ]))

    /// `FH_DMA_ENABLE`.
    public static let dmaEnable = freescale(
        9, "FH_DMA_ENABLE", "Lets a device reach memory.", Signature([device]))

    /// `FH_DMA_DISABLE`.
    public static let dmaDisable = freescale(
        10, "FH_DMA_DISABLE", "Keeps a device from reaching memory.", Signature([device]))

    /// `FH_SEND_NMI`.
    public static let sendNMI = freescale(
        11, "FH_SEND_NMI", "Sends a non-maskable interrupt to vCPUs of the caller's partition.",
        Signature([Parameter(.flags, "one bit a vCPU")]))

    /// `FH_VMPIC_GET_MSIR`.
    public static let vmpicGetMSIR = freescale(
        12, "FH_VMPIC_GET_MSIR", "Reads the message-interrupt register behind an interrupt.",
        Signature([Parameter(.value, "the interrupt")], returns: [Parameter(.flags, "the register")]))

    /// `FH_SYSTEM_RESET`.
    public static let systemReset = freescale(
        13, "FH_SYSTEM_RESET", "Resets the whole machine.", Signature())

    /// `FH_GET_CORE_STATE`.
    public static let getCoreState = freescale(
        14, "FH_GET_CORE_STATE", "Tells whether a vCPU runs, idles or naps.",
        Signature(vcpuOfPartition, returns: [Parameter(.value, "0 runs, 1 idles, 2 naps")]))

    /// `FH_ENTER_NAP`.
    public static let enterNap = freescale(
        15, "FH_ENTER_NAP", "Puts a vCPU into nap.", Signature(vcpuOfPartition))

    /// `FH_EXIT_NAP`.
    public static let exitNap = freescale(
        16, "FH_EXIT_NAP", "Takes a vCPU out of nap.", Signature(vcpuOfPartition))

    /// `FH_CLAIM_DEVICE`.
    public static let claimDevice = freescale(
        17, "FH_CLAIM_DEVICE", "Takes over a device that partitions share.",
        Signature([Parameter(.handle, "the device's fsl,hv-device-handle")]))

    /// `FH_PARTITION_STOP_DMA`.
    public static let partitionStopDMA = freescale(
        18, "FH_PARTITION_STOP_DMA", "Ends the DMA of a stopped partition's devices.", Signature([partition]))

    /// The family ``HypercallFamily/freescale`` in the order of its numbers.
    public static let freescaleCalls = [
        errorGetInfo, partitionGetProperty, partitionSetProperty, partitionRestart, partitionGetStatus, partitionStart,
        partitionStop, partitionMemoryCopy, dmaEnable, dmaDisable, sendNMI, vmpicGetMSIR, systemReset, getCoreState,
        enterNap, exitNap, claimDevice, partitionStopDMA,
    ]
}
