internal import DeviceTree

/// `reg`, unit addresses, and devices that lie on each other.
extension Linter {
    func checkAddresses(of number: Int) {
        guard let parent = tree.parent(of: number) else { return }
        let node = tree[number]
        let unit = Self.unitAddress(node.name)
        guard let reg = node["reg"] else {
            if let unit, node["ranges"]?.bytes.isEmpty ?? true, !Self.isFragment(node) {
                add(
                    .unitAddressWithoutReg, number, nil,
                    "the name ends in @\(Self.shown(unit)), but there is no reg, nor ranges with windows")
            }
            return
        }
        guard parent == 0 || hasOwnCells(parent) else { return }
        let entry = addressCells(below: parent) + sizeCells(below: parent)
        guard entry > 0, let cells = reg.cells, !cells.isEmpty, cells.count.isMultiple(of: entry) else {
            add(
                .regSize, number, "reg",
                "reg has \(reg.bytes.count) bytes; with the parent's cells an entry has \(4 * entry)")
            return
        }
        let regions = regions(of: number)
        let bits = 32 * addressCells(below: parent)
        for region in regions where Self.overflows(region, bits: bits) {
            add(
                .regOverflow, number, "reg",
                "\(Self.hex(region.size)) bytes at \(Self.hex(region.base)) end above the last address of \(bits) bits")
        }
        checkUnitAddress(unit, regions.first, of: number, below: parent)
    }

    /// Whether the node states how its children are addressed. Where it does not, that is what is wrong.
    private func hasOwnCells(_ number: Int) -> Bool {
        tree[number, "#address-cells"] != nil && tree[number, "#size-cells"] != nil
    }

    /// Whether the region ends above the last address of that many bits: 32 or 64.
    static func overflows(_ region: Region, bits: Int) -> Bool {
        guard region.size > 0 else { return false }
        let (last, overflow) = region.base.addingReportingOverflow(region.size - 1)
        return overflow || (bits < 64 && last >> 32 != 0)
    }

    private static func unitAddress(_ name: String) -> String? {
        let parts = name.utf8.split(separator: UInt8(ascii: "@"), maxSplits: 1)
        return parts.count == 2 ? String(Substring(parts[1])) : nil
    }

    /// A fragment of an overlay, in its own tree or kept by a loader.
    private static func isFragment(_ node: Node) -> Bool {
        node.name.utf8.starts(with: "fragment@".utf8)
    }

    private func checkUnitAddress(_ unit: String?, _ first: Region?, of number: Int, below parent: Int) {
        guard let unit else {
            // Linux, U-Boot and QEMU know the node of the only memory by this name.
            if parent == 0, tree[number].name.hasSameBytes(as: "memory") { return }
            let address = first.map { " @\(String($0.base, radix: 16))" } ?? ""
            add(.unitAddressMissing, number, nil, "the node has reg, but its name has no unit address\(address)")
            return
        }
        // Buses may write addresses in their own way, such as PCI's device and function: then it is no number.
        guard let first, !isPCI(parent), !isISA(parent), let stated = UInt64(unit, radix: 16), stated != first.base
        else { return }
        add(
            .unitAddressMismatch, number, "reg",
            "the name ends in @\(Self.shown(unit)), but the first address is \(String(first.base, radix: 16))")
    }

    /// ISA's first cell says whether the address is one of I/O.
    private func isISA(_ number: Int) -> Bool {
        has(number, "device_type", "isa") || tree[number].name.hasSameBytes(as: "isa")
            || tree[number].name.utf8.starts(with: "isa@".utf8)
    }

    private func isPCI(_ number: Int) -> Bool {
        has(number, "device_type", "pci") || has(number, "device_type", "pciex")
    }

    /// Looks for devices that the CPU does not reach through their bus.
    func checkReachable() {
        for bus in tree.numbers.dropFirst() where !isPCI(bus) && sizeCells(below: bus) > 0 {
            guard let windows = windows(of: bus), !windows.isEmpty else { continue }
            let mapped = RegionSet(windows.map { $0.child })
            for child in tree.children(of: bus) where isEnabled(child) {
                guard let lost = regions(of: child).first(where: { $0.size > 0 && !mapped.contains($0) }) else {
                    continue
                }
                add(
                    .regOutsideRanges, child, "reg",
                    "\(Self.hex(lost.size)) bytes at \(Self.hex(lost.base)) lie outside the windows of the bus")
            }
        }
    }

    // MARK: Overlaps

    /// Looks for siblings whose `reg` overlap. A device inside another is a part of it with a node of its own, such as the
    /// message interrupts of an MPIC.
    func checkOverlaps() {
        for parent in tree.numbers where sizeCells(below: parent) > 0 {
            var regions: [(region: Region, number: Int)] = []
            for child in tree.children(of: parent) where tree[child]["reg"] != nil && isEnabled(child) {
                guard !isMemory(child) else { continue }
                for region in self.regions(of: child) where region.size > 0 { regions.append((region, child)) }
            }
            if regions.count > 1 { checkOverlaps(among: &regions) }
        }
    }

    private func checkOverlaps(among regions: inout [(region: Region, number: Int)]) {
        // Outer regions come before those inside them.
        regions.sort {
            $0.region.base != $1.region.base ? $0.region.base < $1.region.base : $0.region.size > $1.region.size
        }
        var open: [(region: Region, number: Int)] = []
        for entry in regions {
            while let last = open.last, last.region.last < entry.region.base { open.removeLast() }
            if let outer = open.last, outer.number != entry.number, !outer.region.contains(entry.region) {
                add(
                    .regOverlap, entry.number, "reg",
                    "\(Self.shown(entry.region)) overlaps \(Self.shown(outer.region)) of \(tree.path(of: outer.number))"
                )
            }
            open.append(entry)
        }
    }

    /// First and last address.
    static func shown(_ region: Region) -> String {
        "\(hex(region.base))-\(hex(region.last))"
    }
}
