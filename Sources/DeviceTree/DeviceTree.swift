internal import CFDT

/// A flattened device tree: the description of a machine that its firmware hands to an operating system.
///
/// The tree owns a blob that is sound at any time. Bytes from outside are checked completely when they are opened, so
/// that no blob, however damaged, makes a later call fail or hang. Nodes are named by path, such as
/// `/soc@fe0000000/serial@4500`; reading gives copies, which stay valid when the tree changes.
///
/// ```swift
/// var tree = try DeviceTree(bytes)
/// try tree.setProperty("status", .string("disabled"), at: "/soc@fe0000000/serial@4600")
/// try tree.apply(overlay: DeviceTree(overlayBytes))
/// let blob = tree.finish()
/// ```
///
/// To make a tree from nothing there is ``DeviceTreeBuilder``. libfdt does the editing.
@safe
public struct DeviceTree: ~Copyable {
    /// The most bytes of a tree without padding: 1 MiB, 200 times the trees of the machines here.
    public static let maximumSize = 1 << 20
    /// The most bytes of a blob with padding: 8 MiB, which is QEMU's limit too.
    public static let maximumFileSize = 8 << 20
    /// The most bytes of an overlay: merging takes quadratic time in the worst case, which is then a few seconds.
    public static let maximumOverlaySize = 64 << 10
    /// The most levels of nodes with the root's, as in Linux.
    public static let maximumDepth = 64
    /// The most bytes of a name. The Devicetree Specification says 31, PAPR's own names have up to 34.
    public static let maximumNameLength = 255

    /// The blob: version 17, with its unused room at its end.
    private var buffer: BlobBuffer

    /// A tree that consists of an empty root node.
    public init() {
        self.init(allocating: 4096)
        let result = unsafe fdt_create_empty_tree(blob, Int32(capacity))
        precondition(result >= 0, "an empty tree fits")
    }

    /// Opens a blob. Bytes after its end do not matter.
    public init(_ bytes: [UInt8]) throws(DeviceTreeError) {
        self = try Self.open(bytes.span)
    }

    /// Opens a blob. Bytes after its end do not matter.
    public init(_ bytes: Span<UInt8>) throws(DeviceTreeError) {
        self = try Self.open(bytes)
    }

    private init(allocating capacity: Int) {
        buffer = BlobBuffer(capacity: capacity)
    }

    /// Takes over a blob of version 17 without padding, once all of it has been found sound.
    init(adopting blob: BlobBuffer) throws(DeviceTreeError) {
        _ = try blob.read()
        let size = unsafe Int(cfdt_totalsize(blob.base))
        guard size <= Self.maximumSize else { throw .tooLarge(bytes: size, limit: Self.maximumSize) }
        var result = unsafe fdt_pack(blob.base)
        if result >= 0 { result = unsafe fdt_open_into(blob.base, blob.base, Int32(blob.capacity)) }
        guard result >= 0 else { throw .libfdt(result) }
        buffer = blob
    }

    private static func open(_ bytes: Span<UInt8>) throws(DeviceTreeError) -> DeviceTree {
        _ = try Blob.read(bytes)
        let source = BlobBuffer(copying: bytes.extracting(..<(try Blob.totalSize(bytes))))
        defer { withExtendedLifetime(source) {} }
        // Blocks in another order are copied twice; version 17 and alignment may add a few bytes.
        var tree = DeviceTree(allocating: 2 * source.capacity + 64)
        var result = unsafe fdt_check_full(source.base, source.capacity)
        if result >= 0 { result = unsafe fdt_open_into(source.base, tree.blob, Int32(tree.capacity)) }
        if result >= 0 { result = unsafe fdt_pack(tree.blob) }
        guard result >= 0 else { throw .libfdt(result) }
        guard tree.size <= maximumSize else { throw .tooLarge(bytes: tree.size, limit: maximumSize) }
        try tree.resize(to: tree.size + 512)
        return tree
    }

    /// The blob's first byte. The pointer does not keep ``buffer`` alive: who uses it last has to.
    private var blob: UnsafeMutableRawPointer { unsafe buffer.base }

    private var capacity: Int { buffer.capacity }

    /// A tree of its own with the same contents.
    public func copy() -> DeviceTree {
        let copy = DeviceTree(allocating: capacity)
        defer { withExtendedLifetime(buffer) {} }
        unsafe copy.blob.copyMemory(from: blob, byteCount: capacity)
        return copy
    }

