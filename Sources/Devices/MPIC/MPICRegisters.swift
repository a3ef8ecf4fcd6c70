/// Where the MPIC's registers are, as offsets into its 256 KiB, and the bits in them.
///
/// The facts are those of the Freescale MPIC 4.2 that QEMU's `ppce500` has. All registers are 32 bits wide.
public enum MPICRegister {
    /// Block revision 1 (BRR1), read-only: ``revision``.
    public static let blockRevision: UInt64 = 0x0_0000
    /// The accessing processor's own ``PerCPU`` registers, at the same offsets as in its private area.
    public static let thisCPU: UInt64 = 0x0_0000
    /// Feature reporting (FRR), read-only: last source, last processor, OpenPIC version.
    public static let featureReporting: UInt64 = 0x0_1000
    /// Global configuration (GCR).
    public static let globalConfiguration: UInt64 = 0x0_1020
    /// Vendor identification (VIR), read-only: 0, generic.
    public static let vendorIdentification: UInt64 = 0x0_1080
    /// Processor initialization (PIR). Reads 0 and does nothing: processors are started by the spin table.
    public static let processorInitialization: UInt64 = 0x0_1090
    /// Vector and priority of IPI 0 (IPIVPR0); the others follow every ``stride``.
    public static let ipiVectorPriority: UInt64 = 0x0_10A0
    /// Spurious vector (SVR).
    public static let spuriousVector: UInt64 = 0x0_10E0
    /// Timer frequency reporting (TFRR): software leaves a note for software here.
    public static let timerFrequency: UInt64 = 0x0_10F0
    /// Global timer 0's ``Timer`` registers; the others follow every ``timerStride``.
    public static let timers: UInt64 = 0x0_1100
    /// Timer control (TCR): the clock ratio.
    public static let timerControl: UInt64 = 0x0_1300
    /// The ``MSI`` registers.
    public static let msi: UInt64 = 0x0_1600
    /// Interrupt source 0's ``Source`` registers; the others follow every ``sourceStride``.
    public static let sources: UInt64 = 0x1_0000
    /// Processor 0's ``PerCPU`` registers; the others follow every ``perCPUStride``.
    public static let perCPU: UInt64 = 0x2_0000

    /// Bytes from one register of a series to the next.
    public static let stride: UInt64 = 0x10
    /// Bytes from one timer to the next.
    public static let timerStride: UInt64 = 0x40
    /// Bytes from one source to the next.
    public static let sourceStride: UInt64 = 0x20
    /// Bytes from one processor's private area to the next.
    public static let perCPUStride: UInt64 = 0x1000

    /// What BRR1 reads: the MPIC block, revision 4.2.
    public static let revision: UInt32 = 0x0040_0402

    /// One processor's registers, as offsets into its private area.
    public enum PerCPU: UInt64, CaseIterable, Sendable {
        /// Dispatch of IPI 0 (IPIDR0), write-only: one bit a processor.
        case dispatchIPI0 = 0x40
        /// Dispatch of IPI 1.
        case dispatchIPI1 = 0x50
        /// Dispatch of IPI 2.
        case dispatchIPI2 = 0x60
        /// Dispatch of IPI 3.
        case dispatchIPI3 = 0x70
        /// Current task priority (CTPR), 0 to 15: only higher priorities interrupt.
        case currentTaskPriority = 0x80
        /// Who am I (WHOAMI), read-only: the processor's number.
        case whoAmI = 0x90
        /// Interrupt acknowledge (IACK), read-only: takes the interrupt into service and reads its vector.
        case acknowledge = 0xA0
        /// End of interrupt (EOI), write-only: retires the interrupt in service.
        case endOfInterrupt = 0xB0
    }

    /// One interrupt source's registers.
    public enum Source: UInt64, CaseIterable, Sendable {
        /// Vector and priority (IVPR): see ``VectorPriority``.
        case vectorPriority = 0x00
        /// Destination (IDR): one bit a processor.
        case destination = 0x10
        /// Level (ILR): which output of the processor the source drives, an ``InterruptTarget``.
        case level = 0x18
    }

    /// One global timer's registers.
    public enum Timer: UInt64, CaseIterable, Sendable {
        /// Current count (GTCCR), read-only: toggle bit and count.
        case currentCount = 0x00
        /// Base count (GTBCR): count-inhibit bit and the count to start from.
        case baseCount = 0x10
        /// Vector and priority (GTVPR).
        case vectorPriority = 0x20
        /// Destination (GTDR).
        case destination = 0x30
    }

    /// The shared message-signalled interrupt registers, as offsets from ``MPICRegister/msi``.
    public enum MSI {
        /// The pending messages of group 0 (MSIR0); reading clears. The other seven follow every ``MPICRegister/stride``.
        public static let pending: UInt64 = 0x000
        /// Which groups have pending messages (MSISR), read-only.
        public static let status: UInt64 = 0x120
        /// Index (MSIIR), write-only: group in bits 31…29, message in bits 28…24.
        public static let index: UInt64 = 0x140
    }

    /// Bits of a vector and priority register.
    public enum VectorPriority {
        /// The source is masked.
        public static let mask: UInt32 = 0x8000_0000
        /// The source is requesting or in service; read-only.
        public static let activity: UInt32 = 0x4000_0000
        /// Active high or rising edge. Kept for the guest: inputs here are asserted or not, whatever the voltage.
        public static let polarity: UInt32 = 0x0080_0000
        /// Level-sensitive, of the external sources 0 to 15.
        public static let sense: UInt32 = 0x0040_0000
        /// Priority, 0 (never delivered) to 15.
        public static let priority: UInt32 = 0x000F_0000
        /// Vector.
        public static let vector: UInt32 = 0x0000_FFFF
    }

    /// Bits of GCR.
    public enum GlobalConfiguration {
        /// Resets the MPIC; reads 0, since the reset completes at once.
        public static let reset: UInt32 = 0x8000_0000
        /// The delivery mode.
        public static let mode: UInt32 = 0x6000_0000
        /// Mixed mode, in which the processor reads IACK. Pass-through mode (0) behaves the same here.
        public static let mixed: UInt32 = 0x2000_0000
        /// External proxy mode: the processor acknowledges as it takes the interrupt, and finds the vector in EPR.
        public static let externalProxy: UInt32 = 0x6000_0000
    }

    /// Bits of the timer registers.
    public enum TimerBits {
        /// Count inhibit, in GTBCR.
        public static let inhibit: UInt32 = 0x8000_0000
        /// Toggles at every expiry, in GTCCR.
        public static let toggle: UInt32 = 0x8000_0000
        /// The count, in both.
        public static let count: UInt32 = 0x7FFF_FFFF
        /// Clock ratio, in TCR: the timers count every 8, 16, 32 or 64 clocks.
        public static let clockRatio: UInt32 = 0x0000_0300
    }
}

/// The output of a processor that an interrupt source drives (INTTGT in ILR).
public enum InterruptTarget: UInt32, CaseIterable, Sendable {
    /// The external interrupt input, with priorities, acknowledge and end of interrupt.
    case interrupt = 0
    /// The critical interrupt input, which follows the source's level alone.
    case critical = 1
    /// The machine check input, likewise.
    case machineCheck = 2
}
