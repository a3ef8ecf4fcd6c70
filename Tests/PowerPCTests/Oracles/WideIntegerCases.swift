import PowerPC

/// Cases of integer arithmetic, moves, branches and traps.
extension WideGenerators {
    private static let integerOperands: Set<PowerPC.Operands> = [
        .targetA0Signed, .targetASigned, .targetA0SignedShifted, .aSourceUnsigned, .aSourceUnsignedShifted, .targetAB,
        .targetA, .aSourceB, .aSource, .aSourceShift, .aSourceShiftDoubleword, .rotateImmediate, .rotateRegister,
        .rotateDoubleword, .rotateDoublewordRegister, .compareSigned, .compareUnsigned, .compareRegisters, .select,
        .crBits, .crFields, .target, .fieldMaskSource, .fieldMaskTarget,
    ]

    /// Rows with such operands that are no computation of problem state.
    private static let others: Set<String> = ["mfmsr", "tabort.", "treclaim."]

    /// Every row that computes in general-purpose registers and CR, in every form.
    static func integers(_ random: inout Random) -> WideCorpus {
        var corpus = WideCorpus()
        for row in rows(integerOperands) where !others.contains("\(row.mnemonic)") {
            for (_, variant) in suffixes(row.variants) {
                for number in 0..<6 {
                    var word = row.match | variant | random.word() & row.operands.bits
                    // The forms that name one field have one bit.
                    if ["mfocrf", "mtocrf"].contains("\(row.mnemonic)") {
                        word = word & ~0x000F_F000 | 0x1000 << UInt32(random.below(8))
                    }
                    // Registers that are the same.
                    let isMove = row.operands == .fieldMaskSource || row.operands == .fieldMaskTarget
                    if number == 0, !isMove { word = word & ~0x001F_0000 | (word >> 21 & 31) << 16 }
                    if number == 1, !isMove { word = word & ~0x0000_F800 | (word >> 16 & 31) << 11 }
                    word = word & (row.operands.bits | row.mask | variant) & ~row.mask | row.match | variant
                    let code = corpus.add([word])
                    for _ in 0..<24 {
                        var before = state(.integers, &random)
                        if random.below(4) == 0 { before[Int(word >> 11 & 31)] = UInt64(random.below(130)) }
                        corpus.cases.append(WideCase(code: code, state: before, window: window(&random)))
                    }
                }
            }
        }
        return corpus
    }

    /// Moves to and from the special registers of problem state, by way of which values they keep.
    static func specialRegisters(_ random: inout Random) -> WideCorpus {
        var corpus = WideCorpus()
        // XER, LR, CTR, VRSAVE, TAR.
        for register in [1, 8, 9, 256, 815] {
            for _ in 0..<4 {
                let (from, to) = (random.below(32), random.below(32))
                let code = corpus.add([
                    assemble("mtspr", [register, from]), assemble("mfspr", [to, register]),
                ])
                for _ in 0..<24 {
                    var before = state(.integers, &random)
                    // QEMU's XER keeps bits that are reserved.
                    if register == 1 { before[from] &= 0xE000_007F }
                    // VRSAVE has 32 bits, of which QEMU keeps more.
                    if register == 256 { before[from] &= 0xFFFF_FFFF }
                    corpus.cases.append(WideCase(code: code, state: before, window: window(&random)))
                }
            }
        }
        return corpus
    }

