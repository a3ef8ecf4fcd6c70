import PowerPC

/// Where the parts of a case lie, for every CPU that runs it. `Oracle/runner.S` has the same addresses.
enum CaseLayout {
    /// The code of all cases.
    static let code: UInt32 = 0x0100_0000
    static let codeSize: UInt32 = 0x0100_0000
    /// The data page and the one behind it; the window spans the boundary.
    static let data: UInt32 = 0x0200_0000
    static let window: UInt32 = 0x0200_0F80
    static let windowSize = 256
    /// The first address behind the window's first page.
    static let boundary: UInt32 = 0x0200_1000
    /// Where cases branch to when they are done.
    static let finished: UInt32 = 0x1000
    /// How many words in front of a case's code the qemu runner needs.
    static let preamble: [UInt32] = [
        assemble("lwz", [0, 0x2094, 0]), assemble("mtctr", [0]), assemble("lwz", [0, 0x2008, 0]),
    ]
}

/// One run of a piece of code from one state.
struct Case {
    /// Index of the code in ``Corpus/codes``.
    var code: Int
    var registers: Registers
    /// The bytes of the data window before, if the code accesses it.
    var window: [UInt8]?
    /// Registers that the architecture leaves undefined after this case, by number.
    var undefinedGPRs: UInt32 = 0
    /// Bits of CR that it leaves undefined.
    var undefinedCR: UInt32 = 0
}

/// What a CPU made of a case.
struct Outcome: Equatable {
    var registers: Registers
    var window: [UInt8]?
}

/// Code and states to run it from, the same for every CPU.
struct Corpus {
    struct Code {
        var words: [UInt32]
        /// Where the first of the words lies, behind the preamble.
        var address: UInt32
    }

    /// What core executes it.
    var model = CoreModel.e500v2
    private(set) var codes: [Code] = []
    var cases: [Case] = []
    private var nextAddress = CaseLayout.code + UInt32(CaseLayout.preamble.count * 4)

    /// The bytes that lie at ``CaseLayout/code``.
    var image: [UInt32] {
        var image: [UInt32] = []
        for code in codes { image += CaseLayout.preamble + code.words + [assemble("ba", [Int(CaseLayout.finished)])] }
        return image
    }

    /// Where the next code will lie.
    var upcomingAddress: UInt32 { nextAddress }

    /// Adds code and returns its index.
    mutating func add(_ words: [UInt32]) -> Int {
        codes.append(Code(words: words, address: nextAddress))
        nextAddress += UInt32((words.count + 1 + CaseLayout.preamble.count) * 4)
        precondition(nextAddress < CaseLayout.code + CaseLayout.codeSize, "too much code")
        return codes.count - 1
    }

    /// The mnemonics of all rows that the codes contain.
    var mnemonics: Set<String> {
        var mnemonics: Set<String> = []
        for code in codes {
            for word in code.words {
                if let row = Decoder.instruction(for: word, on: model.core) { mnemonics.insert("\(row.mnemonic)") }
            }
        }
        return mnemonics
    }

    /// Whether the code of a case has an instruction with one of these mnemonics.
    func contains(_ number: Int, _ mnemonics: Set<String>) -> Bool {
        codes[cases[number].code].words.contains { word in
            Decoder.instruction(for: word, on: model.core).map { mnemonics.contains("\($0.mnemonic)") } ?? false
        }
    }

    /// The code of a case as assembly.
    func listing(_ number: Int) -> String {
        let code = codes[cases[number].code]
        return code.words.enumerated().map { index, word in
            let address = code.address + UInt32(index) * 4
            return
                "  \(hexadecimal(address)): \(hexadecimal(word))  \(Disassembler.disassemble(word, at: address, on: model))"
        }.joined(separator: "\n")
    }

    /// What differs between two outcomes of a case, or nil if nothing does that the architecture defines.
    func difference(_ number: Int, _ ours: Outcome, _ theirs: Outcome) -> String? {
        let undefined = cases[number]
        var lines: [String] = []
        func compare(_ name: String, _ before: UInt32, _ ours: UInt32, _ theirs: UInt32, _ mask: UInt32 = .max) {
            if (ours ^ theirs) & mask != 0 {
                lines.append(
                    "  \(name): from \(hexadecimal(before)) to \(hexadecimal(ours)), not \(hexadecimal(theirs))")
            }
        }
        let before = undefined.registers
        for register in 0..<32 where undefined.undefinedGPRs & 1 << UInt32(register) == 0 {
            compare("r\(register)", before.gpr[register], ours.registers.gpr[register], theirs.registers.gpr[register])
        }
        compare("cr", before.cr, ours.registers.cr, theirs.registers.cr, ~undefined.undefinedCR)
        compare("xer", before.xer, ours.registers.xer, theirs.registers.xer)
        compare("lr", before.lr, ours.registers.lr, theirs.registers.lr)
        compare("ctr", before.ctr, ours.registers.ctr, theirs.registers.ctr)
        if let (a, b) = ours.window.flatMap({ a in theirs.window.map { b in (a, b) } }), a != b {
            for offset in 0..<min(a.count, b.count) where a[offset] != b[offset] {
                let address = hexadecimal(CaseLayout.window + UInt32(offset))
                lines.append("  byte \(address): \(a[offset]), not \(b[offset])")
            }
        }
        guard !lines.isEmpty else { return nil }
        let inputs = before.gpr.enumerated().filter { $0.element != 0 }
            .map { "r\($0.offset)=\(hexadecimal($0.element))" }.joined(separator: " ")
        let special = "cr=\(hexadecimal(before.cr)) xer=\(hexadecimal(before.xer)) ctr=\(hexadecimal(before.ctr))"
        return "case \(number): \(special) \(inputs)\n\(listing(number))\n\(lines.joined(separator: "\n"))"
    }
}

func hexadecimal(_ value: UInt32) -> String { "0x" + String(value, radix: 16) }
