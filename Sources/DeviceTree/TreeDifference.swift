/// One way in which a second tree differs from a first.
public struct TreeDifference: Equatable, Sendable, CustomStringConvertible {
    /// What differs.
    public enum Change: Equatable, Sendable {
        /// Only the first tree has the node, or the property with that value.
        case removed(PropertyValue?)
        /// Only the second tree has the node, or the property with that value.
        case added(PropertyValue?)
        /// Both trees have the property, with these values.
        case changed(from: PropertyValue, to: PropertyValue)
    }

    /// The node's path; `/` for the list of memory reservations too.
    public let path: String
    /// The property, or nil where the node as a whole is meant. `/memreserve/` is the list of memory reservations.
    public let property: String?
    /// What differs.
    public let change: Change
    /// The first tree's value as dts source, if it has one. References that are compared by what they mean are paths.
    public let oldSource: String?
    /// The second tree's value, likewise.
    public let newSource: String?

    init(path: String, property: String?, change: Change, oldSource: String? = nil, newSource: String? = nil) {
        self.path = path
        self.property = property
        self.change = change
        let values: (old: PropertyValue?, new: PropertyValue?) =
            switch change {
            case .removed(let value): (value, nil)
            case .added(let value): (nil, value)
            case .changed(let from, let to): (from, to)
            }
        self.oldSource = oldSource ?? values.old?.source
        self.newSource = newSource ?? values.new?.source
    }

    /// One line: `-` or `+` and what only one tree has, or both values. Values read as in dts source.
    public var description: String {
        switch change {
        case .removed: return "- \(place)"
        case .added: return "+ \(place)"
        case .changed: return "! \(place) = \(oldSource ?? "") -> \(newSource ?? "")"
        }
    }

    /// As ``description``, and with the value of a property that only one tree has.
    public var detailedDescription: String {
        switch change {
        case .removed(let value?) where !value.bytes.isEmpty: return "- \(place) = \(oldSource ?? "")"
        case .added(let value?) where !value.bytes.isEmpty: return "+ \(place) = \(newSource ?? "")"
        default: return description
        }
    }

    private var place: String {
        property.map { "\(path): \($0)" } ?? path
    }

    /// Compares bytes of strings only, so that it needs no Unicode tables.
    public static func == (first: TreeDifference, second: TreeDifference) -> Bool {
        first.path.hasSameBytes(as: second.path) && (first.property == nil) == (second.property == nil)
            && (first.property ?? "").hasSameBytes(as: second.property ?? "") && first.change == second.change
    }
}

/// How properties that refer to nodes by phandle are compared.
public enum ReferenceComparison: Sendable {
    /// As bytes, like every other value.
    case value
    /// By the paths of the nodes that they refer to; phandles themselves do not count. Of the properties that
    /// ``PhandleLayout`` knows.
    case target
}

extension DeviceTree {
    /// What `other` has differently, sorted by path. The order of nodes and of properties does not count.
    public func differences(
        to other: borrowing DeviceTree, comparing references: ReferenceComparison = .value
    ) -> [TreeDifference] {
        var found: [TreeDifference] = []
        forEachDifference(to: other, comparing: references) { found.append($0) }
        return found
    }

    /// Calls `body` with each difference to `other`, sorted by path, without keeping them all.
    public func forEachDifference<E>(
        to other: borrowing DeviceTree, comparing references: ReferenceComparison = .value,
        _ body: (TreeDifference) throws(E) -> Void
    ) throws(E) {
        if reservations != other.reservations {
            let change = TreeDifference.Change.changed(
                from: Self.value(of: reservations), to: Self.value(of: other.reservations))
            try body(TreeDifference(path: "/", property: "/memreserve/", change: change))
        }
        let comparison = TreeComparison(
            first: TreeIndex(root), second: TreeIndex(other.root), references: references)
        try comparison.compare(0, 0, at: "/", body)
    }

    /// Reservations as a property would hold them.
    private static func value(of reservations: [MemoryReservation]) -> PropertyValue {
        .cells(
            reservations.flatMap { reservation in
                [reservation.address, reservation.size].flatMap {
                    [UInt32(truncatingIfNeeded: $0 >> 32), UInt32(truncatingIfNeeded: $0)]
                }
            })
    }
}

/// Two trees that are walked together.
private struct TreeComparison {
    let first: TreeIndex
    let second: TreeIndex
    let references: ReferenceComparison

