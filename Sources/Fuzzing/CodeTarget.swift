internal import Devices
internal import GuestMemory
internal import Machines
internal import PowerPC
internal import VMM

/// Machine code that nobody wrote, run the way a machine runs code, in virtual time.
///
/// An input is a state and a page of words. A short program puts the state in place the way a hostile guest would: it
/// writes SPRs and TLB entries and leaves for the page with `rfi`, in supervisor or in user state. A bit of the input chooses
/// the core.
///
/// ```
/// 0x0000  interrupt handlers: the input's words again
/// 0x1000  the input's words, to be executed
/// 0x8000  the program that prepares the state
/// ```
final class CodeTarget: FuzzTarget {
    let casesPerInput = 1

    private static let memorySize: UInt64 = 256 << 10
    private static let codePage: UInt64 = 0x1000
    private static let program: UInt64 = 0x8000
    /// Instructions of one turn, and turns of one input.
    private static let slice: UInt64 = 200
    private static let turns = 8
    /// How far a turn may overrun: the rest of a page without a branch.
    private static let overrun: UInt64 = 1100

    func generate(_ random: inout FuzzRandom) -> [UInt8] {
        CodeGenerator.input(&random)
    }

    func run(_ input: [UInt8]) {
        // Every other input on the interpreter alone; of some the run is repeated, by native code as far as there is any.
        let first = Execution(input, nativeCode: input.count % 2 == 0 ? [] : nativeCode)
        first.run()
        if input.count % 8 == 0 {
            let second = Execution(input, nativeCode: nativeCode)
            second.run()
            check(first.digest == second.digest, "runs in virtual time repeat exactly, whatever executes them")
        }
    }

    /// Memory for native code, for the vCPUs of one machine after the other.
    private let nativeCode = (0..<8).compactMap { _ in NativeCodeMemory(compilesEverything: true) }

    /// One machine that runs one input.
    private final class Execution {
        let machine: E500Machine
        let console: FuzzConsole

        init(_ input: [UInt8], nativeCode: [NativeCodeMemory]) {
            var reader = InputReader(input)
            let flags = reader.byte()
            console = FuzzConsole([UInt8](repeating: 0x61, count: Int(flags)))
            do {
                machine = try E500Machine(
                    .init(
                        core: flags & 64 == 0 ? .e500v2 : .e500mc, memorySize: CodeTarget.memorySize,
                        cpuCount: flags & 7 == 7 ? 8 : flags & 4 != 0 ? 2 : 1,
                        time: .virtual, answersHypercalls: flags & 8 == 0, offersMagicPage: flags & 16 == 0,
                        nativeCode: nativeCode),
                    console: console)
                try machine.memory.write(Self.program(&reader), at: CodeTarget.program)
                let code = Array(reader.rest().prefix(Int(GuestMemory.pageSize)))
                try machine.memory.write(code, at: CodeTarget.codePage)
                if flags & 32 != 0 { try machine.memory.write(code, at: 0) }
                machine.start(
                    try E500BootLayout(
                        entry: CodeTarget.program, kernel: .init(base: 0, size: 0x1_0000), initrdSize: nil,
                        memorySize: 64 << 20))
                for cpu in 1..<machine.cpus.count {
                    machine.handle(
                        .deviceWrite(
                            address: E500MemoryMap.spinTable.base + UInt64(cpu) * E500MemoryMap.spinEntrySize,
                            width: 8, value: CodeTarget.codePage), of: machine.cpus[0])
                }
            } catch {
                fatalError("the host has no memory: \(error)")
            }
        }

