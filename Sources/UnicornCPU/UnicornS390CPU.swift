internal import CUnicornCPU
internal import FlatMachines
internal import GuestMemory

/// One CPU of a flat s390x machine.
///
/// Unicorn ignores `diag 0x500` in supervisor state. So it always runs in problem state, where every privileged instruction
/// ends its run, and the PSW that the guest believes in is kept here.
final class UnicornS390CPU {
    /// What Unicorn's interrupt numbers mean.
    enum Exit {
        /// SUPERVISOR CALL.
        static let supervisorCall: UInt32 = 2
    }

    /// Bytes of the area that a prefix moves.
    static let prefixSize: UInt64 = 8192

    let index: Int
    let memory: GuestMemory
    let engine: UnicornEngine
    /// The PSW's first half, with the condition code and program mask of the last time that the CPU stood still.
    private(set) var mask: UInt64 = 0
    /// The next instruction.
    var instruction: UInt64 = 0
    /// Where the first 8 KiB of addresses lead to.
    private(set) var prefix: UInt64 = 0
    var control = InlineArray<16, UInt64>(repeating: 0)
    /// Whether it executes, or waits for an interruption.
    private(set) var isOperating = false
    /// Whether it was found waiting and nothing has come since.
    var isIdle = false
    /// The CPUs whose emergency signals wait, one bit each.
    private var emergencies: UInt64 = 0
    /// The CPU whose external call waits.
    private(set) var externalCall: Int?
    /// The parameter of a service signal that waits.
    private var serviceSignal: UInt32?

    init(_ index: Int, memory: GuestMemory) throws(UnicornError) {
        self.index = index
        self.memory = memory
        engine = try UnicornEngine(ucpu_s390x)
        try engine.map(memory, from: 0, size: memory.ram.size, at: 0)
        reset(initial: true)
    }

    /// Whether it has something to do.
    var isReady: Bool { isOperating && !isIdle }
    /// Whether its PSW says that it waits.
    var isWaiting: Bool { mask & PSW.wait != 0 }
    /// Whether it takes external interruptions.
    var acceptsExternal: Bool { mask & PSW.external != 0 }
    /// Whether it waits for an interruption that it would take.
    var isWaitingEnabled: Bool { isOperating && isWaiting && acceptsExternal }
    /// Whether the guest is in supervisor state.
    var isPrivileged: Bool { mask & PSW.problem == 0 }
    /// Bits of an address in the present mode.
    var addressMask: UInt64 { mask & PSW.extended != 0 ? .max : 0x7FFF_FFFF }

    /// Executes from a new PSW on.
    func start(mask: UInt64, at address: UInt64) {
        self.mask = mask
        instruction = address
        isOperating = true
        isIdle = false
    }

    /// Stops.
    func stop() { isOperating = false }

    /// Clears what a CPU reset clears, and with `initial` the PSW and the control registers, but not the prefix.
    func reset(initial: Bool) {
        isOperating = false
        isIdle = false
        emergencies = 0
        externalCall = nil
        serviceSignal = nil
        guard initial else { return }
        mask = 0
        instruction = 0
        for number in 0..<16 { control[number] = 0 }
        control[0] = 0xE0
        control[14] = 0xC200_0000
    }

    /// Runs the guest in problem state.
    func run(blocks: UInt32) -> UnicornEngine.End {
        engine[ucpu_psw_mask] = mask | PSW.problem
        let end = engine.run(from: instruction, blocks: blocks)
        instruction = engine[ucpu_pc]
        mask = mask & ~PSW.ownedByProgram | engine[ucpu_psw_mask] & PSW.ownedByProgram
        return end
    }

    /// Sets the condition code.
    func setCondition(_ code: UInt64) { mask = mask & ~PSW.condition | code << 44 }

    /// Sets the system mask: the PSW's first byte.
    func setSystemMask(_ byte: UInt64) { mask = mask & ~(0xFF << 56) | byte << 56 }

    /// Whether an external call was pending already; otherwise it is now, from CPU `sender`.
    func call(from sender: Int) -> Bool {
        guard externalCall == nil else { return true }
        externalCall = sender
        isIdle = false
        return false
    }

    /// Makes an emergency signal of CPU `sender` pending.
    func signalEmergency(from sender: Int) {
        emergencies |= 1 << UInt64(sender & 63)
        isIdle = false
    }

    /// Makes a service signal pending.
    func signalService(_ parameter: UInt32) { serviceSignal = parameter }

    // MARK: Memory

    /// The absolute address of a real one.
    func absolute(_ real: UInt64) -> UInt64 {
        if real < Self.prefixSize { return prefix + real }
        if real >= prefix, real - prefix < Self.prefixSize { return real - prefix }
        return real
    }