    /// Branches that skip an instruction if they are taken, with every BO and BI and any CTR.
    static func branches(_ random: inout Random) -> WideCorpus {
        var corpus = WideCorpus()
        let tail = assemble("addi r3,r3,1; addi r4,r4,1")
        func add(_ words: [UInt32], subject: Int = 0, _ change: (inout WideState, UInt64) -> Void) {
            let target = UInt64(corpus.upcomingAddress) + UInt64(words.count * 4 + 4)
            let code = corpus.add(words + tail, subject: subject)
            for number in 0..<8 {
                var before = state(.integers, &random)
                before[WideState.ctr] = [0, 1, 2, 1 << 32, 1 << 32 + 1, .max, 0xFFFF_FFFF, random.next()][number]
                change(&before, target | UInt64(random.below(4)))
                corpus.cases.append(WideCase(code: code, state: before, window: window(&random)))
            }
        }
        for suffix in ["", "l"] {
            add([assemble("b\(suffix)", [8])]) { _, _ in }
            add([assemble("b\(suffix)a", [Int(corpus.upcomingAddress) + 8])]) { _, _ in }
            for options in 0..<32 {
                for _ in 0..<4 {
                    let bit = random.below(32)
                    add([assemble("bc\(suffix)", [options, bit, 8])]) { _, _ in }
                    add([assemble("bclr\(suffix)", [options, bit])]) { $0[WideState.lr] = $1 }
                    add([assemble("mtspr", [815, 5]), assemble("bctar\(suffix)", [options, bit])], subject: 1) {
                        $0[5] = $1
                    }
                    if options & 4 != 0 {
                        // Without decrementing CTR.
                        add([assemble("bcctr\(suffix)", [options, bit])]) { $0[WideState.ctr] = $1 }
                    }
                }
                add([assemble("bc\(suffix)a", [options, random.below(32), Int(CaseLayout.finished)])]) { _, _ in }
            }
        }
        return corpus
    }

    /// Traps on conditions that do not hold, and what problem state may execute without an effect that shows here.
    static func quiet(_ random: inout Random) -> WideCorpus {
        var corpus = WideCorpus()
        for mnemonic in ["tw", "td", "twi", "tdi"] {
            for _ in 0..<60 {
                let (conditions, a) = (random.below(32), 5)
                let last = mnemonic.hasSuffix("i") ? Int(Int16(truncatingIfNeeded: random.next())) : 6
                let code = corpus.add([assemble(mnemonic, [conditions, a, last])])
                for _ in 0..<10 {
                    var before = state(.integers, &random)
                    if random.below(3) == 0 { before[6] = before[5] }
                    let other = mnemonic.hasSuffix("i") ? UInt64(bitPattern: Int64(last)) : before[6]
                    let isWord = mnemonic.hasPrefix("tw")
                    let x = isWord ? Int64(Int32(truncatingIfNeeded: before[5])) : Int64(bitPattern: before[5])
                    let y = isWord ? Int64(Int32(truncatingIfNeeded: other)) : Int64(bitPattern: other)
                    // Differences of sign-extended words compare as the words do, unsigned, too.
                    let (u, v) = (UInt64(bitPattern: x), UInt64(bitPattern: y))
                    let holds =
                        (x < y ? 16 : 0) | (x > y ? 8 : 0) | (x == y ? 4 : 0) | (u < v ? 2 : 0) | (u > v ? 1 : 0)
                    guard holds & conditions == 0 else { continue }
                    corpus.cases.append(WideCase(code: code, state: before, window: window(&random)))
                }
            }
        }
        var lines = ["sync", "eieio", "isync"]
        for mnemonic in ["dcbst", "dcbf", "icbi"] { lines.append("\(mnemonic) r0,r5") }
        for mnemonic in ["dcbt", "dcbtst"] { lines.append("\(mnemonic) 0,r0,r5") }
        for line in lines {
            let word = encoding(line)
            let code = corpus.add([word])
            for _ in 0..<8 {
                var before = state(.integers, &random)
                before[5] = UInt64(CaseLayout.window) + UInt64(random.below(CaseLayout.windowSize))
                corpus.cases.append(WideCase(code: code, state: before, window: window(&random)))
            }
        }
        for row in rows([.stream, .streamStop]) {
            let code = corpus.add([row.match | (row.operands == .stream ? 5 << 16 | 6 << 11 : 0)])
            corpus.cases.append(WideCase(code: code, state: state(.integers, &random), window: window(&random)))
        }
        return corpus
    }

    /// The word of a line whose row has other operands on other cores.
    private static func encoding(_ line: String) -> UInt32 {
        let name = line.split(separator: " ")[0]
        guard let row = rows(Set(InstructionTable.rows.map(\.operands))).first(where: { "\($0.mnemonic)" == name })
        else { fatalError("no instruction \(name)") }
        return row.match | (line.contains("r5") ? 5 << 11 : 0)
    }
}
