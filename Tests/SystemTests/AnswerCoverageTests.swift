import Foundation
import TestTools
import Testing

/// Every answer that `docs/hypercalls.md` names for a PowerPC call, asked of the bare-metal programs that test the calls.
@Suite(.enabled(if: Guests.areBuilt, "run through 'make test', which builds the guests"))
struct AnswerCoverageTests {
    /// The runs that together make every call.
    private static let runs = [
        ["evcalls"], ["evcalls", "--machine", "e500-hv"], ["hypercalls"], ["partition"], ["partition", "--no-reboot"],
        ["partition", "--no-reboot", "--append", "system-reset"],
    ]

    @Test func `every call was made by a guest, and every status that its documentation names was answered`() throws {
        var calls: [String: Int] = [:]
        var refusals: [String: [String: Int]] = [:]
        for run in Self.runs {
            let result = try GuestRun.paravane(["--kernel", try Guests.bareMetal(run[0])] + run.dropFirst())
            calls.merge(result.counts("hypercalls"), uniquingKeysWith: +)
            let refused = result.statistics["refused_hypercalls"] as? [String: [String: Int]] ?? [:]
            for (call, counts) in refused { refusals[call, default: [:]].merge(counts, uniquingKeysWith: +) }
        }
        for row in try HypercallDocument().calls {
            #expect(calls[row.name] ?? 0 > 0, "no guest makes \(row.name)")
            if !row.isHandled {
                #expect(refusals[row.name]?["EV_UNIMPLEMENTED"] ?? 0 > 0, "\(row.name) is not handled, but is answered")
            }
        }
        let answers = try HypercallDocument().answers
        #expect(answers.count >= 40)
        for answer in answers {
            let refused = refusals[answer.call] ?? [:]
            let count =
                answer.status == "EV_SUCCESS"
                ? (calls[answer.call] ?? 0) - refused.values.reduce(0, +) : refused[answer.status] ?? 0
            #expect(count > 0, "no guest is answered \(answer.status) to \(answer.call)")
        }
    }

    @Test func `every status that a guest is answered is documented`() throws {
        let documented = Set(try HypercallDocument().answers)
        for run in Self.runs {
            let result = try GuestRun.paravane(["--kernel", try Guests.bareMetal(run[0])] + run.dropFirst())
            let refused = result.statistics["refused_hypercalls"] as? [String: [String: Int]] ?? [:]
            let handled = Set(try HypercallDocument().calls.filter(\.isHandled).map(\.name))
            for (call, counts) in refused where handled.contains(call) {
                for status in counts.keys {
                    let answer = HypercallDocument.Answer(call: call, status: status)
                    #expect(documented.contains(answer), "\(answer) is not in the document")
                }
            }
        }
    }
}

/// The tables of `docs/hypercalls.md`.
private struct HypercallDocument {
    struct Answer: Hashable {
        let call: String
        let status: String
    }
    struct Call {
        let name: String
        let isHandled: Bool
    }

    /// The rows of the tables "Call, Answers, When".
    private(set) var answers: [Answer] = []
    /// The rows of the table of all calls that have an ePAPR token.
    private(set) var calls: [Call] = []

    init() throws {
        let file = repository.appendingPathComponent("docs/hypercalls.md")
        var names: [String] = []
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") where line.hasPrefix("|") {
            let cells = Array(line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast())
            let texts = cells.map { Self.quoted($0) }
            if cells.count == 3 {
                if !texts[0].isEmpty { names = texts[0] }
                for status in texts[1] where status.hasPrefix("EV_") {
                    answers += names.map { Answer(call: $0, status: status) }
                }
            } else if cells.count == 7, cells[3].contains("ppc"), cells[1].contains("0x"), let name = texts[2].first {
                calls.append(Call(name: name, isHandled: cells[5].contains("yes")))
            }
        }
    }

    /// What stands between backticks.
    private static func quoted(_ cell: Substring) -> [String] {
        cell.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map {
            String($0.element)
        }
    }
}
