public import ArgumentParser
internal import DeviceTree
internal import Foundation

/// `paravane dtb diff`: compares two device trees.
public struct DTBDiffCommand: ParsableCommand {
    /// The name and what help says.
    public static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Compare two device tree blobs node by node.",
        discussion: """
            The order of nodes and properties does not count, and references by phandle are compared by the nodes that \
            they lead to. Exits as diff does: with status 0 if the trees are equal, 1 if they differ, and 65 if one \
            cannot be read. A line begins with - or + for what only the first or second tree has, and with ! for a \
            property whose value changed.
            """)

    @Argument(help: "The first blob, or - for standard input.")
    var first: String

    @Argument(help: "The second blob, or - for standard input.")
    var second: String

    @Flag(help: "Compare phandles and references to them as the numbers that they are.")
    var bytes = false

    @Flag(help: "Print JSON.")
    var json = false

    /// Made by the argument parser.
    public init() {}

    /// Whether there are two trees.
    public func validate() throws {
        if first == "-", second == "-" { throw ValidationError("standard input holds only one blob") }
    }

    /// Compares the trees, and prints what differs.
    public func run() throws {
        let old = try DTBInput.open(first)
        let new = try DTBInput.open(second)
        var output = BufferedOutput()
        var count = 0
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if json { try output.append("{\"differences\": [") }
        try old.forEachDifference(to: new, comparing: bytes ? .value : .target) { (difference) throws(any Error) in
            if json {
                let object = String(decoding: try encoder.encode(DifferenceReport(difference)), as: UTF8.self)
                try output.append(count == 0 ? "\n  \(object)" : ",\n  \(object)")
            } else {
                try output.append(difference.detailedDescription + "\n")
            }
            count += 1
        }
        if json { try output.append(count == 0 ? "]}\n" : "\n]}\n") }
        try output.flush()
        if count > 0 { throw ExitCode(ExitStatus.difference.rawValue) }
    }
}

/// A difference in plain types: an object of the JSON that `paravane dtb diff --json` prints.
package struct DifferenceReport: Codable, Equatable {
    /// `removed`, `added` or `changed`.
    package let change: String
    /// The node.
    package let path: String
    /// The property, unless the node as a whole is meant; `/memreserve/` is the list of reservations.
    package let property: String?
    /// The first tree's value as dts source, if there is one.
    package let old: String?
    /// The second tree's value, likewise.
    package let new: String?

    init(_ difference: TreeDifference) {
        change =
            switch difference.change {
            case .removed: "removed"
            case .added: "added"
            case .changed: "changed"
            }
        path = difference.path
        property = difference.property
        old = difference.oldSource
        new = difference.newSource
    }
}

/// Standard output in large pieces, for output that may be much larger than the trees.
private struct BufferedOutput {
    private var text = ""

    mutating func append(_ more: String) throws {
        text += more
        if text.utf8.count >= 1 << 16 { try flush() }
    }

    mutating func flush() throws {
        try OutputFile.write(text, to: nil)
        text = ""
    }
}
