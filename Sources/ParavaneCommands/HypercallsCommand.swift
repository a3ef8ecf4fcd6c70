public import ArgumentParser
internal import Foundation
internal import PAPR
package import ParavirtABI

/// `paravane hypercalls`: the table of hypercalls, and which of them Paravane carries out.
public struct HypercallsCommand: ParsableCommand {
    /// The name and the help.
    public static let configuration = CommandConfiguration(
        commandName: "hypercalls",
        abstract: "List the hypercalls of every architecture and say which are carried out.")

    /// How the table is printed.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json, markdown
    }

    /// The architectures that the table can be cut down to.
    enum Guest: String, ExpressibleByArgument, CaseIterable {
        case ppc, x86, s390x

        var architecture: Architecture {
            switch self {
            case .ppc: .powerPC
            case .x86: .x86
            case .s390x: .s390x
            }
        }
    }

    @Option(name: .customLong("arch"), help: "Only the hypercalls of this architecture.")
    var guest: Guest?

    @Option(help: "How to print the table.")
    var format = Format.text

    @Flag(help: "The same as --format json.")
    var json = false

    /// Made by the argument parser.
    public init() {}

    /// Prints the table on standard output.
    public func run() throws {
        let table = HypercallTable(architecture: guest?.architecture)
        switch json ? .json : format {
        case .text: print(table.text(), terminator: "")
        case .json: print(try table.json())
        case .markdown: print(table.markdown(), terminator: "")
        }
    }
}

/// The rows of ``ParavirtABI/Hypercall/all`` as `paravane hypercalls` shows them.
package struct HypercallTable {
    /// One row in plain types.
    package struct Row: Codable, Equatable {
        /// An argument or an output.
        package struct Value: Codable, Equatable {
            /// The register that carries it.
            package let register: String
            /// What kind of bits it is.
            package let kind: String
            /// What it says.
            package let meaning: String
        }

        /// The number within the family.
        package let number: UInt32
        /// r11 on PowerPC.
        package let token: UInt32?
        /// The constant's name.
        package let name: String
        /// Who defined it.
        package let family: String
        /// Where guests can make the call.
        package let architectures: [String]
        /// Active, deprecated or obsolete.
        package let status: String
        /// Whether a dispatcher has a handler for it.
        package let handled: Bool
        /// What it is for.
        package let purpose: String
        /// nil where the sources define the number alone.
        package let arguments: [Value]?
        /// nil where the sources define the number alone.
        package let outputs: [Value]?
        /// Where the facts are from.
        package let source: String

        /// The number as people write it: PAPR's are hexadecimal.
        var numberText: String {
            family == HypercallFamily.papr.name.description ? "0x" + String(number, radix: 16) : "\(number)"
        }

        init(_ call: Hypercall) {
            let convention = call.convention
            func value(_ parameter: Parameter, in register: Int) -> Value {
                Value(
                    register: convention.registerName(register), kind: parameter.kind.name.description,
                    meaning: parameter.meaning.description)
            }
            number = call.number
            token = call.token
            name = call.name.description
            family = call.family.name.description
            architectures = Architecture.allCases.filter(call.architectures.contains).map(\.name.description)
            status = call.status.name.description
            handled = call.isHandled
            purpose = call.purpose.description
            arguments = call.signature?.arguments.enumerated().map { position, parameter in
                value(parameter, in: convention.argumentRegister(position))
            }
            outputs = call.signature?.outputs.enumerated().map { position, parameter in
                let isOutput = convention.outputCount > 0
                return value(parameter, in: isOutput ? convention.outputRegister(position) : convention.statusRegister)
            }
            source = call.source.description
        }
    }

    /// The rows, in the order of the table.
    package let rows: [Row]

    /// All rows, or those of one architecture.
    package init(architecture: Architecture? = nil) {
        rows = Hypercall.all.filter { call in architecture.map(call.architectures.contains) ?? true }.map(Row.init)
    }

    private static let headings = ["Number", "Token", "Name", "Architectures", "Status", "Handled", "Purpose"]

    private var cells: [[String]] {
        rows.map { row in
            [
                row.numberText, row.token.map { "0x" + String($0, radix: 16) } ?? "-", row.name,
                row.architectures.joined(separator: " "), row.status, row.handled ? "yes" : "no", row.purpose,
            ]
        }
    }

    /// Aligned columns under a line of headings, numbers to the right.
    package func text() -> String {
        let lines = [Self.headings] + cells
        let widths = Self.headings.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            var text = ""
            for (column, cell) in line.enumerated() where column < line.count - 1 {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                text += (column < 2 ? padding + cell : cell + padding) + "  "
            }
            return text + line[line.count - 1] + "\n"
        }.joined()
    }

    /// A table for the documentation.
    package func markdown() -> String {
        let rule = Self.headings.indices.map { $0 < 2 ? "---:" : "---" }
        let body = cells.map { cells in
            var cells = cells
            cells[2] = "`\(cells[2])`"
            return cells
        }
        return ([Self.headings, rule] + body).map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
    }

    /// An array of objects, keys sorted.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(rows), as: UTF8.self)
    }
}
