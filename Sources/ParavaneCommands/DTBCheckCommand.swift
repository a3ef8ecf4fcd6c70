public import ArgumentParser
internal import DeviceTree
internal import Foundation
internal import TreeLint

/// `paravane dtb check`: says what is wrong with device trees.
public struct DTBCheckCommand: ParsableCommand {
    /// How findings and rules are printed.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json, markdown
    }

    /// The name and what help says.
    public static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say what is wrong with device tree blobs.",
        discussion: """
            Checks blobs by the rules of ePAPR, the Devicetree Specification and the paravirtual interfaces. Exits with \
            status 65 if a blob has an error or cannot be read. Warnings do not count unless --strict is given, notes \
            never do.
            """)

    @Argument(help: "The blobs, or - for standard input.")
    var files: [String] = []

    @Flag(help: "Print the rules instead.")
    var rules = false

    @Option(help: "How to print. Markdown is for the rules.")
    var format = Format.text

    @Flag(help: "The same as --format json.")
    var json = false

    @Flag(help: "Let warnings count as errors do.")
    var strict = false

    /// Made by the argument parser.
    public init() {}

    /// Whether there is something to check, and a way to print it.
    public func validate() throws {
        if rules {
            guard files.isEmpty else { throw ValidationError("--rules takes no blobs") }
        } else {
            guard !files.isEmpty else { throw ValidationError("name a blob to check, or - for standard input") }
            guard json || format != .markdown else { throw ValidationError("--format markdown is for --rules") }
        }
    }

    /// Checks the files, and prints what is wrong.
    public func run() throws {
        if rules { return try printRules() }
        let reports = files.map { TreeReport(file: $0) }
        for report in reports {
            if let reason = report.unreadable { StandardError.print(reason) }
        }
        if json || format == .json {
            try OutputFile.write(try TreeReport.json(of: reports), to: nil)
        } else {
            try OutputFile.write(reports.map { $0.text() }.joined(), to: nil)
        }
        let isBad = reports.contains { $0.unreadable != nil || $0.errors > 0 || (strict && $0.warnings > 0) }
        if isBad { throw ExitCode(ExitStatus.badInput.rawValue) }
    }

    private func printRules() throws {
        let table = RuleTable()
        switch json ? .json : format {
        case .text: try OutputFile.write(table.text(), to: nil)
        case .json: try OutputFile.write(try table.json(), to: nil)
        case .markdown: try OutputFile.write(table.markdown(), to: nil)
        }
    }
}

/// What the linter says of one file: an object of the JSON that `paravane dtb check --json` prints.
package struct TreeReport: Codable, Equatable {
    /// One place where the tree breaks a rule.
    package struct Entry: Codable, Equatable {
        /// The rule's name.
        package let rule: String
        /// `error`, `warning` or `note`.
        package let severity: String
        /// The node.
        package let path: String
        /// The property, unless the node as a whole is meant.
        package let property: String?
        /// What is wrong there.
        package let message: String
        /// Who demands it.
        package let source: String
    }

    /// The file as the command line names it.
    package let file: String
    /// Why there is nothing to check, in one line.
    package private(set) var unreadable: String?
    /// How many findings are errors.
    package private(set) var errors = 0
    /// How many findings are warnings.
    package private(set) var warnings = 0
    /// How many findings are notes.
    package private(set) var notes = 0
    /// How many of them are not listed.
    package private(set) var omitted = 0
    /// The findings, in the order of the nodes.
    package private(set) var findings: [Entry] = []

    /// Checks the file.
    package init(file: String) {
        self.file = file
        do {
            let report = try DTBInput.open(file).lint()
            errors = report.count(.error)
            warnings = report.count(.warning)
            notes = report.count(.note)
            omitted = report.omitted
            findings = report.findings.map { finding in
                Entry(
                    rule: finding.rule.id.description, severity: finding.rule.severity.name.description,
                    path: finding.path, property: finding.property, message: finding.message,
                    source: finding.rule.row.source.description)
            }
        } catch {
            unreadable = error.message
        }
    }

    /// A line a finding.
    package func text() -> String {
        let name = InputFile.name(file)
        var lines = findings.map { finding in
            "\(name): \(finding.severity): [\(finding.rule)] \(finding.path): \(finding.message) (\(finding.source))\n"
        }
        if omitted > 0 { lines.append("\(name): and \(omitted) more\n") }
        return lines.joined()
    }

    /// All reports as one object, keys sorted.
    package static func json(of reports: [TreeReport]) throws -> String {
        try encode(["files": reports])
    }

    fileprivate static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}

/// The linter's rules as `paravane dtb check --rules` shows them.
package struct RuleTable {
    /// One rule in plain types.
    package struct Row: Codable, Equatable {
        /// The name that reports use.
        package let rule: String
        /// `error`, `warning` or `note`.
        package let severity: String
        /// What is wrong with a tree that breaks it.
        package let meaning: String
        /// Who demands it.
        package let source: String
    }

    /// The rules, in the order of the table.
    package let rows = Rule.allCases.map { rule in
        let row = rule.row
        return Row(
            rule: row.id.description, severity: row.severity.name.description, meaning: row.meaning.description,
            source: row.source.description)
    }

    /// All of them.
    package init() {}

    /// Aligned columns.
    package func text() -> String {
        let widths = (rows.map(\.rule.count).max() ?? 0, rows.map(\.severity.count).max() ?? 0)
        return rows.map { row in
            let rule = row.rule.padding(toLength: widths.0, withPad: " ", startingAt: 0)
            let severity = row.severity.padding(toLength: widths.1, withPad: " ", startingAt: 0)
            let meaning = row.meaning.replacing("`", with: "")
            return "\(rule)  \(severity)  \(meaning) (\(row.source))\n"
        }.joined()
    }

    /// A table for the documentation.
    package func markdown() -> String {
        let body = rows.map { "| `\($0.rule)` | \($0.severity) | \($0.meaning) | \($0.source) |\n" }
        return "| Rule | Severity | What is wrong | Demanded by |\n| --- | --- | --- | --- |\n" + body.joined()
    }

    /// An array of objects, keys sorted.
    package func json() throws -> String {
        try TreeReport.encode(rows)
    }
}
