import DeviceTree

/// A small tree with each kind of value, one reservation and a reference by phandle.
func smallTree() throws -> DeviceTree {
    var tree = DeviceTreeBuilder(reservations: [MemoryReservation(address: 0x1000, size: 0x200)])
    tree.set("model", .string("small"))
    tree.set("#address-cells", .u32(1))
    tree.node("soc@f0000000") { soc in
        soc.set("compatible", .strings(["acme,soc", "simple-bus"]))
        soc.set("ranges", .empty)
        soc.node("pic@40000") { pic in
            pic.set("phandle", .u32(1))
            pic.set("big", .u64(0x1_0000_0002))
        }
        soc.node("serial@4500") { serial in
            serial.set("interrupt-parent", .u32(1))
            serial.set("mac", .bytes([0, 1, 2, 3, 4, 0xFF]))
        }
    }
    return try tree.finish()
}

/// The description of the error that `body` throws, or nil where it throws none.
func failure(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        return "\(error)"
    }
}

/// The description of the error with which those bytes are refused, or nil where they are opened.
func openingFailure(_ bytes: [UInt8]) -> String? {
    failure { _ = try DeviceTree(bytes) }
}

/// Writes big-endian words over a blob's bytes.
func patching(_ blob: [UInt8], _ words: [(offset: Int, value: UInt32)]) -> [UInt8] {
    var blob = blob
    for (offset, value) in words {
        blob.replaceSubrange(offset..<offset + 4, with: PropertyValue.u32(value).bytes)
    }
    return blob
}

/// The big-endian word at an offset of a blob.
func word(_ blob: [UInt8], at offset: Int) -> UInt32 {
    blob[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
}

/// Offsets of the header's fields.
enum HeaderField {
    static let magic = 0
    static let totalSize = 4
    static let structure = 8
    static let strings = 12
    static let reservations = 16
    static let version = 20
    static let lastCompatibleVersion = 24
    static let stringsSize = 32
    static let structureSize = 36
}
