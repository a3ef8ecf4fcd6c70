import Foundation
import Matrix
import TestTools
import Testing

/// The conformance cells of the table, with the guests that `make test` builds.
enum ConformanceCells {
    static let guests = ProcessInfo.processInfo.environment["PARAVANE_CONFORMANCE"]

    /// Those on KVM-PR need a host that `make test` does not build; `make matrix` runs them.
    static let all = Cell.all.filter { $0.suite == .conformance && $0.engine != .kvmPRInQEMU }

    /// Runs cells, the guests laid out as `Tests/Guests/matrix/build` does.
    static func run(_ cells: [Cell]) throws -> [CellResult] {
        try withTemporaryFolder { folder in
            let links = [
                ("conformance", try #require(guests)), ("kvm-x86-host", file("Tests/Guests/kvm-x86-host")),
                ("differences", file("Tests/Guests/conformance/differences")),
            ]
            for (name, target) in links {
                try FileManager.default.createSymbolicLink(
                    atPath: folder.appendingPathComponent(name).path, withDestinationPath: target)
            }
            let surroundings = Surroundings(guests: folder.path)
            let runner = Runner(surroundings: surroundings, differences: try surroundings.differences())
            return try #require(runner.run(cells))
        }
    }

    private static func file(_ path: String) -> String { repository.appendingPathComponent(path).path }
}

extension Cell: CustomTestStringConvertible {
    /// Its name.
    public var testDescription: String { id }
}

@Suite(.enabled(if: ConformanceCells.guests != nil, "run through 'make test', which builds the guests"))
struct ConformanceTests {
    @Test(arguments: ConformanceCells.all)
    func `a conformance guest's answers are right, or differ as documented`(cell: Cell) throws {
        var peer: [Cell] = []
        if case .tap(_, let name?) = cell.expectation { peer = Cell.all.filter { $0.id == name } }
        let results = try ConformanceCells.run([cell] + peer)
        var result = results[0]
        if results.count > 1 { result.compare(with: results[1]) }
        #expect(
            result.verdict == .passed || result.verdict == .differs,
            "\(result.reasons) \(result.remedy ?? "")\n\(result.output)\(result.errors)")
        if case .tap = cell.expectation { #expect(result.tests.count >= 40) }
    }
}
