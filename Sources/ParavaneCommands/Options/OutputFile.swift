internal import Foundation

/// Writes where the command line says: to a file, or to standard output where it says `-` or nothing.
enum OutputFile {
    /// Writes text.
    static func write(_ text: String, to path: String?) throws(CommandFailure) {
        try write([UInt8](text.utf8), to: path)
    }

    /// Writes bytes that are no text, but not to a terminal.
    static func write(binary bytes: [UInt8], to path: String?) throws(CommandFailure) {
        if path == nil || path == "-", isatty(STDOUT_FILENO) == 1 {
            throw CommandFailure(.usage, "a binary tree is not for a terminal: use -o FILE, or --format dts")
        }
        try write(bytes, to: path)
    }

    private static func write(_ bytes: [UInt8], to path: String?) throws(CommandFailure) {
        do {
            if let path, path != "-" {
                try Data(bytes).write(to: URL(fileURLWithPath: path))
            } else {
                try FileHandle.standardOutput.write(contentsOf: Data(bytes))
            }
        } catch {
            throw CommandFailure(.badInput, "\(path ?? "standard output"): cannot be written; check path and room")
        }
    }
}
