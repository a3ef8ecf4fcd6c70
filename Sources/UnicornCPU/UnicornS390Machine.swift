public import FlatMachines
internal import GuestMemory

/// A flat s390x machine whose CPUs Unicorn executes in turns, on the caller's thread.
public final class UnicornS390Machine {
    /// Basic blocks of a turn.
    static let turnBlocks: UInt32 = 2000
    /// The most exits of a turn, so that one CPU's exits do not keep the others waiting.
    static let turnExits = 500

    let board: S390Board
    private(set) var cpus: [UnicornS390CPU] = []
    /// How the run ended, once it has.
    private(set) var outcome: FlatOutcome?
    /// Where the last CPU went into a wait that nothing ends.
    private var lastDisabledWait: (address: UInt64, cpu: Int)?

    /// A machine whose CPU 0 starts at `entry`. Its guest is in the board's memory already.
    ///
    /// - Parameter cpus: how many there are, from 1.
    public init(_ board: S390Board, cpus count: Int, entry: UInt64) throws(UnicornError) {
        self.board = board
        guard board.memory.ram.size >= 2 * UnicornS390CPU.prefixSize else { throw .memoryTooSmall }
        for index in 0..<count {
            cpus.append(try UnicornS390CPU(index, memory: board.memory))
        }
        cpus[0].start(mask: PSW.addresses64, at: entry)
    }

    /// Runs until the end. `isOver` is asked between rounds of turns.
    public func run(isOver: () -> Bool) -> FlatOutcome {
        while true {
            var isIdle = true
            for cpu in cpus where cpu.isReady {
                isIdle = false
                for _ in 0..<Self.turnExits {
                    guard cpu.isReady, outcome == nil, step(cpu) else { break }
                }
                if let outcome { return outcome }
            }
            if isIdle { return idleOutcome }
            if isOver() { return .timeout }
        }
    }

    /// What it means that no CPU executes.
    private var idleOutcome: FlatOutcome {
        if cpus.contains(where: { $0.isWaitingEnabled }) { return .stalled }
        guard let last = lastDisabledWait else { return .stalled }
        return last.address == S390Board.quiesceAddress
            ? .powerOff(status: 0) : .crash(.disabledWait(address: last.address), vcpu: last.cpu)
    }

    /// Ends the run because of `cpu`.
    func end(_ crash: FlatCrash, _ cpu: UnicornS390CPU) {
        outcome = .crash(crash, vcpu: cpu.index)
    }

    /// One stretch of execution of `cpu`. Whether it would go on at once.
    private func step(_ cpu: UnicornS390CPU) -> Bool {
        cpu.takeExternalInterruption()
        if cpu.isWaiting {
            if !cpu.acceptsExternal { lastDisabledWait = (cpu.instruction, cpu.index) }
            cpu.isIdle = true
            return false
        }
        if let unsupported = PSW.unsupported(cpu.mask) {
            end(.unsupported(unsupported, at: cpu.instruction), cpu)
            return false
        }
        switch cpu.run(blocks: Self.turnBlocks) {
        case .slice: return false
        case .interrupt(UnicornS390CPU.Exit.supervisorCall): cpu.callSupervisor()
        case .interrupt, .invalid, .halt: emulate(cpu)
        case .unmapped: interrupt(cpu, .addressing)
        case .failure(let code): end(.engine(code: code, at: cpu.instruction), cpu)
        }
        return true
    }

    /// Gives `cpu` a program interruption for its present instruction.
    func interrupt(_ cpu: UnicornS390CPU, _ code: S390ProgramCheck) {
        if !cpu.interruptProgram(code) { end(.programCheckLoop(at: cpu.instruction), cpu) }
    }
}
