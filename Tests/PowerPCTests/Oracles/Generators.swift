import PowerPC

/// Which cases there are. Everything derives from the instruction table's rows: a row that is added is tested from then
/// on, or has to be listed in ``Coverage/byUnitTest``.
enum Generators {
    /// Values of XER that matter: each of SO, OV and CA, and a string count.
    static let xerValues: [UInt32] = [0, 0x2000_0000, 0x8000_0000, 0xE000_0005]

    /// Rows whose operands are registers and immediates and whose effects are in registers.
    private static let valueOperands: Set<Operands> = [
        .targetA0Signed, .targetASigned, .targetA0SignedShifted, .aSourceUnsigned, .aSourceUnsignedShifted, .targetAB,
        .targetA, .aSourceB, .aSource, .compareSigned, .compareUnsigned, .compareRegisters, .select,
    ]

    private static func rows(_ operands: Set<Operands>) -> [Instruction] {
        InstructionTable.rows.filter {
            operands.contains($0.operands) && $0.cores.contains(.e500v2) && "\($0.mnemonic)" != "spe"
        }
    }

    /// Every arithmetic, logical and compare instruction in every form, over the cross product of extreme operands.
    static func values(_ random: inout Random) -> Corpus {
        var corpus = Corpus()
        // Distinct registers; target and first source alike; all alike; r0, which is zero where the table says rA0.
        let registerChoices: [(d: Int, a: Int, b: Int)] = [(3, 4, 5), (4, 4, 5), (3, 0, 5), (6, 6, 6)]
        for row in rows(valueOperands) {
            for (suffix, _) in suffixes(row.variants) {
                for (d, a, b) in registerChoices {
                    for operands in choices(row.operands, d, a, b, &random) {
                        addProduct(&corpus, "\(row.mnemonic)\(suffix)", operands, (d, a, b), &random)
                    }
                }
            }
        }
        return corpus
    }

    /// Operand lists of one row for a choice of registers.
    private static func choices(_ operands: Operands, _ d: Int, _ a: Int, _ b: Int, _ random: inout Random) -> [[Int]] {
        let signed = [0, 1, -1, 0x7FFF, -0x8000]
        let unsigned = [0, 1, 0xFFFF, 0x7FFF, 0x8000]
        let field = random.below(8)
        switch operands {
        case .targetAB, .aSourceB: return [[d, a, b]]
        case .targetA, .aSource: return [[d, a]]
        case .compareRegisters: return [[field, a, b]]
        case .compareSigned: return signed.map { [field, a, $0] }
        case .compareUnsigned: return unsigned.map { [field, a, $0] }
        case .aSourceUnsigned, .aSourceUnsignedShifted: return unsigned.map { [d, a, $0] }
        case .select: return (0..<32).map { [d, a, b, $0] }
        default: return signed.map { [d, a, $0] }
        }
    }

    private static func addProduct(
        _ corpus: inout Corpus, _ mnemonic: String, _ operands: [Int], _ used: (d: Int, a: Int, b: Int),
        _ random: inout Random
    ) {
        let code = corpus.add([assemble(mnemonic, operands)])
        let hasSecond =
            [.targetAB, .aSourceB, .compareRegisters, .select].contains(row(mnemonic).operands) && used.a != used.b
        let divides = mnemonic.hasPrefix("div")
        for first in edgeValues {
            for second in hasSecond ? edgeValues : [random.operand()] {
                for xer in hasSecond ? [xerValues[random.below(xerValues.count)]] : xerValues {
                    var registers = randomRegisters(&random, xer: xer)
                    registers.gpr[used.b] = second
                    registers.gpr[used.a] = first
                    var new = Case(code: code, registers: registers)
                    let divisor = registers.gpr[used.b]
                    let overflows = first == 0x8000_0000 && divisor == .max && !mnemonic.hasPrefix("divwu")
                    if divides, divisor == 0 || overflows {
                        // A quotient that does not exist is undefined, and so is what CR0 says of it except for SO.
                        new.undefinedGPRs = 1 << UInt32(used.d)
                        if mnemonic.hasSuffix(".") { new.undefinedCR = 0xE000_0000 }
                    }
                    corpus.cases.append(new)
                }
            }
        }
    }

