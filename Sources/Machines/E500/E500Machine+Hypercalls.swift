public import Hypercalls
public import ParavirtABI
internal import PowerPC
internal import VMM

extension E500Machine {
    /// Registers → frame → handler → result → registers.
    func hypercall(_ vcpu: SoftwareCPU) {
        var registers = EPAPRRegisters(registers: vcpu.registers)
        let frame = HypercallFrame(
            from: registers, convention: .epapr, vcpu: vcpu.index, isPrivileged: true, width: .bits32)
        let involvesDevices = frame.involvesDevices
        if involvesDevices { beginAccess(of: vcpu) }
        _ = dispatcher.answer(frame, host: self, counts: &hypercallCounts).encode(into: &registers)
        guard involvesDevices else { return }
        collectRequests()
        updateInterrupts()
    }
}

extension HypercallFrame {
    /// Whether the call can reach a device or the machine's power, and so needs the machine's time before it and a look at
    /// interrupts and requests behind it. KVM's own calls are about the vCPU alone, and so are unknown ones.
    fileprivate var involvesDevices: Bool {
        guard let index else { return false }
        return index < HypercallFamily.kvm.tableStart
            || index >= HypercallFamily.kvm.tableStart + HypercallFamily.kvm.count
    }
}

/// A vCPU's registers as the hypercall dispatcher sees them.
private struct EPAPRRegisters: CallRegisters {
    let registers: GuestRegisters
    func register(_ index: Int) -> UInt64 { UInt64(registers[index]) }
    func setRegister(_ index: Int, to value: UInt64) { registers[index] = UInt32(truncatingIfNeeded: value) }
}

extension E500Machine: HandleDevices, EPAPRHypercallHost {
    /// Shows a vCPU's page of supervisor registers to the guest.
    public func mapMagicPage(
        vcpu: Int, realAddress: UInt64, effectiveAddress: UInt64, flags: MagicPageFlags
    ) -> MagicPageFeatures {
        cpus[vcpu].mapMagicPage(at: UInt32(truncatingIfNeeded: effectiveAddress))
        return [.segmentRegisters, .mas0ToSPRG7]
    }

    /// Halts a vCPU until an interrupt is pending.
    public func idle(vcpu: Int) { cpus[vcpu].waitForInterrupt() }
}