    /// Bytes of the blob without padding.
    public var size: Int {
        defer { withExtendedLifetime(buffer) {} }
        return unsafe Int(cfdt_off_dt_strings(blob)) + Int(cfdt_size_dt_strings(blob))
    }

    /// The blob without padding, ready for a guest or a file.
    public func finish() -> [UInt8] {
        defer { withExtendedLifetime(buffer) {} }
        let total = unsafe Int(cfdt_totalsize(blob))
        var bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: blob, count: total))
        let result = unsafe bytes.withUnsafeMutableBytes { unsafe fdt_pack($0.baseAddress.unsafelyUnwrapped) }
        precondition(result >= 0, "a sound tree can be packed")
        bytes.removeLast(total - size)
        return bytes
    }
}

// MARK: - Reading

extension DeviceTree {
    /// The root node and everything below it.
    public var root: Node {
        contents.root
    }

    /// The memory reservations.
    public var reservations: [MemoryReservation] {
        contents.reservations
    }

    /// The node at `path` and everything below it. A unit address may be left out.
    public func node(at path: String) -> Node? {
        guard Self.isPath(path) else { return nil }
        return root.descendant(path)
    }

    /// The value of a property, or nil where there is no such node or property. A unit address may be left out.
    public func property(_ name: String, at path: String) -> PropertyValue? {
        guard Self.isPath(path), Blob.isPropertyName(name.utf8) else { return nil }
        defer { withExtendedLifetime(buffer) {} }
        let node = unsafe path.withCString { unsafe fdt_path_offset(blob, $0) }
        guard node >= 0 else { return nil }
        var size: Int32 = 0
        guard let value = unsafe name.withCString({ unsafe fdt_getprop(blob, node, $0, &size) }) else { return nil }
        return unsafe .bytes([UInt8](UnsafeRawBufferPointer(start: value, count: Int(size))))
    }

    /// The path of the node with that phandle.
    public func path(ofPhandle phandle: UInt32) -> String? {
        var found: String?
        root.forEach { path, node in
            if found == nil, node.phandle == phandle { found = path }
        }
        return found
    }

    private var contents: Blob.Contents {
        do throws(DeviceTreeError) {
            return try buffer.read()
        } catch {
            preconditionFailure("a tree stays sound")
        }
    }

    /// Whether `path` starts with a slash and consists of names.
    ///
    /// libfdt takes other paths for aliases, and follows an alias of an alias without end.
    static func isPath(_ path: String) -> Bool {
        let bytes = path.utf8
        guard bytes.first == UInt8(ascii: "/") else { return false }
        if bytes.count == 1 { return true }
        for component in bytes.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard Blob.isNodeName(component) else { return false }
        }
        return true
    }
}

// MARK: - Editing

extension DeviceTree {
    /// Sets a property, which it adds or replaces.
    public mutating func setProperty(
        _ name: String, _ value: PropertyValue, at path: String
    ) throws(DeviceTreeError) {
        guard Blob.isPropertyName(name.utf8) else { throw .badName(path: path, name: Blob.printable(name)) }
        guard value.bytes.count <= Self.maximumSize else {
            throw .tooLarge(bytes: value.bytes.count, limit: Self.maximumSize)
        }
        let node = try offset(of: path)
        try edit(path, name) { blob in
            unsafe value.bytes.withUnsafeBytes { bytes in
                unsafe name.withCString { name in
                    unsafe fdt_setprop(blob, node, name, bytes.baseAddress, Int32(bytes.count))
                }
            }
        }
    }

    /// Removes a property.
    public mutating func removeProperty(_ name: String, at path: String) throws(DeviceTreeError) {
        guard Blob.isPropertyName(name.utf8) else { throw .badName(path: path, name: Blob.printable(name)) }
        let node = try offset(of: path)
        try edit(path, name) { blob in
            unsafe name.withCString { unsafe fdt_delprop(blob, node, $0) }
        }
    }

    /// Adds an empty node at `path`, whose parent exists.
    public mutating func addNode(_ path: String) throws(DeviceTreeError) {
        guard Self.isPath(path), path.utf8.count > 1 else { throw .badPath(path) }
        let components = path.utf8.dropFirst().split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        guard components.count < Self.maximumDepth else { throw .tooDeep(path: path) }
        let name = components[components.count - 1]
        let node = try offset(of: components.dropLast().reduce("/") { $0.appendingNode($1) })
        try edit(path, nil) { blob in
            unsafe name.withCString { unsafe fdt_add_subnode(blob, node, $0) }
        }
    }