    static func randomRegisters(_ random: inout Random, xer: UInt32? = nil) -> Registers {
        var registers = Registers()
        for number in 0..<32 { registers.gpr[number] = random.word() }
        registers.cr = random.word()
        registers.xer = xer ?? random.word() & 0xE000_007F
        registers.lr = random.word()
        registers.ctr = random.word()
        return registers
    }

    /// Every rotate mask, shifts by every amount, and the instructions on the condition register.
    static func masksAndBits(_ random: inout Random) -> Corpus {
        var corpus = Corpus()
        func add(_ word: UInt32, states: Int, _ prepare: (Int, inout Registers) -> Void = { _, _ in }) {
            let code = corpus.add([word])
            for state in 0..<states {
                var registers = randomRegisters(&random)
                prepare(state, &registers)
                corpus.cases.append(Case(code: code, registers: registers))
            }
        }
        for row in rows([.rotateImmediate, .rotateRegister]) {
            for (suffix, _) in suffixes(row.variants) {
                for begin in 0..<32 {
                    for end in 0..<32 {
                        add(
                            assemble(
                                "\(row.mnemonic)\(suffix)", [3, 4, [0, 1, 5, 31][(begin + end) % 4], begin, end]),
                            states: 2)
                    }
                }
                for amount in 0..<32 {
                    add(assemble("\(row.mnemonic)\(suffix)", [3, 3, amount, 5, 20]), states: 4)
                }
            }
        }
        for row in rows([.aSourceShift]) {
            for (suffix, _) in suffixes(row.variants) {
                for amount in 0..<32 {
                    add(assemble("\(row.mnemonic)\(suffix)", [3, 4, amount]), states: edgeValues.count) {
                        $1.gpr[4] = edgeValues[$0]
                    }
                }
            }
        }
        for mnemonic in ["slw", "srw", "sraw", "slw.", "srw.", "sraw."] {
            for value in edgeValues {
                add(assemble(mnemonic, [3, 4, 5]), states: 68) { state, registers in
                    registers.gpr[4] = value
                    registers.gpr[5] = state < 66 ? UInt32(state) : [0xFFFF_FFE0, 0x8000_0001][state - 66]
                }
            }
        }
        for row in rows([.crBits]) {
            for _ in 0..<100 {
                let bits = (0..<3).map { _ in random.below(32) }
                add(assemble("\(row.mnemonic)", bits), states: 4)
                add(assemble("\(row.mnemonic)", [bits[0], bits[0], bits[0]]), states: 1)
            }
        }
        for row in rows([.crFields]) {
            for pair in 0..<64 { add(assemble("\(row.mnemonic)", [pair / 8, pair % 8]), states: 2) }
        }
        for row in rows([.fieldMaskSource]) {
            for mask in 0..<256 { add(assemble("\(row.mnemonic)", [mask, mask % 32]), states: 2) }
        }
        for register in 0..<32 {
            add(assemble("mfcr", [register]), states: 4)
            for special in [1, 8, 9] {
                add(assemble("mfspr", [register, special]), states: 4)
                add(assemble("mtspr", [special, register]), states: 4) {
                    if special == 1 { $1.gpr[register] &= 0xE000_007F }
                    _ = $0
                }
            }
        }
        return corpus
    }

    /// `mcrxr` on every field from every XER.
    static func moveFromXER(_ random: inout Random) -> Corpus {
        var corpus = Corpus()
        for field in 0..<8 {
            let code = corpus.add([assemble("mcrxr", [field])])
            for xer in 0..<8 {
                let registers = randomRegisters(&random, xer: UInt32(xer) << 29 | 0x15)
                corpus.cases.append(Case(code: code, registers: registers))
            }
        }
        return corpus
    }

