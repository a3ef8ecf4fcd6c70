/// Bits of the machine state register (EREF, MSR; PowerPC e500 Core Family Reference Manual §2.5).
public enum MSR {
    /// User-mode cache lock enable.
    public static let ucle: UInt32 = 0x0400_0000
    /// SPE available.
    public static let spe: UInt32 = 0x0200_0000
    /// Wait state: stop fetching until an interrupt.
    public static let we: UInt32 = 0x0004_0000
    /// Critical interrupts enabled.
    public static let ce: UInt32 = 0x0002_0000
    /// External, decrementer and fixed-interval interrupts enabled.
    public static let ee: UInt32 = 0x0000_8000
    /// Problem (user) state.
    public static let pr: UInt32 = 0x0000_4000
    /// Floating point available.
    public static let fp: UInt32 = 0x0000_2000
    /// Machine check enabled.
    public static let me: UInt32 = 0x0000_1000
    /// With ``fe1``: whether floating-point exceptions interrupt.
    public static let fe0: UInt32 = 0x0000_0800
    /// Debug wait enable of the e500v2.
    public static let dwe: UInt32 = 0x0000_0400
    /// Debug interrupts enabled.
    public static let de: UInt32 = 0x0000_0200
    /// With ``fe0``: whether floating-point exceptions interrupt.
    public static let fe1: UInt32 = 0x0000_0100
    /// Address space of instruction fetches.
    public static let `is`: UInt32 = 0x0000_0020
    /// Address space of data accesses.
    public static let ds: UInt32 = 0x0000_0010
    /// Performance monitor mark.
    public static let pmm: UInt32 = 0x0000_0004
    /// Recoverable: cleared only by a machine check.
    public static let ri: UInt32 = 0x0000_0002
}

/// Bits of the exception syndrome register.
enum ESR {
    /// Illegal instruction.
    static let illegal: UInt32 = 0x0800_0000
    /// Privileged instruction.
    static let privileged: UInt32 = 0x0400_0000
    /// Trap instruction.
    static let trap: UInt32 = 0x0200_0000
    /// An enabled floating-point exception.
    static let floatingPoint: UInt32 = 0x0100_0000
    /// The access was a store.
    static let store: UInt32 = 0x0080_0000
    /// An access to a little-endian page by an instruction that needs big-endian order, or across both.
    static let byteOrder: UInt32 = 0x0002_0000
    /// The instruction belongs to the SPE unit.
    static let spe: UInt32 = 0x0000_0080
}

/// The bits of the timer control and status registers.
enum TimerBits {
    /// TCR: watchdog interrupts enabled.
    static let watchdogEnable: UInt32 = 0x0800_0000
    /// TCR: decrementer interrupts enabled.
    static let decrementerEnable: UInt32 = 0x0400_0000
    /// TCR: fixed-interval interrupts enabled.
    static let fixedIntervalEnable: UInt32 = 0x0080_0000
    /// TCR: the decrementer reloads itself from DECAR.
    static let autoReload: UInt32 = 0x0040_0000
    /// TCR: what a third watchdog time-out resets; 0 for nothing.
    static let watchdogResetControl: UInt32 = 0x3000_0000

    /// TSR: the next watchdog time-out raises the interrupt.
    static let enableNextWatchdog: UInt32 = 0x8000_0000
    /// TSR: a watchdog interrupt is pending.
    static let watchdogStatus: UInt32 = 0x4000_0000
    /// TSR: a decrementer interrupt is pending.
    static let decrementerStatus: UInt32 = 0x0800_0000
    /// TSR: a fixed-interval interrupt is pending.
    static let fixedIntervalStatus: UInt32 = 0x0400_0000
}