    /// Removes a node, which is not the root, and everything below it.
    public mutating func removeNode(_ path: String) throws(DeviceTreeError) {
        guard path.utf8.count > 1 else { throw .badPath(path) }
        let node = try offset(of: path)
        try edit(path, nil) { blob in unsafe fdt_del_node(blob, node) }
    }

    /// The handle by which other nodes can refer to the one at `path`, which gets one if it has none.
    public mutating func phandle(of path: String) throws(DeviceTreeError) -> UInt32 {
        let node = try offset(of: path)
        defer { withExtendedLifetime(buffer) {} }
        let present = unsafe fdt_get_phandle(blob, node)
        if present != 0 {
            guard present != .max else { throw .badPhandle(path: path) }
            return present
        }
        var phandle: UInt32 = 0
        let result = unsafe fdt_generate_phandle(blob, &phandle)
        guard result >= 0 else { throw .libfdt(result, path: path) }
        try setProperty("phandle", .u32(phandle), at: path)
        return phandle
    }

    /// Adds a memory reservation, whose size is not 0.
    public mutating func addReservation(_ reservation: MemoryReservation) throws(DeviceTreeError) {
        guard reservation.size > 0 else { throw .badValue(path: "/", property: "/memreserve/") }
        try edit("/", nil) { blob in unsafe fdt_add_mem_rsv(blob, reservation.address, reservation.size) }
    }

    /// Merges an overlay, as dtc makes from a `/plugin/` source: all of it, or on an error nothing.
    public mutating func apply(overlay: borrowing DeviceTree) throws(DeviceTreeError) {
        guard overlay.size <= Self.maximumOverlaySize else {
            throw .tooLarge(bytes: overlay.size, limit: Self.maximumOverlaySize)
        }
        let check = OverlayCheck(base: root, overlay: overlay.root)
        try check.run()
        var room = size + 2 * overlay.size + 1024
        while true {
            var merged = copy()
            try merged.resize(to: min(room, Self.maximumSize + Self.maximumOverlaySize))
            let consumed = overlay.copy()
            let buffers = (merged.buffer, consumed.buffer)
            defer { withExtendedLifetime(buffers) {} }
            let result = unsafe fdt_overlay_apply(merged.blob, consumed.blob)
            if result == -FDT_ERR_NOSPACE, room < Self.maximumSize + Self.maximumOverlaySize {
                room *= 2
                continue
            }
            guard result >= 0 else { throw check.explain(result) }
            guard merged.size <= Self.maximumSize else {
                throw .tooLarge(bytes: merged.size, limit: Self.maximumSize)
            }
            _ = try merged.buffer.read()
            self = merged
            return
        }
    }

    private func offset(of path: String) throws(DeviceTreeError) -> Int32 {
        guard Self.isPath(path) else { throw .badPath(path) }
        defer { withExtendedLifetime(buffer) {} }
        let node = unsafe path.withCString { unsafe fdt_path_offset(blob, $0) }
        guard node >= 0 else { throw .libfdt(node, path: path) }
        return node
    }

    /// Runs a libfdt call that changes the blob, with as much more room as it needs.
    @safe
    private mutating func edit(
        _ path: String, _ property: String?, _ call: (UnsafeMutableRawPointer) -> Int32
    ) throws(DeviceTreeError) {
        while true {
            let result = unsafe call(blob)
            if result >= 0 { break }
            guard result == -FDT_ERR_NOSPACE else { throw .libfdt(result, path: path, property: property) }
            guard capacity < Self.maximumSize else { throw .tooLarge(bytes: capacity + 1, limit: Self.maximumSize) }
            try resize(to: min(2 * capacity, Self.maximumSize))
        }
    }

    /// Moves the blob to `capacity` bytes, or as many as it needs where that is more.
    private mutating func resize(to capacity: Int) throws(DeviceTreeError) {
        let moved = BlobBuffer(capacity: max(capacity, size))
        var result = unsafe fdt_pack(blob)
        if result >= 0 { result = unsafe fdt_open_into(blob, moved.base, Int32(moved.capacity)) }
        guard result >= 0 else { throw .libfdt(result) }
        buffer = moved
    }
}
