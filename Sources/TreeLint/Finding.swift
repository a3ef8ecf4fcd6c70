/// One place where a tree breaks a rule.
public struct Finding: Sendable {
    /// The rule.
    public let rule: Rule
    /// The node's path.
    public let path: String
    /// The property that is wrong; nil where it is missing or the node as a whole is meant.
    public let property: String?
    /// What is wrong there: one line of ASCII but for the names of the rule's table.
    public let message: String
}

/// What the linter found in a tree.
public struct LintReport: Sendable {
    /// The most findings that a report has. The counts know of all.
    public static let limit = 1000

    /// The findings, in the order of the nodes.
    public internal(set) var findings: [Finding] = []
    /// How many there are of each severity, including those that are left out.
    private var counts = [0, 0, 0]

    init() {}

    /// How many findings of that severity there are, including those that are left out.
    public func count(_ severity: Severity) -> Int {
        counts[severity.rawValue]
    }

    /// How many findings were left out.
    public var omitted: Int {
        counts.reduce(0, +) - findings.count
    }

    mutating func add(_ severity: Severity) {
        counts[severity.rawValue] += 1
    }
}
