internal import CHost

/// What others ask of a vCPU: its interrupt inputs, and that it comes back from running. One atomic word, which any
/// thread may write while the vCPU runs; the vCPU looks at it between turns of its loop.
@safe
public struct Signals {
    private let word: UnsafeMutablePointer<UInt64>

    /// The bits above the interrupt inputs.
    private enum Flag {
        static let externalProxy: UInt64 = 1 << 32
        static let leave: UInt64 = 1 << 33
        /// Something changed since the vCPU last looked.
        static let news: UInt64 = 1 << 34
        static let prod: UInt64 = 1 << 35
    }

    /// The signals that are kept in `word`, for as long as that exists.
    public init(word: UnsafeMutablePointer<UInt64>) { unsafe self.word = word }

    private var value: UInt64 { @inline(__always) get { unsafe host_load_acquire_u64(word) } }

    /// Asserted interrupt inputs, one bit for each ``Interrupt``.
    var pins: UInt32 { UInt32(truncatingIfNeeded: value) }

    /// Whether an interrupt input is asserted.
    public func isAsserted(_ pin: Interrupt) -> Bool { value & UInt64(pin.pendingBit) != 0 }

    /// Whether external interrupts take their vector from the interrupt controller at delivery (EPR).
    public var externalProxy: Bool { value & Flag.externalProxy != 0 }

    /// Whether something changed since the vCPU last looked.
    public var hasNews: Bool { @inline(__always) get { value & Flag.news != 0 } }

    /// Whether the vCPU is asked to come back with ``Exit/sliceEnd``.
    public var wantsLeave: Bool { value & Flag.leave != 0 }

    /// Asserts or clears an interrupt input: ``Interrupt/external``, ``Interrupt/criticalInput``,
    /// ``Interrupt/machineCheck``, or a message.
    public func setPin(_ pin: Interrupt, asserted: Bool) {
        set(UInt64(pin.pendingBit), asserted)
    }

    /// Sets whether external interrupts take their vector at delivery.
    public func setExternalProxy(_ enabled: Bool) { set(Flag.externalProxy, enabled) }

    /// Makes the vCPU come back with ``Exit/sliceEnd`` soon, and until ``stay()`` whenever it is run.
    public func leave() { unsafe host_set_bits_u64(word, Flag.leave | Flag.news) }

    /// Takes ``leave()`` back.
    public func stay() { if wantsLeave { _ = unsafe host_clear_bits_u64(word, Flag.leave) } }

    /// Tells the vCPU that there is news, whatever it is.
    public func notify() { unsafe host_set_bits_u64(word, Flag.news) }

    /// Asks a vCPU that ceded to go on without an interrupt.
    func prod() { unsafe host_set_bits_u64(word, Flag.prod | Flag.news) }

    /// Takes back whether somebody asked it to go on.
    func takeProd() -> Bool {
        guard value & Flag.prod != 0 else { return false }
        _ = unsafe host_clear_bits_u64(word, Flag.prod)
        return true
    }

    /// Takes note of all news.
    public func acknowledge() { if hasNews { _ = unsafe host_clear_bits_u64(word, Flag.news) } }

    private func set(_ bit: UInt64, _ isSet: Bool) {
        guard (value & bit != 0) != isSet else { return }
        if isSet {
            unsafe host_set_bits_u64(word, bit | Flag.news)
        } else {
            _ = unsafe host_clear_bits_u64(word, bit)
            unsafe host_set_bits_u64(word, Flag.news)
        }
    }
}
