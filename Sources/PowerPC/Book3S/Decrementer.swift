/// The decrementer of a 64-bit core. Nothing here ticks; each function takes the machine's time, which is the timebase as
/// well: only a hypervisor can set that.
struct Decrementer {
    /// Machine time at which the decrementer is zero.
    private var zero: UInt64 = 0x7FFF_FFFF

    /// DEC: 32 bits that count down, also below zero.
    func value(at now: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: zero &- now) }

    mutating func set(_ value: UInt32, at now: UInt64) {
        zero = now &+ UInt64(bitPattern: Int64(Int32(bitPattern: value)))
    }

    /// Whether its interrupt is pending: for as long as the most significant bit is set.
    func isPending(at now: UInt64) -> Bool { value(at: now) >> 31 != 0 }

    /// When the interrupt will be pending; nil while it is.
    func nextEvent(after now: UInt64) -> UInt64? { isPending(at: now) ? nil : now &+ UInt64(value(at: now)) &+ 1 }
}
