import PowerPC

/// Cases of the floating-point unit, which need no other runner than the rest: the window holds the operands before and
/// the results afterwards, and the code of a case loads and stores them.
///
/// ```
/// window + 0x00  frA, frB, frC    operands
///        + 0x18  FPSCR            before, in the low word
///        + 0x20  frT              before
///        + 0x28  frT              afterwards
///        + 0x30  FPSCR            afterwards, in the low word
/// ```
enum FloatingPointCases {
    /// What a case begins with.
    struct Operands: CustomStringConvertible {
        var a: UInt64
        var b: UInt64
        var c: UInt64
        var status: UInt32

        var description: String {
            "a=\(hex(a)) b=\(hex(b)) c=\(hex(c)) fpscr=\(hexadecimal(status))"
        }
    }

    /// Values of double format at which instructions change their ways, some of them of single format.
    static let edges: [UInt64] = [
        0, 0x3FF0_0000_0000_0000, 0x4000_0000_0000_0000, 0x3FF0_0000_0000_0001, 0x3FEF_FFFF_FFFF_FFFF,
        0x7FF0_0000_0000_0000, 0x7FF8_0000_0000_0000, 0x7FF8_0000_2000_0001, 0x7FF0_0000_2000_0000,
        0x7FF4_0000_0000_0000,
        1, 0x000F_FFFF_FFFF_FFFF, 0x0010_0000_0000_0000, 0x7FEF_FFFF_FFFF_FFFF, 0x47EF_FFFF_E000_0000,
        0x47EF_FFFF_F000_0000, 0x3810_0000_0000_0000, 0x36A0_0000_0000_0000, 0x3800_0000_0000_0000,
        0x3FD5_5555_5555_5555,
        0x41DF_FFFF_FFC0_0000, 0x41DF_FFFF_FFE0_0000, 0x41E0_0000_0000_0000, 0x3FE0_0000_0000_0000,
        0x4008_0000_0000_0000,
    ].flatMap { [$0, $0 | 1 << 63] }

    /// A number of double format: an edge value, any bits, one of moderate size, or one of single format.
    static func operand(_ random: inout Random) -> UInt64 {
        let bits = random.next()
        switch random.below(8) {
        case 0, 1: return edges[random.below(edges.count)]
        case 2: return bits
        case 3: return bits & 0x800F_FFFF_FFFF_FFFF | UInt64(1023 - 60 + random.below(120)) << 52
        case 4: return SoftFloat.double(fromSingle: random.word())
        case 5:
            let exponent = UInt32(127 - 20 + random.below(40)) << 23
            return SoftFloat.double(fromSingle: random.word() & 0x807F_FFFF | exponent)
        case 6:
            // Few significant bits, for exact results and ties.
            return bits & 0x8000_0000_0000_0000 | UInt64(1023 - 30 + random.below(60)) << 52 | bits & 7 << 49
        default: return UInt64(bitPattern: Int64(random.below(1 << 20))) | bits & 1 << 63
        }
    }

    /// FPSCR before: every rounding mode and, at random, sticky bits, FPRF and enable bits.
    static func status(_ mode: UInt32, enables: Bool, _ random: inout Random) -> UInt32 {
        let sticky = random.below(3) == 0 ? random.word() & 0x9FFF_F700 : 0
        let enabled = enables ? random.word() & 0xF8 : 0
        return sticky | enabled | mode
    }

    /// Everything that the cases here contain.
    static var mnemonics: Set<String> {
        var random = Random(seed: 1)
        let corpora = [arithmetic(enables: true, &random), status(&random), storage(&random)]
        return corpora.reduce(into: []) { $0.formUnion($1.mnemonics) }
    }

    /// The code around one instruction that reads f1, f2, f3 and writes f4.
    static func code(_ instruction: UInt32) -> [UInt32] {
        assemble("lfd f6,24(r4); mtfsf 255,f6; lfd f1,0(r4); lfd f2,8(r4); lfd f3,16(r4); lfd f4,32(r4)")
            + [instruction] + assemble("stfd f4,40(r4); mffs f5; stfd f5,48(r4)")
    }

