import DeviceTree
import Foundation
import TestTools
import Testing
import TreeLint

@Suite struct RuleTests {
    @Test(arguments: Rule.allCases) func `Each rule has a tree that breaks it`(rule: Rule) {
        #expect(RuleCase.all.contains { $0.rule == rule })
    }

    @Test func `Rules have names that differ, and a sentence each`() {
        let names = Rule.allCases.map { $0.id.description }
        #expect(Set(names).count == names.count)
        for rule in Rule.allCases {
            #expect(rule.id.description.allSatisfy { $0.isLowercase || $0 == "-" })
            #expect(rule.row.meaning.description.hasSuffix("."))
            #expect(!rule.row.source.description.isEmpty)
        }
    }

    @Test func `The tree that the others start from breaks no rule`() throws {
        #expect(try findings(baseTree).isEmpty)
    }

    @Test(arguments: RuleCase.all) func `A tree that breaks a rule breaks only that one`(example: RuleCase) throws {
        let found = try findings(baseTree + example.broken) { tree in
            guard let setting = example.setting else { return }
            try tree.setProperty(setting.property, setting.value, at: example.path)
        }
        let rules = Set(found.map(\.rule))
        let paths = Set(found.map(\.path))
        #expect(rules == [example.rule], "\(found.map(\.message))")
        #expect(paths.contains(example.path), "\(paths)")
        #expect(found.allSatisfy { finding in finding.message.utf8.allSatisfy { (0x20...0x7E).contains($0) } })
    }

    @Test(arguments: RuleCase.all) func `Its twin that is mended breaks none`(example: RuleCase) throws {
        let found = try findings(baseTree + example.mended)
        #expect(found.isEmpty, "\(found.map(\.message))")
    }

    @Test(
        arguments: try FileManager.default.contentsOfDirectory(atPath: referenceTrees.path).filter {
            $0.hasSuffix(".dts")
        })
    func `The machine's own trees break no rule`(file: String) throws {
        let found = try DeviceTree(compiledReferenceTree(file)).lint().findings
        #expect(found.isEmpty, "\(found.map(\.message))")
    }
}

/// The source of `Trees/base.dts`.
let baseTree: String = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Trees/base.dts")
    return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
}()

/// What the linter finds in a tree that dtc compiles, whatever dtc thinks of it, and that `edit` changes.
func findings(_ source: String, _ edit: (inout DeviceTree) throws -> Void = { _ in }) throws -> [Finding] {
    var tree = try DeviceTree(DeviceTreeCompiler.compile(source, force: true))
    try edit(&tree)
    return tree.lint().findings
}
