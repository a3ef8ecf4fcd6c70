internal import CSandbox
internal import Glibc

/// Takes from this process what it does not need to run a guest. There is no way back.
///
/// A guest that finds a mistake in the machine gets no further than this: to read and write the descriptors that are
/// open, to use memory, and to end the process.
public enum Sandbox {
    /// Whether this platform has a sandbox.
    public static var isAvailable: Bool { sandbox_is_supported() != 0 }

    /// Enters the sandbox: closes all descriptors but 0, 1, 2 and `kept`, forbids core files and new privileges, and
    /// lets the kernel judge every system call by ``SystemCallRule/all`` and `additional` rules.
    public static func enter(
        keeping kept: [Int32] = [], allowing additional: [SystemCallRule] = []
    ) throws(SandboxError) {
        guard isAvailable else { throw .notAvailable }
        closeDescriptors(except: kept)
        var result = sandbox_limit_resources()
        guard result == 0 else { throw .refused(step: "resource limits", errno: result) }
        let filter = SystemCallFilter(SystemCallRule.all + additional, process: getpid())
        result = unsafe filter.program.withUnsafeBufferPointer { program in
            unsafe sandbox_install(program.baseAddress!, UInt16(clamping: program.count))
        }
        guard result == 0 else { throw .refused(step: "the system call filter", errno: result) }
    }

    /// Sees to it that the socket at `path` goes away with this process, however that ends, although the sandbox lets it
    /// remove no files. The descriptor has to be kept; nil where that cannot be.
    public static func removeSocketAtEnd(_ path: String) -> Int32? {
        let descriptor = unsafe sandbox_remove_socket_at_end(path)
        return descriptor < 0 ? nil : descriptor
    }

    /// Closes all descriptors but 0, 1, 2 and `kept`.
    static func closeDescriptors(except kept: [Int32]) {
        var first: Int32 = 3
        for descriptor in kept.sorted() where descriptor >= first {
            sandbox_close(first, descriptor - 1)
            first = descriptor + 1
        }
        sandbox_close(first, .max)
    }
}

/// Why there is no sandbox.
public enum SandboxError: Error, CustomStringConvertible {
    /// The platform has none.
    case notAvailable
    /// The kernel refused a step.
    case refused(step: StaticString, errno: Int32)

    /// One line that says what is missing.
    public var description: String {
        switch self {
        case .notAvailable: "there is no sandbox for this platform (Linux on x86-64 and AArch64 have one)"
        case .refused(let step, let errno): "the kernel refuses \(step) (error \(errno))"
        }
    }
}
