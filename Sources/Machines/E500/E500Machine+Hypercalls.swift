public import Hypercalls
public import ParavirtABI
internal import PowerPC
internal import VMM

extension E500Machine {
    /// Registers → frame → handler → result → registers.
    func hypercall(_ vcpu: SoftwareCPU) {
        beginAccess(of: vcpu)
        var registers = EPAPRRegisters(vcpu: vcpu)
        _ = dispatcher.call(
            &registers, vcpu: vcpu.index, isPrivileged: true, width: .bits32, host: self, counts: &hypercallCounts)
        collectRequests()
        updateInterrupts()
    }
}

/// A vCPU's registers as the hypercall dispatcher sees them.
private struct EPAPRRegisters: CallRegisters {
    let vcpu: SoftwareCPU
    func register(_ index: Int) -> UInt64 { UInt64(vcpu.register(index)) }
    func setRegister(_ index: Int, to value: UInt64) {
        vcpu.setRegister(index, to: UInt32(truncatingIfNeeded: value))
    }
}

extension E500Machine: EPAPRHypercallHost {
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
