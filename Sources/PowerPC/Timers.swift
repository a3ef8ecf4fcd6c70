/// The timebase and the three timers that hang on it (EREF, chapter 6; BookE timer facilities).
///
/// Nothing here ticks. Each function takes the machine's time in ticks and catches up with it, and ``nextEvent`` tells
/// when somebody has to look again.
struct Timers {
    /// What the guest's timebase is ahead of the machine's time.
    private var timebaseOffset: UInt64 = 0
    /// Machine time at which the decrementer reaches zero; nil once it has stopped there.
    private var decrementerEnd: UInt64?
    /// The machine time up to which TSR is right.
    private var caughtUp: UInt64 = 0
    /// The watchdog asked for a reset that ``takeReset()`` has not told yet.
    private var wantsReset = false

    private(set) var tcr: UInt32 = 0
    private(set) var tsr: UInt32 = 0
    /// DECAR: what the decrementer starts from again with auto-reload.
    private(set) var decrementerReload: UInt32 = 0

    func timebase(at now: UInt64) -> UInt64 { now &+ timebaseOffset }

    mutating func setTimebase(_ value: UInt64, at now: UInt64) {
        catchUp(to: now)
        timebaseOffset = value &- now
    }

    mutating func decrementer(at now: UInt64) -> UInt32 {
        catchUp(to: now)
        guard let end = decrementerEnd, end > now else { return 0 }
        return UInt32(truncatingIfNeeded: end - now)
    }

    mutating func setDecrementer(_ value: UInt32, at now: UInt64) {
        catchUp(to: now)
        decrementerEnd = value == 0 ? nil : now &+ UInt64(value)
    }

    mutating func setReload(_ value: UInt32, at now: UInt64) {
        catchUp(to: now)
        decrementerReload = value
    }

    /// Writes TCR. TCR[WRC] cannot be cleared once it is set.
    mutating func setControl(_ value: UInt32, at now: UInt64) {
        catchUp(to: now)
        tcr = value | (tcr & TimerBits.watchdogResetControl)
    }

    /// Writes ones to the bits of TSR to clear.
    mutating func clearStatus(_ bits: UInt32, at now: UInt64) {
        catchUp(to: now)
        tsr &= ~bits
    }

    mutating func status(at now: UInt64) -> UInt32 {
        catchUp(to: now)
        return tsr
    }

    /// Sets the status bits of everything that happened up to `now`.
    mutating func catchUp(to now: UInt64) {
        guard now > caughtUp else { return }
        if let end = decrementerEnd, end <= now {
            tsr |= TimerBits.decrementerStatus
            let reload = UInt64(decrementerReload)
            decrementerEnd = tcr & TimerBits.autoReload != 0 && reload != 0 ? now + reload - (now - end) % reload : nil
        }
        let before = timebase(at: caughtUp)
        let after = timebase(at: now)
        if Self.risingEdges(of: fixedIntervalBit, from: before, to: after) > 0 {
            tsr |= TimerBits.fixedIntervalStatus
        }
        for _ in 0..<min(Self.risingEdges(of: watchdogBit, from: before, to: after), 3) {
            wantsReset = watchdogTimeout() || wantsReset
        }
        caughtUp = now
    }

    /// Whether the watchdog asked for a reset since the last call.
    mutating func takeReset() -> Bool {
        defer { wantsReset = false }
        return wantsReset
    }

    /// One step of the watchdog's state machine: arm, interrupt, reset.
    private mutating func watchdogTimeout() -> Bool {
        if tsr & TimerBits.enableNextWatchdog == 0 {
            tsr |= TimerBits.enableNextWatchdog
        } else if tsr & TimerBits.watchdogStatus == 0 {
            tsr |= TimerBits.watchdogStatus
        } else {
            return tcr & TimerBits.watchdogResetControl != 0
        }
        return false
    }

    /// When the next timer that the guest enabled changes something, in machine time.
    func nextEvent(after now: UInt64) -> UInt64? {
        var next: UInt64?
        func consider(_ time: UInt64) { next = min(next ?? .max, time) }
        if let end = decrementerEnd { consider(end) }
        if tcr & TimerBits.fixedIntervalEnable != 0, tsr & TimerBits.fixedIntervalStatus == 0 {
            consider(now &+ Self.ticksToEdge(of: fixedIntervalBit, from: timebase(at: now)))
        }
        if tcr & (TimerBits.watchdogEnable | TimerBits.watchdogResetControl) != 0 {
            consider(now &+ Self.ticksToEdge(of: watchdogBit, from: timebase(at: now)))
        }
        return next
    }

    /// Interrupts that the status and enable bits ask for.
    var pending: UInt32 {
        var interrupts: UInt32 = 0
        if tsr & TimerBits.decrementerStatus != 0, tcr & TimerBits.decrementerEnable != 0 {
            interrupts |= 1 << Interrupt.decrementer.rawValue
        }
        if tsr & TimerBits.fixedIntervalStatus != 0, tcr & TimerBits.fixedIntervalEnable != 0 {
            interrupts |= 1 << Interrupt.fixedInterval.rawValue
        }
        if tsr & TimerBits.watchdogStatus != 0, tcr & TimerBits.watchdogEnable != 0 {
            interrupts |= 1 << Interrupt.watchdog.rawValue
        }
        return interrupts
    }

    /// The timebase bit that TCR[FP] and TCR[FPEXT] select, 0 being the least significant.
    private var fixedIntervalBit: UInt64 { 63 - UInt64(tcr >> 24 & 3 | tcr >> 11 & 0x3C) }

    /// The timebase bit that TCR[WP] and TCR[WPEXT] select.
    private var watchdogBit: UInt64 { 63 - UInt64(tcr >> 30 & 3 | tcr >> 15 & 0x3C) }

    /// How often `bit` goes from 0 to 1 while the timebase goes from `before` to `after`.
    private static func risingEdges(of bit: UInt64, from before: UInt64, to after: UInt64) -> UInt64 {
        let half = UInt64(1) << bit
        guard bit < 63, after >= before, after <= .max - half else { return 0 }
        return ((after + half) >> (bit + 1)) - ((before + half) >> (bit + 1))
    }

    /// Ticks until `bit` of the timebase next goes from 0 to 1.
    private static func ticksToEdge(of bit: UInt64, from timebase: UInt64) -> UInt64 {
        guard bit < 63 else { return .max >> 1 }
        let half = UInt64(1) << bit
        let period = half << 1
        let phase = timebase & (period - 1)
        return phase < half ? half - phase : period - phase + half
    }
}
