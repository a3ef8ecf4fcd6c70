import Devices
import GuestMemory
import Hypercalls
import Machines
import PowerPC
import Testing
import VMM

/// A console that keeps what the guest sends, and has input ready.
private final class RecordingConsole: HostConsole {
    var output: [UInt8] = []
    var input: [UInt8] = []
    let isInteractive = true
    let wantsToQuit = false
    func send(_ byte: UInt8) { output.append(byte) }
    func flush() {}
    func receive() -> UInt8? { input.isEmpty ? nil : input.removeFirst() }
    func wait(nanoseconds: UInt64?) {}
    func wake() {}
}

/// Small programs in machine code, each of them a hypothesis about how machine and CPU work together.
@Suite struct E500MachineTests {
    /// `lis` and `ori` that put `value` into a register.
    private static func load(_ register: UInt32, _ value: UInt32) -> [UInt32] {
        [
            0x3C00_0000 | register << 21 | value >> 16,
            0x6000_0000 | register << 21 | register << 16 | value & 0xFFFF,
        ]
    }

    /// Writes TLB1 entry 1: effective 0xE000_0000 to CCSR, 1 MiB, for the supervisor.
    private static let mapCCSR: [UInt32] =
        load(3, 0x1001_0000) + [0x7C70_9BA6]  // mtspr MAS0,r3: TLB1, entry 1
        + load(3, 0x8000_0500) + [0x7C71_9BA6]  // MAS1: valid, 1 MiB
        + load(3, 0xE000_000A) + [0x7C72_9BA6]  // MAS2: inhibited, guarded
        + load(3, 0xE000_0005) + [0x7C73_9BA6]  // MAS3: supervisor read and write
        + load(3, 0xF) + [0x7C70_EBA6]  // MAS7: 0xF
        + [0x7C00_07A4]  // tlbwe

    private static let spin: [UInt32] = [0x4800_0000]

    /// A machine with `program` at address 0, run until it ends, or for a tenth of a second.
    private func run(
        _ program: [UInt32], console: RecordingConsole = RecordingConsole(), magicPage: Bool = true,
        hypercalls: Bool = true
    ) throws -> (E500Machine, Outcome) {
        let machine = try E500Machine(
            .init(
                memorySize: 64 << 20, cpuCount: 1, time: .virtual, answersHypercalls: hypercalls,
                offersMagicPage: magicPage), console: console)
        for (index, word) in program.enumerated() { try machine.memory.store(word, at: UInt64(index) * 4) }
        machine.start(
            try E500BootLayout(
                entry: 0, kernel: AddressRange(base: 0, size: 4096), initrdSize: nil, memorySize: 64 << 20))
        let loop = RunLoop(time: .virtual, frequency: UInt64(E500MemoryMap.clockFrequency), timeout: 0.1)
        return (machine, loop.run(machine))
    }

    @Test func `the boot vCPU starts with the tree's address, ePAPR's magic number and the mapping's size`() throws {
        let (machine, _) = try run(Self.spin)
        #expect(machine.cpus[0].register(3) == 25 << 20)
        #expect(machine.cpus[0].register(6) == 0x4550_4150)
        #expect(machine.cpus[0].register(7) == 64 << 20)
    }

    @Test func `a store to the UART reaches the console, and one to GPIO switches the power off`() throws {
        let console = RecordingConsole()
        let (machine, outcome) = try run(
            Self.mapCCSR
                + Self.load(4, 0xE000_4500) + [0x3860_0041, 0x9864_0000]  // li r3,'A'; stb r3,0(r4)
                + Self.load(4, 0xE00F_F000) + Self.load(3, 0x8000_0000)
                + [0x9064_0000, 0x9064_0008] + Self.spin,  // stw to DIR and DAT
            console: console)
        guard case .powerOff = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(console.output == [UInt8(ascii: "A")])
        #expect(machine.deviceAccesses == 3)
        #expect(machine.unclaimedAccesses == 0)
    }

    @Test func `a load from where nothing is reads zero and is counted`() throws {
        let (machine, _) = try run(
            Self.mapCCSR + Self.load(4, 0xE001_0000) + [0x3860_FFFF, 0x8064_0000] + Self.spin)
        #expect(machine.cpus[0].register(3) == 0)
        #expect(machine.unclaimedAccesses == 1)
    }

    @Test func `RSTCR resets the machine`() throws {
        let (_, outcome) = try run(
            Self.mapCCSR + Self.load(4, 0xE00E_0000) + [0x3860_0002, 0x9064_00B0] + Self.spin)
        guard case .reset = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    /// What a hypercall gives back in r3 and r4, and whether the machine offers the magic page.
    struct Call: Sendable {
        let token: UInt32
        let magicPage: Bool
        let r3: UInt32
        let r4: UInt32
    }

    @Test(arguments: [
        Call(token: 0x2A_0003, magicPage: true, r3: 0, r4: 2),
        Call(token: 0x2A_0003, magicPage: false, r3: 0, r4: 0),
        Call(token: 0x2A_0004, magicPage: true, r3: 0, r4: 3),
        Call(token: 0x2A_0004, magicPage: false, r3: 12, r4: 0),
        Call(token: 0x2A_0063, magicPage: true, r3: 12, r4: 0),
        Call(token: 0x7F_0001, magicPage: true, r3: 12, r4: 0),
    ])
    func `a hypercall answers as KVM does, with either sequence`(call: Call) throws {
        let arguments = Self.load(3, 0xFFFF_F000) + Self.load(4, 0xFFFF_F000) + Self.load(11, call.token)
        let sequences = [
            Self.load(0, 0x4B56_4D21) + [0x4400_0002],
            [0x4400_0022],
        ]
        for sequence in sequences {
            let (machine, _) = try run(arguments + sequence + Self.spin, magicPage: call.magicPage)
            #expect(machine.cpus[0].register(3) == call.r3)
            #expect(machine.cpus[0].register(4) == call.r4)
            #expect(machine.hypercallCounts.total == 1)
        }
    }

    @Test func `without hypercalls the sequence is a system call`() throws {
        // IVPR and IVOR8 lead to 0x40, where r5 is set.
        let program =
            Self.load(3, 0x40) + [0x7C78_63A6] + Self.load(0, 0x4B56_4D21) + [0x4400_0002]  // IVOR8; sc
            + [UInt32](repeating: 0x6000_0000, count: 10) + [0x38A0_0007] + Self.spin
        let (machine, _) = try run(program, hypercalls: false)
        #expect(machine.cpus[0].register(5) == 7)
        #expect(machine.hypercallCounts.total == 0)
    }
}
