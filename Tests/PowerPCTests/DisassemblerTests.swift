import Foundation
import PowerPC
import TestTools
import Testing

@Suite struct DisassemblerTests {
    static let seed: UInt64 = 0x5EED_0001

    /// Rows that GNU calls otherwise: the SPE unit's instructions are one row each quarter here.
    static let unlikeGNU: Set<String> = ["spe"]

    /// Words of every row and form of a model with random operands.
    static func words(_ model: CoreModel, each count: Int) -> [UInt32] {
        var random = Random(seed: seed)
        var words: [UInt32] = []
        for row in InstructionTable.rows
        where row.cores.contains(model.core) && !unlikeGNU.contains("\(row.mnemonic)") {
            for (_, variant) in suffixes(row.variants) {
                for _ in 0..<count {
                    var word = row.match | variant | random.word() & row.operands.bits
                    switch row.operands {
                    case .targetTimebase:
                        // There are two timebase registers; the other numbers are invalid.
                        word =
                            row.match | random.word() & 0x03E0_0000 | (random.below(2) == 0 ? 0x000C_4000 : 0x000D_4000)
                    case .branchConditional, .branchRegister:
                        // Other encodings of BO have bits that must be zero, and without bit 2 there is no `bcctr`.
                        let options: [UInt32] =
                            "\(row.mnemonic)" == "bcctr"
                            ? [4, 5, 12, 13, 20] : [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20]
                        word = word & ~0x03E0_0000 | options[random.below(options.count)] << 21
                    case .level: word |= 2
                    case .indexed where "\(row.mnemonic)" == "stwcx.": word |= 1
                    default: break
                    }
                    words.append(word)
                }
            }
        }
        return words
    }

    @Test(arguments: CoreModel.all)
    func `every row reads as GNU objdump prints it`(model: CoreModel) throws {
        let words = Self.words(model, each: 40)
        let core = model.core == .e500v2 ? "e500" : "e500mc"
        // The core has the string instructions, which objdump counts to the older processors.
        let dumps = [try objdump(words, "\(core),raw"), try objdump(words, core), try objdump(words, "ppc,raw")]
        var compared = 0
        var unknown = 0
        var differences: [String] = []
        for (number, word) in words.enumerated() {
            let ours = normal(Disassembler.disassemble(word, at: UInt32(number) * 4, on: model))
            let theirs = dumps.map { normal($0[number]) }.filter { !$0.hasPrefix(".long") }
            if theirs.isEmpty {
                unknown += 1
                if isInvalidForm(word, model) { continue }
                differences.append("\(String(word, radix: 16)): \(ours) is unknown to objdump")
                continue
            }
            compared += 1
            if !theirs.contains(ours) {
                differences.append("\(String(word, radix: 16)): \(ours), not \(theirs.joined(separator: " or "))")
            }
        }
        print(
            "disassembler of \(model.name): \(compared) words compared with objdump, \(unknown) unknown to it, seed \(Self.seed)"
        )
        #expect(differences.isEmpty, "\(differences.count): \(differences.prefix(20).joined(separator: "\n"))")
    }

    @Test(arguments: [0x0000_0000, 0x0400_0000, 0xF800_0000, 0xFC00_002A, 0x7C00_0002, 0x4C00_0004] as [UInt32])
    func `a word that is no instruction reads as data`(word: UInt32) {
        #expect(Disassembler.disassemble(word, at: 0) == ".long   0x" + String(word, radix: 16))
    }

    static let lines: [(text: String, word: UInt32)] = [
        ("li      r3,-1", 0x3860_FFFF), ("lis     r3,4660", 0x3C60_1234), ("mr      r3,r4", 0x7C83_2378),
        ("nop", 0x6000_0000), ("blr", 0x4E80_0020), ("blrl", 0x4E80_0021), ("bctr", 0x4E80_0420),
        ("bctrl", 0x4E80_0421), ("beq     cr7,0x1010", 0x419E_0010), ("bne     0xff0", 0x4082_FFF0),
        ("bnela   0x10", 0x4082_0013), ("b       0x1000", 0x4800_0000), ("bl      0xffc", 0x4BFF_FFFD),
        ("ba      0x4", 0x4800_0006), ("mflr    r0", 0x7C08_02A6), ("mtctr   r12", 0x7D89_03A6),
        ("mfspr   r3,26", 0x7C7A_02A6), ("lwz     r3,4(0)", 0x8060_0004), ("lwzu    r3,-4(r1)", 0x8461_FFFC),
        ("isel    r3,0,r5,4*cr1+eq", 0x7C60_299E), ("cmpwi   r3,0", 0x2C03_0000), ("cmpw    cr7,r3,r4", 0x7F83_2000),
        ("addo.   r3,r4,r5", 0x7C64_2E15), ("stwcx.  r3,0,r4", 0x7C60_212D), ("sc      1", 0x4400_0022),
        ("dcbtstls 0,r3,r4", 0x7C03_210C),
    ]

    @Test(arguments: lines)
    func `a line has the mnemonic and the operands in columns`(line: (text: String, word: UInt32)) {
        #expect(Disassembler.disassemble(line.word, at: 0x1000) == line.text)
    }

    /// Whether the registers of a storage access are a combination that the architecture calls an invalid form: an update
    /// of r0 or of the loaded register, a multiple load over its own base or index.
    private func isInvalidForm(_ word: UInt32, _ model: CoreModel) -> Bool {
        let (target, a, b) = (word >> 21 & 31, word >> 16 & 31, word >> 11 & 31)
        guard let row = Decoder.instruction(for: word, on: model.core) else { return false }
        switch row.operands {
        case .displacementUpdate, .indexedUpdate: return a == 0 || a == target
        case .floatDisplacementUpdate, .floatIndexedUpdate: return a == 0
        case .displacement: return a >= target
        case .stringImmediate: return (a &- target) & 31 < ((b == 0 ? 32 : b) + 3) / 4
        case .indexed: return target == a || target == b
        default: return false
        }
    }

    /// The instructions of `words` at address 0 as objdump prints them.
    private func objdump(_ words: [UInt32], _ options: String) throws -> [String] {
        let tool = try Tool(named: "powerpc-linux-gnu-objdump")
        return try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("words")
            try bigEndian(words).write(to: file)
            let result = try tool.run(
                ["-D", "-b", "binary", "-EB", "-m", "powerpc", "-M", options, "-z", file.path])
            guard result.status == 0 else { throw ToolError.failed("objdump", result) }
            return result.text.split(separator: "\n").compactMap { line in
                let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
                return columns.count < 3 ? nil : columns[2...].joined(separator: " ")
            }
        }
    }

    /// A line with single spaces and without what is optional: branch hints, a zero cache target, the branch history.
    private func normal(_ line: String) -> String {
        let parts = line.split(separator: " ")
        guard let first = parts.first else { return "" }
        var mnemonic = String(first)
        var operands = parts.dropFirst().joined().split(separator: ",").map(String.init)
        if mnemonic.hasPrefix("b"), let last = mnemonic.last, "+-".contains(last) { mnemonic.removeLast() }
        if mnemonic.hasPrefix("bclr") || mnemonic.hasPrefix("bcctr"), operands.count == 3 { operands.removeLast() }
        if ["cmp", "cmpl", "cmpi", "cmpli"].contains(mnemonic) { return "" }
        if mnemonic.hasPrefix("tlb"), operands.count == 3 { operands.removeFirst() }
        if mnemonic == "tlbre" || mnemonic == "tlbwe" { operands = [] }
        return ([mnemonic] + [operands.joined(separator: ",")]).joined(separator: " ")
    }
}
