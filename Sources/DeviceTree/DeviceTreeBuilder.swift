internal import CFDT

/// Writes a new tree from top to bottom: a node's properties first, then the nodes below it.
///
/// ```swift
/// var tree = DeviceTreeBuilder()
/// tree.set("#address-cells", .u32(1))
/// tree.node("cpus") { cpus in
///     cpus.node("PowerPC,8544@0") { $0.set("reg", .u32(0)) }
/// }
/// let machine = try tree.finish()
/// ```
///
/// The first mistake makes the builder ignore what follows, and ``finish()`` throws it.
@safe
public struct DeviceTreeBuilder: ~Copyable {
    private var buffer = BlobBuffer(capacity: 8192)
    /// The names of the nodes that are open below the root.
    private var open: [String] = []
    private var failure: DeviceTreeError?

    /// A tree with these memory reservations, whose root node is open.
    public init(reservations: [MemoryReservation] = []) {
        append { [capacity = buffer.capacity] in unsafe fdt_create($0, Int32(capacity)) }
        for reservation in reservations {
            if reservation.size == 0 { failure = .badValue(path: "/", property: "/memreserve/") }
            append { unsafe fdt_add_reservemap_entry($0, reservation.address, reservation.size) }
        }
        append { unsafe fdt_finish_reservemap($0) }
        append { unsafe fdt_begin_node($0, "") }
    }

    /// Gives the open node a property.
    public mutating func set(_ name: String, _ value: PropertyValue) {
        guard failure == nil else { return }
        guard Blob.isPropertyName(name.utf8) else {
            failure = .badName(path: path, name: Blob.printable(name))
            return
        }
        guard value.bytes.count <= DeviceTree.maximumSize else {
            failure = .tooLarge(bytes: value.bytes.count, limit: DeviceTree.maximumSize)
            return
        }
        append { blob in
            unsafe name.withCString { name in
                unsafe value.bytes.withUnsafeBytes { bytes in
                    unsafe fdt_property(blob, name, bytes.baseAddress, Int32(bytes.count))
                }
            }
        }
    }

    /// Adds a node below the open one and lets `body` fill it.
    public mutating func node(_ name: String, _ body: (inout DeviceTreeBuilder) -> Void) {
        guard failure == nil else { return }
        guard Blob.isNodeName(name.utf8) else {
            failure = .badName(path: path, name: Blob.printable(name))
            return
        }
        open.append(name)
        append { blob in unsafe name.withCString { unsafe fdt_begin_node(blob, $0) } }
        body(&self)
        append { unsafe fdt_end_node($0) }
        open.removeLast()
    }

    /// The finished tree, or the first mistake.
    public consuming func finish() throws(DeviceTreeError) -> DeviceTree {
        append { unsafe fdt_end_node($0) }
        append { unsafe fdt_finish($0) }
        if let failure { throw failure }
        return try DeviceTree(adopting: buffer)
    }

    private var path: String {
        open.reduce("/") { $0.appendingNode($1) }
    }

    /// Runs a libfdt call that adds to the blob, with as much more room as it needs.
    @safe
    private mutating func append(_ call: (UnsafeMutableRawPointer) -> Int32) {
        while failure == nil {
            let result = unsafe call(buffer.base)
            if result >= 0 { return }
            guard result == -FDT_ERR_NOSPACE else {
                failure = .libfdt(result, path: path)
                return
            }
            let capacity = 2 * buffer.capacity
            guard capacity <= 2 * DeviceTree.maximumSize else {
                failure = .tooLarge(bytes: buffer.capacity + 1, limit: DeviceTree.maximumSize)
                return
            }
            let larger = BlobBuffer(capacity: capacity)
            unsafe fdt_resize(buffer.base, larger.base, Int32(capacity))
            buffer = larger
        }
    }
}
