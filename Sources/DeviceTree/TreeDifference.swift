/// One way in which a second tree differs from a first.
public struct TreeDifference: Equatable, Sendable, CustomStringConvertible {
    /// What differs.
    public enum Change: Equatable, Sendable {
        /// Only the first tree has the node or property.
        case removed
        /// Only the second tree has the node or property.
        case added
        /// Both trees have the property, with these values.
        case changed(from: PropertyValue, to: PropertyValue)
    }

    /// The node's path; `/` for the list of memory reservations too.
    public let path: String
    /// The property, or nil where the node as a whole is meant. `/memreserve/` is the list of memory reservations.
    public let property: String?
    /// What differs.
    public let change: Change

    /// One line: `-` or `+` and what only one tree has, or both values. Values read as in dts source.
    public var description: String {
        let place = property.map { "\(path): \($0)" } ?? path
        switch change {
        case .removed: return "- \(place)"
        case .added: return "+ \(place)"
        case .changed(let from, let to): return "! \(place) = \(from.source) -> \(to.source)"
        }
    }

    /// Compares bytes of strings only, so that it needs no Unicode tables.
    public static func == (first: TreeDifference, second: TreeDifference) -> Bool {
        first.path.hasSameBytes(as: second.path) && (first.property == nil) == (second.property == nil)
            && (first.property ?? "").hasSameBytes(as: second.property ?? "") && first.change == second.change
    }
}

extension DeviceTree {
    /// What `other` has differently, sorted by path. The order of nodes and of properties does not count.
    public func differences(to other: borrowing DeviceTree) -> [TreeDifference] {
        var found = root.differences(to: other.root)
        if reservations != other.reservations {
            let change = TreeDifference.Change.changed(
                from: Self.value(of: reservations), to: Self.value(of: other.reservations))
            found.insert(TreeDifference(path: "/", property: "/memreserve/", change: change), at: 0)
        }
        return found
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

extension Node {
    /// What `other` has differently, sorted by path. The order of nodes and of properties does not count.
    ///
    /// - Parameter path: the path of both nodes.
    public func differences(to other: Node, at path: String = "/") -> [TreeDifference] {
        var found: [TreeDifference] = []
        compare(to: other, at: path, &found)
        return found
    }

    private func compare(to other: Node, at path: String, _ found: inout [TreeDifference]) {
        merge(properties, other.properties, by: { $0.name }) { first, second in
            if let first, let second {
                if first.value != second.value {
                    let change = TreeDifference.Change.changed(from: first.value, to: second.value)
                    found.append(TreeDifference(path: path, property: first.name, change: change))
                }
            } else if let only = first ?? second {
                let change: TreeDifference.Change = first == nil ? .added : .removed
                found.append(TreeDifference(path: path, property: only.name, change: change))
            }
        }
        merge(children, other.children, by: { $0.name }) { first, second in
            if let first, let second {
                first.compare(to: second, at: path.appendingNode(first.name), &found)
            } else if let only = first ?? second {
                let change: TreeDifference.Change = first == nil ? .added : .removed
                found.append(TreeDifference(path: path.appendingNode(only.name), property: nil, change: change))
            }
        }
    }

    /// Calls `body` with the elements of both lists that share a name, and with each other one alone, in order of names.
    private func merge<Element>(
        _ first: [Element], _ second: [Element], by name: (Element) -> String, _ body: (Element?, Element?) -> Void
    ) {
        let first = first.sorted { name($0).precedesInBytes(name($1)) }
        let second = second.sorted { name($0).precedesInBytes(name($1)) }
        var (left, right) = (0, 0)
        while left < first.count || right < second.count {
            if right == second.count || (left < first.count && name(first[left]).precedesInBytes(name(second[right]))) {
                body(first[left], nil)
                left += 1
            } else if left == first.count || name(second[right]).precedesInBytes(name(first[left])) {
                body(nil, second[right])
                right += 1
            } else {
                body(first[left], second[right])
                left += 1
                right += 1
            }
        }
    }
}
