import Foundation
import TestTools

/// The known differences between the suite and its references: `Tests/Guests/conformance/differences`.
struct Differences {
    /// One reason, and which tests of which reference it explains.
    struct Entry {
        var reference = ""
        var patterns: [String] = []
        var reason = ""
    }

    let entries: [Entry]

    static func load() throws -> Differences {
        let file = repository.appendingPathComponent("Tests/Guests/conformance/differences")
        return try Differences(String(contentsOf: file, encoding: .utf8))
    }

    /// Reads the file's text.
    init(_ text: String) throws {
        var entries: [Entry] = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            if line.hasPrefix("  "), let last = entries.indices.last, !entries[last].reason.isEmpty {
                entries[last].reason += line.dropFirst()
                continue
            }
            guard let match = line.wholeMatch(of: /([a-z]+): (.*)/) else { throw Malformed(line: String(line)) }
            let value = String(match.2)
            switch (match.1, entries.indices.last) {
            case ("reference", _): entries.append(Entry(reference: value))
            case ("test", let last?): entries[last].patterns.append(value)
            case ("reason", let last?): entries[last].reason = value
            default: throw Malformed(line: String(line))
            }
        }
        self.entries = entries
    }

    /// A line that is none of this format.
    struct Malformed: Error {
        let line: String
    }

    /// What a report has that the entries for its reference do not explain, and what they say that it does not show.
    func surprises(in report: TAPReport, of reference: String) -> [String] {
        let patterns = entries.filter { $0.reference == reference }.flatMap(\.patterns)
        var surprises: [String] = []
        for name in report.failed where !patterns.contains(where: { Self.matches(name, $0) }) {
            surprises.append("fails without a reason: \(name)")
        }
        for pattern in patterns {
            let matching = report.tests.filter { Self.matches($0.name, pattern) }
            if matching.isEmpty { surprises.append("explains nothing: \(pattern)") }
            surprises += matching.filter(\.passed).map { "passes although it is explained: \($0.name)" }
        }
        return surprises
    }

    static func matches(_ name: String, _ pattern: String) -> Bool {
        let parts = pattern.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return name == pattern }
        return name.count >= parts[0].count + parts[1].count && name.hasPrefix(parts[0]) && name.hasSuffix(parts[1])
    }
}
