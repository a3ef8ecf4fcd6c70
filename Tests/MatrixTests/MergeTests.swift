import Foundation
import Matrix
import TestTools
import Testing

struct MergeTests {
    private let cells = ["a", "b", "c"].map { Judged.cell($0) }
    private let good = "ok 1 - one\n1..1\n"
    private let bad = "not ok 1 - one\n1..1\n"

    /// The report of one of three shards, each with one cell.
    private func shard(
        _ index: Int, _ output: String, attempt: Int = 1, started: Double = 0, of cells: [Cell]? = nil, count: Int = 3
    ) throws -> MatrixReport {
        let plan = Plan(cells ?? self.cells)
        let shard = Shard(index: index, count: count)
        return MatrixReport(
            plan, shard: shard, differences: try Differences(""),
            run: .init(
                index: index, attempt: attempt, host: "host\(index)", jobs: 1,
                started: Judged.start.addingTimeInterval(started), seconds: 2),
            results: try plan.cells(of: shard).map {
                try Judged.result($0, output, started: started, attempt: attempt, host: "host\(index)")
            })
    }

    @Test func `shards in any order make the plan's report`() throws {
        let parts = try (1...3).map { try shard($0, good) }
        for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
            let merged = try MatrixReport(merging: order.map { parts[$0] })
            #expect(merged.results.map(\.variant) == ["a", "b", "c"])
            #expect(merged.shards.map(\.index) == [1, 2, 3])
            #expect(merged.missingShards == [] && merged.missingCells == [])
            #expect(merged.summary == "3 passed")
        }
    }

    @Test func `merging twice changes nothing`() throws {
        let merged = try MatrixReport(merging: try (1...3).map { try shard($0, good) })
        #expect(try MatrixReport(merging: [merged, merged]) == merged)
        #expect(try MatrixReport(merging: [merged, try shard(2, good)]) == merged)
    }

    @Test func `what is missing is said`() throws {
        let merged = try MatrixReport(merging: [try shard(1, good), try shard(3, good)])
        #expect(merged.missingShards == [2])
        #expect(merged.missingCells == ["s390x/soft/conformance/b"])
        #expect(merged.summary == "2 passed, 1 missing")
    }

    @Test func `of two results the later attempt counts, even if it ended first and comes first`() throws {
        let merged = try MatrixReport(merging: [
            try shard(1, good, attempt: 2, started: -100), try shard(1, bad, attempt: 1),
        ])
        #expect(merged.results.map(\.verdict) == [.passed])
        #expect(merged.shards.map(\.attempt) == [1, 2])
    }

    @Test func `of two results of one attempt the one that ended later counts`() throws {
        let early = try shard(1, bad)
        let late = try shard(1, good, started: 60)
        #expect(try MatrixReport(merging: [early, late]).results.map(\.verdict) == [.passed])
        #expect(try MatrixReport(merging: [late, early]).results.map(\.verdict) == [.passed])
    }

    @Test func `reports of other plans, or of other numbers of shards, are refused`() throws {
        let first = try shard(1, good)
        #expect(throws: MatrixError.mixedPlans) {
            try MatrixReport(merging: [first, try shard(1, good, of: Array(cells.dropLast()))])
        }
        #expect(throws: MatrixError.mixedShards(3, 2)) {
            try MatrixReport(merging: [first, try shard(1, good, count: 2)])
        }
        #expect(throws: MatrixError.nothing) { try MatrixReport(merging: []) }
    }

    @Test func `cells are compared with peers of other shards`() throws {
        let cells = [
            Judged.cell("a"), Judged.cell("b", .qemu, .tap(peer: "s390x/soft/conformance/a")),
        ]
        let own = try shard(1, good, of: cells, count: 2)
        #expect(try MatrixReport(merging: [own, try shard(2, good, of: cells, count: 2)]).summary == "2 passed")
        let other = try shard(2, "ok 1 - two\n1..1\n", of: cells, count: 2)
        #expect(other.summary == "1 passed, 1 missing")
        let merged = try MatrixReport(merging: [own, other])
        #expect(merged.summary == "1 passed, 1 failed")
        #expect(merged.results[1].reasons == ["test 1 is 'two', and 'one' in s390x/soft/conformance/a"])
    }

    @Test func `a shard's file is there as a whole, and a rerun of the shard replaces it`() throws {
        try withTemporaryFolder { folder in
            let directory = ResultDirectory(folder.appendingPathComponent("new/results").path)
            let name = ResultDirectory.name(of: Shard(index: 2, count: 3))
            for text in ["first and long", "second"] {
                try directory.write(text, as: name)
                #expect(try String(contentsOfFile: directory.path + "/" + name, encoding: .utf8) == text)
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [name])
        }
    }

    @Test func `the files of shards are found by their names, in the order of their numbers`() throws {
        try withTemporaryFolder { folder in
            let directory = ResultDirectory(folder.path)
            for name in ["shard-10-of-10.json", "shard-2-of-10.json", "matrix.json", "shard-x-of-10.json", "notes"] {
                try directory.write("", as: name)
            }
            #expect(directory.files() == ["shard-2-of-10.json", "shard-10-of-10.json"].map { folder.path + "/" + $0 })
        }
    }
}
