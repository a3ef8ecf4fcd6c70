import Foundation
import TestTools
import Testing

struct VersionTests {
    /// The changelog's headings of versions, newest first.
    private static func changelog() throws -> [String] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent("CHANGELOG.md"), encoding: .utf8)
        return text.split(separator: "\n").filter { $0.hasPrefix("## ") }.map { String($0.dropFirst(3)) }
    }

    @Test func `the command has a version of its own for as long as the changelog has unreleased changes`() throws {
        let result = try Tool.paravane().run(["--version"])
        #expect(result.status == 0)
        let version = result.text.trimmingCharacters(in: .newlines)
        let newest = try #require(try Self.changelog().first)
        if newest == "Unreleased" {
            #expect(version.hasSuffix("-dev"))
        } else {
            #expect(newest.hasPrefix("\(version) "))
        }
    }
}
