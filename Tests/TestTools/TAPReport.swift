/// What a guest that speaks TAP reported.
public struct TAPReport: Sendable {
    /// One test's line.
    public struct Test: Equatable, Sendable {
        /// Its sentence.
        public let name: String
        /// Whether it passed.
        public let passed: Bool
    }

    /// The tests in order.
    public let tests: [Test]
    /// How many there were to be; nil where the guest did not get so far.
    public let planned: Int?
    /// Why the guest left all tests out, if it did.
    public let skipReason: String?

    /// Reads the lines of a console.
    public init(_ lines: [String]) {
        tests = lines.compactMap { line in
            guard let match = line.wholeMatch(of: /(not )?ok \d+ - (.*)/) else { return nil }
            return Test(name: String(match.2), passed: match.1 == nil)
        }
        let plan = lines.first { $0.hasPrefix("1..") }
        planned = plan.flatMap { Int($0.dropFirst(3).prefix { $0.isNumber }) }
        skipReason = plan.flatMap { $0.firstMatch(of: /# skip (.*)/).map { String($0.1) } }
    }

    /// How many tests passed.
    public var passed: Int { tests.count { $0.passed } }
    /// The names of those that did not.
    public var failed: [String] { tests.filter { !$0.passed }.map(\.name) }
    /// Whether all planned tests ran and passed.
    public var isComplete: Bool { passed == tests.count && planned == passed && passed > 0 }
}
