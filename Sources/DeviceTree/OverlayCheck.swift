internal import CFDT

/// Checks that an overlay is one before libfdt merges it.
///
/// libfdt 1.6.1 reads and writes where an overlay's fix-ups tell it to, follows aliases without end and reads target
/// paths that do not end. What passes here refers only to what exists, and changes only a fragment's target and content.
struct OverlayCheck {
    /// The tree that the overlay is for.
    let base: Node
    /// The overlay.
    let overlay: Node

    /// Throws what is wrong with the overlay.
    func run() throws(DeviceTreeError) {
        for fragment in overlay.children where fragment.child("__overlay__") != nil {
            try checkTarget(fragment)
        }
        if let fixups = overlay.child("__fixups__") {
            for label in fixups.properties {
                try checkLabel(label.name)
                try checkReferences(label)
            }
        }
        if let local = overlay.child("__local_fixups__") {
            try checkLocal(local, in: overlay, [])
        }
    }

    /// A fragment has a `target` phandle, or the absolute path of a node as `target-path`.
    private func checkTarget(_ fragment: Node) throws(DeviceTreeError) {
        let path = "/\(fragment.name)"
        if let target = fragment["target"] {
            guard let phandle = target.u32 else { throw .badOverlay(path: path, property: "target") }
            // libfdt takes 0 for "no target". A label's place holds 2³² − 1 until its fix-up.
            if phandle != 0 { return }
        }
        guard let target = fragment["target-path"]?.string, DeviceTree.isPath(target) else {
            throw .badOverlay(path: path, property: "target-path")
        }
    }

    /// The error for a result of libfdt's merging. That a target is missing it only finds then, for an earlier fragment
    /// may add a later one's target.
    func explain(_ result: Int32) -> DeviceTreeError {
        guard result == -FDT_ERR_NOTFOUND || result == -FDT_ERR_BADPHANDLE else { return .libfdt(result) }
        for fragment in overlay.children where fragment.child("__overlay__") != nil {
            let path = "/\(fragment.name)"
            if let phandle = fragment["target"]?.u32, phandle != 0, phandle != .max {
                var found = false
                base.forEach { _, node in if node.phandle == phandle { found = true } }
                if !found { return .noOverlayTarget(fragment: path, target: "with phandle \(phandle)") }
            } else if let target = fragment["target-path"]?.string, base.descendant(target) == nil {
                return .noOverlayTarget(fragment: path, target: target)
            }
        }
        return .badOverlay(path: "/", property: "target")
    }

    /// The tree's `/__symbols__` leads from the label to a node with a phandle.
    private func checkLabel(_ label: String) throws(DeviceTreeError) {
        guard let symbol = base.child("__symbols__")?[label] else { throw .unknownLabel(label) }
        guard let path = symbol.string, DeviceTree.isPath(path) else {
            throw .badValue(path: "/__symbols__", property: label)
        }
        guard let node = base.descendant(path) else { throw .noSuchNode(path: path) }
        guard node.phandle != nil else { throw .badPhandle(path: path) }
    }

    /// Each of a label's references is `path:property:offset` and means four bytes in a fragment.
    private func checkReferences(_ label: Property) throws(DeviceTreeError) {
        let error = DeviceTreeError.badOverlay(path: "/__fixups__", property: label.name)
        guard let references = label.value.strings else { throw error }
        for reference in references {
            let parts = reference.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            guard parts.count == 3, let offset = Self.decimal(parts[2]) else { throw error }
            let path = String(Substring(parts[0]))
            guard DeviceTree.isPath(path) else { throw error }
            var components = path.utf8.dropFirst().split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
            // Names without their unit address are resolved here, so that the check sees the names that libfdt finds.
            var node = overlay
            for index in components.indices {
                guard let child = node.child(components[index]) else { throw error }
                components[index] = child.name
                node = child
            }
            let property = String(Substring(parts[1]))
            guard Self.mayChange(property, at: components), let value = node[property],
                offset <= value.bytes.count - 4
            else { throw error }
        }
    }

    /// `__local_fixups__` mirrors the overlay; its cells are the offsets of four bytes in a fragment's properties.
    private func checkLocal(_ fixups: Node, in node: Node, _ components: [String]) throws(DeviceTreeError) {
        let path = components.reduce("/") { $0.appendingNode($1) }
        for property in fixups.properties {
            guard let offsets = property.value.cells, let value = node[property.name],
                offsets.allSatisfy({ Int($0) <= value.bytes.count - 4 }),
                Self.mayChange(property.name, at: components)
            else { throw .badOverlay(path: path, property: property.name) }
        }
        for child in fixups.children {
            guard let target = node.child(child.name) else {
                throw .badOverlay(path: path.appendingNode(child.name), property: "__local_fixups__")
            }
            try checkLocal(child, in: target, components + [target.name])
        }
    }

    /// Whether a fix-up may change that property: a fragment's `target`, or anything in its content.
    private static func mayChange(_ property: String, at path: [String]) -> Bool {
        switch path.count {
        case 0: false
        case 1: property.hasSameBytes(as: "target")
        default: path[1].hasSameBytes(as: "__overlay__") && !path[0].utf8.starts(with: "__".utf8)
        }
    }

    /// The number that one to seven decimal digits state.
    private static func decimal(_ digits: Substring.UTF8View) -> Int? {
        guard (1...7).contains(digits.count) else { return nil }
        var number = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            number = 10 * number + Int(digit - UInt8(ascii: "0"))
        }
        return number
    }
}
