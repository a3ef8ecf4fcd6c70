internal import CHost
internal import Debugging
internal import Foundation
internal import Sandbox
internal import Terminal

/// A socket on which one debugger at a time is served.
///
/// It listens before the sandbox is entered, and needs in it to accept, read, write and wait.
final class DebugServer: DebugTransport {
    private let console: TerminalConsole
    private let listener: Int32
    /// Keeps the process that removes the socket's file.
    private let remover: Int32?
    private var connection: Int32 = -1 {
        didSet { console.otherInput = connection < 0 ? listener : connection }
    }

    /// Where it listens, with the port that a port of 0 became.
    let address: DebugAddress

    /// Milliseconds that a debugger has to take what it asked for.
    private static let patience: Int32 = 10_000

    /// Listens at `address`.
    init(_ address: DebugAddress, console: TerminalConsole) throws(CommandFailure) {
        self.console = console
        switch address {
        case .tcp(let host, let port):
            (listener, self.address) = try Self.listen(host: host, port: port)
            remover = nil
        case .unix(let path):
            listener = try Self.listen(path: path)
            self.address = address
            remover = Sandbox.removeSocketAtEnd(path)
        }
        console.otherInput = listener
    }

    /// What the sandbox has to leave open.
    var descriptors: [Int32] { [listener] + (remover.map { [$0] } ?? []) }

    // MARK: Listening

    private static func failure(_ address: String) -> CommandFailure {
        let reason =
            errno == EADDRINUSE ? "is in use" : unsafe "cannot be opened: \(String(cString: strerror(errno)))"
        return CommandFailure(.unavailable, "--gdb \(address) \(reason); choose another address")
    }

    private static func listen(host: String, port: UInt16) throws(CommandFailure) -> (Int32, DebugAddress) {
        let stated = "\(DebugAddress.tcp(host: host, port: port))"
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host.isEmpty ? "127.0.0.1" : host, "\(port)", &hints, &found) == 0,
            let first = unsafe found
        else { throw CommandFailure(.unavailable, "--gdb \(stated): there is no such host") }
        defer { unsafe freeaddrinfo(first) }
        let descriptor = unsafe socket(
            first.pointee.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw failure(stated) }
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size)
        // Connections have it from here: packets are small, and each waits for its answer.
        _ = unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
        guard unsafe bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0,
            Foundation.listen(descriptor, 1) == 0
        else { throw failure(stated) }
        return (descriptor, .tcp(host: host, port: port == 0 ? Self.port(of: descriptor) : port))
    }

    /// The port that a socket got.
    private static func port(of descriptor: Int32) -> UInt16 {
        var name = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let result = unsafe withUnsafeMutablePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &size)
            }
        }
        // The port stands at the same place in both families' names.
        return result == 0 ? UInt16(bigEndian: name.sin6_port) : 0
    }

    private static func listen(path: String) throws(CommandFailure) -> Int32 {
        let stated = "unix:\(path)"
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let bytes = [UInt8](path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: name.sun_path) else {
            throw CommandFailure(.usage, "--gdb \(stated): the path is too long for a socket")
        }
        unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: bytes) }
        func call(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
            unsafe withUnsafePointer(to: &name) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
        func open() -> Int32 {
            socket(
                AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        }
        let descriptor = open()
        guard descriptor >= 0 else { throw failure(stated) }
        var isBound = unsafe call { unsafe bind(descriptor, $0, $1) } == 0
        if !isBound, errno == EADDRINUSE {
            // A file that nobody listens on is left over from a process that had no time to remove it.
            let probe = open()
            let isDead = unsafe call { unsafe connect(probe, $0, $1) } != 0 && errno == ECONNREFUSED
            close(probe)
            if isDead, Self.isSocket(path) {
                _ = unsafe unlink(path)
                isBound = unsafe call { unsafe bind(descriptor, $0, $1) } == 0
            } else {
                errno = EADDRINUSE
            }
        }
        guard isBound, Foundation.listen(descriptor, 1) == 0 else { throw failure(stated) }
        return descriptor
    }

    private static func isSocket(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }

    // MARK: DebugTransport

    func poll() -> DebugTransportEvent {
        guard connection >= 0 else {
            let accepted = host_accept(listener)
            guard accepted >= 0 else { return .nothing }
            connection = accepted
            return .connected
        }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(connection, $0.baseAddress!, $0.count) }
        if count > 0 { return .received([UInt8](bytes[..<count])) }
        if count < 0, errno == EAGAIN || errno == EINTR { return .nothing }
        disconnect()
        return .closed
    }

    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count, connection >= 0 {
            let written = unsafe bytes.withUnsafeBytes {
                unsafe write(connection, $0.baseAddress! + sent, $0.count - sent)
            }
            if written > 0 {
                sent += written
            } else if written < 0, errno == EAGAIN {
                var descriptor = pollfd(fd: connection, events: Int16(POLLOUT), revents: 0)
                guard unsafe Foundation.poll(&descriptor, 1, Self.patience) > 0 else { break }
            } else if written == 0 || errno != EINTR {
                // The next poll finds the connection at its end.
                break
            }
        }
    }

    func disconnect() {
        guard connection >= 0 else { return }
        close(connection)
        connection = -1
    }

    func wait(nanoseconds: UInt64) { console.wait(nanoseconds: nanoseconds) }

    var wantsToQuit: Bool { console.wantsToQuit }
}
