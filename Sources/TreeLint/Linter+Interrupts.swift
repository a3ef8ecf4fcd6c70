internal import DeviceTree

/// Interrupt controllers, nexuses, and what is wired to them.
extension Linter {
    /// Where a node's interrupts go.
    enum InterruptParent {
        /// The node that takes them: it has `#interrupt-cells`.
        case node(Int)
        /// Nobody takes them.
        case missing
        /// `interrupt-parent` of a node has no target, which another rule reports.
        case dangling
        /// `interrupt-parent` of that node leads to one that takes no interrupts.
        case unsuitable(by: Int, Int)
    }

    /// The node that takes each node's interrupts: the one that the nearest `interrupt-parent` at or above it names, or the
    /// nearest above it that takes any.
    static func interruptParents(in tree: TreeIndex) -> [InterruptParent] {
        var parents: [InterruptParent] = []
        parents.reserveCapacity(tree.numbers.count)
        for number in tree.numbers {
            if let phandle = tree[number, "interrupt-parent"]?.u32 {
                guard let parent = tree.number(ofPhandle: phandle) else {
                    parents.append(.dangling)
                    continue
                }
                let takesAny = tree[parent, "#interrupt-cells"] != nil
                parents.append(takesAny ? .node(parent) : .unsuitable(by: number, parent))
            } else if let parent = tree.parent(of: number) {
                parents.append(tree[parent, "#interrupt-cells"] != nil ? .node(parent) : parents[parent])
            } else {
                parents.append(.missing)
            }
        }
        return parents
    }

    func checkInterrupts(of number: Int) {
        let node = tree[number]
        if node["interrupt-controller"] != nil || node["interrupt-map"] != nil, node["#interrupt-cells"] == nil {
            add(.interruptControllerCells, number, nil, "#interrupt-cells is missing")
        }
        checkMap(of: number)
        if let interrupts = node["interrupts"] { checkSpecifiers(interrupts, of: number) }
        if node["interrupt-controller"] != nil { checkLoop(from: number) }
    }

    private func checkSpecifiers(_ interrupts: PropertyValue, of number: Int) {
        switch interruptParents[number] {
        case .dangling: return
        case .missing:
            add(
                .interruptParentMissing, number, "interrupts",
                "no interrupt-parent is stated here or above, and no node above takes interrupts")
        case .unsuitable(by: let stating, let parent):
            // One finding for all that inherit it.
            guard stating == number || tree[stating, "interrupts"] == nil else { return }
            add(
                .interruptParentTarget, number, "interrupt-parent",
                "\(tree.path(of: parent)) takes no interrupts: it has no #interrupt-cells")
        case .node(let parent):
            guard let count = tree.cellCount("#interrupt-cells", of: parent) else { return }
            let cells = interrupts.cells
            guard let cells, !cells.isEmpty, count > 0, cells.count.isMultiple(of: count) else {
                add(
                    .interruptsSize, number, "interrupts",
                    "interrupts has \(interrupts.bytes.count) bytes; a specifier of \(tree.path(of: parent)) has"
                        + " \(4 * count)")
                return
            }
            if isVirtualController[parent] { checkVirtualSpecifiers(cells, count, of: number) }
        }
    }

    /// Linux uses the number as an index of 1024, and the sense without its direct-EOI bit as one of 4.
    private func checkVirtualSpecifiers(_ cells: [UInt32], _ count: Int, of number: Int) {
        for start in stride(from: 0, to: cells.count, by: count) {
            if cells[start] > 1023 {
                add(
                    .hvPicSpecifier, number, "interrupts",
                    "interrupt \(cells[start]) is above 1023, the last that Linux has room for")
            }
            if count > 1, cells[start + 1] > 7 {
                add(
                    .hvPicSpecifier, number, "interrupts",
                    "sense \(cells[start + 1]) of interrupt \(cells[start]) is none of 0 to 3, or 4 more for direct EOI"
                )
            }
        }
    }

    private func checkMap(of number: Int) {
        let node = tree[number]
        guard node["interrupt-map"] != nil, let own = tree.cellCount("#interrupt-cells", of: number) else { return }
        let references = tree.references(in: "interrupt-map", of: number)
        if case .size = references?.fault {
            add(.interruptMap, number, "interrupt-map", "interrupt-map ends inside an entry")
        }
        if let mask = node["interrupt-map-mask"] {
            let wanted = 4 * (tree.nexusAddressCells(of: number) + own)
            if mask.bytes.count != wanted {
                add(
                    .interruptMap, number, "interrupt-map-mask",
                    "interrupt-map-mask has \(mask.bytes.count) bytes; address and specifier have \(wanted)")
            }
        }
    }

    /// Follows a controller's interrupt parents. One that is its own is the root of the interrupt tree.
    private func checkLoop(from number: Int) {
        var node = number
        // A chain that is longer than this is either a loop, or one that no machine has.
        for _ in 0..<64 {
            guard tree[node, "interrupts"] != nil, case .node(let parent) = interruptParents[node], parent != node
            else { return }
            if parent == number {
                add(
                    .interruptLoop, number, "interrupt-parent",
                    "following interrupt parents from here leads back, lastly from \(tree.path(of: node))")
                return
            }
            node = parent
        }
    }
}
