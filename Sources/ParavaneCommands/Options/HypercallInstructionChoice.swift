public import ArgumentParser
internal import ParavirtABI

/// The instructions by which the guest makes hypercalls.
public enum HypercallInstructionChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// `sc` with a magic number in r0, as KVM's instruction-emulating mode has it.
    case scMagic = "sc-magic"
    /// `sc 1`, as hypervisors on hardware with a hypervisor state have it. On pseries, where that is PAPR's, a sequence that
    /// hands the call over as one of PAPR's.
    case sc1
    /// On KVM: those of the kernel, which answers KVM's own calls itself and no others.
    case kernel
    /// On KVM: those that hand all calls to this VMM.
    case vmm
    /// None: the tree has no `/hypervisor`, and the guest runs as on hardware.
    case none

    /// Whether the software CPU knows them.
    var isForSoftwareCPU: Bool { self != .kernel && self != .vmm }

    /// The words for the tree's `hcall-instructions`; nil where the guest gets none, or the host decides.
    public func words(for machine: MachineChoice) -> [UInt32]? {
        let instructions: HypercallInstructions
        switch self {
        case .scMagic: instructions = .systemCallMagic
        case .sc1: instructions = machine == .pseries ? .paprForward : .systemCall1
        case .kernel, .vmm, .none: return nil
        }
        return instructions.words.indices.map { instructions.words[$0] }
    }
}
