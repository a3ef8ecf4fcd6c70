/// A 64-bit vCPU of a partition, whatever executes it: what the machine `pseries` needs beyond ``VirtualCPU``.
///
/// It comes back with ``PowerPC/Exit/partitionCall(isPrivileged:)`` for `sc 1`, and with ``PowerPC/Exit/hypercall`` for the
/// sequence of ePAPR's calls where it recognizes that itself; the registers are those of the calling convention, and the
/// vCPU goes on behind the instruction with what the machine has put into them. An engine whose host answers some calls
/// by itself comes back for fewer.
///
/// The external interrupt's pin is ``VirtualCPU/signals``. Everything else here is for whoever holds the machine while the
/// vCPU does not execute, as ``VirtualCPU`` says.
public protocol PSeriesCPU: VirtualCPU {
    /// General-purpose register `number`, from 0 to 31.
    func register(_ number: Int) -> UInt64

    /// Sets general-purpose register `number`.
    func setRegister(_ number: Int, to value: UInt64)

    /// Whether MSR[SF] is set.
    var is64Bit: Bool { get }

    /// Puts it at the start of a program in 64-bit big-endian real mode: MSR = SF|ME, all registers zero but these, no
    /// segments, no magic page. How it takes interrupts stays as it was set last. A stopped vCPU executes from now on.
    ///
    /// - Parameters:
    ///   - pc: the real address of the first instruction.
    ///   - r3: the tree's address of the boot vCPU, what the caller of start-cpu gave of another.
    func start(at pc: UInt64, r3: UInt64)

    /// Makes it stand still, whatever interrupts are pending, until ``start(at:r3:)``: it comes back with
    /// ``PowerPC/Exit/idle`` from now on.
    func stop()

    /// How it takes interrupts.
    var interruptMode: InterruptMode { get set }

    /// Whether ``interruptMode`` may have an alternate location.
    var offersAlternateInterrupts: Bool { get }

    /// Sets MSR[EE], and halts until an interrupt is pending, or ``prod()``: `H_CEDE`.
    func cede()

    /// Ends a halt of ``cede()`` without any interrupt: `H_PROD`. The vCPU may execute or stand still otherwise; nothing
    /// happens then.
    func prod()

    /// Makes the magic page the storage of its supervisor registers, and tells which optional fields it keeps there. The
    /// page has the byte order of ``interruptMode``.
    ///
    /// - Parameters:
    ///   - realAddress: where real mode sees it, a multiple of 4096.
    ///   - effectiveAddress: where translated supervisor state sees it, a multiple of 4096.
    ///   - flags: the low 12 bits of the guest's effective address (``ParavirtABI/MagicPageFlags``).
    func mapMagicPage(realAddress: UInt64, effectiveAddress: UInt64, flags: UInt64) -> UInt64

    /// SPRG0: `H_SET_SPRG0`.
    func setSPRG0(_ value: UInt64)

    /// Sets the data address watchpoint (DAWR, DAWRX): `H_SET_MODE`. False for a vCPU that has none.
    func setWatchpoint(address: UInt64, control: UInt64) -> Bool

    /// Sets the instruction breakpoint (CIABR): `H_SET_MODE`. False for a vCPU that has none.
    func setBreakpoint(_ value: UInt64) -> Bool
}

/// How a 64-bit vCPU takes interrupts: what `H_SET_MODE` sets of LPCR.
public struct InterruptMode: Equatable, Sendable {
    /// LPCR[ILE]: handlers are little-endian code.
    public var isLittleEndian: Bool
    /// LPCR[AIL]: 0, or 3 for handlers that are entered at 0xC000_0000_0000_4000 with translation on, or 2 for 0x1_8000.
    public var alternateLocation: UInt8

    /// Such a mode.
    public init(isLittleEndian: Bool = false, alternateLocation: UInt8 = 0) {
        self.isLittleEndian = isLittleEndian
        self.alternateLocation = alternateLocation
    }
}

extension PSeriesCPU {
    /// Nothing: a partition's vCPUs have no breakpoints of hardware unless they say so.
    public func setWatchpoint(address: UInt64, control: UInt64) -> Bool { false }
    /// Nothing, as well.
    public func setBreakpoint(_ value: UInt64) -> Bool { false }

    // What e500 machines alone ask of a vCPU.

    /// Nothing: XICS gives its vectors through hypercalls.
    public func completeAcknowledge(vector: UInt32) {}
    /// Nothing: the page of a 64-bit vCPU has a real address, too.
    public func mapMagicPage(at effective: UInt32) {}
    /// Nothing: there is no `tlbivax`.
    public func invalidateTLB(operand: UInt32) {}
    /// Nothing: XICS sends messages.
    public func receiveMessage(operand: UInt32) {}
}
