/// The memory of one blob. One tree or builder owns it.
///
/// It starts as zeros, so that padding in a blob shows a guest no host memory, and is aligned as libfdt demands.
/// It is a class because Embedded Swift cannot destroy a noncopyable value of an internal type from another module.
@safe
final class BlobBuffer {
    /// The first byte.
    let base: UnsafeMutableRawPointer
    /// Bytes.
    let capacity: Int

    init(capacity: Int) {
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
        self.capacity = capacity
    }

    convenience init(copying bytes: Span<UInt8>) {
        self.init(capacity: bytes.count)
        unsafe bytes.withUnsafeBytes {
            unsafe base.copyMemory(from: $0.baseAddress.unsafelyUnwrapped, byteCount: $0.count)
        }
    }

    deinit {
        unsafe base.deallocate()
    }

    /// Everything that the blob holds, once all of it has been found sound.
    func read() throws(DeviceTreeError) -> Blob.Contents {
        defer { withExtendedLifetime(self) {} }
        let bytes = unsafe UnsafeRawBufferPointer(start: base, count: capacity)
        return try unsafe Blob.read(bytes.bindMemory(to: UInt8.self).span)
    }
}
