import PowerPC

/// What a program of the POWER8 sees of its registers, as doublewords in the order of `Oracle/runner64.S`.
struct WideState: Equatable, Sendable {
    /// r0–r31, CR, XER, LR, CTR, FPSCR, VSCR, and two doublewords for each of vs0–vs63.
    var doublewords = [UInt64](repeating: 0, count: Self.count)

    static let count = 38 + 128
    static let (cr, xer, lr, ctr, fpscr, vscr) = (32, 33, 34, 35, 36, 37)

    subscript(index: Int) -> UInt64 {
        get { doublewords[index] }
        set { doublewords[index] = newValue }
    }

    /// Vector-scalar register `number`.
    subscript(vector number: Int) -> Vector128 {
        get { Vector128(doublewords[38 + 2 * number], doublewords[39 + 2 * number]) }
        set {
            doublewords[38 + 2 * number] = newValue.high
            doublewords[39 + 2 * number] = newValue.low
        }
    }

    /// The name of a doubleword.
    static func name(_ index: Int) -> String {
        switch index {
        case ..<32: "r\(index)"
        case ..<38: ["cr", "xer", "lr", "ctr", "fpscr", "vscr"][index - 32]
        default: "vs\((index - 38) / 2)[\(index & 1)]"
        }
    }
}

/// What a CPU made of a case.
struct WideOutcome: Equatable, Sendable {
    var state: WideState
    var window: [UInt8]
}

/// One run of a piece of code from one state.
struct WideCase: Sendable {
    /// Index of the code in ``WideCorpus/codes``.
    var code: Int
    var state: WideState
    /// The bytes of the data window before.
    var window: [UInt8]
}

/// Code and states to run it from, the same for every CPU and byte order.
struct WideCorpus: Sendable {
    struct Code: Sendable {
        var words: [UInt32]
        /// Where the first of the words lies, behind the preamble.
        var address: UInt32
        /// Which of the words the case is about.
        var subject: Int
    }

    private(set) var codes: [Code] = []
    var cases: [WideCase] = []
    private var nextAddress = CaseLayout.code + UInt32(Self.preamble.count * 4)

    /// What the runner in QEMU needs in front of a case's code: `ld r0,0x2120(0); mtctr r0; ld r0,0x2008(0)`.
    static let preamble: [UInt32] = [0xE800_2120, 0x7C09_03A6, 0xE800_2008]

    /// The words that lie at ``CaseLayout/code``.
    var image: [UInt32] {
        codes.flatMap { Self.preamble + $0.words + [assemble("ba", [Int(CaseLayout.finished)])] }
    }

    /// Where the next code will lie.
    var upcomingAddress: UInt32 { nextAddress }

    /// Adds code and returns its index.
    mutating func add(_ words: [UInt32], subject: Int = 0) -> Int {
        codes.append(Code(words: words, address: nextAddress, subject: subject))
        nextAddress += UInt32((words.count + 1 + Self.preamble.count) * 4)
        precondition(nextAddress < CaseLayout.code + CaseLayout.codeSize, "too much code")
        return codes.count - 1
    }

    /// The mnemonics of all rows that the codes contain.
    var mnemonics: Set<String> {
        codes.reduce(into: []) { mnemonics, code in
            for word in code.words {
                if let row = Decoder.instruction(for: word, on: .power8) { mnemonics.insert("\(row.mnemonic)") }
            }
        }
    }

    /// The word that a case is about.
    func subject(_ number: Int) -> UInt32 {
        let code = codes[cases[number].code]
        return code.words[code.subject]
    }

    /// The code of a case as assembly.
    func listing(_ number: Int) -> String {
        let code = codes[cases[number].code]
        return code.words.enumerated().map { index, word in
            let address = code.address + UInt32(index) * 4
            return
                "  \(hexadecimal(address)): \(hexadecimal(word))  \(Disassembler.disassemble(word, at: address, core: .power8))"
        }.joined(separator: "\n")
    }
}
