public import ArgumentParser
internal import PowerPC

/// The cores that the command line can name, by QEMU's names.
public enum CoreChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// The e500v2.
    case e500v2
    /// The e500mc.
    case e500mc

    var model: CoreModel {
        switch self {
        case .e500v2: .e500v2
        case .e500mc: .e500mc
        }
    }
}