    /// Every branch with every BO and BI, taken or not. Each case says by r3 and r4 which way it went.
    static func branches(_ random: inout Random) -> Corpus {
        var corpus = Corpus()
        let marks = [assemble("addi", [3, 3, 1]), assemble("addi", [4, 4, 1])]
        func addStates(_ code: Int, _ prepare: (inout Registers) -> Void) {
            for counter in [0, 1, 2, 0x8000_0000] as [UInt32] {
                for _ in 0..<2 {
                    var registers = randomRegisters(&random)
                    registers.ctr = counter
                    prepare(&registers)
                    corpus.cases.append(Case(code: code, registers: registers))
                }
            }
        }
        for options in 0..<32 {
            for bit in 0..<32 {
                for link in ["", "l"] {
                    var target = corpus.upcomingAddress + 8
                    addStates(corpus.add([assemble("bc\(link)", [options, bit, 8])] + marks)) { _ in }
                    target = corpus.upcomingAddress + 8
                    addStates(corpus.add([assemble("bclr\(link)", [options, bit])] + marks)) {
                        // The low two bits do not count.
                        $0.lr = target | UInt32(bit & 3)
                    }
                    // `bcctr` that counts CTR down is an invalid form.
                    guard options & 4 != 0 else { continue }
                    target = corpus.upcomingAddress + 8
                    addStates(corpus.add([assemble("bcctr\(link)", [options, bit])] + marks)) { $0.ctr = target | 3 }
                }
            }
        }
        for link in ["", "l"] {
            addStates(corpus.add([assemble("b\(link)", [8])] + marks)) { _ in }
            let target = Int(corpus.upcomingAddress + 8)
            addStates(corpus.add([assemble("b\(link)a", [target])] + marks)) { _ in }
            // Down and up again across the first instruction.
            addStates(corpus.add([assemble("b\(link)", [8]), assemble("b", [12]), assemble("b\(link)", [-4])] + marks))
            { _ in }
        }
        // A loop that CTR counts.
        addStates(
            corpus.add([assemble("addi", [5, 0, 9]), assemble("mtctr", [5])] + marks + [assemble("bc", [16, 0, -8])])
        ) { _ in }
        addStates(
            corpus.add([assemble("addi", [5, 0, 1]), assemble("mtctr", [5])] + [assemble("bc", [18, 0, 8])] + marks)
        ) { _ in }
        // Absolute conditional branches reach only the lowest and highest 32 KiB: the way out.
        for link in ["", "l"] {
            addStates(corpus.add([assemble("bc\(link)a", [12, 2, Int(CaseLayout.finished)])] + marks)) { _ in }
        }
        return corpus
    }

    /// The rows of loads and stores of one value.
    private static let singleStorage: [Instruction] = rows([
        .displacement, .displacementUpdate, .indexed, .indexedUpdate,
    ]).filter { !["lmw", "stmw", "lwarx", "stwcx.", "lswx", "stswx"].contains("\($0.mnemonic)") }

    /// Loads and stores at every alignment, and across the page boundary.
    static func storage(_ random: inout Random) -> Corpus {
        var corpus = Corpus()
        func add(_ word: UInt32, _ prepare: (inout Registers) -> Void) {
            var registers = randomRegisters(&random)
            prepare(&registers)
            corpus.cases.append(Case(code: corpus.add([word]), registers: registers, window: randomWindow(&random)))
        }
        let addresses =
            (0..<8).map { CaseLayout.window + 16 + UInt32($0) } + (0..<9).map { CaseLayout.boundary - 5 + UInt32($0) }
        for row in singleStorage {
            for address in addresses {
                switch row.operands {
                case .displacement, .displacementUpdate:
                    for displacement in [0, 4, -1, 0x7FFF, -0x8000] {
                        add(assemble("\(row.mnemonic)", [3, displacement, 4])) {
                            $0.gpr[4] = address &- UInt32(truncatingIfNeeded: displacement)
                        }
                    }
                    // The stored register and the updated one may be the same.
                    if "\(row.mnemonic)".hasPrefix("st") {
                        add(assemble("\(row.mnemonic)", [4, 8, 4])) { $0.gpr[4] = address &- 8 }
                    } else if row.operands == .displacement {
                        add(assemble("\(row.mnemonic)", [4, 8, 4])) { $0.gpr[4] = address &- 8 }
                    }
                default:
                    for index in [0, 4, 0xFFFF_FFFF, 0x8000_0000] as [UInt32] {
                        add(assemble("\(row.mnemonic)", [3, 4, 5])) {
                            $0.gpr[4] = address &- index
                            $0.gpr[5] = index
                        }
                    }
                    if row.operands == .indexed { add(assemble("\(row.mnemonic)", [3, 0, 5])) { $0.gpr[5] = address } }
                }
            }
        }
        for mnemonic in ["lmw", "stmw"] {
            for first in 5..<32 {
                for address in [
                    CaseLayout.window, CaseLayout.boundary - 4, CaseLayout.boundary - 8, CaseLayout.boundary,
                ] {
                    add(assemble(mnemonic, [first, 4, 4])) { $0.gpr[4] = address &- 4 }
                }
            }
        }
        for address in addresses {
            add(assemble("dcbz", [4, 5])) {
                $0.gpr[4] = address &- 7
                $0.gpr[5] = 7
            }
            add(assemble("dcbz", [0, 5])) { $0.gpr[5] = address }
        }
        return corpus
    }