    /// The instruction `mnemonic` with its standard registers.
    static func instruction(_ mnemonic: String) -> UInt32 {
        switch row(mnemonic).operands {
        case .floatAB: assemble(mnemonic, [4, 1, 2])
        case .floatAC: assemble(mnemonic, [4, 1, 3])
        case .floatACB: assemble(mnemonic, [4, 1, 3, 2])
        case .floatB: assemble(mnemonic, [4, 2])
        case .floatCompare: assemble(mnemonic, [3, 1, 2])
        case .floatTarget: assemble(mnemonic, [4])
        default: assemble(mnemonic, [0, 0])
        }
    }

    /// The rows that read or write only floating-point registers and FPSCR.
    static let arithmeticRows: [Instruction] = InstructionTable.rows.filter {
        $0.cores.contains(.e500mc)
            && [.floatAB, .floatAC, .floatACB, .floatB, .floatCompare, .floatTarget].contains($0.operands)
    }

    /// Adds a case, whose window holds the operands.
    static func add(_ operands: Operands, code: Int, to corpus: inout Corpus, _ random: inout Random) {
        var registers = Generators.randomRegisters(&random)
        registers.gpr[4] = CaseLayout.window
        var window = [UInt8](repeating: 0, count: CaseLayout.windowSize)
        func put(_ value: UInt64, _ offset: Int) {
            for byte in 0..<8 { window[offset + byte] = UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * byte)) }
        }
        put(operands.a, 0)
        put(operands.b, 8)
        put(operands.c, 16)
        put(UInt64(operands.status), 24)
        put(random.next(), 32)
        corpus.cases.append(Case(code: code, registers: registers, window: window))
    }

    /// The 64-bit number at an offset of a window.
    static func value(_ window: [UInt8]?, _ offset: Int) -> UInt64 {
        guard let window else { return 0 }
        return window[offset..<offset + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// What a case began with.
    static func operands(_ current: Case) -> Operands {
        Operands(
            a: value(current.window, 0), b: value(current.window, 8), c: value(current.window, 16),
            status: UInt32(truncatingIfNeeded: value(current.window, 24)))
    }

    /// Every arithmetic instruction and comparison in every form and rounding mode, over edge values and random ones.
    /// - Parameter enables: whether the enable bits of FPSCR are set at random. Problem state in QEMU has MSR[FE0] and
    ///   MSR[FE1] clear, so that they interrupt nothing.
    static func arithmetic(enables: Bool, _ random: inout Random) -> Corpus {
        var corpus = Corpus()
        corpus.model = .e500mc
        for row in arithmeticRows {
            let sources = row.operands == .floatACB ? 3 : row.operands == .floatB ? 1 : 2
            for (suffix, _) in suffixes(row.variants) {
                let code = corpus.add(code(instruction("\(row.mnemonic)\(suffix)")))
                for mode in UInt32(0)..<4 {
                    func add(_ a: UInt64, _ b: UInt64, _ c: UInt64) {
                        let operands = Operands(
                            a: a, b: b, c: c, status: status(mode, enables: enables, &random))
                        Self.add(operands, code: code, to: &corpus, &random)
                    }
                    for first in edges where sources > 1 || suffix.isEmpty {
                        for second in edges[0..<(sources == 1 || enables || !suffix.isEmpty ? 1 : edges.count)] {
                            switch row.operands {
                            case .floatAC: add(first, 0, second)
                            case .floatB: add(0, first, 0)
                            default: add(first, second, edges[random.below(edges.count)])
                            }
                        }
                    }
                    for _ in 0..<(sources == 3 ? 600 : 250) {
                        let a = operand(&random)
                        let c = operand(&random)
                        var b = operand(&random)
                        if sources == 3, random.below(3) == 0 {
                            // An addend about the size of the product: cancellation, and ties between both.
                            let product = SoftFloat.multiply(a, c, FloatControl(.double)).bits
                            b =
                                product ^ (UInt64(random.below(2)) << 63) ^ random.next()
                                >> UInt64(1 + random.below(60))
                        } else if sources == 2, random.below(4) == 0 {
                            b = a ^ UInt64(random.below(2)) << 63 ^ random.next() >> UInt64(12 + random.below(48))
                        }
                        add(a, b, c)
                    }
                }
            }
        }
        return corpus
    }

    /// The moves to and from FPSCR.
    static func status(_ random: inout Random) -> Corpus {
        var corpus = Corpus()
        corpus.model = .e500mc
        func add(_ word: UInt32, states: Int) {
            let code = corpus.add(code(word))
            for _ in 0..<states {
                let operands = Operands(
                    a: random.next(), b: random.next() & 0xFFFF_FFFF, c: random.next(),
                    status: random.below(4) == 0 ? 0 : random.word())
                Self.add(operands, code: code, to: &corpus, &random)
            }
        }
        for suffix in ["", "."] {
            for bit in 0..<32 {
                add(assemble("mtfsb0\(suffix)", [bit]), states: 20)
                add(assemble("mtfsb1\(suffix)", [bit]), states: 20)
            }
            for field in 0..<8 {
                for value in 0..<16 { add(assemble("mtfsfi\(suffix)", [field, value]), states: 6) }
            }
            for mask in 0..<256 { add(assemble("mtfsf\(suffix)", [mask, 2]), states: 6) }
        }
        for target in 0..<8 {
            for source in 0..<8 { add(assemble("mcrfs", [target, source]), states: 20) }
        }
        return corpus
    }

    /// Loads and stores in every form, of every kind of number, at every alignment and across a page's end.
    static func storage(_ random: inout Random) -> Corpus {
        var corpus = Corpus()
        corpus.model = .e500mc
        let operands: Set<PowerPC.Operands> = [
            .floatDisplacement, .floatDisplacementUpdate, .floatIndexed, .floatIndexedUpdate,
        ]
        let words: [UInt32] = [
            0, 1, 0x7F_FFFF, 0x80_0000, 0x3F80_0000, 0x7F7F_FFFF, 0x7F80_0000, 0x7F80_0001, 0x7FC0_0000, 0x7FFF_FFFF,
            0x0040_0000, 0x0000_0100,
        ].flatMap { [$0, $0 | 0x8000_0000] }
        for row in InstructionTable.rows where row.cores.contains(.e500mc) && operands.contains(row.operands) {
            let isIndexed = row.operands == .floatIndexed || row.operands == .floatIndexedUpdate
            let isSingle = "\(row.mnemonic)".hasPrefix("lfs")
            let access = assemble("\(row.mnemonic)", isIndexed ? [4, 5, 6] : [4, -8, 5])
            let code = corpus.add(assemble("lfd f4,0(r4)") + [access] + assemble("stfd f4,248(r4); stfd f4,8(r4)"))
            for offset in (16..<24).map({ $0 }) + (117..<136).map({ $0 }) {
                for state in 0..<30 {
                    var registers = Generators.randomRegisters(&random)
                    registers.gpr[4] = CaseLayout.window
                    registers.gpr[6] = [0, 4, 0xFFFF_FFF0][state % 3]
                    registers.gpr[5] =
                        CaseLayout.window &+ UInt32(offset) &- (isIndexed ? registers.gpr[6] : UInt32(bitPattern: -8))
                    var window = Generators.randomWindow(&random)
                    let value = operand(&random)
                    for byte in 0..<8 { window[byte] = UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * byte)) }
                    if isSingle, state < words.count {
                        for byte in 0..<4 {
                            window[offset + byte] = UInt8(truncatingIfNeeded: words[state] >> UInt32(24 - 8 * byte))
                        }
                    }
                    corpus.cases.append(Case(code: code, registers: registers, window: window))
                }
            }
        }
        return corpus
    }
}

func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
