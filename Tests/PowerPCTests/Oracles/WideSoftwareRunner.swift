import GuestMemory
import PowerPC

/// Runs cases on the 64-bit CPU under test, in real mode.
struct WideSoftwareRunner: ~Copyable {
    private let memory: GuestMemory
    private var cpu: Book3SCPU
    private let corpus: WideCorpus
    private let order: ByteOrder

    init(_ corpus: WideCorpus, _ order: ByteOrder) throws {
        let memory = try GuestMemory(size: 64 << 20)
        guard let table = HashedPageTable(order: 18) else { fatalError("no memory for a page table") }
        // Code has the byte order of data. A case ends with a call to the machine.
        var code = corpus.image
        code.append(assemble("sc", [1]))
        for (number, word) in code.enumerated() {
            let address = number < code.count - 1 ? CaseLayout.code + UInt32(number) * 4 : CaseLayout.finished
            try memory.store(order == .little ? word.byteSwapped : word, at: UInt64(address))
        }
        var cpu = Book3SCPU(index: 0, memory: memory, pageTable: table, time: .virtual, sharesMemory: false)
        cpu.start(at: UInt64(CaseLayout.finished), r3: 0)
        self.memory = memory
        self.cpu = cpu
        self.corpus = corpus
        self.order = order
    }

    /// The outcome of one case, or nil if it did not come to its end.
    mutating func run(_ number: Int) throws -> WideOutcome? {
        let current = corpus.cases[number]
        let before = current.state
        for register in 0..<32 { cpu.setRegister(register, to: before[register]) }
        cpu.setConditionRegister(UInt32(truncatingIfNeeded: before[WideState.cr]))
        cpu.setXER(before[WideState.xer])
        cpu.setLinkRegister(before[WideState.lr])
        cpu.setCountRegister(before[WideState.ctr])
        cpu.setFloatingPointStatus(before[WideState.fpscr])
        cpu.setVectorStatusRegister(UInt32(truncatingIfNeeded: before[WideState.vscr]))
        for register in 0..<64 { cpu.setVectorRegister(register, to: before[vector: register]) }
        cpu.setMachineState(
            MSR64.sf | MSR64.vec | MSR64.vsx | MSR64.fp | (order == .little ? MSR64.le : 0))
        cpu.setPC(UInt64(corpus.codes[current.code].address))
        try memory.write(current.window, at: UInt64(CaseLayout.window))
        cpu.beginSlice(instructions: 1000, at: cpu.now)
        guard case .partitionCall = cpu.run() else { return nil }
        var state = WideState()
        for register in 0..<32 { state[register] = cpu.register(register) }
        state[WideState.cr] = UInt64(cpu.conditionRegister)
        state[WideState.xer] = cpu.xer
        state[WideState.lr] = cpu.linkRegister
        state[WideState.ctr] = cpu.countRegister
        state[WideState.fpscr] = cpu.floatingPointStatus
        state[WideState.vscr] = UInt64(cpu.vectorStatusRegister)
        for register in 0..<64 { state[vector: register] = cpu.vectorRegister(register) }
        return WideOutcome(
            state: state, window: try memory.read(at: UInt64(CaseLayout.window), count: CaseLayout.windowSize))
    }
}
