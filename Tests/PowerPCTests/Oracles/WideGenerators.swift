import PowerPC

/// Cases of the POWER8's instructions, made from the rows of the instruction table.
enum WideGenerators {
    /// The rows of the POWER8 with these operands.
    static func rows(_ operands: Set<PowerPC.Operands>) -> [Instruction] {
        InstructionTable.rows.filter { $0.cores.contains(.power8) && operands.contains($0.operands) }
    }

    // MARK: - Contents of registers

    /// What the elements of a vector are made as.
    enum Flavor: CaseIterable {
        case doubles, singles, integers, decimals
    }

    /// A doubleword in which extreme values are as likely as others.
    static func doubleword(_ random: inout Random) -> UInt64 {
        let bits = random.next()
        switch random.below(6) {
        case 0:
            return [0, 1, .max, .max - 1, 1 << 63, .max >> 1, 1 << 63 + 1, 1 << 32, 0xFFFF_FFFF, 1 << 31][
                Int(bits % 10)]
        case 1: return UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: bits)))
        case 2: return bits & 0xFF
        case 3: return UInt64(random.operand()) << 32 | UInt64(random.operand())
        default: return bits
        }
    }

    /// A number of single format in which special ones are as likely as others.
    static func single(_ random: inout Random) -> UInt32 {
        let bits = random.word()
        switch random.below(6) {
        case 0, 1: return singleEdges[random.below(singleEdges.count)] | bits & 1 << 31
        case 2: return bits
        case 3: return bits & 0x8000_0000 | UInt32(127 - 30 + random.below(62)) << 23 | bits & 7 << 20
        default: return bits & 0x807F_FFFF | UInt32(127 - 20 + random.below(54)) << 23
        }
    }

    private static let singleEdges: [UInt32] = [
        0, 1, 0x0040_0000, 0x007F_FFFF, 0x0080_0000, 0x3F80_0000, 0x3F7F_FFFF, 0x3F80_0001, 0x3F00_0000, 0x4000_0000,
        0x4B00_0000, 0x4B80_0000, 0x4EFF_FFFF, 0x4F00_0000, 0x4F7F_FFFF, 0x4F80_0000, 0x5F00_0000, 0x5F80_0000,
        0x7F7F_FFFF, 0x7F80_0000, 0x7F80_0001, 0x7FA0_0000, 0x7FC0_0000, 0x7FC1_2345, 0x0C80_0000, 0x7E80_0000,
    ]

    /// Both halves of a vector.
    static func vector(_ flavor: Flavor, _ random: inout Random) -> Vector128 {
        func half(_ random: inout Random) -> UInt64 {
            switch flavor {
            case .doubles: return FloatingPointCases.operand(&random)
            case .singles: return UInt64(single(&random)) << 32 | UInt64(single(&random))
            case .integers, .decimals:
                var value: UInt64 = 0
                let width = [8, 16, 32, 64][random.below(4)]
                for _ in 0..<(64 / width) {
                    let element = random.below(3) == 0 ? random.next() : elementEdges(width)[random.below(7)]
                    value = width == 64 ? element : value << UInt64(width) | element & (1 << UInt64(width) - 1)
                }
                return value
            }
        }
        guard flavor == .decimals else { return Vector128(half(&random), half(&random)) }
        // 31 digits and a sign, of which one is spoiled now and then.
        var (high, low): (UInt64, UInt64) = (0, 0)
        let digits = random.below(3) == 0 ? 31 : random.below(32)
        for position in 0..<31 {
            let digit = position < 31 - digits ? 0 : random.below(4) == 0 ? 9 : UInt64(random.below(10))
            high = high << 4 | low >> 60
            low = low << 4 | digit
        }
        high = high << 4 | low >> 60
        low = low << 4 | UInt64(random.below(12) == 0 ? random.below(16) : 10 + random.below(6))
        if random.below(12) == 0 { high ^= 0xF << UInt64(4 * random.below(16)) }
        return Vector128(high, low)
    }

    private static func elementEdges(_ width: Int) -> [UInt64] {
        let sign = UInt64(1) << UInt64(width - 1)
        return [0, 1, sign, sign - 1, sign + 1, sign << 1 &- 1, UInt64(width / 2)]
    }

    /// FPSCR before: every rounding mode and, at random, sticky bits, FPRF, enable bits and DRN.
    static func floatingStatus(enables: Bool, _ random: inout Random) -> UInt64 {
        let status = FloatingPointCases.status(random.word() & 3, enables: enables && random.below(2) == 0, &random)
        return FPSCR(wide: UInt64(status & ~FPSCR.ni) | UInt64(random.below(8)) << 32).wide
    }

    /// Any state.
    static func state(_ flavor: Flavor, enables: Bool = false, _ random: inout Random) -> WideState {
        var state = WideState()
        for number in 0..<32 { state[number] = doubleword(&random) }
        state[WideState.cr] = UInt64(random.word())
        // SO, OV, CA, and the byte count of string instructions.
        state[WideState.xer] = UInt64(random.word() & 0xE000_007F)
        state[WideState.lr] = random.next()
        state[WideState.ctr] = doubleword(&random)
        state[WideState.fpscr] = floatingStatus(enables: enables, &random)
        state[WideState.vscr] = UInt64(random.below(4) == 0 ? 0x1_0000 : 0) | UInt64(random.below(2))
        for number in 0..<64 { state[vector: number] = vector(flavor, &random) }
        return state
    }

    static func window(_ random: inout Random) -> [UInt8] {
        (0..<CaseLayout.windowSize / 8).flatMap { _ in
            let bits = random.next()
            return (0..<8).map { UInt8(truncatingIfNeeded: bits >> UInt64(8 * $0)) }
        }
    }
}
