public import GuestMemory
public import PowerPC

/// A vCPU that debuggers, logs and traces can look into.
public protocol DebuggableCPU: VirtualCPU {
    /// The effective address of the next instruction.
    var pc: UInt32 { get }

    /// Runs on as ``VirtualCPU/run()`` does; an access that was reported to a watchpoint just here passes.
    func resume() -> Exit

    /// Executes one instruction: see ``PowerPC/CPU/step(takingInterrupts:)``.
    func step(takingInterrupts: Bool) -> Exit

    /// Makes it stop before the instructions at these effective addresses, and at no others.
    func setBreakpoints(_ addresses: [UInt32])

    /// Makes it stop before accesses to these bytes, and to no others.
    func setWatchpoints(_ watchpoints: [Watchpoint])

    /// Tells `observer` from now on what happens.
    func setObserver(_ observer: (any CPUObserver)?, showsFirstExecutions: Bool)

    /// The registers that it has, the core ones first.
    var debugRegisters: [DebugRegister] { get }

    /// General-purpose register `number`.
    func register(_ number: Int) -> UInt32

    /// The value of a register.
    func value(of register: DebugRegister) -> UInt64

    /// Sets a register. False where it cannot be set.
    func setValue(of register: DebugRegister, to value: UInt64) -> Bool

    /// Reads memory at an effective address, as far as there is any.
    func debugRead(at effective: UInt32, count: Int) -> [UInt8]

    /// Writes memory at an effective address: all of the bytes or, with false, none.
    func debugWrite(_ bytes: [UInt8], at effective: UInt32) -> Bool

    /// The valid entries of the architected TLB.
    func translations() -> [TranslationReport]
}

/// A machine that debuggers, logs and traces can look into.
public protocol DebuggableMachine: Machine {
    /// All vCPUs by number, also those that the guest has not started.
    var debuggableCPUs: [any DebuggableCPU] { get }

    /// The guest's RAM.
    var memory: GuestMemory { get }

    /// What the device at a real address is called; nil where there is none.
    func deviceName(at address: UInt64) -> StaticString?
}

extension SoftwareCPU: DebuggableCPU {
    /// The effective address of the next instruction.
    public var pc: UInt32 { core.pc }
    /// Runs on past a reported access.
    public func resume() -> Exit { core.resume() }
    /// Executes one instruction.
    public func step(takingInterrupts: Bool) -> Exit { core.step(takingInterrupts: takingInterrupts) }
    /// Sets the breakpoints.
    public func setBreakpoints(_ addresses: [UInt32]) { core.setBreakpoints(addresses) }
    /// Sets the watchpoints.
    public func setWatchpoints(_ watchpoints: [Watchpoint]) { core.setWatchpoints(watchpoints) }
    /// Sets the observer.
    public func setObserver(_ observer: (any CPUObserver)?, showsFirstExecutions: Bool) {
        core.setObserver(observer, showsFirstExecutions: showsFirstExecutions)
    }
    /// The value of a register.
    public func value(of register: DebugRegister) -> UInt64 { core.value(of: register) }
    /// Sets a register.
    public func setValue(of register: DebugRegister, to value: UInt64) -> Bool {
        core.setValue(of: register, to: value)
    }
    /// Reads memory.
    public func debugRead(at effective: UInt32, count: Int) -> [UInt8] {
        core.debugRead(at: effective, count: count)
    }
    /// Writes memory.
    public func debugWrite(_ bytes: [UInt8], at effective: UInt32) -> Bool {
        core.debugWrite(bytes, at: effective)
    }
    /// The TLB's valid entries.
    public func translations() -> [TranslationReport] { core.translations() }
}
