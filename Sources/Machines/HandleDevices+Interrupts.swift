internal import Devices
public import Hypercalls

/// The virtual interrupt controller is the MPIC by another way: 0 to 255 are its sources, as the tree's `interrupts`
/// count them, 256 to 259 its IPIs and 260 to 263 its global timers.
///
/// Where the MPIC has registers, a guest may use them and the calls side by side. Sources from 16 on are level-sensitive, IPIs and timers are not;
/// their sense is no matter of choice.
extension HandleDevices {
    /// Sources, IPIs and global timers: 264.
    public var interruptCount: Int { MPIC.sourceCount }
    /// The MPIC's four IPIs.
    public var ipiCount: Int { MPIC.ipiCount }
    /// All vCPUs, also those that the guest has not started.
    public var cpuCount: Int { mpic.cpuCount }

    /// What the MPIC's registers of interrupt `number` hold.
    public func configuration(ofInterrupt number: Int) -> InterruptConfiguration {
        let (vectorPriority, destinations) = mpic.configuration(of: number)
        return InterruptConfiguration(
            isActiveHigh: vectorPriority & Bits.polarity != 0, isLevelSensitive: mpic.followsLevel(number),
            priority: (vectorPriority & Bits.priority) >> 16,
            // The registers can name several vCPUs, or none; the call tells the first.
            destination: destinations == 0 ? 0 : destinations.trailingZeroBitCount)
    }

    /// Writes the MPIC's registers of interrupt `number`; its mask stays as it is.
    public func configureInterrupt(_ number: Int, _ configuration: InterruptConfiguration) {
        var value = mpic.configuration(of: number).vectorPriority & Bits.mask
        if configuration.isActiveHigh { value |= Bits.polarity }
        if configuration.isLevelSensitive { value |= Bits.sense }
        value |= configuration.priority << 16 | UInt32(number)
        mpic.configure(number, vectorPriority: value, destinations: 1 << UInt32(configuration.destination))
    }

    /// Whether interrupt `number` is masked.
    public func isInterruptMasked(_ number: Int) -> Bool {
        mpic.configuration(of: number).vectorPriority & Bits.mask != 0
    }

    /// Masks or unmasks interrupt `number`.
    public func maskInterrupt(_ number: Int, _ isMasked: Bool) {
        let (vectorPriority, destinations) = mpic.configuration(of: number)
        let value = isMasked ? vectorPriority | Bits.mask : vectorPriority & ~Bits.mask
        mpic.configure(number, vectorPriority: value, destinations: destinations)
    }

    /// Whether interrupt `number` requests service or has it.
    public func isInterruptActive(_ number: Int) -> Bool {
        mpic.configuration(of: number).vectorPriority & Bits.activity != 0
    }

    /// Puts the most urgent interrupt in service and returns its vector; nil when none waits.
    public func acknowledgeInterrupt(vcpu: Int) -> UInt32? {
        mpic.isInterruptPending(cpu: vcpu) ? mpic.acknowledge(cpu: vcpu) : nil
    }

    /// Ends the service of interrupt `number`; false where another is the most urgent one in service.
    public func endInterrupt(_ number: Int, vcpu: Int) -> Bool {
        guard mpic.interruptInService(cpu: vcpu) == number else { return false }
        mpic.endOfInterrupt(cpu: vcpu)
        return true
    }

    /// Requests IPI `ipi` on each of `vcpus`, one bit a vCPU.
    public func sendIPI(_ ipi: Int, to vcpus: UInt32) { mpic.sendIPI(ipi, to: vcpus) }

    /// The vCPU's CTPR.
    public func taskPriority(vcpu: Int) -> UInt32 { mpic.taskPriority(cpu: vcpu) }

    /// Sets the vCPU's CTPR.
    public func setTaskPriority(_ priority: UInt32, vcpu: Int) { mpic.setTaskPriority(priority, cpu: vcpu) }
}

private typealias Bits = MPICRegister.VectorPriority
