internal import DeviceTree

/// The root, the types of standard properties, and the numbers of cells.
extension Linter {
    /// Whether the tree is one; an overlay is not.
    func checkOverlay() -> Bool {
        for fragment in tree.children(of: 0) where tree[fragment].child("__overlay__") != nil {
            add(.overlay, fragment, nil, "this is an overlay: merge it into a tree first, as 'paravane dtb build' does")
            return false
        }
        return true
    }

    func checkRoot() {
        let root = tree[0]
        for name in ["#address-cells", "#size-cells"] where root[name] == nil {
            add(.rootCells, 0, name, "the root has no \(name)")
        }
        if root["model"] == nil { add(.rootModel, 0, "model", "the root has no model") }
        if root["compatible"] == nil { add(.rootCompatible, 0, "compatible", "the root has no compatible") }
        if let version = root["epapr-version"]?.string, !version.utf8.starts(with: "ePAPR-".utf8) {
            add(
                .epaprVersion, 0, "epapr-version",
                "'\(Self.shown(version))' does not start with 'ePAPR-', as 'ePAPR-1.1' does")
        }
    }

    /// What a standard property holds.
    private enum ValueType {
        case string, strings, empty, cell
    }

    /// Types that no node's binding changes.
    private static let types: [(name: String, type: ValueType)] = [
        ("compatible", .strings), ("model", .string), ("status", .string), ("device_type", .string),
        ("epapr-version", .string), ("bootargs", .string), ("stdout-path", .string), ("stdin-path", .string),
        ("linux,stdout-path", .string), ("interrupt-controller", .empty), ("has-idle", .empty),
        ("interrupt-parent", .cell), ("hv-handle", .cell),
    ]

    func checkTypes(of number: Int) {
        for property in tree[number].properties {
            for (name, type) in Self.types where name.hasSameBytes(as: property.name) {
                check(property, type, of: number)
            }
            if property.name.hasSameBytes(as: "status") { checkStatus(property.value, of: number) }
        }
    }

    private func check(_ property: Property, _ type: ValueType, of number: Int) {
        let value = property.value
        switch type {
        case .string where !Self.isText(value, atMost: 1):
            add(.propertyType, number, property.name, "\(property.name) is not one string")
        case .strings where !Self.isText(value, atMost: .max):
            add(.propertyType, number, property.name, "\(property.name) is not a list of strings")
        case .empty where !value.bytes.isEmpty:
            add(.propertyType, number, property.name, "\(property.name) has a value; its presence is its meaning")
        case .cell where value.bytes.count != 4:
            add(.propertyType, number, property.name, "\(property.name) is not one cell")
        default: break
        }
    }

    /// Whether the bytes are strings that end in NUL, and no more than so many.
    private static func isText(_ value: PropertyValue, atMost limit: Int) -> Bool {
        guard let last = value.bytes.last, last == 0 else { return false }
        var count = 0
        for byte in value.bytes {
            switch byte {
            case 0: count += 1
            case 1...8, 0x0E...0x1F, 0x7F: return false
            default: break
            }
        }
        return count <= limit
    }

    private func checkStatus(_ value: PropertyValue, of number: Int) {
        guard let status = value.string else { return }
        for known in ["okay", "ok", "disabled", "reserved", "fail"] where known.hasSameBytes(as: status) { return }
        if status.utf8.starts(with: "fail-".utf8) { return }
        add(
            .statusValue, number, "status",
            "status is '\(Self.shown(status))', which is none of okay, disabled, reserved, fail and fail-...")
    }

    /// `#address-cells` and its kin.
    func checkCells(of number: Int) {
        let node = tree[number]
        for (name, limit) in [("#address-cells", 4), ("#size-cells", 4), ("#interrupt-cells", TreeIndex.maximumCells)] {
            guard let value = node[name] else { continue }
            guard let count = value.u32 else {
                add(.cellsValue, number, name, "\(name) is not one cell")
                continue
            }
            if count > limit { add(.cellsValue, number, name, "\(name) is \(count), which is more than \(limit)") }
        }
        guard number != 0 else { return }
        let missing = ["#address-cells", "#size-cells"].filter { node[$0] == nil }
        if !missing.isEmpty, tree.children(of: number).contains(where: { tree[$0]["reg"] != nil }) {
            // The rules of CPUs ask more of them.
            if node.name.hasSameBytes(as: "cpus"), tree.parent(of: number) == 0 { return }
            add(
                .cellsDefault, number, nil,
                "\(missing.joined(separator: " and ")) missing, so children have addresses of 2 cells or sizes of 1")
        }
    }
}
