import PowerPC

/// Cases of loads and stores of every kind of register.
extension WideGenerators {
    private static let indexedOperands: Set<PowerPC.Operands> = [
        .indexed, .indexedUpdate, .floatIndexed, .floatIndexedUpdate, .vectorIndexed, .vsxIndexed, .address,
    ]
    private static let displacedOperands: Set<PowerPC.Operands> = [
        .displacement, .displacementUpdate, .displacementDoubleword, .displacementDoublewordUpdate,
        .displacementQuadword, .floatDisplacement, .floatDisplacementUpdate, .floatPairDisplacement, .stringImmediate,
    ]
    /// Rows with such operands that are no accesses, or that ``reservations(_:_:)`` has.
    private static let elsewhere: Set<String> = [
        "lbarx", "lharx", "lwarx", "ldarx", "stbcx.", "sthcx.", "stwcx.", "stdcx.", "stqcx.", "dcbst", "dcbf",
        "icbi", "dcba",
    ]
    /// What is an alignment interrupt in little-endian mode.
    private static let bigEndianOnly: Set<String> = ["lmw", "stmw", "lswi", "lswx", "stswi", "stswx"]

    /// Every row that accesses storage, at every alignment, some across the boundary of two pages.
    static func storage(_ order: ByteOrder, _ random: inout Random) -> WideCorpus {
        var corpus = WideCorpus()
        for row in rows(indexedOperands.union(displacedOperands)) {
            let name = "\(row.mnemonic)"
            if elsewhere.contains(name) || order == .little && bigEndianOnly.contains(name) { continue }
            for _ in 0..<10 { addAccess(row, &corpus, &random) }
        }
        return corpus
    }

    private static func addAccess(_ row: Instruction, _ corpus: inout WideCorpus, _ random: inout Random) {
        let name = "\(row.mnemonic)"
        let isIndexed = indexedOperands.contains(row.operands)
        let isUpdate = name.hasSuffix("u") || name.hasSuffix("ux")
        let isMultiple = name == "lmw" || name == "stmw"
        let isQuadword = ["lq", "stq", "lqarx"].contains(name)
        // The base is no other register of the access.
        var target = random.below(32)
        if isMultiple { target = 8 + random.below(24) }
        if isQuadword || name.hasPrefix("lfdp") || name.hasPrefix("stfdp") { target &= ~1 }
        let isString = name.hasPrefix("lsw") || name.hasPrefix("stsw")
        if isString { target = 10 + random.below(10) }
        var a = isUpdate ? 1 + random.below(7) : random.below(8)
        var b = 8 + random.below(2)
        while !isMultiple, !isString, a == target || a == target | 1 { a = (a + 2) & 7 | (isUpdate ? 1 : 0) }
        while !isMultiple, !isString, b == target { b = 9 - (b & 1) }
        if isUpdate, a == 0 { a = target == 1 ? 3 : 1 }
        var word = row.match | UInt32(target) << 21 | UInt32(a) << 16
        if row.operands == .address { word = row.match | UInt32(a) << 16 }
        if row.operands == .vsxIndexed { word |= UInt32(random.below(2)) }
        var displacement = 0
        if isIndexed {
            word |= UInt32(b) << 11
        } else if row.operands == .stringImmediate {
            if a == 0 { a = 3; word |= 3 << 16 }
            word |= UInt32(random.below(32)) << 11
        } else {
            displacement = Int(Int16(truncatingIfNeeded: random.next()))
            if a == 0 { displacement = random.below(2) == 0 ? 0x2000 : 0x2100 }
            // Without a base, addresses reach the runner's own storage alone.
            if a == 0 { a = 3; word |= 3 << 16 }
            displacement &= isQuadword && name == "lq" ? ~15 : row.mask & 3 != 0 || isQuadword ? ~3 : ~0
            word |= UInt32(displacement & 0xFFFF)
        }
        let code = corpus.add([word])
        for _ in 0..<12 {
            var before = state(.integers, &random)
            if name.hasPrefix("stf") || name.hasPrefix("stxs") {
                for number in 0..<64 { before[vector: number] = vector(.doubles, &random) }
            }
            var contents = window(&random)
            if name.hasPrefix("lfs") || name == "lxsspx" {
                contents = (0..<CaseLayout.windowSize / 4).flatMap { _ in
                    let value = single(&random)
                    return (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
                }
            }
            var offset = random.below(2) == 0 ? 112 + random.below(24) : random.below(CaseLayout.windowSize - 136)
            if isQuadword { offset &= ~15 }
            if name == "dcbz" { offset = random.below(CaseLayout.windowSize) }
            let address = UInt64(CaseLayout.window) + UInt64(offset)
            if isIndexed {
                if a != 0 { before[a] = random.below(3) == 0 ? 0 &- UInt64(random.below(200)) : random.next() }
                before[b] = address &- (a == 0 ? 0 : before[a])
                before[WideState.xer] = before[WideState.xer] & ~0x7F | UInt64(random.below(24))
            } else {
                before[a] = address &- UInt64(bitPattern: Int64(displacement))
            }
            corpus.cases.append(WideCase(code: code, state: before, window: contents))
        }
    }

    /// Loads that reserve and conditional stores: one that has lost its reservation, one that has it, and one after that.
    static func reservations(_ random: inout Random) -> WideCorpus {
        var corpus = WideCorpus()
        for (load, store, size) in [
            ("lbarx", "stbcx.", 1), ("lharx", "sthcx.", 2), ("lwarx", "stwcx.", 4), ("ldarx", "stdcx.", 8),
        ] {
            for target in [6, 8, 20] {
                let code = corpus.add(
                    assemble(
                        "\(store) r\(target),0,r5; mfcr r10; \(load) r\(target),0,r5; addi r\(target),r\(target),77")
                        + assemble("\(store) r\(target),0,r5; mfcr r11; \(store) r\(target),0,r5"), subject: 4)
                for _ in 0..<16 {
                    var before = state(.integers, &random)
                    before[5] = UInt64(CaseLayout.window) + UInt64(random.below(CaseLayout.windowSize / size) * size)
                    corpus.cases.append(WideCase(code: code, state: before, window: window(&random)))
                }
            }
        }
        // QEMU 7.2 never carries `stqcx.` out in problem state: only that it fails without a reservation is compared.
        let code = corpus.add([assemble("stqcx.", [6, 0, 5])])
        for _ in 0..<8 {
            var before = state(.integers, &random)
            before[5] = UInt64(CaseLayout.window) + UInt64(random.below(CaseLayout.windowSize / 16) * 16)
            corpus.cases.append(WideCase(code: code, state: before, window: window(&random)))
        }
        return corpus
    }
}
