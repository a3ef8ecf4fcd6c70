import GuestMemory
import PowerPC

/// Runs cases on the CPU under test.
struct SoftwareRunner: ~Copyable {
    var machine: Machine
    private let corpus: Corpus
    private let state: UInt32

    /// - Parameter state: MSR while the cases run: 0, or ``MSR/pr`` for problem state.
    init(_ corpus: Corpus, state: UInt32) throws {
        let machine = try Machine(corpus.model, megabytes: 64)
        try machine.load(words: corpus.image, at: CaseLayout.code)
        // A case ends with a system call, whose handler calls the machine.
        try machine.load(["sc 0"], at: CaseLayout.finished)
        try machine.load(["sc 1"], at: Machine.vector(.systemCall))
        self.machine = machine
        self.corpus = corpus
        self.state = state
    }

    /// The outcome of one case, or nil if it did not come to its end.
    mutating func run(_ number: Int) throws -> Outcome? {
        let current = corpus.cases[number]
        setRegisters(current.registers, of: &machine.cpu)
        machine.cpu.setMachineState(state)
        machine.cpu.setPC(corpus.codes[current.code].address)
        if let window = current.window { try machine.memory.write(window, at: UInt64(CaseLayout.window)) }
        guard case .hypercall = machine.run(10_000) else { return nil }
        return Outcome(
            registers: registers(of: machine.cpu),
            window: current.window == nil
                ? nil : try machine.memory.read(at: UInt64(CaseLayout.window), count: CaseLayout.windowSize))
    }
}