    /// Cache instructions that change nothing a program can see.
    static func cache(_ random: inout Random) -> Corpus {
        var corpus = Corpus()
        for row in rows([.address, .cacheTouch, .order, .none]) where cacheMnemonics.contains("\(row.mnemonic)") {
            let word =
                switch row.operands {
                case .address: assemble("\(row.mnemonic)", [4, 5])
                case .cacheTouch: assemble("\(row.mnemonic)", [0, 4, 5])
                case .order: assemble("\(row.mnemonic)", [0])
                default: assemble("\(row.mnemonic)", [])
                }
            let code = corpus.add([word])
            for _ in 0..<16 {
                var registers = randomRegisters(&random)
                registers.gpr[4] = CaseLayout.window
                registers.gpr[5] = UInt32(random.below(CaseLayout.windowSize))
                corpus.cases.append(Case(code: code, registers: registers, window: randomWindow(&random)))
            }
        }
        return corpus
    }

    static let cacheMnemonics: Set<String> = ["dcbst", "dcbf", "dcbt", "dcbtst", "icbi", "isync", "msync", "mbar"]

    /// Reservations: a conditional store after a load with reservation succeeds, one without fails.
    static func reservations(_ random: inout Random) -> Corpus {
        var corpus = Corpus()
        let sequences: [[String]] = [
            ["lwarx r3,r4,r5", "stwcx. r6,r4,r5"], ["lwarx r3,r4,r5", "addi r3,r3,1", "stwcx. r3,r4,r5"],
            ["lwarx r3,r0,r7", "stwcx. r6,r0,r7", "stwcx. r8,r0,r7"],
            ["lwarx r3,r0,r7", "lwz r9,8(r7)", "stwcx. r6,r0,r7", "mfcr r10"],
        ]
        for sequence in sequences {
            let code = corpus.add(sequence.flatMap { assemble($0) })
            for offset in stride(from: 0, to: 240, by: 4) {
                var registers = randomRegisters(&random)
                registers.gpr[4] = CaseLayout.window
                registers.gpr[5] = UInt32(offset)
                registers.gpr[7] = CaseLayout.window + UInt32(offset)
                corpus.cases.append(Case(code: code, registers: registers, window: randomWindow(&random)))
            }
        }
        return corpus
    }

    /// The string instructions: every count, wrapping from r31 to r0.
    static func strings(_ random: inout Random) -> Corpus {
        var corpus = Corpus()
        func add(_ word: UInt32, offset: Int, count: Int) {
            var registers = randomRegisters(&random)
            registers.gpr[14] = CaseLayout.window
            registers.gpr[15] = UInt32(offset)
            registers.gpr[16] = CaseLayout.window + UInt32(offset)
            registers.xer = registers.xer & ~0x7F | UInt32(count)
            corpus.cases.append(Case(code: corpus.add([word]), registers: registers, window: randomWindow(&random)))
        }
        for count in 1...32 {
            for first in [3, 17, 29] {
                for offset in [0, 1, 126, 127] {
                    for mnemonic in ["lswi", "stswi"] {
                        add(assemble(mnemonic, [first, 16, count % 32]), offset: offset, count: 0)
                    }
                    for mnemonic in ["lswx", "stswx"] {
                        add(assemble(mnemonic, [first, 14, 15]), offset: offset, count: count)
                    }
                }
            }
        }
        return corpus
    }

