import PowerPC
import TestTools
import Testing

/// A set of cases for the POWER8.
struct WideCaseSet: Sendable, CustomStringConvertible {
    let description: String
    let seed: UInt64
    let make: @Sendable (ByteOrder, inout Random) -> WideCorpus

    func corpus(_ order: ByteOrder) -> WideCorpus {
        var random = Random(seed: seed)
        return make(order, &random)
    }

    static let all: [WideCaseSet] = [
        WideCaseSet(description: "integers", seed: 41) { WideGenerators.integers(&$1) },
        WideCaseSet(description: "special registers", seed: 42) { WideGenerators.specialRegisters(&$1) },
        WideCaseSet(description: "branches", seed: 43) { WideGenerators.branches(&$1) },
        WideCaseSet(description: "quiet instructions", seed: 44) { WideGenerators.quiet(&$1) },
        WideCaseSet(description: "storage", seed: 45) { WideGenerators.storage($0, &$1) },
        WideCaseSet(description: "reservations", seed: 46) { WideGenerators.reservations(&$1) },
        WideCaseSet(description: "floating point", seed: 47) {
            WideGenerators.vectors(WideGenerators.floatOperands, enables: false, encodings: 2, states: 14, &$1)
        },
        WideCaseSet(description: "floating point with enabled exceptions", seed: 48) {
            WideGenerators.vectors(WideGenerators.floatOperands, enables: true, encodings: 2, states: 10, &$1)
        },
        WideCaseSet(description: "vectors", seed: 49) {
            WideGenerators.vectors(WideGenerators.vectorOperands, enables: false, encodings: 3, states: 10, &$1)
        },
        WideCaseSet(description: "vectors with enabled exceptions", seed: 50) {
            WideGenerators.vectors(WideGenerators.vectorOperands, enables: true, encodings: 2, states: 8, &$1)
        },
    ]
}

/// Every instruction of the POWER8 that problem state can execute, against QEMU's.
@Suite(.serialized) struct WideOracleTests {
    @Test(arguments: WideCaseSet.all, ByteOrder.allCases)
    func `a case ends in the state that qemu-ppc64 and qemu-ppc64le reach`(set: WideCaseSet, order: ByteOrder) throws {
        let corpus = set.corpus(order)
        let theirs = try WideQEMURunner(order).run(corpus)
        #expect(
            theirs.count == corpus.cases.count,
            "qemu stopped at \(corpus.listing(min(theirs.count, corpus.cases.count - 1)))")
        var runner = try WideSoftwareRunner(corpus, order)
        var comparison = WideComparison()
        for (number, expected) in theirs.enumerated() {
            comparison.compare(corpus, number, try runner.run(number), expected, order)
        }
        print(comparison.summary("\(set), \(order)-endian", seed: set.seed))
        #expect(comparison.differences.isEmpty, "\(comparison.report)")
    }

    /// Rows that no case has, and why.
    static let uncovered: [(reason: String, mnemonics: Set<String>)] = [
        (
            "only supervisor state executes it, or it ends in an interrupt",
            [
                "sc", "rfid", "mfmsr", "mtmsr", "mtmsrd", "tlbie", "tlbiel", "tlbsync", "slbmte", "slbie", "slbia",
                "slbmfev", "slbmfee", "slbfee.", "msgsndp", "msgclrp",
            ]
        ),
        ("no two machines have the same time", ["mftb"]),
        ("QEMU's POWER8 does not have it", ["icbt"]),
        (
            "transactions are not offered",
            [
                "tbegin.", "tend.", "tcheck", "tsr.", "tabortwc.", "tabortdc.", "tabort.",
                "treclaim.", "trechkpt.",
            ]
        ),
    ]

    @Test func `every row of the POWER8 is compared, or listed with a reason`() {
        let compared = WideCaseSet.all.reduce(into: Set<String>()) { $0.formUnion($1.corpus(.big).mnemonics) }
        let listed = Self.uncovered.reduce(into: Set<String>()) { $0.formUnion($1.mnemonics) }
        let all = Set(InstructionTable.rows.filter { $0.cores.contains(.power8) }.map { "\($0.mnemonic)" })
        print("coverage: \(all.intersection(compared).count) rows of the POWER8 compared, \(listed.count) listed")
        #expect(all.subtracting(compared).subtracting(listed) == [])
        #expect(compared.intersection(listed) == [])
    }
}
