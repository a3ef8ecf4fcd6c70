import Foundation
import PowerPC
import TestTools
import Testing

/// The POWER8's instructions as text, against GNU's disassembler.
@Suite struct WideDisassemblerTests {
    static let seed: UInt64 = 0x5EED_0002

    /// Rows that GNU writes otherwise: with operands in the order of servers, by names of special registers, or with the
    /// operands of transactions, which are not offered here.
    static let unlikeGNU: Set<String> = [
        "dcbt", "dcbtst", "tlbie", "mfspr", "mtspr", "mftb", "tbegin.", "tend.", "tsr.", "treclaim.", "tabort.",
    ]

    /// Words of every row and form with random operands.
    static func words(each count: Int) -> [UInt32] {
        var random = Random(seed: seed)
        var words: [UInt32] = []
        for row in InstructionTable.rows
        where row.cores.contains(.power8) && !unlikeGNU.contains("\(row.mnemonic)") {
            for (_, variant) in suffixes(row.variants) {
                for _ in 0..<count { words.append(valid(row, variant | random.word() & row.operands.bits, &random)) }
            }
        }
        return words
    }

    /// The word of a row with operands that are no invalid form.
    private static func valid(_ row: Instruction, _ operands: UInt32, _ random: inout Random) -> UInt32 {
        let name = "\(row.mnemonic)"
        var word = row.match | operands & ~row.mask
        func set(_ mask: UInt32, _ bits: UInt32) { word = word & ~mask | bits & mask }
        if name.hasSuffix("."), row.mask & 1 == 0, row.operands != .vectorDecimal,
            ![.targetASigned, .aSourceUnsigned, .aSourceUnsignedShifted].contains(row.operands)
        {
            word |= 1
        }
        // Updates of r0 or of the loaded register, odd registers of a pair, a base among the loaded ones.
        let isUpdate = [
            PowerPC.Operands.displacementUpdate, .displacementDoublewordUpdate, .indexedUpdate,
            .floatDisplacementUpdate,
            .floatIndexedUpdate,
        ].contains(row.operands)
        let isPair = ["lq", "stq", "lqarx", "stqcx.", "lfdp", "lfdpx", "stfdp", "stfdpx"].contains(name)
        if isUpdate || isPair || ["lmw", "lswi", "lswx"].contains(name) {
            set(0x03E0_0000, (12 + 2 * UInt32(random.below(2))) << 21)
            set(0x001F_0000, (1 + UInt32(random.below(8))) << 16)
            if row.operands == .indexed || row.operands == .indexedUpdate { set(0xF800, 9 << 11) }
            if row.operands == .stringImmediate { set(0xF800, 5 << 11) }
        }
        switch row.operands {
        case .branchConditional, .branchRegister:
            let options: [UInt32] =
                name == "bcctr"
                ? [4, 5, 12, 13, 20]
                : name == "bctar"
                    ? [0, 2, 4, 8, 10, 12, 16, 18, 20] : [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20]
            set(0x03E0_0000, options[random.below(options.count)] << 21)
            // Targets in front of address 0 have more digits there.
            if row.operands == .branchConditional { set(0x8000, 0) }
        case .branch: set(0x0200_0000, 0)
        case .level: word |= 2
        case .synchronization: set(0x0060_0000, UInt32(random.below(3)) << 21)
        case .fieldMaskTarget: set(0x000F_F000, 0x1000 << UInt32(random.below(8)))
        case .fieldMaskSource where name == "mtocrf": set(0x000F_F000, 0x1000 << UInt32(random.below(8)))
        default: break
        }
        return word
    }

    @Test func `every row reads as GNU objdump prints it`() throws {
        let words = Self.words(each: 20)
        // Some instructions count to other processors there.
        let dumps = try ["power8,raw", "power8", "power6,raw", "ppc,raw"].map { try objdump(words, $0) }
        var differences: [String] = []
        for (number, word) in words.enumerated() {
            let ours = normal(Disassembler.disassemble(word, at: UInt32(number) * 4, core: .power8))
            let theirs = dumps.map { normal($0[number]) }
            if !theirs.contains(ours) {
                differences.append("\(String(word, radix: 16)): \(ours), not \(theirs.joined(separator: " or "))")
            }
        }
        print("disassembler of the POWER8: \(words.count) words compared with objdump, seed \(Self.seed)")
        #expect(differences.isEmpty, "\(differences.count): \(differences.prefix(40).joined(separator: "\n"))")
    }

    private func objdump(_ words: [UInt32], _ options: String) throws -> [String] {
        let tool = try Tool(named: "powerpc64le-linux-gnu-objdump")
        return try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("words")
            try bigEndian(words).write(to: file)
            let result = try tool.run([
                "-D", "-b", "binary", "-EB", "-m", "powerpc:common64", "-M", options, "-z", file.path,
            ])
            guard result.status == 0 else { throw ToolError.failed("objdump", result) }
            return result.text.split(separator: "\n").compactMap { line in
                let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
                return columns.count < 3 ? nil : columns[2...].joined(separator: " ")
            }
        }
    }

    /// A line with single spaces and without what is optional: branch hints and the branch history.
    private func normal(_ line: String) -> String {
        let parts = line.split(separator: " ")
        guard let first = parts.first else { return "" }
        var mnemonic = String(first)
        var operands = parts.dropFirst().joined().split(separator: ",").map(String.init)
        if mnemonic.hasPrefix("b"), let last = mnemonic.last, "+-".contains(last) { mnemonic.removeLast() }
        let isRegisterBranch = ["bclr", "bcctr", "bctar"].contains { mnemonic.hasPrefix($0) }
        if isRegisterBranch, operands.count == 3 { operands.removeLast() }
        return ([mnemonic] + [operands.joined(separator: ",")]).joined(separator: " ")
    }
}
