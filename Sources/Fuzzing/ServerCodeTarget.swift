internal import GuestMemory
internal import PowerPC

/// Machine code of the 64-bit core that nobody wrote, in both byte orders and privilege states, with any segments and page
/// table entries.
///
/// ```
/// 0x0000  interrupt handlers: the input's words again
/// 0x1000  the input's words, to be executed
/// ```
final class ServerCodeTarget: FuzzTarget {
    let casesPerInput = 1

    private static let memorySize: UInt64 = 256 << 10
    private static let codePage: UInt64 = 0x1000
    private static let slice: UInt64 = 200
    private static let turns = 8
    /// How far a turn may overrun: the rest of a page without a branch.
    private static let overrun: UInt64 = 1100

    func generate(_ random: inout FuzzRandom) -> [UInt8] {
        var input = random.bytes(9)
        // Segments and entries that lead to memory, as far as chance allows; registers; code.
        for _ in 0..<8 { append(Self.value(&random), to: &input) }
        for _ in 0..<32 { append(Self.value(&random), to: &input) }
        let rows = InstructionTable.rows.filter { $0.cores.contains(.power8) }
        let length = random.oneIn(8) ? 1024 : 16 + random.below(200)
        for _ in 0..<length {
            let noise = UInt32(truncatingIfNeeded: random.next())
            let row = rows[random.below(rows.count)]
            let word = random.oneIn(10) ? noise : row.match | noise & ~row.mask
            for shift in [24, 16, 8, 0] as [UInt32] { input.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        return input
    }

    private func append(_ value: UInt64, to input: inout [UInt8]) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { input.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    private static func value(_ random: inout FuzzRandom) -> UInt64 {
        let noise = random.next()
        switch random.below(8) {
        case 0: return noise
        case 1: return 0
        case 2: return 1 << (noise & 63)
        case 3: return noise & 0x3_F000 &+ 0xFFF &- noise >> 60
        case 4: return 0xC000_0000_0000_0000 | noise & 0x3_FFFF
        case 5: return 0xFFFF_FFFF_FFFF_F000 | noise & 0xFFF
        case 6: return noise & 0xFFFF_FFFF
        default: return noise & 0x3_FFF8
        }
    }

    func run(_ input: [UInt8]) {
        let first = execute(input)
        if input.count % 8 == 0 {
            check(first == execute(input), "runs in virtual time repeat exactly")
        }
    }

    /// What the run came to.
    private func execute(_ input: [UInt8]) -> [UInt64] {
        var reader = InputReader(input)
        let flags = reader.byte()
        guard let memory = try? GuestMemory(size: Self.memorySize), let table = HashedPageTable(order: 18) else {
            fatalError("the host has no memory")
        }
        var cpu = Book3SCPU(
            index: 0, memory: memory, pageTable: table, time: .virtual, sharesMemory: flags & 1 != 0)
        cpu.takesInterruptsLittleEndian = flags & 2 != 0
        cpu.alternateInterruptLocation = flags & 4 != 0 ? 3 : 0
        cpu.start(at: Self.codePage | UInt64(flags) << 2 & 0xFC, r3: 0)
        if flags & 8 != 0 { cpu.mapMagicPage(real: .max, effective: .max) }
        let state = reader.doubleword()
        for number in 0..<4 as Range<UInt64> {
            _ = cpu.segments.moveTo(
                rs: reader.doubleword() & ~(1 << 63), rb: reader.doubleword() & ~0xFFF | 1 << 27 | number)
        }
        for page in 0..<64 as Range<UInt64> {
            let entry = HashedPageEntry(virtual: (page >> 3) << 7 | 1, real: page << 12 | state >> (page & 31) & 3)
            table.enter(entry, at: Int(page) * 8)
        }
        for number in 0..<32 { cpu.setRegister(number, to: reader.doubleword()) }
        let code = Array(reader.rest().prefix(Int(GuestMemory.pageSize)))
        try? memory.write(code, at: Self.codePage)
        if flags & 32 != 0 { try? memory.write(code, at: 0) }
        cpu.setMachineState(flags & 16 != 0 ? state : MSR64.sf | state & 0xB03F)
        run(&cpu)
        var digest = [cpu.pc, cpu.msr, cpu.instructions, cpu.xer, UInt64(cpu.conditionRegister)]
        for number in 0..<32 { digest.append(cpu.register(number)) }
        return digest
    }

    private func run(_ cpu: inout Book3SCPU) {
        for turn in 0..<Self.turns {
            let before = cpu.instructions
            cpu.beginSlice(instructions: Self.slice, at: UInt64(turn) * Self.slice)
            var exits: UInt64 = 0
            loop: while true {
                exits += 1
                check(exits <= 2 * (Self.slice + Self.overrun), "a turn ends")
                switch cpu.run() {
                case .crash: return
                case .sliceEnd, .idle: break loop
                case .partitionCall: cpu.setRegister(3, to: UInt64(bitPattern: -2))
                default: break
                }
            }
            let executed = cpu.instructions &- before
            check(executed <= Self.slice + Self.overrun, "a turn of \(executed) instructions ends")
        }
    }
}
