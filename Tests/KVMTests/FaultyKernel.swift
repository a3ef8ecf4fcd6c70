import KVM

/// A kernel that notes every call and fails where it is told to; what it lets through goes to another kernel.
final class FaultyKernel: KernelInterface {
    /// Which call fails, and with what errno.
    struct Fault {
        /// The request's name; "open" and "mmap" are calls as well.
        var call: String
        var errno: Int32
        /// How often the call works before.
        var after = 0
        /// How often it fails then.
        var count = Int.max
    }

    private let inner: any KernelInterface
    private var fault: Fault?
    /// The names of the calls so far, in order.
    private(set) var calls: [String] = []
    /// Descriptors that are open and mappings that stand.
    private(set) var openDescriptors = 0
    private(set) var mappings = 0

    init(_ inner: any KernelInterface = EmptyKernel(), fault: Fault? = nil) {
        self.inner = inner
        self.fault = fault
    }

    /// The errno to fail with, if this call is to fail.
    private func failure(of call: String) -> Int32? {
        calls.append(call)
        guard fault?.call == call, let now = fault else { return nil }
        if now.after > 0 {
            fault?.after -= 1
            return nil
        }
        guard now.count > 0 else { return nil }
        fault?.count -= 1
        return now.errno
    }

    func open(_ path: StaticString) -> Int32 {
        if let errno = failure(of: "open") { return -errno }
        let descriptor = inner.open(path)
        if descriptor >= 0 { openDescriptors += 1 }
        return descriptor
    }

    func close(_ descriptor: Int32) {
        openDescriptors -= 1
        inner.close(descriptor)
    }

    func request(_ descriptor: Int32, _ request: Request, _ argument: UInt) -> Int {
        let name = request.name.description
        if let errno = failure(of: name) { return -Int(errno) }
        let result = inner.request(descriptor, request, argument)
        if result >= 0, ["KVM_CREATE_VM", "KVM_CREATE_VCPU", "KVM_CREATE_DEVICE"].contains(name) {
            openDescriptors += 1
        }
        return result
    }

    func read(_ descriptor: Int32, into bytes: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int {
        unsafe inner.read(descriptor, into: bytes, at: offset)
    }

    func map(_ descriptor: Int32, size: Int) -> KernelMapping {
        if let errno = failure(of: "mmap") { return .failed(errno: errno) }
        mappings += 1
        return inner.map(descriptor, size: size)
    }

    func unmap(_ address: UnsafeMutableRawPointer, size: Int) {
        mappings -= 1
        unsafe inner.unmap(address, size: size)
    }
}

/// A kernel in which everything works and nothing happens. Its run page is what a test writes into it.
final class EmptyKernel: KernelInterface {
    /// The answers of requests that return a number; 0 otherwise.
    var answers = ["KVM_GET_API_VERSION": 12, "KVM_GET_VCPU_MMAP_SIZE": EmptyKernel.pageSize]
    /// Bytes of the run page.
    static let pageSize = 12288
    /// What the run page starts with, by offset.
    var page: [Int: [UInt8]] = [:]
    private var nextDescriptor: Int32 = 100

    func open(_ path: StaticString) -> Int32 { descriptor() }

    func close(_ descriptor: Int32) {}

    func request(_ descriptor: Int32, _ request: Request, _ argument: UInt) -> Int {
        let name = request.name.description
        if ["KVM_CREATE_VM", "KVM_CREATE_VCPU"].contains(name) { return Int(self.descriptor()) }
        if name == "KVM_CREATE_DEVICE" {
            // struct kvm_create_device: type, descriptor, flags, 4 bytes each.
            unsafe UnsafeMutableRawPointer(bitPattern: argument)?
                .storeBytes(of: self.descriptor(), toByteOffset: 4, as: Int32.self)
        }
        return answers[name] ?? 0
    }

    /// What reading the statistics' file gives.
    var statistics: [UInt8] = []

    func read(_ descriptor: Int32, into bytes: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int {
        let part = statistics.dropFirst(Int(offset)).prefix(bytes.count)
        for (index, byte) in part.enumerated() { unsafe bytes[index] = byte }
        return part.count
    }

    func map(_ descriptor: Int32, size: Int) -> KernelMapping {
        let base = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 4096)
        unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        for (offset, bytes) in page {
            for (index, byte) in bytes.enumerated() {
                unsafe base.storeBytes(of: byte, toByteOffset: offset + index, as: UInt8.self)
            }
        }
        return unsafe .mapped(base)
    }

    func unmap(_ address: UnsafeMutableRawPointer, size: Int) { unsafe address.deallocate() }

    private func descriptor() -> Int32 {
        nextDescriptor += 1
        return nextDescriptor
    }
}
