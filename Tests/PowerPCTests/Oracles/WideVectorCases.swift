import PowerPC

/// Cases of everything that works on vector-scalar and floating-point registers.
extension WideGenerators {
    static let vectorOperands: Set<PowerPC.Operands> = [
        .vectorAB, .vectorA, .vectorB, .vectorTarget, .vectorSourceB, .vectorABC, .vectorACB, .vectorShift,
        .vectorSplat,
        .vectorScale, .vectorSignedImmediate, .vectorSigma, .vectorDecimal, .vsxAB, .vsxB, .vsxCompare, .vsxTest,
        .vsxSplat, .vsxABImmediate, .vsxSelect, .vsxToRegister, .vsxFromRegister,
    ]
    static let floatOperands: Set<PowerPC.Operands> = [
        .floatAB, .floatAC, .floatACB, .floatB, .floatCompare, .floatTest, .floatTarget, .statusBit, .statusFieldHalf,
        .statusMaskHalf, .statusToField,
    ]

    /// Whether a row is arithmetic on numbers of double or single format, which has more ways to go wrong than others.
    static func flavor(_ row: Instruction) -> Flavor {
        let name = "\(row.mnemonic)"
        if name.hasPrefix("bcd") { return .decimals }
        if floatOperands.contains(row.operands) || name.hasPrefix("xs") { return .doubles }
        if name.hasPrefix("xv") { return name.contains("sp") && !name.hasPrefix("xvcvdp") ? .singles : .doubles }
        if name.hasPrefix("v"), name.hasSuffix("fp") || name.hasPrefix("vrfi") || row.operands == .vectorScale {
            return .singles
        }
        return .integers
    }

    /// Every row that computes, in every form: some encodings, and from each some states.
    static func vectors(
        _ operands: Set<PowerPC.Operands>, enables: Bool, encodings: Int, states: Int, _ random: inout Random
    ) -> WideCorpus {
        var corpus = WideCorpus()
        for row in rows(operands) {
            let flavor = flavor(row)
            let isFloating = flavor == .doubles || flavor == .singles
            if enables, !isFloating { continue }
            for (_, variant) in suffixes(row.variants) {
                for _ in 0..<encodings {
                    let word = encoding(row, variant, &random)
                    let code = corpus.add([word])
                    for _ in 0..<(isFloating ? states * 3 : states) {
                        let sometimes: Flavor = random.below(8) == 0 ? .integers : flavor
                        var before = state(sometimes, enables: enables, &random)
                        if isFloating { relate(row, word, flavor, &before, &random) }
                        corpus.cases.append(WideCase(code: code, state: before, window: window(&random)))
                    }
                }
            }
        }
        return corpus
    }

    /// The word of a row with random operands.
    static func encoding(_ row: Instruction, _ variant: UInt32, _ random: inout Random) -> UInt32 {
        var word = row.match | variant | random.word() & row.operands.bits
        switch "\(row.mnemonic)" {
        case "vspltb": word |= random.word() & 0x000F_0000
        case "vsplth": word |= random.word() & 0x0007_0000
        default: break
        }
        return word
    }

    /// Gives the operands something to do with each other: sums that cancel, products near an addend, shifts by the same
    /// count.
    private static func relate(
        _ row: Instruction, _ word: UInt32, _ flavor: Flavor, _ state: inout WideState, _ random: inout Random
    ) {
        guard random.below(3) == 0 else { return }
        let isVSX = [PowerPC.Operands.vsxAB, .vsxCompare].contains(row.operands)
        let isVMX = [PowerPC.Operands.vectorAB, .vectorACB].contains(row.operands)
        let base = isVMX ? 32 : 0
        let a = base + Int(word >> 16 & 31) + (isVSX ? Int(word & 4) << 3 : 0)
        let b = base + Int(word >> 11 & 31) + (isVSX ? Int(word & 2) << 4 : 0)
        let noise: UInt64 =
            flavor == .doubles
            ? random.next() >> UInt64(1 + random.below(62))
            : UInt64(random.word() >> UInt32(1 + random.below(30))) << 32
                | UInt64(random.word() >> UInt32(1 + random.below(30)))
        let signs: UInt64 = random.below(2) == 0 ? 0 : flavor == .doubles ? 1 << 63 : 0x8000_0000_8000_0000
        let other = state[vector: a]
        state[vector: b] = Vector128(other.high ^ noise ^ signs, other.low ^ noise ^ signs)
    }
}
