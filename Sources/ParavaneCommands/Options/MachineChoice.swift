public import ArgumentParser

/// The machines that the command line can name.
public enum MachineChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// The e500 machine, address for address QEMU's `ppce500`.
    case e500
}
