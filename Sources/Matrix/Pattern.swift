/// A text in which a `*` stands for anything.
package struct Pattern: Equatable, Sendable, CustomStringConvertible {
    /// The pattern as it was written.
    package let description: String
    private let parts: [Substring]

    /// The pattern of that text.
    package init(_ text: String) {
        description = text
        parts = text.split(separator: "*", omittingEmptySubsequences: false)
    }

    /// Whether all of `text` is what the pattern says.
    package func matches(_ text: String) -> Bool {
        guard parts.count > 1, let first = parts.first, let last = parts.last else { return text == description }
        guard text.hasPrefix(first) else { return false }
        var rest = text.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(last)
    }
}
