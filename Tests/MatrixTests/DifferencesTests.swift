import Foundation
import Matrix
import TestTools
import Testing

struct DifferencesTests {
    private let text = """
        # A comment.
        reference: other
        test: a: *
        test: b
        reason: It is
          otherwise.
        """

    private func surprises(_ lines: [String]) throws -> [String] {
        try Differences(text).surprises(in: TAPReport(lines), of: "other")
    }

    /// Those of the conformance suite.
    private func known() throws -> Differences {
        let file = repository.appendingPathComponent("Tests/Guests/conformance/differences")
        return try Differences(String(contentsOf: file, encoding: .utf8))
    }

    @Test func `what fails as the file says is no surprise`() throws {
        #expect(try surprises(["not ok 1 - a: one", "not ok 2 - b", "ok 3 - c"]) == [])
        #expect(try Differences(text).entries.map(\.reason) == ["It is otherwise."])
        #expect(try Differences(text).reason(for: "a: one", on: "other") == "It is otherwise.")
        #expect(try Differences(text).reason(for: "a: one", on: "another") == nil)
    }

    @Test func `what fails without being in the file is one`() throws {
        #expect(
            try surprises(["not ok 1 - a: one", "not ok 2 - b", "not ok 3 - c"]) == ["fails without a reason: c"])
    }

    @Test func `what passes although it is in the file is one`() throws {
        #expect(
            try surprises(["not ok 1 - a: one", "ok 2 - a: two", "not ok 3 - b"])
                == ["passes although it is explained: a: two"])
    }

    @Test func `what the file says about tests that do not exist is one`() throws {
        #expect(try surprises(["not ok 1 - a: one"]) == ["explains nothing: b"])
    }

    @Test func `without a reference every failure is one`() throws {
        #expect(try Differences(text).surprises(in: TAPReport(["not ok 1 - b"]), of: nil) == ["fails: b"])
    }

    @Test func `every entry of the file has tests, a reason, and a cell that it is about`() throws {
        let references = Set(
            Cell.all.compactMap { cell -> String? in
                if case .tap(let reference, _) = cell.expectation { reference } else { nil }
            })
        for entry in try known().entries {
            #expect(!entry.patterns.isEmpty && !entry.reason.isEmpty, "\(entry.reference)")
            #expect(references.contains(entry.reference))
        }
    }

    @Test func `a line of another kind is refused`() {
        #expect(throws: Differences.Malformed.self) { try Differences("test: without a reference") }
    }

    @Test(arguments: [
        ("a: *", "a: one", true), ("a: *", "b: one", false), ("*", "", true), ("a", "a", true), ("a", "aa", false),
        ("a*b*c", "axxbxxc", true), ("a*b*c", "acb", false), ("ab*ba", "aba", false), ("*end", "the end", true),
        ("*b*", "abc", true), ("*b*", "ac", false),
    ])
    func `a star of a pattern stands for anything`(pattern: String, text: String, matches: Bool) {
        #expect(Pattern(pattern).matches(text) == matches)
    }
}
