public import ArgumentParser
internal import KVM

/// What executes a guest.
public enum EngineChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// The software CPU.
    case auto
    /// The software CPU.
    case soft
    /// This host's KVM.
    case kvm
    /// A KVM-PR host that runs in qemu-system-ppc64.
    case kvmPRInQEMU = "kvm-pr-in-qemu"

    /// Refuses a machine that the engine does not have.
    func check(_ machine: MachineChoice) throws(ValidationError) {
        if self == .kvmPRInQEMU, machine != .pseries {
            throw ValidationError("the engine kvm-pr-in-qemu has the machine pseries alone")
        }
    }

    /// Why there is no guest on this host's KVM: the words of `paravane host`.
    static var kvmFailure: CommandFailure {
        CommandFailure(
            .unavailable, HostReport().obstacle ?? "on a PowerPC host it is 'paravane-ppc64le run' that uses KVM")
    }
}