        /// The program that prepares the state: SPRs, TLB entries, registers, and off to the page.
        private static func program(_ reader: inout InputReader) -> [UInt8] {
            var words: [UInt32] = []
            func set(_ register: UInt32, _ value: UInt32) {
                words += [0x3C00_0000 | register << 21 | value >> 16]
                words += [0x6000_0000 | register << 21 | register << 16 | value & 0xFFFF]
            }
            func set(spr: UInt32, _ value: UInt32) {
                set(3, value)
                words += [0x7C60_03A6 | (spr & 31) << 16 | (spr >> 5 & 31) << 11]
            }
            for _ in 0..<reader.byte() & 31 {
                let spr = CodeGenerator.registers[Int(reader.byte()) % CodeGenerator.registers.count]
                set(spr: spr, reader.word())
            }
            for _ in 0..<reader.byte() & 15 {
                for mas in [624, 625, 626, 627, 944] as [UInt32] { set(spr: mas, reader.word()) }
                words += [0x7C00_07A4]
            }
            let target = reader.word()
            let state = reader.word()
            set(spr: 26, target)
            set(spr: 27, state)
            for register in 0..<UInt32(32) { set(register, reader.word()) }
            words += [0x4C00_0064]
            return words.flatMap { word in
                [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
            }
        }

        func run() {
            var tick: UInt64 = 0
            for _ in 0..<CodeTarget.turns where machine.outcome == nil {
                var idle = true
                for vcpu in machine.runningCPUs where machine.outcome == nil {
                    idle = turn(of: vcpu, at: tick) && idle
                }
                tick &+= CodeTarget.slice
                if idle {
                    for vcpu in machine.cpus { tick = max(tick, vcpu.nextTimerEvent() ?? 0) }
                    tick = max(tick, machine.nextDeviceEvent() ?? 0)
                }
                machine.poll(at: tick)
            }
        }

        /// One turn of `vcpu`, all of whose exits are answered. True when it idles.
        private func turn(of vcpu: any VirtualCPU, at tick: UInt64) -> Bool {
            let before = machine.cpus[vcpu.index].core.instructions
            vcpu.beginSlice(instructions: CodeTarget.slice, at: tick)
            var exits: UInt64 = 0
            while machine.outcome == nil {
                exits += 1
                check(exits <= 2 * (CodeTarget.slice + CodeTarget.overrun), "a turn ends")
                switch vcpu.run() {
                case .idle: return true
                case .sliceEnd:
                    let executed = machine.cpus[vcpu.index].core.instructions &- before
                    check(executed <= CodeTarget.slice + CodeTarget.overrun, "a turn of \(executed) instructions ends")
                    return false
                case let exit: machine.handle(exit, of: vcpu)
                }
            }
            return false
        }

        /// What the run came to.
        var digest: [UInt64] {
            var digest: [UInt64] = []
            for vcpu in machine.cpus {
                digest += [UInt64(vcpu.core.pc), vcpu.core.instructions, UInt64(vcpu.core.msr), vcpu.now]
                for number in 0..<32 {
                    digest += [UInt64(vcpu.register(number)), vcpu.core.floatingPointRegister(number)]
                }
                digest.append(UInt64(vcpu.core.floatingPointStatus))
                for register in SystemRegister.allCases { digest.append(UInt64(vcpu.core.systemRegister(register))) }
            }
            digest += [machine.deviceAccesses, machine.unclaimedAccesses, UInt64(console.sent)]
            return digest
        }
    }
}

/// Makes inputs for ``CodeTarget``: words that are instructions more often than chance would have it.
enum CodeGenerator {
    /// SPRs that `mtspr` and `mfspr` name.
    static let registers: [UInt32] =
        [
            1, 8, 9, 22, 26, 27, 48, 54, 58, 59, 61, 62, 63, 256, 268, 269, 272, 273, 274, 275, 276, 277, 278, 279, 284,
            285, 286, 287, 304, 308, 309, 310, 312, 313, 316, 317, 336, 340, 512, 513, 514, 515, 516, 526, 527, 569,
            570, 571, 572, 573, 624, 625, 626, 627, 628, 630, 633, 634, 688, 689, 702, 944, 1008, 1009, 1010, 1011,
            1012, 1013, 1015, 1023,
        ] + Array(400...415) + Array(528...533)
        + [368, 371, 378, 379, 381, 382, 383, 517, 519, 563, 574, 575, 604, 605, 606, 1017, 1018]

