import PowerPC
import TestTools
import Testing

/// A set of cases and the processor that QEMU has to have for them.
struct CaseSet: Sendable, CustomStringConvertible {
    let description: String
    let model: String
    let seed: UInt64
    let make: @Sendable (inout Random) -> Corpus

    var corpus: Corpus {
        var random = Random(seed: seed)
        return make(&random)
    }

    static let all: [CaseSet] = [
        CaseSet(description: "values", model: "e500v2", seed: 1, make: Generators.values),
        CaseSet(description: "masks and bits", model: "e500v2", seed: 2, make: Generators.masksAndBits),
        CaseSet(description: "branches", model: "e500v2", seed: 3, make: Generators.branches),
        CaseSet(description: "storage", model: "e500v2", seed: 4, make: Generators.storage),
        CaseSet(description: "cache", model: "e500v2", seed: 5, make: Generators.cache),
        CaseSet(description: "reservations", model: "e500v2", seed: 6, make: Generators.reservations),
        CaseSet(description: "sequences", model: "e500v2", seed: 7, make: { Generators.sequences(20_000, &$0) }),
        // QEMU's e500v2 has neither of these; the 750 has both.
        CaseSet(description: "mcrxr", model: "750", seed: 8, make: Generators.moveFromXER),
        CaseSet(description: "strings", model: "750", seed: 9, make: Generators.strings),
    ]
}

@Suite(.serialized, .everyEngine) struct OracleTests {
    @Test(arguments: CaseSet.all, [0, MSR.pr])
    func `a case ends in the state that qemu-ppc reaches`(set: CaseSet, state: UInt32) throws {
        let corpus = set.corpus
        let theirs = try QEMURunner().run(corpus, model: set.model)
        #expect(
            theirs.count == corpus.cases.count,
            "qemu stopped at \(corpus.listing(min(theirs.count, corpus.cases.count - 1)))")
        var runner = try SoftwareRunner(corpus, state: state)
        var differences: [String] = []
        for (number, expected) in theirs.enumerated() {
            if let ours = try runner.run(number) {
                if let difference = corpus.difference(number, ours, expected) { differences.append(difference) }
            } else {
                differences.append("case \(number) does not end:\n\(corpus.listing(number))")
            }
        }
        print("\(set): \(theirs.count) cases compared with qemu-ppc, MSR \(hexadecimal(state)), seed \(set.seed)")
        #expect(differences.isEmpty, "\(differences.count) differ:\n\(differences.prefix(5).joined(separator: "\n"))")
    }

    @Test(arguments: CaseSet.all, [0, MSR.pr])
    func `a case ends in the state that Unicorn reaches`(set: CaseSet, state: UInt32) throws {
        let corpus = set.corpus
        var runner = try SoftwareRunner(corpus, state: state)
        let unicorn = try UnicornRunner(corpus, state: state)
        var compared = 0
        var differences: [String] = []
        // A call of Unicorn takes half a millisecond: a sample of every part has to do.
        for number in stride(from: 0, to: corpus.cases.count, by: (corpus.cases.count + 1_799) / 1_800)
        where !corpus.contains(number, UnicornRunner.lacking) {
            let theirs = try unicorn.run(number)
            compared += 1
            guard let ours = try runner.run(number), let difference = corpus.difference(number, ours, theirs) else {
                continue
            }
            differences.append(difference)
        }
        print("\(set): \(compared) cases compared with Unicorn, MSR \(hexadecimal(state)), seed \(set.seed)")
        #expect(differences.isEmpty, "\(differences.count) differ:\n\(differences.prefix(5).joined(separator: "\n"))")
    }
}
