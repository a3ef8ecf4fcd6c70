/// Why a vCPU stopped for a debugger.
public enum DebugEvent: Equatable {
    /// The next instruction has a breakpoint.
    case breakpoint
    /// The next instruction would touch what is watched, first at the effective address `accessed`. Executed again, it
    /// does.
    case watchpoint(Watchpoint, accessed: UInt32)
    /// The step is done.
    case step
}

/// Bytes that a debugger watches, by effective address.
public struct Watchpoint: Equatable {
    /// Which accesses stop.
    public enum Kind: Equatable {
        /// Stores.
        case write
        /// Loads.
        case read
        /// Both.
        case access
    }

    /// Which accesses stop.
    public let kind: Kind
    /// The first byte.
    public let address: UInt32
    /// How many bytes, at least one. They may lie in two pages and more.
    public let length: UInt32

    /// A watchpoint.
    public init(_ kind: Kind, address: UInt32, length: UInt32) {
        self.kind = kind
        self.address = address
        self.length = max(length, 1)
    }

    /// Whether it stops an access to `width` bytes at `address`.
    func stops(_ address: UInt32, width: Int, writes: Bool) -> Bool {
        guard width > 0, kind == .access || (kind == .write) == writes else { return false }
        // By distance, so that nothing wraps around: the access begins in the bytes, or they begin in the access.
        return address &- self.address < length || self.address &- address < UInt32(width)
    }

    /// Whether a byte of it lies in the page of `address`.
    func touchesPage(of address: UInt32) -> Bool {
        let page = address & ~0xFFF
        return page &- self.address < length || self.address &- page < 0x1000
    }
}

/// What debuggers and logs asked of a vCPU. While they asked nothing it costs nothing: breakpoints are operations among
/// the predecoded ones, and what is watched has no direct translation.
struct DebugFacility {
    /// Effective addresses, multiples of 4.
    var breakpoints: [UInt32] = []
    var watchpoints: [Watchpoint] = []
    /// Watched accesses pass: the one that was reported is being executed.
    var ignoresWatchpoints = false
    /// Where an access was reported to a watchpoint. It passes when it is executed again.
    var reportedWatchpoint: UInt32?
    /// One instruction is executed from ``stepPage``.
    var isStepping = false
    private var stepPage: StepPage?
    /// Who is told what happens.
    var observer: (any CPUObserver)?
    /// The observer wants to see each instruction when it is first reached.
    var showsFirstExecutions = false

    var watches: Bool { !watchpoints.isEmpty && !ignoresWatchpoints }

    /// Whether pages of code need marks.
    var marksCode: Bool { !breakpoints.isEmpty || showsFirstExecutions }

    /// Whether accesses to the page of `address` must not be direct.
    func watchesPage(_ address: UInt32) -> Bool {
        !watchpoints.isEmpty && watchpoints.contains { $0.touchesPage(of: address) }
    }

    mutating func makeStepPage() -> StepPage {
        if let stepPage { return stepPage }
        let page = StepPage()
        stepPage = page
        return page
    }

    func release() { stepPage?.release() }
}

/// A page of operations all of which lead out of the interpreter's loop, so that of one that is put among them no other
/// is executed after it.
@safe
struct StepPage {
    let operations: UnsafeMutablePointer<MicroOperation>

    init() {
        let heat = CodeCache.operationsPerPage / MemoryLayout<MicroOperation>.size
        unsafe operations = .allocate(capacity: CodeCache.operationsPerPage + 1 + heat)
        unsafe operations.initialize(repeating: MicroOperation(.breakpoint), count: CodeCache.operationsPerPage)
        unsafe (operations + CodeCache.operationsPerPage).initialize(to: MicroOperation(.pageEnd))
        // So that nothing of it is ever compiled.
        unsafe CodeCache.heat(of: operations).initialize(repeating: .max, count: CodeCache.operationsPerPage)
    }

    func release() { unsafe operations.deallocate() }
}

// MARK: - Asking for stops

extension CPU {
    /// Makes the vCPU stop before the instructions at these effective addresses, and at no others.
    public mutating func setBreakpoints(_ addresses: [UInt32]) {
        debug.breakpoints = addresses
        cache.clearBreakpoints()
        // Pages get their marks when they are next looked up.
        code.flush()
    }

    /// Makes the vCPU stop before accesses to these bytes, and to no others.
    public mutating func setWatchpoints(_ watchpoints: [Watchpoint]) {
        debug.watchpoints = watchpoints
        debug.reportedWatchpoint = nil
        data.flush()
    }

