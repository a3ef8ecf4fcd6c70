import PowerPC
import TestTools
import Testing

/// The floating-point unit against qemu-ppc's e500mc.
@Suite(.serialized) struct FloatingPointOracleTests {
    /// Where QEMU 7.2 departs from the Power ISA, or the ISA leaves a value open: what is not compared, of which cases.
    struct Deviation: Sendable {
        let reason: String
        /// Bits of FPSCR that are not compared.
        var status: UInt32 = 0
        /// Bits of the target register that are not compared.
        var target: UInt64 = 0
        /// Whether bits of CR1 that follow from FPSCR are not compared either.
        var condition: UInt32 = 0
        let applies: @Sendable (_ mnemonic: String, FloatingPointCases.Operands, _ ours: Result) -> Bool
    }

    /// What a case left.
    struct Result: Sendable {
        var target: UInt64
        var status: UInt32
        var condition: UInt32
    }

    /// FPRF's bit C, and FX as CR1 shows it.
    private static let (classBit, summaryInCR1): (UInt32, UInt32) = (1 << 16, 0x0800_0000)

    static let deviations: [Deviation] = [
        Deviation(reason: "QEMU never sets FR", status: FPSCR.fr) { _, _, _ in true },
        Deviation(
            reason: "QEMU sets FX although no exception bit went from 0 to 1", status: FPSCR.fx,
            condition: summaryInCR1
        ) { _, operands, ours in
            operands.status & FPSCR.fx == 0 && ours.status & FPSCR.fx == 0
        },
        Deviation(
            reason: "QEMU's FPRF calls denormalized numbers of single precision normal", status: classBit
        ) { mnemonic, _, ours in
            isSingle(mnemonic) && [0b11000, 0b10100].contains(ours.status >> 12 & 0x1F)
        },
        Deviation(reason: "QEMU's comparisons clear FI", status: FPSCR.fi) { mnemonic, _, _ in
            mnemonic.hasPrefix("fcmp")
        },
        Deviation(reason: "QEMU's invalid comparisons set FPRF's C", status: classBit) { mnemonic, _, ours in
            mnemonic.hasPrefix("fcmp") && ours.status & 0xF000 == 0x1000
        },
        Deviation(reason: "a conversion leaves the upper word open", target: 0xFFFF_FFFF << 32) { mnemonic, _, _ in
            mnemonic.hasPrefix("fctiw")
        },
        Deviation(reason: "an invalid conversion leaves FPRF open", status: FPSCR.fprf) { mnemonic, _, ours in
            mnemonic.hasPrefix("fctiw") && ours.status & FPSCR.vxcvi != 0
        },
        Deviation(
            reason: "QEMU's fres says that the reciprocal of zero is 0.5", status: FPSCR.fprf, target: .max
        ) { mnemonic, operands, _ in
            mnemonic == "fres" && operands.b & ~(1 << 63) == 0
        },
        Deviation(reason: "QEMU keeps FI when an enabled invalid operation has no result", status: FPSCR.fi) {
            _, operands, ours in
            operands.status & FPSCR.ve != 0 && ours.status & FPSCR.vx != 0 && operands.status & FPSCR.fi != 0
        },
        Deviation(
            reason: "operands that are no single-precision numbers leave adjusted results of single precision open",
            status: FPSCR.fprf | FPSCR.fi | FPSCR.xx | FPSCR.ox | FPSCR.fx | FPSCR.fex, target: .max
        ) { mnemonic, operands, ours in
            isSingle(mnemonic) && operands.status & (FPSCR.oe | FPSCR.ue) != 0
                && ours.status & (FPSCR.ox | FPSCR.ux) != 0
                && [operands.a, operands.b, operands.c].contains { !isSingle($0) }
        },
        Deviation(
            reason: "QEMU's mtfsb1 does not set FX with an exception bit", status: FPSCR.fx, condition: summaryInCR1
        ) { mnemonic, operands, _ in
            mnemonic == "mtfsb1" && operands.status & FPSCR.fx == 0
        },
        Deviation(reason: "QEMU's mtfsb1 does not set NI", status: FPSCR.ni) { mnemonic, _, _ in
            mnemonic == "mtfsb1"
        },
        Deviation(
            reason: "QEMU rounds the negative multiply-adds after the negation", status: .max, target: .max,
            condition: 0x0F00_0000
        ) { mnemonic, operands, ours in
            mnemonic.hasPrefix("fnm") && operands.status & FPSCR.rn >= 2 && ours.status & FPSCR.fi != 0
        },
        Deviation(
            reason: "QEMU's multiply-adds of infinity, zero and a signaling NaN are only one invalid operation",
            status: FPSCR.vxsnan
        ) { mnemonic, _, ours in
            isMultiplyAdd(mnemonic) && ours.status & FPSCR.vxsnan != 0 && ours.status & FPSCR.vximz != 0
        },
        Deviation(
            reason: "QEMU's fcmpo sets VXVC for a signaling NaN also while invalid operations are enabled",
            status: FPSCR.vxvc
        ) { mnemonic, operands, ours in
            mnemonic == "fcmpo" && operands.status & FPSCR.ve != 0 && ours.status & FPSCR.vxsnan != 0
        },
        Deviation(
            reason: "QEMU leaves CR1 as it was when an enabled exception interrupts", condition: 0x0F00_0000
        ) { _, _, ours in
            ours.status & FPSCR.fex != 0
        },
    ]

