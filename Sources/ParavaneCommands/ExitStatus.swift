internal import ArgumentParser
internal import Foundation

/// With what status the command exits. The numbers are an interface: scripts read them.
public enum ExitStatus: Int32, CaseIterable, Sendable {
    /// Done; of a guest: it switched the power off.
    case success = 0
    /// Two trees that were compared differ, or a cell of the test matrix failed.
    case difference = 1
    /// The guest reset the machine, and `--no-reboot` was given.
    case guestReset = 32
    /// The guest crashed: an unhandled exception, or a checkstop.
    case guestCrash = 33
    /// The guest panicked.
    case guestPanic = 34
    /// The command line is wrong.
    case usage = 64
    /// An input is missing or unsound: a kernel, an initrd, a tree, an overlay.
    case badInput = 65
    /// The host lacks what was asked for: `/dev/kvm`, KVM-PR, a sandbox, the address for `--gdb`.
    case unavailable = 69
    /// A mistake in Paravane itself.
    case internalError = 70
    /// The time limit is over.
    case timeout = 124
}

/// Why a command ends early: a line for the user and the status to exit with.
public struct CommandFailure: Error, CustomStringConvertible {
    /// The status to exit with.
    public let status: ExitStatus
    /// One line: what is wrong, where, and what to do about it.
    public let message: String

    /// A failure with that message.
    public init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    /// The message.
    public var description: String { message }
}

/// Prints `paravane: message` on stderr and exits.
public func fail(_ status: ExitStatus, _ message: String) -> Never {
    StandardError.print(message)
    Foundation.exit(status.rawValue)
}

extension ParsableCommand {
    /// Parses the process's arguments and runs the command that they name.
    ///
    /// Everything that goes wrong becomes one line on stderr and an ``ExitStatus``.
    static func runFromCommandLine() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let failure as CommandFailure {
            fail(failure.status, failure.message)
        } catch {
            switch exitCode(for: error) {
            // Help and the version: the parser prints them on stdout.
            case .success: exit(withError: error)
            case .validationFailure:
                // The parser lists many values in a line each.
                let line = message(for: error).replacing(#/\n *- /#, with: " ")
                fail(.usage, "\(line); see 'paravane --help'")
            case let code where error is ExitCode: Foundation.exit(code.rawValue)
            default: fail(.internalError, message(for: error))
            }
        }
    }
}
