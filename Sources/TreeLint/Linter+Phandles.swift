internal import DeviceTree

/// Phandles, and properties that hold them.
extension Linter {
    func checkPhandles() {
        for number in tree.numbers {
            let node = tree[number]
            for name in ["phandle", "linux,phandle"] {
                guard let value = node[name] else { continue }
                if value.bytes.count != 4 {
                    add(.phandleValue, number, name, "\(name) is not one cell")
                } else if value == .u32(0) || value == .u32(.max) {
                    add(.phandleValue, number, name, "\(name) is \(value.source), which is no phandle")
                }
            }
            if let first = node["phandle"], let second = node["linux,phandle"], first != second {
                add(
                    .phandleMismatch, number, "linux,phandle",
                    "phandle is \(Self.shown(first.source)), linux,phandle \(Self.shown(second.source))")
            }
        }
        var repeated: [(first: Int, second: Int)] = []
        tree.forEachRepeatedPhandle { repeated.append(($0, $1)) }
        for (first, second) in repeated {
            add(
                .phandleDuplicate, second, "phandle",
                "phandle \(Self.hex(tree[second].phandle ?? 0)) is that of \(tree.path(of: first)) too")
        }
    }

    func checkReferences(of number: Int) {
        for property in tree[number].properties {
            guard let references = tree.references(in: property.name, of: number) else { continue }
            for reference in references.references where reference.target == nil {
                add(
                    .referenceDangling, number, property.name,
                    "no node has the phandle \(Self.hex(reference.phandle)) that \(Self.shown(property.name)) holds")
            }
            check(references, property, of: number)
        }
    }

    private func check(_ references: PhandleReferences, _ property: Property, of number: Int) {
        switch references.fault {
        case nil: return
        case .size:
            // Rules of their own look at these.
            guard case .specifiers = PhandleLayout.of(property.name) else { return }
            add(
                .referenceCells, number, property.name,
                "\(Self.shown(property.name)) ends inside an entry, by the cell counts of the nodes that it refers to")
        case .cellCount(let target, let cells):
            // A nexus without its own count is reported where it is looked at as one.
            guard target != number else { return }
            add(
                .referenceCells, number, property.name,
                "\(tree.path(of: target)) has no sound \(cells), so \(Self.shown(property.name)) cannot be read")
        }
    }
}
