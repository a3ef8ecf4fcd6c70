public import ParavirtABI

/// The general registers of a vCPU that made a hypercall, by the numbers that ``ParavirtABI/CallingConvention`` uses.
///
/// A class and a noncopyable structure conform alike.
public protocol CallRegisters: ~Copyable {
    /// The content of general register `index`; a 32-bit vCPU's upper half is anything.
    borrowing func register(_ index: Int) -> UInt64

    /// Writes general register `index`; a 32-bit vCPU keeps the lower half.
    mutating func setRegister(_ index: Int, to value: UInt64)
}

/// How many bits of a register the mode that the guest is in can see.
public enum RegisterWidth: UInt8, Sendable {
    /// PowerPC with MSR.SF=0, or without it; x86 outside long mode.
    case bits32
    /// PowerPC with MSR.SF=1; x86 in 64-bit mode; s390x always.
    case bits64

    /// `value` as the mode sees it.
    @inlinable
    public func truncate(_ value: UInt64) -> UInt64 {
        self == .bits64 ? value : value & 0xFFFF_FFFF
    }
}

/// One hypercall, taken out of the registers: what a handler gets.
public struct HypercallFrame: Sendable {
    /// Which vCPU calls, counted from 0.
    public let vcpu: Int
    /// The content of the number register, as wide as the convention reads it.
    public let number: UInt64
    /// The row of ``ParavirtABI/Hypercall/all`` that ``number`` names; nil where there is none.
    public let index: Int?
    /// The argument registers in order, cut to ``width``; zero where the convention has fewer.
    public let arguments: InlineArray<8, UInt64>
    /// Whether the guest was in supervisor state (PR=0, CPL 0, P=0).
    public let isPrivileged: Bool
    /// How wide the arguments are.
    public let width: RegisterWidth

    /// Reads the call that `registers` hold.
    @inlinable
    public init<Registers: CallRegisters & ~Copyable>(
        from registers: borrowing Registers, convention: CallingConvention, vcpu: Int, isPrivileged: Bool,
        width: RegisterWidth
    ) {
        // diag 0x500 reads whole registers in every addressing mode, an ePAPR token is a 32-bit number.
        let width = convention == .s390x ? .bits64 : width
        let raw = registers.register(convention.numberRegister)
        let number = convention == .epapr ? raw & 0xFFFF_FFFF : width.truncate(raw)
        var arguments = InlineArray<8, UInt64>(repeating: 0)
        for position in 0..<min(convention.argumentCount, 8) {
            arguments[position] = width.truncate(registers.register(convention.argumentRegister(position)))
        }
        self.vcpu = vcpu
        self.number = number
        self.index = convention.index(of: number)
        self.arguments = arguments
        self.isPrivileged = isPrivileged
        self.width = width
    }

    /// Argument `position`, counted from 0.
    @inlinable
    public subscript(position: Int) -> UInt64 {
        arguments[position]
    }
}
