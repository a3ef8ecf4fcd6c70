/// Which cells run: chosen from the table, and divided among machines.
package struct Plan: Sendable {
    /// What is chosen. An empty list leaves all in.
    package struct Selection: Sendable {
        /// Processors.
        package var architectures: [Cell.Architecture] = []
        /// Engines.
        package var engines: [Cell.Engine] = []
        /// Suites.
        package var suites: [Cell.Suite] = []
        /// Patterns for ``Cell/id``.
        package var patterns: [Pattern] = []

        /// Everything.
        package init() {}

        /// Whether a cell is chosen.
        package func has(_ cell: Cell) -> Bool {
            (architectures.isEmpty || architectures.contains(cell.architecture))
                && (engines.isEmpty || engines.contains(cell.engine))
                && (suites.isEmpty || suites.contains(cell.suite))
                && (patterns.isEmpty || patterns.contains { $0.matches(cell.id) })
        }
    }

    /// The cells in the order of the table.
    package let cells: [Cell]

    /// The cells that `selection` chooses.
    package init(_ table: [Cell] = Cell.all, selection: Selection = Selection()) {
        cells = table.filter(selection.has)
    }

    /// What tells plans apart: of the cells, their commands and what has to come of them, and the known differences.
    package func digest(differences: Differences) -> String {
        var text = ""
        for cell in cells {
            text += "\(cell.id) \(cell.command) \(cell.status) \(cell.expectation)\n"
        }
        for entry in differences.entries { text += "\(entry.reference) \(entry.patterns) \(entry.reason)\n" }
        // FNV-1a with 64 bits: the same on all machines.
        let hash = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The cells of one shard, those that take longest first.
    ///
    /// Each cell goes to the shard that has least to do so far, the longest first, by the table's times alone: so every
    /// machine divides the same plan in the same way.
    package func cells(of shard: Shard) -> [Cell] {
        let ordered = cells.enumerated().sorted { ($1.element.seconds, $0.offset) < ($0.element.seconds, $1.offset) }
        var loads = [Double](repeating: 0, count: shard.count)
        var chosen: [Cell] = []
        for (_, cell) in ordered {
            // The first of the least.
            let target = loads.indices.min { loads[$0] < loads[$1] } ?? 0
            loads[target] += cell.seconds
            if target == shard.index - 1 { chosen.append(cell) }
        }
        return chosen
    }
}

/// One of several parts of a plan.
package struct Shard: Hashable, Codable, Sendable, CustomStringConvertible {
    /// Which one, from 1.
    package let index: Int
    /// How many there are.
    package let count: Int

    /// The whole plan.
    package static let whole = Shard(index: 1, count: 1)
    /// The most that a plan can be divided into.
    package static let limit = 10_000

    /// Shard `index` of `count`.
    package init(index: Int, count: Int) {
        self.index = index
        self.count = count
    }

    /// Reads `2/3`; nil where that is none.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let index = parts[0], let count = parts[1],
            (1...Self.limit).contains(count), (1...count).contains(index)
        else { return nil }
        self.init(index: index, count: count)
    }

    /// `2/3`.
    package var description: String { "\(index)/\(count)" }
}
