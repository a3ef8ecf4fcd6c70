/// Somebody who is told what a vCPU does: a log, a trace.
///
/// It is called from within ``CPU/run()`` on the thread that runs the vCPU, and must not touch the vCPU.
public protocol CPUObserver: AnyObject {
    /// Something happened on vCPU `vcpu` at machine time `tick`.
    func observe(_ event: CPUEvent, vcpu: Int, at tick: UInt64)
}

/// What a vCPU tells its observer.
public enum CPUEvent {
    /// An interrupt was taken.
    case interrupt(TakenInterrupt)
    /// `tlbwe` wrote an entry.
    case tlbWrite(TranslationReport)
    /// `tlbivax` invalidated what its operand names, here or on another vCPU.
    case tlbInvalidate(operand: UInt32)
    /// A process ID register (0–2) was written.
    case process(number: Int, value: UInt32)
    /// An instruction that the core does not have.
    case illegalInstruction(word: UInt32, address: UInt32)
    /// `mfspr` or `mtspr` of a register that the core does not have.
    case unknownRegister(number: Int, address: UInt32)
    /// The guest asked for something that the core should have and does not.
    case unimplemented(Facility, address: UInt32)
    /// It has nothing to do until an interrupt. Told again at each turn.
    case waits
    /// It has something to do again.
    case wakes
    /// The instruction at an effective address is about to be executed for the first time.
    case firstExecution(word: UInt32, address: UInt32)

    /// Parts of the core that are not there.
    public enum Facility {
        /// The SPE unit.
        case spe
        /// Debug events (DBCR0) other than the reset.
        case debugEvents

        /// What it is called.
        public var name: StaticString {
            switch self {
            case .spe: "the SPE unit"
            case .debugEvents: "debug events"
            }
        }
    }
}

/// An interrupt as it was taken.
public struct TakenInterrupt {
    /// Which one.
    public let interrupt: Interrupt
    /// The effective address that the save register got.
    public let savedPC: UInt32
    /// The MSR before.
    public let savedMSR: UInt32
    /// The effective address of the handler.
    public let vector: UInt32
    /// What ESR was set to, if it was.
    public let syndrome: UInt32?
    /// What DEAR was set to, if it was.
    public let dataAddress: UInt32?
}

/// An entry of the architected TLB for a person.
public struct TranslationReport {
    /// TLB1, or TLB0.
    public let isTLB1: Bool
    /// The entry of TLB1, or set × 4 + way of TLB0.
    public let number: Int
    /// Whether it is valid.
    public let isValid: Bool
    /// The effective address of the page.
    public let effective: UInt32
    /// Its real address.
    public let real: UInt64
    /// Its size in bytes.
    public let size: UInt64
    /// The process that may use it; 0 for all.
    public let process: UInt8
    /// The address space.
    public let space: UInt8
    /// MAS3's permission bits: UX SX UW SW UR SR.
    public let permissions: UInt8
    /// MAS2's attributes: X0 X1 W I M G E.
    public let attributes: UInt8
    /// Whether invalidation leaves it alone.
    public let isProtected: Bool

    init(_ entry: TLBEntry, at location: TLB.Location, ways: Int) {
        isTLB1 = location.isTLB1
        number = location.isTLB1 ? location.entry : location.set * ways + location.entry
        isValid = entry.valid != 0
        effective = entry.effective
        real = entry.real
        size = 1024 << (2 * UInt64(entry.sizeCode))
        process = entry.process
        space = entry.space
        permissions = UInt8(entry.permissions & 0x3F)
        attributes = entry.attributes
        isProtected = entry.protected != 0
    }

    /// One line.
    public var description: String {
        let names: [StaticString] = ["ux", "sx", "uw", "sw", "ur", "sr"]
        var allowed = ""
        for (position, name) in names.enumerated() where permissions & 0x20 >> UInt8(position) != 0 {
            allowed += " \(name)"
        }
        return "tlb\(isTLB1 ? 1 : 0)[\(number)] \(hexadecimal(effective)) -> \(hexadecimal(real, digits: 9))"
            + " size \(size >> 10)K pid \(process) as \(space)\(allowed)"
            + (isProtected ? " iprot" : "") + (isValid ? "" : " invalid")
    }
}

/// `value` in hexadecimal with at least that many digits.
package func hexadecimal(_ value: some BinaryInteger, digits: Int = 8) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(digits - text.utf8.count, 0)) + text
}

extension CPU {
    /// Tells `observer` from now on what happens; `showsFirstExecutions` also each instruction that is reached for the
    /// first time.
    public mutating func setObserver(_ observer: (any CPUObserver)?, showsFirstExecutions: Bool = false) {
        debug.observer = observer
        debug.showsFirstExecutions = showsFirstExecutions && observer != nil
        code.flush()
    }

    /// Tells the observer, if there is one.
    @inline(__always)
    func observe(_ event: @autoclosure () -> CPUEvent) {
        if debug.observer != nil { pass(event()) }
    }

    @inline(never)
    private func pass(_ event: CPUEvent) {
        debug.observer?.observe(event, vcpu: index, at: now)
    }

    /// The valid entries of the architected TLB.
    public func translations() -> [TranslationReport] {
        var reports: [TranslationReport] = []
        for number in 0..<tlb.tlb1Count { report(tlb.location(tlb1: number)) }
        for set in 0..<tlb.sets {
            for way in 0..<tlb.ways { report(TLB.Location(isTLB1: false, entry: way, set: set)) }
        }
        return reports

        func report(_ location: TLB.Location) {
            let entry = tlb[location]
            if entry.valid != 0 { reports.append(TranslationReport(entry, at: location, ways: tlb.ways)) }
        }
    }
}