    /// Whether a number of double format is one of single format.
    private static func isSingle(_ bits: UInt64) -> Bool {
        SoftFloat.double(fromSingle: SoftFloat.single(fromDouble: bits)) == bits
    }

    private static func isSingle(_ mnemonic: String) -> Bool {
        ["fadds", "fsubs", "fmuls", "fdivs", "fres", "frsp"].contains(mnemonic)
            || isMultiplyAdd(mnemonic) && mnemonic.hasSuffix("s")
    }

    private static func isMultiplyAdd(_ mnemonic: String) -> Bool {
        mnemonic.contains("madd") || mnemonic.contains("msub")
    }

    /// Runs a corpus on both, and compares the window's results. The rest is what ``Corpus/difference(_:_:_:)`` compares.
    private func compare(_ corpus: Corpus, _ name: String, seed: UInt64) throws {
        let theirs = try QEMURunner().run(corpus, model: "e500mc")
        #expect(theirs.count == corpus.cases.count, "qemu stopped at case \(theirs.count)")
        var runner = try SoftwareRunner(corpus, state: MSR.fp)
        var differences: [String: [String]] = [:]
        var used = [Int](repeating: 0, count: Self.deviations.count)
        for (number, expected) in theirs.enumerated() {
            guard let ours = try runner.run(number) else {
                differences["no end", default: []].append("case \(number) does not end:\n\(corpus.listing(number))")
                continue
            }
            let current = corpus.cases[number]
            let operands = FloatingPointCases.operands(current)
            let word = corpus.codes[current.code].words[6]
            let mnemonic = Decoder.instruction(for: word, on: corpus.model.core).map { "\($0.mnemonic)" } ?? "?"
            let (mine, other) = (Self.result(ours), Self.result(expected))
            var (status, target, condition) = (UInt32(0), UInt64(0), UInt32(0))
            for (index, deviation) in Self.deviations.enumerated() where deviation.applies(mnemonic, operands, mine) {
                status |= deviation.status
                target |= deviation.target
                condition |= deviation.condition
                used[index] += 1
            }
            let wrongStatus = (mine.status ^ other.status) & ~status
            let wrongTarget = (mine.target ^ other.target) & ~target
            let wrongCondition = (mine.condition ^ other.condition) & ~condition
            if wrongStatus != 0 || wrongTarget != 0 || wrongCondition != 0 {
                differences[mnemonic, default: []].append(
                    "\(Disassembler.disassemble(word, at: 0, on: corpus.model)) \(operands):"
                        + " target \(hex(mine.target)) not \(hex(other.target)),"
                        + " fpscr \(hexadecimal(mine.status)) not \(hexadecimal(other.status)),"
                        + " cr \(hexadecimal(mine.condition)) not \(hexadecimal(other.condition))")
            }
        }
        print("\(name): \(theirs.count) cases compared with qemu-ppc, seed \(seed)")
        for (index, deviation) in Self.deviations.enumerated() { print("  \(used[index]): \(deviation.reason)") }
        let lines = differences.sorted { $0.key < $1.key }
            .map { "\($0.key): \($0.value.count)\n    " + $0.value.prefix(4).joined(separator: "\n    ") }
        #expect(differences.isEmpty, "\(lines.joined(separator: "\n"))")
    }

    private static func result(_ outcome: Outcome) -> Result {
        Result(
            target: FloatingPointCases.value(outcome.window, 40),
            status: UInt32(truncatingIfNeeded: FloatingPointCases.value(outcome.window, 48)),
            condition: outcome.registers.cr)
    }

    @Test(arguments: [(false, UInt64(21)), (true, 22)])
    func `arithmetic gives the bits, FPSCR and CR that qemu-ppc gives`(enables: Bool, seed: UInt64) throws {
        var random = Random(seed: seed)
        try compare(
            FloatingPointCases.arithmetic(enables: enables, &random),
            enables ? "arithmetic with enabled exceptions" : "arithmetic", seed: seed)
    }

    @Test func `moves to FPSCR leave what qemu-ppc has`() throws {
        var random = Random(seed: 23)
        try compare(FloatingPointCases.status(&random), "FPSCR moves", seed: 23)
    }

    @Test func `loads and stores convert as qemu-ppc does`() throws {
        var random = Random(seed: 24)
        let corpus = FloatingPointCases.storage(&random)
        let theirs = try QEMURunner().run(corpus, model: "e500mc")
        #expect(theirs.count == corpus.cases.count)
        var runner = try SoftwareRunner(corpus, state: MSR.fp)
        var differences: [String] = []
        for (number, expected) in theirs.enumerated() {
            guard let ours = try runner.run(number) else {
                differences.append("case \(number) does not end:\n\(corpus.listing(number))")
                continue
            }
            if let difference = corpus.difference(number, ours, expected) { differences.append(difference) }
        }
        print("floating-point storage: \(theirs.count) cases compared with qemu-ppc, seed 24")
        #expect(differences.isEmpty, "\(differences.count) differ:\n\(differences.prefix(3).joined(separator: "\n"))")
    }
}