    /// Marks the breakpoints of ``pc``'s page, whose operations these are.
    mutating func markCode(_ operations: UnsafeMutablePointer<MicroOperation>) {
        let page = pc & ~0xFFF
        let isMarked = debug.showsFirstExecutions || debug.breakpoints.contains { $0 & ~0xFFF == page }
        guard isMarked else { return }
        let marks = unsafe CodeCache.makeMarks(of: operations, stopsAtUnseen: debug.showsFirstExecutions)
        for address in debug.breakpoints where address & ~0xFFF == page {
            let number = Int(address >> 2 & 1023)
            marks.setBreakpoint(number)
            unsafe operations[number] = MicroOperation(.undecoded)
        }
    }

    /// Whether an access has to stop for a watchpoint; ``stop`` says for which.
    mutating func isWatched(_ address: UInt32, width: Int, writes: Bool) -> Bool {
        guard let watchpoint = debug.watchpoints.first(where: { $0.stops(address, width: width, writes: writes) })
        else { return false }
        // The first byte that both have.
        let first = watchpoint.address &- address < UInt32(width) ? watchpoint.address : address
        stop = .watchpoint(watchpoint, effective: first)
        return true
    }
}

// MARK: - Stopping and stepping

extension CPU {
    /// What happens at an operation that stands for one to stop at. Nil where execution simply goes on.
    mutating func breakpointReached() -> Exit? {
        if debug.isStepping { return .debug(.step) }
        if debug.showsFirstExecutions { showFirstExecution() }
        if debug.breakpoints.contains(pc) { return .debug(.breakpoint) }
        // Either it was to be shown alone, or the breakpoint is one of another mapping of this page.
        return executeOne()
    }

    /// Tells the observer of the instruction at ``pc`` unless it has seen it.
    private mutating func showFirstExecution() {
        guard let operations = unsafe code.array(fetchMode).lookup(pc, tag: context | UInt64(pc & ~0xFFF)),
            let marks = unsafe CodeCache.marks(of: operations)
        else { return }
        let number = Int(pc >> 2 & 1023)
        let word = unsafe CodeCache.word(operations, number: number)
        guard marks.see(word, number: number) else { return }
        unsafe operations[number] = MicroOperation(.undecoded)
        observe(.firstExecution(word: word, address: pc))
    }

    /// Runs on as ``run()`` does; the access that was reported to a watchpoint here now passes.
    public mutating func resume() -> Exit {
        if debug.reportedWatchpoint == pc {
            let exit = step(takingInterrupts: false)
            guard case .debug(.step) = exit else { return exit }
        }
        debug.reportedWatchpoint = nil
        return run()
    }

    /// Executes one instruction, or takes the exception that it raises. The exit is ``DebugEvent/step`` unless the
    /// machine is needed, for the instruction or before it.
    ///
    /// - Parameter takingInterrupts: whether an interrupt that waits is taken instead. Even where not, it is taken by a
    ///   vCPU that waits for one.
    public mutating func step(takingInterrupts: Bool) -> Exit {
        if takingInterrupts || waiting != .no || acknowledged {
            let before = (pc, msr)
            if let exit = service() { return exit }
            if before != (pc, msr) { return .debug(.step) }
        } else {
            readJournal()
        }
        if instructions >= sliceEnd {
            requestService()
            return .sliceEnd
        }
        return executeOne() ?? .debug(.step)
    }

    /// Executes the instruction at ``pc``, whatever breakpoint it has. Nil when it is done.
    private mutating func executeOne() -> Exit? {
        let tag = context | UInt64(pc & ~0xFFF)
        let before = instructions
        var found = unsafe code.array(fetchMode).lookup(pc, tag: tag)
        if unsafe found == nil {
            if let exit = fetch() { return exit }
            // The fetch itself may have been what raised an exception.
            if instructions != before { return nil }
            unsafe found = code.array(fetchMode).lookup(pc, tag: tag)
        }
        guard let operations = unsafe found else { return nil }
        let number = Int(pc >> 2 & 1023)
        let page = debug.makeStepPage()
        unsafe page.operations[number] = CodeCache.decoded(operations, number: number)
        debug.isStepping = true
        debug.ignoresWatchpoints = debug.reportedWatchpoint == pc
        debug.reportedWatchpoint = nil
        deadline = before &+ 1
        let exit = unsafe interpret(page.operations)
        unsafe page.operations[number] = MicroOperation(.breakpoint)
        debug.isStepping = false
        debug.ignoresWatchpoints = false
        requestService()
        if case .debug(.step) = exit { return nil }
        return exit
    }
}
