internal import DeviceTree

/// The windows of buses.
extension Linter {
    /// One window: where it is on the bus and in the parent's address space.
    struct Window {
        /// The bus's cells above the lower two, such as PCI's space.
        let space: UInt32
        /// The addresses on the bus.
        let child: Region
        /// The addresses in the parent's space.
        let parent: Region
    }

    /// The windows of a bus. Empty where its addresses are the parent's, nil where nothing is mapped or it is unsound.
    func windows(of number: Int, _ property: String = "ranges") -> [Window]? {
        guard let parent = tree.parent(of: number), let cells = tree[number, property]?.cells else { return nil }
        let (own, outer, size) = (addressCells(below: number), addressCells(below: parent), sizeCells(below: number))
        let entry = own + outer + size
        guard entry > 0, cells.count.isMultiple(of: entry) else { return nil }
        return stride(from: 0, to: cells.count, by: entry).map { start in
            let (middle, end) = (start + own, start + own + outer)
            let length = Self.value(cells[end..<start + entry])
            return Window(
                space: own > 2 ? cells[start] : 0,
                child: Region(base: Self.value(cells[start..<middle]), size: length),
                parent: Region(base: Self.value(cells[middle..<end]), size: length))
        }
    }

    func checkRanges(of number: Int) {
        guard let parent = tree.parent(of: number) else { return }
        let (own, outer, size) = (addressCells(below: number), addressCells(below: parent), sizeCells(below: number))
        for name in ["ranges", "dma-ranges"] {
            guard let value = tree[number][name] else { continue }
            if value.bytes.isEmpty {
                if own != outer || size != sizeCells(below: parent) {
                    add(
                        .rangesEmpty, number, name,
                        "\(name) is empty, but cells are \(own) and \(size) here, \(outer) and"
                            + " \(sizeCells(below: parent)) in the parent")
                }
                continue
            }
            guard let windows = windows(of: number, name) else {
                add(
                    .rangesSize, number, name,
                    "\(name) has \(value.bytes.count) bytes; an entry has \(4 * (own + outer + size))")
                continue
            }
            check(windows, name, of: number, bits: (32 * min(own, 2), 32 * min(outer, 2)))
        }
    }

    private func check(
        _ windows: [Window], _ property: String, of number: Int, bits: (own: Int, outer: Int)
    ) {
        for window in windows
        where Self.overflows(window.child, bits: bits.own) || Self.overflows(window.parent, bits: bits.outer) {
            add(
                .rangesOverflow, number, property,
                "\(Self.hex(window.child.size)) bytes from \(Self.hex(window.child.base)) to"
                    + " \(Self.hex(window.parent.base)) end above the last address")
        }
        let sorted = windows.filter { $0.child.size > 0 }.sorted {
            $0.space != $1.space ? $0.space < $1.space : $0.child.base < $1.child.base
        }
        for (window, next) in zip(sorted, sorted.dropFirst())
        where window.space == next.space && window.child.overlaps(next.child) {
            add(
                .rangesOverlap, number, property,
                "\(Self.shown(window.child)) and \(Self.shown(next.child)) overlap")
        }
    }
}
