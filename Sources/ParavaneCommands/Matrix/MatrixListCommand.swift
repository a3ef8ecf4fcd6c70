public import ArgumentParser
internal import Foundation
internal import Matrix

/// `paravane matrix list`: the cells, and whether they can run here.
public struct MatrixListCommand: ParsableCommand {
    /// The name and the help.
    public static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List cells, and say whether they can run here.")

    @OptionGroup var selection: MatrixSelection
    @OptionGroup var places: MatrixSurroundings

    @Flag(help: "Print a JSON array.")
    var json = false

    /// Made by the argument parser.
    public init() {}

    /// What is printed of a cell.
    private struct Row: Encodable {
        let cell: String
        let architecture: Cell.Architecture
        let engine: Cell.Engine
        let suite: Cell.Suite
        let variant: String
        let seconds: Double
        let absent: String?
        let remedy: String?
    }

    /// Prints the table on standard output.
    public func run() throws {
        let surroundings = places.surroundings
        let plan = try selection.plan()
        let shard = Set(plan.cells(of: selection.shard).map(\.id))
        let rows = plan.cells.filter { shard.contains($0.id) }.map { cell in
            let absence = surroundings.absence(of: cell)
            return Row(
                cell: cell.id, architecture: cell.architecture, engine: cell.engine, suite: cell.suite,
                variant: cell.variant, seconds: cell.seconds, absent: absence?.reason, remedy: absence?.remedy)
        }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return try OutputFile.write(String(decoding: try encoder.encode(rows), as: UTF8.self) + "\n", to: nil)
        }
        let width = rows.map(\.cell.count).max() ?? 0
        let lines = rows.map { row in
            let state = row.absent.map { "absent: \($0)" + (row.remedy.map { "; try: \($0)" } ?? "") } ?? "ready"
            return row.cell + String(repeating: " ", count: width - row.cell.count) + "  \(state)\n"
        }
        try OutputFile.write(lines.joined(), to: nil)
    }
}