    private static let extended31: [UInt32] = [
        0, 4, 8, 10, 11, 15, 18, 19, 20, 22, 23, 24, 26, 28, 29, 31, 32, 40, 53, 54, 55, 60, 75, 83, 86, 87, 104, 119,
        124, 131, 134, 136, 138, 144, 146, 150, 151, 163, 166, 167, 183, 198, 200, 202, 214, 215, 230, 232, 234, 235,
        246, 247, 262, 266, 278, 279, 284, 306, 310, 311, 316, 339, 343, 371, 375, 390, 407, 412, 439, 444, 454, 459,
        467, 470, 476, 486, 491, 512, 522, 533, 534, 536, 566, 597, 598, 661, 662, 725, 747, 758, 786, 790, 792, 824,
        854, 914, 918, 922, 946, 978, 982, 1014,
        // Of the e500mc alone: tlbilx, wait, msgsnd, msgclr, floating-point accesses.
        18, 62, 206, 238, 535, 567, 599, 631, 663, 695, 727, 759, 983,
    ]
    private static let extended63: [UInt32] = [
        0, 12, 14, 15, 18, 20, 21, 22, 23, 25, 26, 28, 29, 30, 31, 32, 38, 40, 64, 70, 72, 134, 136, 264, 583, 711,
    ]
    private static let extended19: [UInt32] = [0, 16, 33, 38, 39, 50, 51, 129, 150, 193, 225, 257, 289, 417, 449, 528]
    private static let primaries: [UInt32] = [
        3, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 21, 23, 24, 25, 26, 27, 28, 29, 32, 33, 34, 35, 36, 37, 38, 39,
        40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 59, 63,
    ]

