import GuestMemory
import PowerPC

/// The registers that every program sees.
struct Registers: Equatable {
    var gpr = [UInt32](repeating: 0, count: 32)
    var cr: UInt32 = 0
    var xer: UInt32 = 0
    var lr: UInt32 = 0
    var ctr: UInt32 = 0
}

/// One vCPU with RAM in which real and effective addresses are the same, for tests to load programs into.
///
/// Interrupt N goes to the vector ``vector(_:)``, where a branch to itself waits.
struct Machine: ~Copyable {
    let memory: GuestMemory
    var cpu: CPU

    /// What executes the instructions of machines that are made now.
    @TaskLocal static var engine = Engine.interpreter

    /// - Parameters:
    ///   - model: what core the vCPU is.
    ///   - megabytes: RAM, and at least as much is mapped.
    ///   - state: the bits of MSR at the start.
    init(
        _ model: CoreModel = .e500v2, megabytes: UInt64 = 16, state: UInt32 = 0, time: TimeSource = .virtual,
        answersHypercalls: Bool = true,
        sharesMemory: Bool = false
    ) throws {
        let memory = try GuestMemory(size: megabytes << 20)
        for interrupt in Interrupt.allCases {
            try memory.store(assemble("b", [0]), at: UInt64(Self.vector(interrupt)))
        }
        self.memory = memory
        cpu = CPU(
            model, index: 0, memory: memory, time: time, answersHypercalls: answersHypercalls,
            sharesMemory: sharesMemory,
            nativeCode: Self.engine == .nativeCode ? NativeCodeMemory(compilesEverything: true) : nil)
        cpu.start(
            CPU.Start(
                pc: Self.program, stack: 0x8000, mappedEffective: 0, mappedReal: 0,
                mappedSizeCode: megabytes > 16 ? 8 : 7, mappingEntry: 0, coherent: true), processorID: 0)
        for interrupt in Interrupt.allCases {
            cpu.setSpecialRegister(Self.vectorRegister(interrupt), to: Self.vector(interrupt))
        }
        cpu.setMachineState(state)
    }

    /// Where programs start.
    static let program: UInt32 = 0x1_0000

    /// Where programs keep data.
    static let data: UInt32 = 0x2_0000

    static func vector(_ interrupt: Interrupt) -> UInt32 { 0x4000 + UInt32(interrupt.rawValue) * 0x40 }

    static func vectorRegister(_ interrupt: Interrupt) -> Int {
        interrupt.rawValue < 16 ? 400 + interrupt.rawValue : 528 + interrupt.rawValue - 32
    }

    /// Writes a program to RAM, and a branch to itself behind it.
    func load(_ text: [String], at address: UInt32 = Machine.program) throws {
        try load(words: text.flatMap { assemble($0) } + [assemble("b", [0])], at: address)
    }

    func load(words: [UInt32], at address: UInt32) throws {
        for (number, word) in words.enumerated() { try memory.store(word, at: UInt64(address) + UInt64(number) * 4) }
    }

    /// Executes `count` instructions and those up to the next branch, stopping where the machine is needed.
    mutating func run(_ count: UInt64) -> Exit {
        cpu.beginSlice(instructions: count, at: cpu.now)
        return cpu.run()
    }

    /// Loads a program and executes it for `count` instructions, or to its end: a branch to itself behind it.
    mutating func execute(_ text: [String], count: UInt64 = 200) throws {
        try load(text)
        cpu.setPC(Self.program)
        _ = run(count)
    }

    /// Executes instructions in supervisor state, and leaves the program counter and MSR as they were.
    mutating func supervise(_ text: String) throws {
        let (pc, state) = (cpu.pc, cpu.msr)
        cpu.setMachineState(0)
        try load([text], at: Self.scratch)
        cpu.setPC(Self.scratch)
        _ = run(1)
        cpu.setPC(pc)
        cpu.setMachineState(state)
    }

    /// Where ``supervise(_:)`` puts its instructions.
    private static let scratch: UInt32 = 0x3F00

    /// One entry of the TLB for tests to write.
    struct Mapping {
        var effective: UInt32
        var real: UInt64
        /// TLB1 entry, or nil for way 0 of TLB0.
        var entry: Int? = 1
        var sizeCode: UInt32 = 1
        /// UX SX UW SW UR SR.
        var permissions: UInt32 = 0x3F
        var process: UInt32 = 0
        var space: UInt32 = 0
        var way: Int = 0
        var protected = false
        var attributes: UInt32 = 0
        var valid = true
    }

    /// Writes an entry of the TLB by way of the MAS registers and `tlbwe`.
    mutating func map(_ mapping: Mapping) throws {
        cpu.setSpecialRegister(624, to: mapping.entry.map { 1 << 28 | UInt32($0) << 16 } ?? UInt32(mapping.way) << 16)
        cpu.setSpecialRegister(
            625,
            to: (mapping.valid ? 0x8000_0000 : 0) | (mapping.protected ? 0x4000_0000 : 0) | mapping.process << 16
                | mapping.space << 12 | mapping.sizeCode << 8)
        cpu.setSpecialRegister(626, to: mapping.effective | mapping.attributes)
        cpu.setSpecialRegister(627, to: UInt32(truncatingIfNeeded: mapping.real) | mapping.permissions)
        cpu.setSpecialRegister(944, to: UInt32(truncatingIfNeeded: mapping.real >> 32))
        try supervise("tlbwe")
    }

    mutating func spr(_ number: Int) -> UInt32 { cpu.specialRegister(number) ?? 0xDEAD_DEAD }

    /// Which interrupt's vector the program counter is at.
    var interrupt: Interrupt? { Interrupt.allCases.first { Self.vector($0) == cpu.pc } }

    func word(_ address: UInt32) throws -> UInt32 { try memory.load(UInt32.self, at: UInt64(address)) }

    func set(_ address: UInt32, _ value: UInt32) throws { try memory.store(value, at: UInt64(address)) }
}

/// SPR numbers that tests name.
enum Number {
    static let (dec, srr0, srr1, decar) = (22, 26, 27, 54)
    static let (pid0, pid1, pid2) = (48, 633, 634)
    static let (csrr0, csrr1, dear, esr) = (58, 59, 61, 62)
    static let (mcsrr0, mcsrr1) = (570, 571)
    static let (dsrr0, dsrr1) = (574, 575)
    static let (tsr, tcr) = (336, 340)
    static let (mas0, mas1, mas2, mas3, mas4, mas6, mas7) = (624, 625, 626, 627, 628, 630, 944)
    static let (mmucsr0, epr, dbcr0) = (1012, 702, 308)
}

/// The registers of a vCPU as one value.
func registers(of cpu: borrowing CPU) -> Registers {
    Registers(
        gpr: (0..<32).map { cpu.register($0) }, cr: cpu.conditionRegister, xer: cpu.xer, lr: cpu.linkRegister,
        ctr: cpu.countRegister)
}

func setRegisters(_ registers: Registers, of cpu: inout CPU) {
    for number in 0..<32 { cpu.setRegister(number, to: registers.gpr[number]) }
    cpu.setConditionRegister(registers.cr)
    cpu.setXER(registers.xer)
    cpu.setLinkRegister(registers.lr)
    cpu.setCountRegister(registers.ctr)
}
