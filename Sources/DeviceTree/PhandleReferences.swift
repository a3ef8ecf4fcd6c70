/// How a property that refers to other nodes holds their phandles.
public enum PhandleLayout: Sendable {
    /// Each cell is a phandle.
    case list
    /// Each phandle is followed by as many cells as the named property of its node says. Phandle 0 is a gap.
    case specifiers(cells: String)
    /// An interrupt nexus's `interrupt-map`.
    case interruptMap

    /// The layout of the property with that name; nil for one that is not known to hold phandles.
    ///
    /// The names are those of the Devicetree Specification, of Linux's generic bindings, and of bindings of PowerPC
    /// processors.
    public static func of(_ property: String) -> PhandleLayout? {
        for (name, layout) in named where name.hasSameBytes(as: property) { return layout }
        let name = property.utf8
        if hasSuffix(name, "-gpios") || hasSuffix(name, "-gpio") {
            // Properties such as "ngpios" and "snps,nr-gpios" hold counts.
            return hasSuffix(name, "nr-gpios") ? nil : .specifiers(cells: "#gpio-cells")
        }
        let pinctrl = "pinctrl-"
        if name.starts(with: pinctrl.utf8), name.count > pinctrl.utf8.count,
            name.dropFirst(pinctrl.utf8.count).allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        {
            return .list
        }
        return nil
    }

    private static let named: [(String, PhandleLayout)] = [
        ("interrupt-parent", .list), ("next-level-cache", .list), ("l2-cache", .list), ("memory-region", .list),
        ("phy-handle", .list), ("tbi-handle", .list), ("fsl,msi", .list), ("fsl,iommu-parent", .list),
        ("interrupt-map", .interruptMap), ("interrupts-extended", .specifiers(cells: "#interrupt-cells")),
        ("clocks", .specifiers(cells: "#clock-cells")), ("assigned-clocks", .specifiers(cells: "#clock-cells")),
        ("gpios", .specifiers(cells: "#gpio-cells")), ("gpio", .specifiers(cells: "#gpio-cells")),
        ("dmas", .specifiers(cells: "#dma-cells")), ("iommus", .specifiers(cells: "#iommu-cells")),
        ("mboxes", .specifiers(cells: "#mbox-cells")), ("phys", .specifiers(cells: "#phy-cells")),
        ("power-domains", .specifiers(cells: "#power-domain-cells")), ("pwms", .specifiers(cells: "#pwm-cells")),
        ("resets", .specifiers(cells: "#reset-cells")),
    ]

    private static func hasSuffix(_ name: String.UTF8View, _ suffix: String) -> Bool {
        name.count >= suffix.utf8.count && name.dropFirst(name.count - suffix.utf8.count).elementsEqual(suffix.utf8)
    }
}

/// Where a property refers to other nodes, and what is wrong with it if anything is.
public struct PhandleReferences: Sendable {
    /// A cell that holds a phandle.
    public struct Reference: Sendable {
        /// The cell's place among the property's cells.
        public let position: Int
        /// The phandle.
        public let phandle: UInt32
        /// The number of the node that it means; nil if there is none.
        public let target: Int?
    }

    /// Why the cells after a reference cannot be read.
    public enum Fault: Sendable {
        /// The value is not made of cells, or ends inside an entry.
        case size
        /// The node that an entry refers to lacks the named property, which says how many cells follow, or it is unsound.
        case cellCount(target: Int, property: String)
    }

    /// All cells of the value, as far as it has whole ones.
    public let cells: [UInt32]
    /// The references up to the fault, in order.
    public private(set) var references: [Reference] = []
    /// What ends the list early.
    public private(set) var fault: Fault?

    init(_ value: PropertyValue, _ layout: PhandleLayout, of number: Int, in tree: TreeIndex) {
        guard let cells = value.cells else {
            self.cells = []
            fault = .size
            return
        }
        self.cells = cells
        switch layout {
        case .list:
            for position in cells.indices { _ = add(position, tree) }
        case .specifiers(let property): readSpecifiers(property, tree)
        case .interruptMap: readInterruptMap(of: number, tree)
        }
    }

    private mutating func add(_ position: Int, _ tree: TreeIndex) -> Int? {
        let target = tree.number(ofPhandle: cells[position])
        references.append(Reference(position: position, phandle: cells[position], target: target))
        return target
    }

    private mutating func readSpecifiers(_ property: String, _ tree: TreeIndex) {
        var position = 0
        while position < cells.count {
            if cells[position] == 0 {
                position += 1
                continue
            }
            guard let target = add(position, tree) else { return }
            guard let count = tree.cellCount(property, of: target) else {
                fault = .cellCount(target: target, property: property)
                return
            }
            position += 1 + count
        }
        if position > cells.count { fault = .size }
    }

    /// An entry is the child's address and specifier, the parent's phandle, its address and its specifier.
    private mutating func readInterruptMap(of number: Int, _ tree: TreeIndex) {
        guard let own = tree.cellCount("#interrupt-cells", of: number) else {
            fault = .cellCount(target: number, property: "#interrupt-cells")
            return
        }
        let addressCells = tree.nexusAddressCells(of: number)
        var position = 0
        while position < cells.count {
            position += addressCells + own
            guard position < cells.count else {
                fault = .size
                return
            }
            guard let target = add(position, tree) else { return }
            guard let parent = tree.cellCount("#interrupt-cells", of: target) else {
                fault = .cellCount(target: target, property: "#interrupt-cells")
                return
            }
            // Without the property Linux assumes that a controller has no addresses.
            position += 1 + (tree.cellCount("#address-cells", of: target) ?? 0) + parent
        }
        if position > cells.count { fault = .size }
    }
}

extension TreeIndex {
    /// The most cells that any `#…-cells` may ask for: Linux's `MAX_PHANDLE_ARGS`.
    public static let maximumCells = 16

    /// The number that a property such as `#gpio-cells` of a node holds; nil where it is missing or unsound.
    public func cellCount(_ property: String, of number: Int) -> Int? {
        guard let count = self[number, property]?.u32, count <= Self.maximumCells else { return nil }
        return Int(count)
    }

    /// How many cells the addresses in a nexus's `interrupt-map` have. Old trees state it in a node above, as Linux allows.
    package func nexusAddressCells(of number: Int) -> Int {
        var node: Int? = number
        while let current = node {
            if let count = cellCount("#address-cells", of: current) { return count }
            node = parent(of: current)
        }
        return 2
    }

    /// Where the property of that name of a node refers to other nodes; nil if it is missing or not known to hold phandles.
    public func references(in property: String, of number: Int) -> PhandleReferences? {
        guard !isListOfNames(number), let value = self[number, property], let layout = PhandleLayout.of(property) else {
            return nil
        }
        // A hog's gpios are the parent's own: no phandle comes first.
        if case .specifiers(cells: let cells) = layout, cells.hasSameBytes(as: "#gpio-cells"),
            self[number, "gpio-hog"] != nil
        {
            return nil
        }
        return PhandleReferences(value, layout, of: number, in: self)
    }
}