    static func input(_ random: inout FuzzRandom) -> [UInt8] {
        var input = [UInt8(truncatingIfNeeded: random.next())]
        func append(_ word: UInt32) {
            for shift in [24, 16, 8, 0] as [UInt32] { input.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        // SPRs.
        let count = random.below(12)
        input.append(UInt8(count))
        for _ in 0..<count {
            input.append(UInt8(truncatingIfNeeded: random.next()))
            append(value(&random))
        }
        // TLB entries; the first makes the devices reachable.
        let entries = random.below(6)
        input.append(UInt8(entries))
        for entry in 0..<entries {
            if entry == 0 {
                for word in [0x1001_0000, 0xC000_0900, 0xE000_000A, 0xE000_003F, 0xF] as [UInt32] { append(word) }
            } else {
                append(
                    random.oneIn(2) ? 0x1000_0000 | UInt32(1 + random.below(15)) << 16 : UInt32(random.below(4)) << 16)
                append(0x8000_0000 | UInt32(truncatingIfNeeded: random.next()) & 0x4003_1F00)
                append(value(&random) & ~0xF80 | UInt32(random.below(32)))
                append(value(&random) & ~0xFFF | UInt32(truncatingIfNeeded: random.next()) & 0x3FF)
                append(random.oneIn(4) ? 0xF : 0)
            }
        }
        // Where to, and in which state.
        append(random.oneIn(8) ? value(&random) : 0x1000 | UInt32(random.below(64)) << 2)
        append(
            random.oneIn(3)
                ? UInt32(truncatingIfNeeded: random.next())
                : random.pick([0, 0x4000, 0x8000, 0x2_9000, 0x2_D000, 0x30, 0x2000, 0x6900]))
        for _ in 0..<32 { append(value(&random)) }
        // Code.
        var words: [UInt32] = []
        let length = random.oneIn(8) ? 1024 : 16 + random.below(200)
        while words.count < length { words += random.oneIn(6) ? gadget(&random) : [instruction(&random)] }
        for word in words { append(word) }
        return input
    }

    /// A register's value: an address in RAM, around a page's end, of a device, or anything.
    private static func value(_ random: inout FuzzRandom) -> UInt32 {
        let noise = UInt32(truncatingIfNeeded: random.next())
        switch random.below(10) {
        case 0: return noise
        case 1: return 0
        case 2: return 1 << (noise & 31)
        case 3: return 0xE000_0000 | noise & 0xF_FFFF
        case 4: return 0xE000_4500 | noise & 7
        case 5: return 0xE004_0000 | noise & 0x3_13F0
        case 6: return noise & 0x3_F000 &+ 0xFFF &- (noise >> 28)
        case 7: return 0xFFFF_F000 | noise & 0xFFF
        case 8: return 0x1000 | noise & 0xFFC
        default: return noise & 0x3_FFFC
        }
    }

    private static func instruction(_ random: inout FuzzRandom) -> UInt32 {
        let noise = UInt32(truncatingIfNeeded: random.next())
        switch random.below(11) {
        case 0: return noise
        case 10: return (random.oneIn(3) ? 59 : 63) << 26 | noise & 0x03FF_F801 | random.pick(extended63) << 1
        case 1, 2, 3: return 31 << 26 | noise & 0x03FF_F801 | random.pick(extended31) << 1
        case 4: return 19 << 26 | noise & 0x03FF_F801 | random.pick(extended19) << 1
        case 5:
            let spr = random.pick(registers)
            let operation: UInt32 = random.oneIn(2) ? 467 : 339
            return 31 << 26 | noise & 0x03E0_0000 | (spr & 31) << 16 | (spr >> 5) << 11 | operation << 1
        case 6: return 16 << 26 | noise & 0x03FF_0001 | UInt32(truncatingIfNeeded: 4 * (random.below(32) - 8)) & 0xFFFC
        case 7: return random.pick(primaries) << 26 | noise & 0x03FF_0000 | noise & 0x3C
        default: return random.pick(primaries) << 26 | noise & 0x03FF_FFFF
        }
    }

    /// A few instructions that do something together.
    private static func gadget(_ random: inout FuzzRandom) -> [UInt32] {
        let register = UInt32(random.below(32))
        func load(_ register: UInt32, _ value: UInt32) -> [UInt32] {
            [
                0x3C00_0000 | register << 21 | value >> 16,
                0x6000_0000 | register << 21 | register << 16 | value & 0xFFFF,
            ]
        }
        switch random.below(10) {
        case 0, 1:
            let vendor = random.pick([0x2A, 1, 2, 0] as [UInt32])
            return load(11, vendor << 16 | UInt32(random.below(24))) + load(3, value(&random)) + load(4, value(&random))
                + load(0, 0x4B56_4D21) + [random.oneIn(3) ? 0x4400_0022 : 0x4400_0002]
        case 2: return load(register, value(&random))
        case 3:  // Map the magic page.
            return load(11, 0x2A_0004) + load(3, 0xFFFF_F000) + load(4, value(&random)) + load(0, 0x4B56_4D21)
                + [0x4400_0002]
        case 4:  // A TLB entry from any MAS registers.
            return load(register, value(&random))
                + [0x7C00_03A6 | register << 21 | random.pick([16, 17, 18, 19]) << 16 | 19 << 11, 0x7C00_07A4]
        case 5:  // Store over code.
            return load(register, 0x1000 | UInt32(random.below(1024)) << 2) + [0x9000_0000 | register << 16]
        case 6:  // rfi with any state.
            return load(register, value(&random)) + [0x7C1A_03A6 | register << 21] + load(register, value(&random))
                + [0x7C1B_03A6 | register << 21, 0x4C00_0064]
        case 7:  // mtmsr.
            return load(
                register, random.pick([0x8000, 0x4_8000, 0x2_0000, 0x4000, 0x30, 0x1000, 0x2900, value(&random)]))
                + [0x7C00_0124 | register << 21]
        case 8:  // A timer.
            return load(register, value(&random))
                + [31 << 26 | register << 21 | 22 << 16 | 467 << 1] + load(register, 0x0440_0000 | value(&random))
                + [31 << 26 | register << 21 | 20 << 16 | 10 << 11 | 467 << 1]
        default: return [0x7C00_04AC, 0x4C00_012C, 0x7C00_8146 | register << 21]
        }
    }
}