    func compare<E>(
        _ left: Int, _ right: Int, at path: String, _ body: (TreeDifference) throws(E) -> Void
    ) throws(E) {
        try merge(names(first[left].properties), names(second[right].properties)) { (old, new) throws(E) in
            let difference = compare(
                old.map { first[left].properties[$0] }, new.map { second[right].properties[$0] }, left, right, path)
            if let difference { try body(difference) }
        }
        let (olds, news) = (first.children(of: left), second.children(of: right))
        let (oldNames, newNames) = (olds.map { first[$0].name }, news.map { second[$0].name })
        try merge(oldNames, newNames) { (old, new) throws(E) in
            if let old, let new {
                try compare(olds[old], news[new], at: path.appendingNode(oldNames[old]), body)
            } else if let old {
                let path = path.appendingNode(oldNames[old])
                try body(TreeDifference(path: path, property: nil, change: .removed(nil)))
            } else if let new {
                let path = path.appendingNode(newNames[new])
                try body(TreeDifference(path: path, property: nil, change: .added(nil)))
            }
        }
    }

    private func names(_ properties: [Property]) -> [String] {
        properties.map { $0.name }
    }

    /// The difference of a property of two nodes, of which one may lack it.
    private func compare(
        _ old: Property?, _ new: Property?, _ left: Int, _ right: Int, _ path: String
    ) -> TreeDifference? {
        guard let property = old ?? new, !isIgnored(property) else { return nil }
        let oldValue = old.map { Value($0, of: left, in: first, references) }
        let newValue = new.map { Value($0, of: right, in: second, references) }
        let change: TreeDifference.Change
        if let old, let new, let oldValue, let newValue {
            if oldValue.isEqual(to: newValue) { return nil }
            change = .changed(from: old.value, to: new.value)
        } else {
            change = old == nil ? .added(property.value) : .removed(property.value)
        }
        return TreeDifference(
            path: path, property: property.name, change: change, oldSource: oldValue?.source,
            newSource: newValue?.source)
    }

    private func isIgnored(_ property: Property) -> Bool {
        guard case .target = references else { return false }
        return property.name.hasSameBytes(as: "phandle") || property.name.hasSameBytes(as: "linux,phandle")
    }

    /// A value whose references can be told from its other cells.
    private struct Value {
        private let value: PropertyValue
        private let tree: TreeIndex
        private let references: PhandleReferences?

        init(_ property: Property, of number: Int, in tree: TreeIndex, _ comparison: ReferenceComparison) {
            value = property.value
            self.tree = tree
            switch comparison {
            case .value: references = nil
            case .target: references = tree.references(in: property.name, of: number)
            }
        }

        func isEqual(to other: Value) -> Bool {
            guard let mine = references, let others = other.references,
                !mine.references.isEmpty || !others.references.isEmpty
            else { return value == other.value }
            guard value.bytes.count == other.value.bytes.count, mine.references.count == others.references.count else {
                return false
            }
            var (own, theirs) = (mine.cells, others.cells)
            for (reference, counterpart) in zip(mine.references, others.references) {
                guard reference.position == counterpart.position else { return false }
                switch (reference.target, counterpart.target) {
                case (let target?, let match?):
                    guard tree.hasSamePath(target, as: match, in: other.tree) else { return false }
                    own[reference.position] = 0
                    theirs[reference.position] = 0
                case (nil, nil): break
                default: return false
                }
            }
            return own == theirs
        }

        /// The value as dts source, with references as paths.
        var source: String? {
            guard let references, references.references.contains(where: { $0.target != nil }) else { return nil }
            var (text, next) = ("<", 0)
            for (position, cell) in references.cells.enumerated() {
                if position > 0 { text += " " }
                var target: Int?
                if next < references.references.count, references.references[next].position == position {
                    target = references.references[next].target
                    next += 1
                }
                text += target.map { "&{\(tree.path(of: $0))}" } ?? "0x" + String(cell, radix: 16)
            }
            return text + ">"
        }
    }

    /// Calls `body` with the places of names that both lists have, and with the place of each other one alone, in order of
    /// names.
    private func merge<E>(
        _ first: [String], _ second: [String], _ body: (Int?, Int?) throws(E) -> Void
    ) throws(E) {
        let left = first.indices.sorted { first[$0].precedesInBytes(first[$1]) }
        let right = second.indices.sorted { second[$0].precedesInBytes(second[$1]) }
        var (old, new) = (0, 0)
        while old < left.count || new < right.count {
            if new == right.count || (old < left.count && first[left[old]].precedesInBytes(second[right[new]])) {
                try body(left[old], nil)
                old += 1
            } else if old == left.count || second[right[new]].precedesInBytes(first[left[old]]) {
                try body(nil, right[new])
                new += 1
            } else {
                try body(left[old], right[new])
                old += 1
                new += 1
            }
        }
    }
}

extension TreeIndex {
    /// Whether the node has the path that another has in another tree.
    fileprivate func hasSamePath(_ number: Int, as other: Int, in tree: TreeIndex) -> Bool {
        var (mine, others) = (number, other)
        while let parent = parent(of: mine), let counterpart = tree.parent(of: others) {
            guard self[mine].name.hasSameBytes(as: tree[others].name) else { return false }
            (mine, others) = (parent, counterpart)
        }
        return mine == 0 && others == 0
    }
}
