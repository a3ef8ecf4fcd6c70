import PowerPC

/// What two CPUs made of a case, as far as it has to be the same.
struct WideComparison {
    /// Where QEMU 7.2 departs from the Power ISA, or the ISA leaves a value open: what is not compared, of which cases.
    struct Deviation: Sendable {
        let reason: String
        /// Bits of FPSCR, CR and VSCR that are not compared.
        var status: UInt64 = 0
        var condition: UInt64 = 0
        var saturation: UInt64 = 0
        /// Bits of XER.
        var exception: UInt64 = 0
        /// Bits of the target's doublewords that are not compared.
        var target: Vector128 = .zero
        /// Bits of the general-purpose register that is the target.
        var general: UInt64 = 0
        let applies: @Sendable (Subject) -> Bool
    }

    /// A case as deviations look at it.
    struct Subject {
        let mnemonic: String
        let row: Instruction
        let word: UInt32
        let before: WideState
        let ours: WideState
        let order: ByteOrder

        /// The vector-scalar register that the instruction writes, if it writes one.
        var target: Int? {
            let number = Int(word >> 21 & 31)
            switch row.operands {
            case .vectorAB, .vectorA, .vectorB, .vectorTarget, .vectorABC, .vectorACB, .vectorShift, .vectorSplat,
                .vectorScale, .vectorSignedImmediate, .vectorSigma, .vectorDecimal, .vectorIndexed:
                return number + 32
            case .vsxAB, .vsxB, .vsxSplat, .vsxABImmediate, .vsxSelect, .vsxIndexed, .vsxFromRegister:
                return number + Int(word & 1) << 5
            case .floatAB, .floatAC, .floatACB, .floatB, .floatTarget, .floatDisplacement, .floatIndexed,
                .floatDisplacementUpdate, .floatIndexedUpdate, .floatPairDisplacement:
                return number
            default: return nil
            }
        }

        func before(_ bits: UInt32) -> Bool { before[WideState.fpscr] & UInt64(bits) != 0 }
        func ours(_ bits: UInt32) -> Bool { ours[WideState.fpscr] & UInt64(bits) != 0 }
        /// Whether it is a division of integers whose quotient the target does not hold.
        var isUndefinedDivision: Bool {
            let (a, b) = (before[Int(word >> 16 & 31)], before[Int(word >> 11 & 31)])
            let (low, other) = (Int32(truncatingIfNeeded: a), Int32(truncatingIfNeeded: b))
            let (wide, wider) = (Int64(bitPattern: a), Int64(bitPattern: b))
            switch mnemonic {
            case "divw": return other == 0 || low == .min && other == -1
            case "divwu": return other == 0
            case "divd": return wider == 0 || wide == .min && wider == -1
            case "divdu": return b == 0
            case "divwe":
                let (quotient, overflow) = (Int64(low) << 32).dividedReportingOverflow(by: Int64(other))
                return overflow || Int32(exactly: quotient) == nil
            case "divweu": return UInt32(truncatingIfNeeded: a) >= UInt32(truncatingIfNeeded: b)
            case "divde":
                let (quotient, overflow) = (Int128(wide) << 64).dividedReportingOverflow(by: Int128(wider))
                return overflow || Int64(exactly: quotient) == nil
            case "divdeu": return a >= b
            default: return false
            }
        }

        /// Whether it works on all elements of vector-scalar registers.
        var isVector: Bool { mnemonic.hasPrefix("xv") }
        var isScalar: Bool { mnemonic.hasPrefix("xs") }
        var isMultiplyAdd: Bool { mnemonic.contains("madd") || mnemonic.contains("msub") }
        var isNegating: Bool { mnemonic.hasPrefix("fnm") || mnemonic.hasPrefix("xsnm") || mnemonic.hasPrefix("xvnm") }
        var isEstimate: Bool {
            ["xsre", "xvre", "xsrsqrte", "xvrsqrte"].contains { mnemonic == $0 + "dp" || mnemonic == $0 + "sp" }
        }
        var isComparison: Bool { mnemonic.hasPrefix("fcmp") || mnemonic.hasPrefix("xscmp") }
        /// Whether it converts to an integer.
        var isIntegerConversion: Bool {
            mnemonic.hasPrefix("fcti")
                || (mnemonic.hasPrefix("xscvdp") || mnemonic.hasPrefix("xvcvdp") || mnemonic.hasPrefix("xvcvsp"))
                    && (mnemonic.hasSuffix("xws") || mnemonic.hasSuffix("xds"))
        }
        /// Whether it rounds to single precision what stays in double format.
        var isSingle: Bool {
            [
                "fadds", "fsubs", "fmuls", "fdivs", "fres", "frsp", "fsqrts", "frsqrtes", "fmadds", "fmsubs", "fnmadds",
                "fnmsubs", "fcfids", "fcfidus", "xsrsp", "xscvdpsp",
            ].contains(mnemonic) || isScalar && mnemonic.hasSuffix("sp") && !mnemonic.hasPrefix("xscv")
        }

