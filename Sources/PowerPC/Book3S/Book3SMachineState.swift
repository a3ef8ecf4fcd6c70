/// Bits of the 64-bit machine state register (Power ISA 2.07B book III-S §3.2.1).
public enum MSR64 {
    /// 64-bit mode.
    public static let sf: UInt64 = 1 << 63
    /// Vectors available.
    public static let vec: UInt64 = 1 << 25
    /// Vector-scalar instructions available.
    public static let vsx: UInt64 = 1 << 23
    /// External, decrementer and doorbell interrupts enabled.
    public static let ee: UInt64 = 1 << 15
    /// Problem state.
    public static let pr: UInt64 = 1 << 14
    /// Floating point available.
    public static let fp: UInt64 = 1 << 13
    /// Machine check enabled.
    public static let me: UInt64 = 1 << 12
    /// With ``fe1``: whether floating-point exceptions interrupt.
    public static let fe0: UInt64 = 1 << 11
    /// Trace interrupt after each instruction.
    public static let se: UInt64 = 1 << 10
    /// Trace interrupt after each branch.
    public static let be: UInt64 = 1 << 9
    /// With ``fe0``: whether floating-point exceptions interrupt.
    public static let fe1: UInt64 = 1 << 8
    /// Instruction addresses are translated.
    public static let ir: UInt64 = 1 << 5
    /// Data addresses are translated.
    public static let dr: UInt64 = 1 << 4
    /// Performance monitor mark.
    public static let pmm: UInt64 = 1 << 2
    /// Recoverable interrupt.
    public static let ri: UInt64 = 1 << 1
    /// Little-endian.
    public static let le: UInt64 = 1

    /// All bits that the CPU has: no hypervisor state, no transactions.
    static let implemented =
        sf | vec | vsx | ee | pr | fp | me | fe0 | se | be | fe1 | ir | dr | pmm | ri | le
}

/// Bits of SRR1 that tell why an interrupt was taken; they are 0 in it otherwise.
enum SRR1 {
    /// Program: an enabled floating-point exception.
    static let floatingPoint: UInt64 = 1 << 20
    /// Program: no such instruction.
    static let illegal: UInt64 = 1 << 19
    /// Program: a privileged instruction in problem state.
    static let privileged: UInt64 = 1 << 18
    /// Program: a trap.
    static let trap: UInt64 = 1 << 17

    /// The bits of MSR that SRR1 does not save.
    static let reasons: UInt64 = 0x783F_0000
}

/// Facilities that FSCR governs, by their bit and the code in its first byte.
enum Facility: UInt64 {
    case dscr = 2
    case performanceMonitor = 3
    case transactions = 5
    case eventBasedBranches = 7
    case tar = 8

    var bit: UInt64 { 1 << rawValue }
}
