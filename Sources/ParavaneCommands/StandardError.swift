internal import Foundation

/// The place for everything that is not the guest's console or a command's result.
enum StandardError {
    /// Prints a line, with the program's name in front unless it belongs to the line before. A standard error that takes
    /// nothing is no reason to end.
    static func print(_ line: String, prefix: Bool = true) {
        _ = write([UInt8]("\(prefix ? "paravane: " : "")\(line)\n".utf8), to: STDERR_FILENO)
    }

    /// Writes all of the bytes. False where the descriptor does not take them.
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let written = unsafe bytes.withUnsafeBytes { bytes in
                unsafe Foundation.write(descriptor, bytes.baseAddress! + sent, bytes.count - sent)
            }
            if written > 0 {
                sent += written
            } else if written == 0 || errno != EINTR {
                return false
            }
        }
        return true
    }

    /// Opens what the process was started without among descriptors 0, 1 and 2, so that no file takes their place and
    /// gets what was meant for the user.
    static func claimStandardDescriptors() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            guard unsafe open("/dev/null", O_RDWR) == descriptor else { return }
        }
    }
}
