import ArgumentParser
import Foundation
import Hypercalls
import PAPR
import ParavaneCommands
import ParavirtABI
import Testing

@Suite struct HypercallsCommandTests {
    @Test func `the listing has every row`() {
        #expect(HypercallTable().rows.map(\.name) == Hypercall.all.map(\.name.description))
    }

    @Test(arguments: Architecture.allCases)
    func `an architecture's listing has its rows alone`(architecture: Architecture) {
        let rows = HypercallTable(architecture: architecture).rows
        #expect(!rows.isEmpty)
        #expect(rows.allSatisfy { $0.architectures.contains(architecture.name.description) })
    }

    @Test func `handled is what the dispatchers say`() {
        #expect(HypercallTable().rows.map(\.handled) == Hypercall.all.map(\.isHandled))
    }

    @Test func `the text's columns line up`() throws {
        let lines = HypercallTable().text().split(separator: "\n")
        #expect(lines.count == Hypercall.count + 1)
        let purpose = try #require(lines[0].range(of: "Purpose")).lowerBound
        let column = lines[0].distance(from: lines[0].startIndex, to: purpose)
        for (line, row) in zip(lines.dropFirst(), HypercallTable().rows) {
            #expect(line.dropFirst(column) == row.purpose)
        }
    }

    @Test func `the JSON reads back`() throws {
        let json = try HypercallTable(architecture: .powerPC).json()
        let rows = try JSONDecoder().decode([HypercallTable.Row].self, from: Data(json.utf8))
        #expect(rows == HypercallTable(architecture: .powerPC).rows)
        let send = try #require(rows.first { $0.name == "EV_BYTE_CHANNEL_SEND" })
        #expect(send.token == 0x1_0001)
        #expect(send.arguments?.map(\.register) == ["r3", "r4", "r5", "r6", "r7", "r8"])
        #expect(send.outputs?.map(\.register) == ["r4"])
    }

    @Test func `the documentation has the table of today`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        let page = try String(contentsOf: root.appending(path: "docs/hypercalls.md"), encoding: .utf8)
        let table = page.split(separator: "\n", omittingEmptySubsequences: false).filter { $0.hasPrefix("| ") }
        let start = try #require(table.firstIndex { $0.hasPrefix("| Number |") })
        #expect(table[start...].map { $0 + "\n" }.joined() == HypercallTable().markdown())
    }

    @Test(arguments: [
        ["hypercalls"], ["hypercalls", "--arch", "x86", "--json"], ["hypercalls", "--format", "markdown"],
    ])
    func `the command takes its options`(arguments: [String]) throws {
        #expect(try Paravane.parseAsRoot(arguments) is HypercallsCommand)
    }

    @Test func `an unknown architecture is a usage error`() {
        #expect(throws: (any Error).self) { try Paravane.parseAsRoot(["hypercalls", "--arch", "vax"]) }
    }
}
