internal import DeviceTree

/// Memory, and what else lies where it is.
extension Linter {
    /// Whether the node is one of memory: by its type, or by its name at the root.
    func isMemory(_ number: Int) -> Bool {
        guard tree.parent(of: number) == 0 else { return false }
        return has(number, "device_type", "memory") || isNamedAsMemory(tree[number])
    }

    private func isNamedAsMemory(_ node: Node) -> Bool {
        node.name.hasSameBytes(as: "memory") || node.name.utf8.starts(with: "memory@".utf8)
    }

    /// The ranges of memory that have a size, with the nodes that state them.
    func memoryRegions() -> [(region: Region, number: Int)] {
        var found: [(region: Region, number: Int)] = []
        for child in tree.children(of: 0) where isMemory(child) {
            for region in regions(of: child) where region.size > 0 { found.append((region, child)) }
        }
        return found
    }

    func checkMemory() {
        var count = 0
        for child in tree.children(of: 0) where isMemory(child) {
            count += 1
            if !has(child, "device_type", "memory") {
                add(.memoryDeviceType, child, "device_type", "device_type is not \"memory\"")
            }
            let node = tree[child]
            guard node["reg"] != nil else {
                if node["linux,usable-memory"] == nil {
                    add(.memoryReg, child, "reg", "reg, which states the ranges of memory, is missing")
                }
                continue
            }
            let regions = regions(of: child)
            if !regions.isEmpty, regions.allSatisfy({ $0.size == 0 }) {
                add(.firmwareValue, child, "reg", "the size of memory is 0")
            }
        }
        if count == 0 { add(.memoryMissing, 0, nil, "there is no node of memory") }
        checkMemoryOverlaps()
        checkReservedMemory()
    }

    private func checkMemoryOverlaps() {
        let memory = memoryRegions().sorted { $0.region.base < $1.region.base }
        for (first, second) in zip(memory, memory.dropFirst()) where first.region.overlaps(second.region) {
            add(
                .memoryOverlap, second.number, "reg",
                "\(Self.shown(first.region)) and \(Self.shown(second.region)) overlap")
        }
        let set = RegionSet(memory.map { $0.region })
        for child in tree.children(of: 0) where !isMemory(child) && isEnabled(child) {
            if tree[child].name.hasSameBytes(as: "reserved-memory") { continue }
            var taken = regions(of: child)
            // A device that only masters the bus sees memory through its windows.
            if tree[child]["dma-ranges"] == nil { taken += (windows(of: child) ?? []).map { $0.parent } }
            for region in taken where region.size > 0 && set.overlaps(region) {
                add(.memoryOverDevice, child, nil, "\(Self.shown(region)) of the device is memory as well")
                break
            }
        }
    }

    private func checkReservedMemory() {
        guard let reserved = tree.number(ofPath: "/reserved-memory") else { return }
        for name in ["#address-cells", "#size-cells"]
        where tree[0][name] != nil && tree[reserved][name] != tree[0][name] {
            add(.reservedMemory, reserved, name, "\(name) is not the root's")
        }
        if tree[reserved]["ranges"] == nil { add(.reservedMemory, reserved, "ranges", "ranges is missing") }
    }
}
