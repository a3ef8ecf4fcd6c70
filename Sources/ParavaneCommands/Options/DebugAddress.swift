public import ArgumentParser

/// Where a debugger connects: `tcp:[host]:port` or `unix:path`, as QEMU's `-gdb` has them.
public enum DebugAddress: ExpressibleByArgument, Equatable, Sendable, CustomStringConvertible {
    /// A TCP port. Without a host it is reachable from this machine alone.
    case tcp(host: String, port: UInt16)
    /// A socket in the file system.
    case unix(path: String)

    /// The address that `--gdb` alone means.
    public static let standard = DebugAddress.tcp(host: "", port: 1234)

    /// The address that the argument states, or nil where it states none.
    public init?(argument: String) {
        if argument.hasPrefix("unix:") {
            let path = argument.dropFirst(5)
            guard !path.isEmpty else { return nil }
            self = .unix(path: String(path))
        } else if argument.hasPrefix("tcp:") {
            guard let colon = argument.lastIndex(of: ":"), let port = UInt16(argument[argument.index(after: colon)...])
            else { return nil }
            var host = argument[..<colon].dropFirst(3)
            guard host.first == ":" || host.isEmpty else { return nil }
            host = host.dropFirst()
            if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
            self = .tcp(host: String(host), port: port)
        } else {
            return nil
        }
    }

    /// The address as an argument.
    public var description: String {
        switch self {
        case .tcp(let host, let port): "tcp:\(host.contains(":") ? "[\(host)]" : host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// The address as help shows a default.
    public var defaultValueDescription: String { description }
}
