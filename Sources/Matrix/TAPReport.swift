/// What a guest that speaks TAP reported. Lines that are none of TAP do not matter: a console has others as well.
package struct TAPReport: Equatable, Sendable {
    /// One test's line.
    package struct Test: Equatable, Sendable {
        /// The number that the line has.
        package let number: Int
        /// Its sentence.
        package let name: String
        /// Whether it passed.
        package let passed: Bool
    }

    /// The tests in order.
    package let tests: [Test]
    /// How many there were to be; nil where the guest did not get so far.
    package let planned: Int?
    /// Why the guest left all tests out, if it did.
    package let skipReason: String?
    /// Why the guest gave up, if it did.
    package let bailOut: String?

    /// Reads a console.
    package init(console: String) {
        self.init(console.split(whereSeparator: \.isNewline).map(String.init))
    }

    /// Reads the lines of a console.
    package init(_ lines: [String]) {
        // A console may have very many lines, and few of them are of TAP: the prefixes are what is cheap to look at.
        tests = lines.compactMap { line in
            guard line.hasPrefix("ok ") || line.hasPrefix("not ok "),
                let match = line.wholeMatch(of: /(not )?ok (\d+) - (.*)/), let number = Int(match.2)
            else { return nil }
            return Test(number: number, name: String(match.3), passed: match.1 == nil)
        }
        let plan = lines.first { $0.hasPrefix("1..") && $0.wholeMatch(of: /1\.\.\d+( *#.*)?/) != nil }
        planned = plan.flatMap { Int($0.dropFirst(3).prefix { $0.isNumber }) }
        skipReason = plan.flatMap { $0.firstMatch(of: /# skip (.*)/.ignoresCase()).map { String($0.1) } }
        let end = "Bail out!"
        bailOut = lines.first { $0.hasPrefix(end) }.map { String($0.dropFirst(end.count).drop { $0 == " " }) }
    }

    /// How many tests passed.
    package var passed: Int { tests.count { $0.passed } }
    /// The names of those that did not.
    package var failed: [String] { tests.filter { !$0.passed }.map(\.name) }
    /// Whether all planned tests ran and passed.
    package var isComplete: Bool { passed == tests.count && flaw == nil }

    /// What is wrong with the report as such, whatever its tests say; nil where nothing is.
    package var flaw: String? {
        if let bailOut { return "the guest gave up: \(bailOut)" }
        guard let planned else { return tests.isEmpty ? "the guest said nothing of tests" : "there is no plan" }
        if planned != tests.count { return "\(tests.count) of \(planned) planned tests ran" }
        if tests.isEmpty { return skipReason.map { "all tests were left out: \($0)" } ?? "there are no tests" }
        if let wrong = zip(tests, 1...).first(where: { $0.number != $1 }) {
            return "test \(wrong.1) has the number \(wrong.0.number)"
        }
        return nil
    }
}
