internal import DeviceTree

/// `/cpus`, and where CPUs wait to be started.
extension Linter {
    /// Bytes of a spin-table entry: the entry address, r3 and PIR, as ePAPR has them.
    private static let spinEntrySize: UInt64 = 24

    func checkCPUs() {
        guard let cpus = tree.number(ofPath: "/cpus") else {
            add(.cpusMissing, 0, nil, "there is no /cpus")
            return
        }
        if tree[cpus]["#address-cells"] == nil {
            add(.cpusCells, cpus, "#address-cells", "/cpus has no #address-cells")
        }
        if tree[cpus]["#size-cells"] != .u32(0) {
            add(.cpusCells, cpus, "#size-cells", "#size-cells of /cpus is not 0")
        }
        var found: [Int] = []
        for child in tree.children(of: cpus) {
            if has(child, "device_type", "cpu") {
                found.append(child)
            } else if isNamedAsCPU(tree[child]) {
                add(.cpuDeviceType, child, "device_type", "the CPU has no device_type \"cpu\"")
                found.append(child)
            }
        }
        if found.isEmpty { add(.cpusMissing, cpus, nil, "there is no CPU in /cpus") }
        if !found.isEmpty, !found.contains(where: isEnabled) {
            add(.cpuNoneEnabled, cpus, "status", "no CPU is enabled, so none can boot")
        }
        for cpu in found { check(cpu: cpu, in: cpus) }
        if sizeCells(below: cpus) == 0 { checkNumbers(of: found, addressCells: addressCells(below: cpus)) }
        checkSpinTable(of: found)
    }

    private func isNamedAsCPU(_ node: Node) -> Bool {
        node.name.hasSameBytes(as: "cpu") || node.name.utf8.starts(with: "cpu@".utf8)
            || node.name.utf8.starts(with: "PowerPC,".utf8)
    }

    private func check(cpu: Int, in cpus: Int) {
        let node = tree[cpu]
        if node["reg"] == nil { add(.cpuReg, cpu, "reg", "the CPU has no reg, and so no number") }
        if let frequency = node["timebase-frequency"] ?? tree[cpus]["timebase-frequency"] {
            if !frequency.bytes.isEmpty, frequency.bytes.allSatisfy({ $0 == 0 }) {
                add(.firmwareValue, cpu, "timebase-frequency", "timebase-frequency is 0")
            }
        } else if node["ibm,extended-timebase-frequency"] == nil {
            add(.cpuTimebase, cpu, "timebase-frequency", "neither the CPU nor /cpus has a timebase-frequency")
        }
        if has(cpu, "status", "disabled"), node["enable-method"] == nil, tree[cpus]["enable-method"] == nil {
            add(.cpuEnableMethod, cpu, "enable-method", "the CPU is disabled, and nothing says how to enable it")
        }
    }

    /// A CPU's `reg` has a number for each of its threads.
    private func checkNumbers(of cpus: [Int], addressCells: Int) {
        guard (1...2).contains(addressCells) else { return }
        var numbers: [(value: UInt64, cpu: Int)] = []
        for cpu in cpus {
            guard let cells = tree[cpu]["reg"]?.cells, cells.count.isMultiple(of: addressCells) else { continue }
            for start in stride(from: 0, to: cells.count, by: addressCells) {
                numbers.append((Self.value(cells[start..<start + addressCells]), cpu))
            }
        }
        numbers.sort { $0.value != $1.value ? $0.value < $1.value : $0.cpu < $1.cpu }
        for (first, second) in zip(numbers, numbers.dropFirst()) where first.value == second.value {
            add(
                .cpuDuplicate, second.cpu, "reg",
                "number \(Self.hex(second.value)) is that of \(tree.path(of: first.cpu)) too")
        }
    }

    private func checkSpinTable(of cpus: [Int]) {
        var entries: [(region: Region, cpu: Int)] = []
        for cpu in cpus where isInSpinTable(cpu) {
            guard let address = tree[cpu]["cpu-release-addr"]?.u64 else {
                let size = tree[cpu]["cpu-release-addr"]?.bytes.count ?? 0
                add(
                    .spinTableAddress, cpu, "cpu-release-addr",
                    "cpu-release-addr has \(size) bytes; an address of 64 bits has 8")
                continue
            }
            if !address.isMultiple(of: 8) {
                add(
                    .spinTableAlignment, cpu, "cpu-release-addr",
                    "\(Self.hex(address)) is not a multiple of 8, as a store of 64 bits needs")
            }
            entries.append((Region(base: address, size: Self.spinEntrySize), cpu))
        }
        entries.sort { $0.region.base != $1.region.base ? $0.region.base < $1.region.base : $0.cpu < $1.cpu }
        for (first, second) in zip(entries, entries.dropFirst()) where first.region.overlaps(second.region) {
            add(
                .spinTableOverlap, second.cpu, "cpu-release-addr",
                "the entry at \(Self.hex(second.region.base)) overlaps that of \(tree.path(of: first.cpu))")
        }
        checkReserved(entries)
    }

    /// Whether the CPU, or `/cpus` for all, names the spin table among the methods to start it.
    private func isInSpinTable(_ cpu: Int) -> Bool {
        let method = tree[cpu, "enable-method"] ?? tree.parent(of: cpu).flatMap { tree[$0, "enable-method"] }
        return method?.strings?.contains { $0.hasSameBytes(as: "spin-table") } ?? false
    }

    /// Whether the entries that lie in memory are kept from being used as such.
    private func checkReserved(_ entries: [(region: Region, cpu: Int)]) {
        let memory = RegionSet(memoryRegions().map { $0.region })
        var kept = reservations.map { Region(base: $0.address, size: $0.size) }
        if let reserved = tree.number(ofPath: "/reserved-memory") {
            for child in tree.children(of: reserved) { kept += regions(of: child) }
        }
        let reserved = RegionSet(kept)
        for (region, cpu) in entries where memory.overlaps(region) && !reserved.contains(region) {
            add(
                .spinTableUnreserved, cpu, "cpu-release-addr",
                "the entry at \(Self.hex(region.base)) lies in memory, and no reservation keeps others off it")
        }
    }
}

/// Addresses that a list of regions takes, to ask many times.
struct RegionSet {
    /// Merged, in order, and not empty each.
    private var regions: [Linter.Region] = []

    init(_ regions: [Linter.Region]) {
        for region in regions.filter({ $0.size > 0 }).sorted(by: { $0.base < $1.base }) {
            // A region that would wrap around ends at the last address.
            let last = region.last < region.base ? UInt64.max : region.last
            if let end = self.regions.last, region.base == 0 || region.base - 1 <= end.last {
                if last > end.last { self.regions[self.regions.count - 1].size = last &- end.base &+ 1 }
            } else {
                self.regions.append(Linter.Region(base: region.base, size: last &- region.base &+ 1))
            }
        }
    }

    func overlaps(_ region: Linter.Region) -> Bool {
        guard let place = last(notAfter: region.last) else { return false }
        return regions[place].last >= region.base
    }

    func contains(_ region: Linter.Region) -> Bool {
        guard let place = last(notAfter: region.base) else { return false }
        return regions[place].last >= region.last
    }

    /// The last region that starts at or before the address.
    private func last(notAfter address: UInt64) -> Int? {
        var (low, high) = (0, regions.count)
        while low < high {
            let middle = (low + high) / 2
            if regions[middle].base <= address { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : low - 1
    }
}
