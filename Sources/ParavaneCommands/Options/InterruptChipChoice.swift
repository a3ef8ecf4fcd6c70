public import ArgumentParser

/// Who has the interrupt controller of a guest on KVM.
public enum InterruptChipChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// The kernel of the host.
    case kernel
    /// paravane-ppc64le.
    case vmm
}
