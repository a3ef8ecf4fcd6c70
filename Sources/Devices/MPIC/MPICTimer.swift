/// One global timer of an ``MPIC``: counts down from its base count, over and over, while counting is not inhibited.
///
/// Times are timebase ticks; a period is how many of them one count takes. A base count of 0 never expires.
struct MPICTimer {
    /// The base count register: count-inhibit bit and base.
    private(set) var baseCount: UInt32 = MPICRegister.TimerBits.inhibit
    /// When the count reaches 0 next; nil while the timer stands.
    private(set) var nextExpiry: UInt64?
    /// The count while the timer stands.
    private var frozenCount: UInt32 = 0
    private var toggle = false

    /// Whether counting is inhibited.
    private var isInhibited: Bool { baseCount & MPICRegister.TimerBits.inhibit != 0 }
    private var base: UInt64 { UInt64(baseCount & MPICRegister.TimerBits.count) }

    /// The current count register: toggle bit and the count at `now`.
    func currentCount(at now: UInt64, period: UInt64) -> UInt32 {
        let count = remainingCounts(at: now, period: period)
        return count | (toggle ? MPICRegister.TimerBits.toggle : 0)
    }

    /// Writes the base count register at `now`.
    ///
    /// Ending the inhibition starts from the new base with the toggle bit clear; a new base for a running timer counts
    /// from its next expiry on.
    mutating func setBaseCount(_ value: UInt32, at now: UInt64, period: UInt64) {
        let wasInhibited = isInhibited
        frozenCount = remainingCounts(at: now, period: period)
        baseCount = value
        if isInhibited {
            nextExpiry = nil
        } else if wasInhibited || nextExpiry == nil {
            toggle = false
            frozenCount = UInt32(base)
            nextExpiry = base == 0 ? nil : now &+ base &* period
        }
    }

    /// Counts at another rate from `now` on.
    mutating func changePeriod(from old: UInt64, to new: UInt64, at now: UInt64) {
        guard nextExpiry != nil else { return }
        nextExpiry = now &+ UInt64(remainingCounts(at: now, period: old)) &* new
    }

    /// Runs up to `now`; true when the count reached 0 on the way, however often.
    mutating func advance(to now: UInt64, period: UInt64) -> Bool {
        guard let expiry = nextExpiry, now >= expiry else { return false }
        let interval = base &* period
        guard interval > 0 else {
            toggle.toggle()
            nextExpiry = nil
            frozenCount = 0
            return true
        }
        let expiries = (now - expiry) / interval + 1
        if expiries & 1 != 0 { toggle.toggle() }
        nextExpiry = expiry &+ expiries &* interval
        return true
    }

    private func remainingCounts(at now: UInt64, period: UInt64) -> UInt32 {
        guard let expiry = nextExpiry else { return frozenCount }
        let ticks = expiry > now ? expiry - now : 0
        return UInt32(truncatingIfNeeded: (ticks &+ period &- 1) / period) & MPICRegister.TimerBits.count
    }
}
