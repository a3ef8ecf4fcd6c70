import GuestMemory
import PowerPC
import Testing

/// Whatever a guest executes, the process goes on.
@Suite(.everyEngine) struct RandomCodeTests {
    static let seeds: [UInt64] = [11, 12, 13, 14]

    @Test(arguments: seeds, [0, MSR.pr])
    func `a million random instructions end in exits and nothing else`(seed: UInt64, state: UInt32) throws {
        var random = Random(seed: seed)
        let shares = seed % 2 == 0
        var executed: UInt64 = 0
        var exits: [String: Int] = [:]
        while executed < 250_000 {
            let model = CoreModel.all[random.below(CoreModel.all.count)]
            var machine = try Machine(model, megabytes: 1, state: state, sharesMemory: shares)
            try fill(machine.memory, &random)
            scramble(&machine, &random)
            if random.below(2) == 0 { machine.cpu.mapMagicPage(at: random.below(2) == 0 ? 0xFFFF_F000 : random.word()) }
            for _ in 0..<40 {
                machine.cpu.setMachineState(
                    state | random.word() & (MSR.ee | MSR.ce | MSR.me | MSR.spe | MSR.fp | MSR.fe0))
                machine.cpu.setPC(UInt32(random.below(1 << 20)))
                if random.below(4) == 0 { machine.cpu.setPin(.external, asserted: random.below(2) == 0) }
                let name = slice(&machine, &random)
                exits[name, default: 0] += 1
            }
            executed += machine.cpu.instructions
        }
        print("random code: seed \(seed), MSR \(hexadecimal(state)), \(executed) instructions, \(exits)")
        #expect(executed >= 250_000)
    }

    /// Runs some hundred instructions, answers the exit at random, and says which it was.
    private func slice(_ machine: inout Machine, _ random: inout Random) -> String {
        switch machine.run(250) {
        case .deviceRead:
            machine.cpu.completeRead(random.next())
            return "device read"
        case .deviceWrite: return "device write"
        case .hypercall: return "hypercall"
        case .acknowledge:
            machine.cpu.completeAcknowledge(vector: random.word())
            return "acknowledge"
        case .idle: return "idle"
        case .sliceEnd: return "slice end"
        case .invalidateTLB(let operand):
            machine.cpu.invalidateTLB(operand: operand)
            return "invalidate"
        case .message(let operand):
            machine.cpu.receiveMessage(operand: operand)
            return "message"
        case .reset: return "reset"
        case .crash: return "crash"
        case .debug: return "debug"
        case .partitionCall: return "partition call"
        }
    }

    /// Fills memory with words of the instruction table, of which some are spoiled, and some other words.
    private func fill(_ memory: GuestMemory, _ random: inout Random) throws {
        let rows = InstructionTable.rows
        for address in stride(from: UInt64(0), to: 1 << 20, by: 4) {
            var word = random.word()
            if random.below(8) != 0 {
                let row = rows[random.below(rows.count)]
                word = row.match | word & ~row.mask
            }
            try memory.store(word, at: address)
        }
    }

    /// Random registers, of which many point into memory, random vectors and random TLB entries.
    private func scramble(_ machine: inout Machine, _ random: inout Random) {
        for number in 0..<32 {
            machine.cpu.setRegister(number, to: random.below(2) == 0 ? UInt32(random.below(1 << 20)) : random.operand())
        }
        machine.cpu.setSpecialRegister(63, to: UInt32(random.below(16)) << 16)
        for interrupt in Interrupt.allCases {
            machine.cpu.setSpecialRegister(Machine.vectorRegister(interrupt), to: random.word())
        }
        for number in [Number.srr0, Number.csrr0, Number.mcsrr0] {
            machine.cpu.setSpecialRegister(number, to: UInt32(random.below(1 << 20)))
        }
        machine.cpu.setSpecialRegister(Number.tcr, to: random.word() & ~0x3000_0000)
        machine.cpu.setSpecialRegister(Number.decar, to: random.operand())
        machine.cpu.setSpecialRegister(Number.dec, to: random.operand() & 0xFFF)
        machine.cpu.setConditionRegister(random.word())
        machine.cpu.setLinkRegister(UInt32(random.below(1 << 20)))
        machine.cpu.setCountRegister(UInt32(random.below(1 << 20)))
        for _ in 0..<8 {
            machine.cpu.setSpecialRegister(Number.mas0, to: random.word() & 0x100F_0003)
            machine.cpu.setSpecialRegister(Number.mas1, to: random.word() | 0x8000_0000)
            machine.cpu.setSpecialRegister(Number.mas2, to: random.word())
            machine.cpu.setSpecialRegister(Number.mas3, to: random.word() & 0x001F_FFFF)
            machine.cpu.setSpecialRegister(Number.mas7, to: random.below(4) == 0 ? random.word() : 0)
            // Its own mapping, entry 0 of TLB1, is spared.
            if machine.spr(Number.mas0) & 0x100F_0000 != 0x1000_0000 { try? machine.supervise("tlbwe") }
        }
        machine.cpu.externalProxy = random.below(2) == 0
    }
}
