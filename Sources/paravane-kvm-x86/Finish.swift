import CHost
import Glibc

/// Ends the process, with a line on standard error.
func finish(_ status: Int32, _ message: String? = nil) -> Never {
    if let message {
        let line = [UInt8]("paravane-kvm-x86: \(message)\n".utf8)
        _ = unsafe line.withUnsafeBytes { unsafe host_write(2, $0.baseAddress!, line.count) }
    }
    exit(status)
}