    static func randomWindow(_ random: inout Random) -> [UInt8] {
        var window: [UInt8] = []
        window.reserveCapacity(CaseLayout.windowSize)
        for _ in 0..<CaseLayout.windowSize / 8 {
            let bits = random.next()
            for byte in 0..<8 { window.append(UInt8(truncatingIfNeeded: bits >> (8 * UInt64(byte)))) }
        }
        return window
    }

    /// Random sequences of everything that oracles know, with branches forward.
    static func sequences(_ count: Int, _ random: inout Random) -> Corpus {
        var corpus = Corpus()
        let candidates = rows(
            valueOperands.union([
                .rotateImmediate, .rotateRegister, .aSourceShift, .crBits, .crFields, .fieldMaskSource,
                .displacement, .displacementUpdate, .indexed, .indexedUpdate, .branchConditional,
            ])
        ).filter { !["isel", "lwarx", "stwcx.", "lswx", "stswx"].contains("\($0.mnemonic)") }
        for _ in 0..<count {
            var groups = (0..<4 + random.below(10)).map { _ in step(candidates[random.below(candidates.count)], &random)
            }
            // Branches jump over one or two groups, which have to be there.
            groups += [[assemble("addi", [3, 3, 1])], [assemble("addi", [5, 5, 1])], [assemble("mfcr", [7])]]
            for number in 0..<groups.count - 3 where groups[number].first.map({ $0 >> 26 == 16 }) == true {
                let skipped = groups[number + 1].count + (random.below(2) == 0 ? groups[number + 2].count : 0)
                groups[number][0] |= UInt32(4 + 4 * skipped)
            }
            let words = Array(groups.joined())
            let code = corpus.add(words)
            for _ in 0..<2 {
                var registers = randomRegisters(&random)
                for number in 0..<32 { registers.gpr[number] = random.operand() }
                registers.gpr[31] = CaseLayout.window
                corpus.cases.append(Case(code: code, registers: registers, window: randomWindow(&random)))
            }
        }
        return corpus
    }

    /// One random instruction, with what has to come before it. r31 points to the window and stays, r30 and r29 are
    /// base and index of the accesses.
    private static func step(_ row: Instruction, _ random: inout Random) -> [UInt32] {
        let variants = suffixes(row.variants)
        let (suffix, variant) = variants[random.below(variants.count)]
        let mnemonic = "\(row.mnemonic)\(suffix)"
        func register() -> UInt32 { UInt32(random.below(29)) }
        switch row.operands {
        case .displacement:
            let isMultiple = mnemonic == "lmw" || mnemonic == "stmw"
            // A multiple load may change anything but its base, and r31 is the first register there.
            if mnemonic == "lmw" { return [] }
            return [
                assemble(
                    mnemonic,
                    [isMultiple ? 20 : Int(register()), isMultiple ? 4 * random.below(50) : random.below(250), 31])
            ]
        case .displacementUpdate:
            return [
                assemble("addi", [30, 31, random.below(200)]),
                assemble(mnemonic, [Int(register()), random.below(40), 30]),
            ]
        case .indexed, .indexedUpdate:
            return [
                assemble("addi", [30, 31, random.below(200)]), assemble("addi", [29, 0, random.below(40)]),
                assemble(mnemonic, [Int(register()), 30, 29]),
            ]
        case .branchConditional:
            // The caller fills the displacement in.
            return [assemble(suffix.hasPrefix("l") ? "bcl" : "bc", [random.below(32), random.below(32), 0])]
        default:
            var word = row.match | variant | random.word() & row.operands.bits
            let (target, a, b) = (register(), register(), register())
            if row.operands.bits & 0x03E0_0000 == 0x03E0_0000, row.operands != .crBits, row.operands != .fieldMaskSource
            {
                word = word & ~0x03FF_0000 | target << 21 | a << 16
            }
            guard mnemonic.hasPrefix("div") else { return [word] }
            // A small positive divisor has a quotient whatever the dividend is.
            word = word & ~0x0000_F800 | b << 11
            return [
                assemble("rlwinm", [Int(b), Int(b), 0, 20, 31]), assemble("ori", [Int(b), Int(b), 1]), word,
            ]
        }
    }
}
