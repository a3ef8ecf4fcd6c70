public import ArgumentParser
internal import Machines

/// The machines that the command line can name.
public enum MachineChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// The e500 machine, address for address QEMU's `ppce500`.
    case e500
    /// A machine as Freescale's hypervisor shows it, whose interrupts, console and power are hypercalls.
    case e500HV = "e500-hv"
    /// The partition of a POWER server that PAPR describes, with a 64-bit processor.
    case pseries

    /// Which machine of the e500 family it is; nil for another.
    var e500Board: E500Board? {
        switch self {
        case .e500: .ppce500
        case .e500HV: .hypervisor
        case .pseries: nil
        }
    }

    /// The hypercall instructions of its tree unless the command line says otherwise: KVM's for an e500v2 and a
    /// POWER8, those of a hypervisor on a core that has a hypervisor state for an e500mc.
    var defaultInstructions: HypercallInstructionChoice {
        switch self {
        case .e500, .pseries: .scMagic
        case .e500HV: .sc1
        }
    }
}
