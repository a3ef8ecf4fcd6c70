/// The known differences between the conformance suite and its references: `Tests/Guests/conformance/differences`.
package struct Differences: Sendable {
    /// One reason, and which tests of which reference it explains.
    package struct Entry: Sendable {
        /// The reference, as cells name it.
        package fileprivate(set) var reference = ""
        /// Patterns for names of tests.
        package fileprivate(set) var patterns: [Pattern] = []
        /// Why they fail there.
        package fileprivate(set) var reason = ""
    }

    /// The entries in the order of the file.
    package let entries: [Entry]

    /// Reads the file's text.
    package init(_ text: String) throws(Malformed) {
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
            case ("test", let last?): entries[last].patterns.append(Pattern(value))
            case ("reason", let last?): entries[last].reason = value
            default: throw Malformed(line: String(line))
            }
        }
        self.entries = entries
    }

    /// A line that is none of this format.
    package struct Malformed: Error, CustomStringConvertible {
        /// The line.
        package let line: String
        /// What to say about it.
        package var description: String { "this is no line of known differences: '\(line)'" }
    }

    /// Why that test fails on that reference; nil where the file does not say.
    package func reason(for test: String, on reference: String) -> String? {
        entries.first { $0.reference == reference && $0.patterns.contains { $0.matches(test) } }?.reason
    }

    /// What a report has that the entries for its reference do not explain, and what they say that it does not show.
    package func surprises(in report: TAPReport, of reference: String?) -> [String] {
        let patterns = entries.filter { $0.reference == reference }.flatMap(\.patterns)
        var surprises: [String] = []
        for name in report.failed where !patterns.contains(where: { $0.matches(name) }) {
            surprises.append(reference == nil ? "fails: \(name)" : "fails without a reason: \(name)")
        }
        for pattern in patterns {
            let matching = report.tests.filter { pattern.matches($0.name) }
            if matching.isEmpty { surprises.append("explains nothing: \(pattern)") }
            surprises += matching.filter(\.passed).map { "passes although it is explained: \($0.name)" }
        }
        return surprises
    }
}
