internal import DeviceTree

/// `/chosen` and `/aliases`: how the client program finds what it starts with.
extension Linter {
    /// Where a path with an alias leads.
    private enum Destination {
        case node(Int)
        case throughAlias(Int)
        case nowhere
    }

    /// Bytes of the longest path that a node can have.
    private static let longestPath = DeviceTree.maximumDepth * (DeviceTree.maximumNameLength + 1)

    /// Follows a path up to its colon, after which options come. It may start with an alias.
    private func follow(_ text: String) -> Destination {
        let end = text.utf8.firstIndex(of: UInt8(ascii: ":")) ?? text.utf8.endIndex
        let path = text.utf8[..<end]
        if path.first == UInt8(ascii: "/") {
            return tree.number(ofPath: String(Substring(path))).map { .node($0) } ?? .nowhere
        }
        let slash = path.firstIndex(of: UInt8(ascii: "/")) ?? path.endIndex
        guard let aliases = tree.number(ofPath: "/aliases"),
            let start = tree[aliases, String(Substring(path[..<slash]))]?.string,
            start.utf8.first == UInt8(ascii: "/"), start.utf8.count <= Self.longestPath,
            let number = tree.number(ofPath: start + String(Substring(path[slash...])))
        else { return .nowhere }
        return .throughAlias(number)
    }

    func checkChosen() {
        guard let chosen = tree.number(ofPath: "/chosen") else { return }
        var consoles: [Int] = []
        for name in ["stdout-path", "linux,stdout-path", "stdin-path"] {
            guard let path = tree[chosen][name]?.string else { continue }
            switch follow(path) {
            case .node(let device), .throughAlias(let device):
                if !isEnabled(device) {
                    add(.stdoutDisabled, chosen, name, "\(name) leads to \(tree.path(of: device)), which is disabled")
                }
                if !name.hasSameBytes(as: "stdin-path") { consoles.append(device) }
            case .nowhere:
                add(.stdoutPath, chosen, name, "there is no node '\(Self.shown(path))'")
            }
        }
        if consoles.count == 2, consoles[0] != consoles[1] {
            add(
                .stdoutConflict, chosen, "linux,stdout-path",
                "stdout-path leads to \(tree.path(of: consoles[0])), linux,stdout-path to \(tree.path(of: consoles[1]))"
            )
        }
        checkInitrd(chosen)
    }

    private func checkInitrd(_ chosen: Int) {
        let node = tree[chosen]
        guard node["linux,initrd-start"] != nil || node["linux,initrd-end"] != nil else { return }
        guard let start = address(node["linux,initrd-start"]), let end = address(node["linux,initrd-end"]) else {
            add(
                .initrdRange, chosen, nil,
                "linux,initrd-start and linux,initrd-end are not both there, of one or two cells each")
            return
        }
        guard start <= end else {
            add(.initrdRange, chosen, "linux,initrd-end", "the RAM disk ends at \(Self.hex(end)), before its start")
            return
        }
        let memory = memoryRegions().map { $0.region }
        guard start < end, !memory.isEmpty else { return }
        if !RegionSet(memory).contains(Region(base: start, size: end - start)) {
            add(
                .initrdRange, chosen, nil,
                "the RAM disk at \(Self.hex(start))-\(Self.hex(end - 1)) lies outside memory")
        }
    }

    /// An address of one or two cells.
    private func address(_ value: PropertyValue?) -> UInt64? {
        value?.u64 ?? value?.u32.map { UInt64($0) }
    }

    func checkAliases() {
        guard let aliases = tree.number(ofPath: "/aliases") else { return }
        for property in tree[aliases].properties {
            // Handles of the node itself.
            if property.name.hasSameBytes(as: "phandle") || property.name.hasSameBytes(as: "linux,phandle") { continue }
            if !property.name.utf8.allSatisfy(Self.isAliasCharacter) {
                add(
                    .aliasName, aliases, property.name,
                    "the name '\(Self.shown(property.name))' is not all of a-z, 0-9 and -")
            }
            switch property.value.string.map(follow) ?? .nowhere {
            case .node: break
            case .throughAlias(let number):
                add(
                    .aliasRelative, aliases, property.name,
                    "\(Self.shown(property.name)) starts with another alias; its full path is \(tree.path(of: number))")
            case .nowhere:
                add(
                    .aliasPath, aliases, property.name,
                    "\(Self.shown(property.name)) is \(Self.shown(property.value.source)), which is no node's path")
            }
        }
    }

    private static func isAliasCharacter(_ character: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(character)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(character) || character == UInt8(ascii: "-")
    }
}
