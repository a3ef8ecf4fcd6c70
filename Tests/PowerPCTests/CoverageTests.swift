import PowerPC
import Testing

/// How each row of the instruction table is tested.
@Suite struct CoverageTests {
    /// Rows whose effects no user-mode oracle shows, and the suite that tests them.
    static let byUnitTest: [(suite: String, mnemonics: Set<String>)] = [
        ("ExceptionTests", ["sc", "tw", "twi", "spe"]),
        ("ReturnTests", ["rfi", "rfci", "rfmci", "rfdi", "mfmsr", "mtmsr", "wrtee", "wrteei"]),
        ("TimerTests", ["mftb"]),
        ("DoorbellTests", ["msgsnd", "msgclr", "wait"]),
        ("TLBTests", ["tlbre", "tlbwe", "tlbsx", "tlbivax", "tlbilx", "tlbsync"]),
        ("CacheInstructionTests", ["dcbi", "dcba", "dcbtls", "dcbtstls", "dcblc", "icbt", "icbtls", "icblc"]),
    ]

    @Test func `every row is compared with an oracle or has a unit test, and none has both`() {
        let compared = CaseSet.all.reduce(into: FloatingPointCases.mnemonics) { $0.formUnion($1.corpus.mnemonics) }
        let listed = Self.byUnitTest.reduce(into: Set<String>()) { $0.formUnion($1.mnemonics) }
        let all = Set(InstructionTable.rows.filter { !$0.cores.isDisjoint(with: .e500) }.map { "\($0.mnemonic)" })
        print("coverage: \(all.intersection(compared).count) rows by oracles, \(listed.count) by unit tests")
        #expect(all.subtracting(compared).subtracting(listed) == [])
        #expect(compared.intersection(listed) == [])
        #expect(listed.subtracting(all) == [])
    }
}
