public import ArgumentParser
internal import Machines

/// The devices that the command line can connect to the guest's console.
public enum ConsoleChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// The first serial port: ttyS0 in Linux.
    case serial
    /// An ePAPR byte channel, which the guest reaches by hypercalls: ttyEHV0 in Linux.
    case byteChannel = "byte-channel"

    var device: E500Console {
        switch self {
        case .serial: .serial
        case .byteChannel: .byteChannel
        }
    }
}
