public import ArgumentParser
internal import ParavirtABI

/// The instructions by which the guest makes hypercalls.
public enum HypercallInstructionChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// `sc` with a magic number in r0, as KVM's instruction-emulating mode has it.
    case scMagic = "sc-magic"
    /// `sc 1`, as hypervisors on hardware with a hypervisor state have it.
    case sc1
    /// None: the tree has no `/hypervisor`, and the guest runs as on hardware.
    case none

    /// The words for the tree's `hcall-instructions`; nil where the guest gets none.
    public var words: [UInt32]? {
        let instructions: HypercallInstructions
        switch self {
        case .scMagic: instructions = .systemCallMagic
        case .sc1: instructions = .systemCall1
        case .none: return nil
        }
        return instructions.words.indices.map { instructions.words[$0] }
    }
}