        /// The operands that a vector-scalar or floating-point register holds in its left half.
        var operands: [UInt64] {
            let isVSX = "\(row.operands)".hasPrefix("vsx")
            let a = Int(word >> 16 & 31) + (isVSX ? Int(word & 4) << 3 : 0)
            let b = Int(word >> 11 & 31) + (isVSX ? Int(word & 2) << 4 : 0)
            let c = isVSX ? Int(word >> 21 & 31) + Int(word & 1) << 5 : Int(word >> 6 & 31)
            let numbers: [Int] =
                switch row.operands {
                case .floatB, .vsxB: [b]
                case .floatAC: [a, c]
                case .floatACB: [a, b, c]
                default: isMultiplyAdd ? [a, b, c] : [a, b]
                }
            return numbers.map { before[vector: $0].high }
        }
    }

    /// Deviations by how many cases they concerned.
    private(set) var used: [Int]
    private(set) var differences: [String: [String]] = [:]
    private(set) var count = 0
    private let deviations: [Deviation]

    init(_ deviations: [Deviation] = Self.deviations) {
        self.deviations = deviations
        used = [Int](repeating: 0, count: deviations.count)
    }

    /// Compares a case.
    mutating func compare(
        _ corpus: WideCorpus, _ number: Int, _ ours: WideOutcome?, _ theirs: WideOutcome, _ order: ByteOrder
    ) {
        count += 1
        let word = corpus.subject(number)
        guard let row = Decoder.instruction(for: word, on: .power8) else {
            differences["no row", default: []].append("case \(number) is of no instruction:\n\(corpus.listing(number))")
            return
        }
        let mnemonic = "\(row.mnemonic)"
        guard let ours else {
            differences[mnemonic, default: []].append("case \(number) does not end:\n\(corpus.listing(number))")
            return
        }
        let before = corpus.cases[number].state
        let subject = Subject(
            mnemonic: mnemonic, row: row, word: word, before: before, ours: ours.state, order: order)
        var masks = [UInt64](repeating: 0, count: WideState.count)
        for (index, deviation) in deviations.enumerated() where deviation.applies(subject) {
            used[index] += 1
            masks[WideState.fpscr] |= deviation.status
            masks[WideState.cr] |= deviation.condition
            masks[WideState.vscr] |= deviation.saturation
            masks[WideState.xer] |= deviation.exception
            if let target = subject.target {
                masks[38 + 2 * target] |= deviation.target.high
                masks[39 + 2 * target] |= deviation.target.low
            }
            masks[Int(word >> 21 & 31)] |= deviation.general
        }
        var lines: [String] = []
        for index in 0..<WideState.count where (ours.state[index] ^ theirs.state[index]) & ~masks[index] != 0 {
            lines.append(
                "    \(WideState.name(index)): from \(hex(before[index])) to \(hex(ours.state[index])), not \(hex(theirs.state[index]))"
            )
        }
        for offset in 0..<CaseLayout.windowSize where ours.window[offset] != theirs.window[offset] {
            lines.append("    byte \(offset): \(ours.window[offset]), not \(theirs.window[offset])")
        }
        guard !lines.isEmpty else { return }
        differences[mnemonic, default: []].append(
            "\(corpus.listing(number))\n\(Self.inputs(subject))\(lines.prefix(8).joined(separator: "\n"))")
    }

    /// The registers that the word names, before.
    private static func inputs(_ subject: Subject) -> String {
        let (word, before) = (subject.word, subject.before)
        let kind = "\(subject.row.operands)"
        let names = [("d", 21, 0), ("a", 16, 2), ("b", 11, 1), ("c", 6, 3)].map { name, shift, high in
            let number = Int(word >> UInt32(shift) & 31)
            if kind.hasPrefix("vector") { return "\(name)=\(text(before[vector: number + 32]))" }
            if kind.hasPrefix("vsx") {
                return "\(name)=\(text(before[vector: number + Int(word >> UInt32(high) & 1) << 5]))"
            }
            return kind.hasPrefix("float") || kind.hasPrefix("status")
                ? "\(name)=\(hex(before[vector: number].high))" : "\(name)=\(hex(before[number]))"
        }
        return "    \(names.joined(separator: " ")) cr=\(hex(before[WideState.cr])) xer=\(hex(before[WideState.xer]))"
            + " fpscr=\(hex(before[WideState.fpscr])) vscr=\(hex(before[WideState.vscr]))\n"
    }

    private static func text(_ vector: Vector128) -> String { "\(hex(vector.high)):\(hex(vector.low))" }

    /// What was compared, in a line for the log, and one for each deviation.
    func summary(_ name: String, seed: UInt64) -> String {
        let lines = zip(used, deviations).filter { $0.0 > 0 }.map { "  \($0.0): \($0.1.reason)" }
        return (["\(name): \(count) cases compared with QEMU's power8, seed \(seed)"] + lines).joined(separator: "\n")
    }

    /// The differences, some of each instruction.
    var report: String {
        differences.sorted { $0.key < $1.key }
            .map { "\($0.key): \($0.value.count)\n" + $0.value.prefix(2).joined(separator: "\n") }
            .joined(separator: "\n")
    }
}