    /// Reads from real storage; nil where there is none. Stays within an 8 KiB block where it is aligned.
    func load<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at real: UInt64) -> T? {
        try? memory.load(type, at: absolute(real))
    }

    /// Writes real storage; false where there is none.
    @discardableResult
    func store<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at real: UInt64) -> Bool {
        (try? memory.store(value, at: absolute(real))) != nil
    }

    /// Moves the prefix area to `address`, a multiple of its size; false where there is no memory.
    func setPrefix(_ address: UInt64) throws(UnicornError) -> Bool {
        guard memory.contains(address, count: Self.prefixSize) else { return false }
        let size = memory.ram.size
        try engine.unmap(0, size: size)
        prefix = address
        if address == 0 {
            try engine.map(memory, from: 0, size: size, at: 0)
            return true
        }
        try engine.map(memory, from: address, size: Self.prefixSize, at: 0)
        if address > Self.prefixSize {
            try engine.map(memory, from: Self.prefixSize, size: address - Self.prefixSize, at: Self.prefixSize)
        }
        try engine.map(memory, from: 0, size: Self.prefixSize, at: address)
        let rest = address + Self.prefixSize
        if rest < size { try engine.map(memory, from: rest, size: size - rest, at: rest) }
        return true
    }

    // MARK: Interruptions

    /// Bytes of the instruction whose first byte is `first`.
    static func length(_ first: UInt8) -> UInt64 {
        switch first >> 6 {
        case 0: 2
        case 3: 6
        default: 4
        }
    }

    /// Bytes of the present instruction, 2 where there is none.
    var length: UInt64 { load(UInt8.self, at: instruction).map(Self.length) ?? 2 }

    private func swap(old: UInt64, new: UInt64) {
        store(mask, at: old)
        store(instruction, at: old + 8)
        mask = load(UInt64.self, at: new) ?? 0
        instruction = load(UInt64.self, at: new + 8) ?? 0
    }

    /// A program interruption of the present instruction. False where it would lead to itself for ever.
    func interruptProgram(_ code: S390ProgramCheck) -> Bool {
        let length = length
        guard load(UInt64.self, at: Lowcore.programNew + 8) != instruction else { return false }
        store(UInt32(truncatingIfNeeded: length) << 16 | UInt32(code.rawValue), at: Lowcore.programCode)
        instruction = (instruction &+ length) & addressMask
        swap(old: Lowcore.programOld, new: Lowcore.programNew)
        return true
    }

    /// The supervisor-call interruption of the present instruction.
    func callSupervisor() {
        let number = load(UInt8.self, at: (instruction &+ 1) & addressMask) ?? 0
        store(2 << 16 | UInt32(number), at: Lowcore.callCode)
        instruction = (instruction &+ 2) & addressMask
        swap(old: Lowcore.callOld, new: Lowcore.callNew)
    }

    /// The restart interruption, which also starts a CPU that is stopped.
    func restart() {
        swap(old: Lowcore.restartOld, new: Lowcore.restartNew)
        isOperating = true
        isIdle = false
    }

    /// Takes the most urgent external interruption that the masks let through, if there is one.
    func takeExternalInterruption() {
        guard acceptsExternal else { return }
        if emergencies != 0, control[0] & Subclass.emergencySignal != 0 {
            let sender = emergencies.trailingZeroBitCount
            emergencies &= emergencies - 1
            interruptExternally(0x1201, cpu: UInt16(sender))
        } else if let sender = externalCall, control[0] & Subclass.externalCall != 0 {
            externalCall = nil
            interruptExternally(0x1202, cpu: UInt16(truncatingIfNeeded: sender))
        } else if let parameter = serviceSignal, control[0] & Subclass.serviceSignal != 0 {
            serviceSignal = nil
            store(parameter, at: Lowcore.externalParameter)
            interruptExternally(0x2401, cpu: 0)
        }
    }

    private func interruptExternally(_ code: UInt16, cpu: UInt16) {
        store(cpu, at: Lowcore.externalCPU)
        store(code, at: Lowcore.externalCode)
        swap(old: Lowcore.externalOld, new: Lowcore.externalNew)
    }
}

/// Bits of a PSW's first half (z/Architecture Principles of Operation, chapter 4).
enum PSW {
    static let translation: UInt64 = 1 << 58
    static let external: UInt64 = 1 << 56
    static let wait: UInt64 = 1 << 49
    static let problem: UInt64 = 1 << 48
    static let condition: UInt64 = 3 << 44
    /// With ``basic`` 64-bit addresses.
    static let extended: UInt64 = 1 << 32
    /// 31-bit addresses.
    static let basic: UInt64 = 1 << 31
    static let addresses64 = extended | basic
    /// The condition code and the program mask, which unprivileged instructions change.
    static let ownedByProgram: UInt64 = 0x3F << 40

    /// What this machine lacks for a PSW.
    static func unsupported(_ mask: UInt64) -> FlatCrash.StaticName? {
        if mask & translation != 0 { return .translation }
        return mask & basic == 0 ? .narrowAddresses : nil
    }
}

/// Places in the prefix area.
enum Lowcore {
    static let externalParameter: UInt64 = 0x80
    static let externalCPU: UInt64 = 0x84
    static let externalCode: UInt64 = 0x86
    static let callCode: UInt64 = 0x88
    static let programCode: UInt64 = 0x8C
    static let restartOld: UInt64 = 0x120
    static let externalOld: UInt64 = 0x130
    static let callOld: UInt64 = 0x140
    static let programOld: UInt64 = 0x150
    static let restartNew: UInt64 = 0x1A0
    static let externalNew: UInt64 = 0x1B0
    static let callNew: UInt64 = 0x1C0
    static let programNew: UInt64 = 0x1D0
}

/// Which external interruptions control register 0 lets through.
private enum Subclass {
    static let emergencySignal: UInt64 = 0x4000
    static let externalCall: UInt64 = 0x2000
    static let serviceSignal: UInt64 = 0x200
}
