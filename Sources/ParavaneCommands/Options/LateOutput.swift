internal import Foundation

/// A file that is opened before a guest runs and written afterwards, when nothing can be opened any more.
struct LateOutput {
    /// What to write to.
    let descriptor: Int32
    private let name: String

    /// The file at `path`, emptied, or standard error where it says `-`.
    init(_ path: String) throws(CommandFailure) {
        name = path == "-" ? "standard error" : path
        descriptor =
            path == "-" ? STDERR_FILENO : unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure }
    }

    /// Writes all of the bytes.
    func write(_ bytes: [UInt8]) throws(CommandFailure) {
        guard StandardError.write(bytes, to: descriptor) else { throw failure }
    }

    private var failure: CommandFailure {
        CommandFailure(.badInput, "\(name): cannot be written; check path and room")
    }
}
