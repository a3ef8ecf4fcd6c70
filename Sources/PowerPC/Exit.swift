/// Why a vCPU came back from running.
public enum Exit {
    /// A load from a real address that is not RAM. Answer with `completeRead(_:)` before running on.
    case deviceRead(address: UInt64, width: Int)
    /// A store to a real address that is not RAM.
    case deviceWrite(address: UInt64, width: Int, value: UInt64)
    /// The guest executed its hypercall sequence in supervisor state; the arguments are in the GPRs.
    case hypercall
    /// The guest executed `sc 1`: a PAPR hypercall, whose number and arguments are in the GPRs.
    case partitionCall(isPrivileged: Bool)
    /// An external interrupt is about to be taken and the external proxy is on: answer with
    /// `completeAcknowledge(vector:)` before running on.
    case acknowledge
    /// Nothing to do until an interrupt.
    case idle
    /// The slice is over.
    case sliceEnd
    /// The guest invalidated a translation that other vCPUs may hold (`tlbivax`): pass the operand to
    /// `invalidateTLB(_:)` of each other one.
    case invalidateTLB(operand: UInt32)
    /// The guest sent a message to other vCPUs (`msgsnd`): pass the operand to `receiveMessage(operand:)` of each.
    case message(operand: UInt32)
    /// The guest asked for a reset through DBCR0 or its watchdog ran out.
    case reset(Reset)
    /// The guest cannot go on.
    case crash(Crash)
    /// The vCPU is where a debugger wants it to stop.
    case debug(DebugEvent)

    /// Who asked for a reset.
    public enum Reset {
        /// DBCR0[RST].
        case debugControl
        /// The third watchdog time-out with TCR[WRC] set.
        case watchdog
    }
}

/// Why a guest cannot go on.
public enum Crash: CustomStringConvertible {
    /// The first instruction of the handler of `interrupt`, at `vector`, raises the same interrupt again.
    case unhandled(Interrupt, vector: UInt32)
    /// The same of a 64-bit core.
    case unhandledServer(Book3SInterrupt, vector: UInt64)
    /// A machine check while MSR[ME] is 0.
    case checkstop

    /// One line that says what happened.
    public var description: String {
        switch self {
        case .unhandled(let interrupt, let vector):
            "unhandled \(interrupt.name) interrupt: its handler at 0x\(String(vector, radix: 16)) raises it again"
        case .unhandledServer(let interrupt, let vector):
            "unhandled \(interrupt.name) interrupt: its handler at 0x\(String(vector, radix: 16)) raises it again"
        case .checkstop:
            "checkstop: machine check with MSR[ME] clear"
        }
    }
}
