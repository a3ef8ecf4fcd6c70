public import DeviceTree

extension DeviceTree {
    /// What is wrong with the tree, by the rules of ePAPR, the Devicetree Specification and the paravirtual interfaces.
    ///
    /// Time and memory are bounded by the tree's size times a logarithm, whatever is in it.
    public func lint() -> LintReport {
        let linter = Linter(root: root, reservations: reservations)
        return linter.run()
    }
}

/// One run over a tree. The rules are in the extensions, a file a concern.
struct Linter {
    /// The tree.
    let tree: TreeIndex
    /// The blob's reservations.
    let reservations: [MemoryReservation]

    /// The node that takes each node's interrupts, by number.
    let interruptParents: [InterruptParent]
    /// Whether each node is a bus below which Linux makes devices without knowing it.
    let isSimpleBus: [Bool]
    /// Whether each node is a hypervisor's interrupt controller.
    let isVirtualController: [Bool]

    /// What the rules have found so far. It is an object so that rules only read the linter.
    private final class Findings {
        var list: [(number: Int, finding: Finding)] = []
        var report = LintReport()
    }

    private let found = Findings()

    init(root: Node, reservations: [MemoryReservation]) {
        let tree = TreeIndex(root)
        self.tree = tree
        interruptParents = Self.interruptParents(in: tree)
        isSimpleBus = tree.numbers.map {
            tree[$0].isCompatible(with: "simple-bus") || tree[$0]["device_type"] == .string("soc")
        }
        isVirtualController = tree.numbers.map { tree[$0].isCompatible(with: "epapr,hv-pic") }
        self.reservations = reservations
    }

    func run() -> LintReport {
        if checkOverlay() {
            checkRoot()
            for number in tree.numbers where !tree.isListOfNames(number) {
                checkTypes(of: number)
                checkCells(of: number)
                checkAddresses(of: number)
                checkRanges(of: number)
                checkInterrupts(of: number)
                checkReferences(of: number)
            }
            checkReachable()
            checkOverlaps()
            checkPhandles()
            checkCPUs()
            checkMemory()
            checkChosen()
            checkAliases()
            checkHypervisor()
            checkHypervisorObjects()
        }
        // Findings of a node stay in the order in which they were made.
        let order = found.list.indices.sorted {
            let (first, second) = (found.list[$0].number, found.list[$1].number)
            return first != second ? first < second : $0 < $1
        }
        found.report.findings = order.map { found.list[$0].finding }
        return found.report
    }

    /// Takes down that the node breaks the rule.
    func add(_ rule: Rule, _ number: Int, _ property: String? = nil, _ message: @autoclosure () -> String) {
        found.report.add(rule.severity)
        guard found.list.count < LintReport.limit else { return }
        let finding = Finding(rule: rule, path: tree.path(of: number), property: property, message: message())
        found.list.append((number, finding))
    }
}

// MARK: - What rules share

extension Linter {
    /// A range of addresses.
    struct Region {
        var base: UInt64
        var size: UInt64

        /// The last address. An empty region has none, and says its first.
        var last: UInt64 { size == 0 ? base : base &+ (size - 1) }

        func overlaps(_ other: Region) -> Bool {
            size > 0 && other.size > 0 && base <= other.last && other.base <= last
        }

        func contains(_ other: Region) -> Bool {
            base <= other.base && other.last <= last
        }
    }

    /// How many cells a child's address has, as the node states it or by default.
    func addressCells(below number: Int) -> Int {
        tree.cellCount("#address-cells", of: number) ?? 2
    }

    /// How many cells a child's size has, as the node states it or by default.
    func sizeCells(below number: Int) -> Int {
        tree.cellCount("#size-cells", of: number) ?? 1
    }

    /// The ranges in a node's `reg`, where addresses and sizes have one or two cells and nothing is cut off.
    func regions(of number: Int, _ property: String = "reg") -> [Region] {
        guard let parent = tree.parent(of: number), let cells = tree[number, property]?.cells else { return [] }
        let (addressCells, sizeCells) = (addressCells(below: parent), sizeCells(below: parent))
        guard (1...2).contains(addressCells), sizeCells <= 2 else { return [] }
        let entry = addressCells + sizeCells
        guard cells.count.isMultiple(of: entry) else { return [] }
        return stride(from: 0, to: cells.count, by: entry).map { start in
            Region(
                base: Self.value(cells[start..<start + addressCells]),
                size: Self.value(cells[start + addressCells..<start + entry]))
        }
    }

    /// The number that up to two cells hold, the high one first. Of more, the last two count.
    static func value(_ cells: ArraySlice<UInt32>) -> UInt64 {
        cells.reduce(0) { $0 << 32 | UInt64($1) }
    }

    /// Whether the device works: `status` is missing or says so.
    func isEnabled(_ number: Int) -> Bool {
        guard let status = tree[number, "status"] else { return true }
        return status == .string("okay") || status == .string("ok")
    }

    /// Whether the property is exactly that string.
    func has(_ number: Int, _ property: String, _ value: String) -> Bool {
        tree[number, property] == .string(value)
    }

    /// The number as reports show it.
    static func hex(_ value: some BinaryInteger) -> String {
        "0x" + String(value, radix: 16)
    }

    /// A value from the tree as a report shows it: short, and ASCII.
    static func shown(_ text: String) -> String {
        let limit = 80
        let bytes = text.utf8.prefix(limit).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }
        return String(decoding: bytes, as: UTF8.self) + (text.utf8.count > limit ? "..." : "")
    }
}
