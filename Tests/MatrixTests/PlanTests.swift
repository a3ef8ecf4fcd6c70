import Foundation
import Matrix
import TestTools
import Testing

struct PlanTests {
    private func cell(_ engine: Cell.Engine, _ variant: String, seconds: Double = 1) -> Cell {
        Cell(.s390x, engine, .conformance, variant, seconds: seconds, run: ["true"], expect: .tap())
    }

    @Test func `a cell's name has its properties, and nothing that a shell or a file system would mind`() {
        #expect(
            cell(.kvmPRInQEMU, "ePAPR on a \"power8\" host, 2 vCPUs").id
                == "s390x/kvm-pr-in-qemu/conformance/epapr-on-a-power8-host-2-vcpus")
        #expect(Cell.all.allSatisfy { $0.id.wholeMatch(of: /[a-z0-9_\/-]+/) != nil })
    }

    @Test func `the table names every cell once, and peers that exist`() {
        let names = Cell.all.map(\.id)
        #expect(Set(names).count == names.count)
        for cell in Cell.all {
            if case .tap(_, let peer?) = cell.expectation { #expect(names.contains(peer), "\(cell.id)") }
            #expect(cell.limit > cell.seconds && cell.seconds > 0, "\(cell.id)")
        }
    }

    @Test func `every program of the host that a cell needs is installed with the test matrix`() throws {
        let need = try String(contentsOf: repository.appendingPathComponent("Tests/Guests/need"), encoding: .utf8)
        let rows = need.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        for program in HostProgram.allCases {
            #expect(rows.contains(["matrix", program.rawValue, program.package]), "\(program)")
        }
    }

    @Test func `every file that a cell needs comes from a recipe that the guests' directory has`() throws {
        let file = repository.appendingPathComponent("Tests/Guests/matrix/build")
        let recipe = try String(contentsOf: file, encoding: .utf8)
        let names = Cell.all.flatMap(\.command).compactMap { word -> Substring? in
            if case .guest(let name, _) = word { name.prefix { $0 != "/" } } else { nil }
        }
        for name in Set(names) { #expect(recipe.contains("\nadd \(name) "), "\(name)") }
    }

    @Test func `a selection is by architecture, engine, suite and name`() {
        func names(_ change: (inout Plan.Selection) -> Void) -> [String] {
            var selection = Plan.Selection()
            change(&selection)
            return Plan(selection: selection).cells.map(\.id)
        }
        #expect(names { _ in } == Cell.all.map(\.id))
        #expect(names { $0.architectures = [.s390x] }.allSatisfy { $0.hasPrefix("s390x/") })
        #expect(
            names {
                $0.architectures = [.s390x, .x86]
                $0.engines = [.qemu]
            } == [
                "s390x/qemu/conformance/2-vcpus", "x86_64/qemu/conformance/without-kvm",
                "s390x/qemu/linux/debian-s-kernel-2-vcpus",
            ])
        #expect(names { $0.suites = [.linux] }.allSatisfy { $0.contains("/linux/") })
        #expect(names { $0.patterns = [Pattern("s390x/*/4-vcpus")] } == ["s390x/unicorn/conformance/4-vcpus"])
        #expect(names { $0.patterns = [Pattern("nothing")] } == [])
    }

    @Test(arguments: 1...9)
    func `shards are disjoint and have all cells`(count: Int) {
        let plan = Plan()
        let parts = (1...count).map { plan.cells(of: Shard(index: $0, count: count)).map(\.id) }
        #expect(parts.flatMap(\.self).sorted() == plan.cells.map(\.id).sorted())
    }

    @Test func `the longest cells come first, and go to the shard that has least to do`() {
        let plan = Plan([
            cell(.soft, "a", seconds: 1), cell(.soft, "b", seconds: 5), cell(.soft, "c", seconds: 3),
            cell(.soft, "d", seconds: 1),
        ])
        func shard(_ index: Int) -> [String] { plan.cells(of: Shard(index: index, count: 2)).map(\.variant) }
        #expect(shard(1) == ["b"])
        #expect(shard(2) == ["c", "a", "d"])
        #expect(plan.cells(of: .whole).map(\.variant) == ["b", "c", "a", "d"])
    }

    @Test func `more shards than cells leave some empty`() {
        let plan = Plan([cell(.soft, "a")])
        #expect(plan.cells(of: Shard(index: 1, count: 3)).count == 1)
        #expect(plan.cells(of: Shard(index: 3, count: 3)).isEmpty)
    }

    @Test(arguments: [
        ("1/1", Shard.whole), ("2/3", Shard(index: 2, count: 3)), ("0/3", nil), ("4/3", nil), ("-1/3", nil),
        ("1/0", nil), ("1", nil), ("1/2/3", nil), ("a/b", nil), ("1/10001", nil), ("", nil),
    ])
    func `a shard is written as a fraction`(text: String, shard: Shard?) {
        #expect(Shard(text) == shard)
    }

    @Test func `plans with other cells, commands, expectations or known differences have other digests`() throws {
        let none = try Differences("")
        func digest(_ cells: [Cell], _ differences: Differences) -> String {
            Plan(cells).digest(differences: differences)
        }
        func cell(_ command: [Word], _ expectation: Cell.Expectation = .tap()) -> Cell {
            Cell(.x86, .kvm, .conformance, "a", run: command, expect: expectation)
        }
        let digests = [
            digest([], none), digest([cell(["a"])], none), digest([cell(["b"])], none),
            digest([cell(["a"], .tap(reference: "r"))], none), digest([cell(["a"]), cell(["a"])], none),
            digest([cell(["a"])], try Differences("reference: r\ntest: t\nreason: R")),
        ]
        #expect(Set(digests).count == digests.count)
        #expect(digest([cell(["a"])], none) == digest([cell(["a"])], none))
        #expect(digest([], none) == "cbf29ce484222325")
    }
}
