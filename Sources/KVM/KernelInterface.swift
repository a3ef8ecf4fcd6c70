internal import CKVM

/// The system calls that KVM is used through: the seam at which tests make each of them fail.
public protocol KernelInterface: AnyObject {
    /// Opens a file for reading and writing. The descriptor, or the negated errno.
    func open(_ path: StaticString) -> Int32

    /// Closes a descriptor.
    func close(_ descriptor: Int32)

    /// Carries out an ioctl. Its result, or the negated errno.
    ///
    /// - Parameter argument: an integer, or the address of what the request reads or writes.
    func request(_ descriptor: Int32, _ request: Request, _ argument: UInt) -> Int

    /// Reads at most that many bytes at an offset of a descriptor. The number read, or the negated errno.
    func read(_ descriptor: Int32, into bytes: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int

    /// Maps bytes that a descriptor shares with the kernel.
    func map(_ descriptor: Int32, size: Int) -> KernelMapping

    /// Unmaps them.
    func unmap(_ address: UnsafeMutableRawPointer, size: Int)
}

/// What came of mapping.
@safe
public enum KernelMapping {
    /// Mapped at this address.
    case mapped(UnsafeMutableRawPointer)
    /// Not mapped, for this errno.
    case failed(errno: Int32)
}

/// The kernel that the process runs on.
public final class HostKernel: KernelInterface {
    /// The kernel; all are the same.
    public init() {}

    /// Opens a file.
    public func open(_ path: StaticString) -> Int32 {
        // SAFETY: a static string is ASCII or UTF-8 with a zero byte behind it.
        path.withUTF8Buffer { bytes in
            guard let base = bytes.baseAddress else { return -1 }
            return unsafe base.withMemoryRebound(to: CChar.self, capacity: bytes.count + 1) { unsafe ckvm_open($0) }
        }
    }

    /// Closes a descriptor.
    public func close(_ descriptor: Int32) { ckvm_close(descriptor) }

    /// Carries out an ioctl.
    public func request(_ descriptor: Int32, _ request: Request, _ argument: UInt) -> Int {
        ckvm_ioctl(descriptor, request.number, argument)
    }

    /// Reads bytes of a descriptor.
    public func read(_ descriptor: Int32, into bytes: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        return unsafe ckvm_read_at(descriptor, base, bytes.count, offset)
    }

    /// Maps shared bytes.
    public func map(_ descriptor: Int32, size: Int) -> KernelMapping {
        var address: UnsafeMutableRawPointer?
        let result = unsafe ckvm_map(descriptor, size, &address)
        guard let address = unsafe address else { return .failed(errno: Int32(truncatingIfNeeded: -result)) }
        return unsafe .mapped(address)
    }

    /// Unmaps them.
    public func unmap(_ address: UnsafeMutableRawPointer, size: Int) { unsafe ckvm_unmap(address, size) }
}

/// A descriptor, closed when its owner goes.
///
/// A class with one noncopyable owner: Embedded Swift cannot end a noncopyable value with a `deinit` in another module.
final class Descriptor {
    let raw: Int32
    let kernel: any KernelInterface

    init(_ raw: Int32, of kernel: any KernelInterface) {
        self.raw = raw
        self.kernel = kernel
    }

    deinit {
        kernel.close(raw)
    }

    /// Carries out `request`, again when a signal cut it short, and returns its result.
    @discardableResult
    func request(_ request: Request, _ argument: UInt = 0) throws(KVMError) -> Int {
        while true {
            let result = kernel.request(raw, request, argument)
            if result >= 0 { return result }
            guard -result == Errno.interrupted else {
                throw .failed(request, errno: Int32(truncatingIfNeeded: -result))
            }
        }
    }

    /// Carries out a request that reads or writes `value`.
    @discardableResult
    func request<Value>(_ request: Request, _ value: inout Value) throws(KVMError) -> Int {
        // SAFETY: the request's number says how many bytes the kernel moves, and `Value` is the structure that has them.
        try unsafe withUnsafeMutablePointer(to: &value) { pointer throws(KVMError) in
            try self.request(request, UInt(bitPattern: pointer))
        }
    }

    /// Carries out a request that reads `value`.
    @discardableResult
    func request<Value>(_ request: Request, reading value: Value) throws(KVMError) -> Int {
        var copy = value
        return try self.request(request, &copy)
    }
}

/// The error numbers of Linux that mean something to this module.
enum Errno {
    /// `ENOENT`.
    static let noEntry = 2
    /// `EINTR`.
    static let interrupted = 4
    /// `EACCES`.
    static let noAccess = 13
    /// `ENODEV`: a driver that is not there, which is what a device node without its module gives.
    static let noDevice = 19
    /// `EINVAL`.
    static let invalid = 22
}
