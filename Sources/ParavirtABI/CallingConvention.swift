/// Which registers carry a hypercall, and how a refusal looks.
///
/// Register numbers are the architecture's own: general registers on PowerPC and s390x, the encoding order
/// (rax 0, rcx 1, rdx 2, rbx 3, rsi 6) on x86.
public enum CallingConvention: UInt8, CaseIterable, Sendable {
    /// PowerPC, ePAPR 1.1 chapter 7: also what KVM and Freescale calls use.
    case epapr
    /// PowerPC servers, PAPR.
    case papr
    /// x86, KVM.
    case x86
    /// s390x, `diag 0x500`.
    case s390x

    /// What a guest gets that asks for a call nobody carries out.
    public enum NotImplemented: Equatable, Sendable {
        /// This value in the status register.
        case status(Int64)
        /// A program interruption instead of a result.
        case interruption(ProgramInterruption)
    }

    /// What happens to the instruction in user state.
    public enum UserState: Equatable, Sendable {
        /// The instruction has its ordinary meaning: a system call, or a privileged-instruction interrupt.
        case notAHypercall
        /// This value in the status register.
        case status(Int64)
        /// A program interruption instead of a result.
        case interruption(ProgramInterruption)
    }

    /// The convention's name in tables.
    public var name: StaticString {
        switch self {
        case .epapr: "PowerPC ePAPR/KVM"
        case .papr: "PowerPC PAPR"
        case .x86: "x86"
        case .s390x: "s390x"
        }
    }

    /// Whose registers these are.
    @inlinable public var architecture: Architecture {
        switch self {
        case .epapr, .papr: .powerPC
        case .x86: .x86
        case .s390x: .s390x
        }
    }

    /// What the guest executes.
    public var instruction: StaticString {
        switch self {
        case .epapr: "the words of the device tree's hcall-instructions"
        case .papr: "sc 1"
        case .x86: "vmcall or vmmcall"
        case .s390x: "diag 0x500"
        }
    }

    /// The register that names the call.
    @inlinable public var numberRegister: Int {
        switch self {
        case .epapr: 11
        case .papr: 3
        case .x86: 0
        case .s390x: 1
        }
    }

    /// How many registers carry arguments.
    @inlinable public var argumentCount: Int {
        switch self {
        case .epapr: 8
        case .papr: 9
        case .x86: 4
        case .s390x: 6
        }
    }

    /// The register of argument `position`, which is below ``argumentCount``.
    @inlinable
    public func argumentRegister(_ position: Int) -> Int {
        switch self {
        case .epapr: 3 + position
        case .papr: 4 + position
        case .x86:
            switch position {
            case 0: 3
            case 1: 1
            case 2: 2
            default: 6
            }
        case .s390x: 2 + position
        }
    }

    /// The register of the status; on x86 and s390x, of the return value.
    @inlinable public var statusRegister: Int {
        switch self {
        case .epapr, .papr: 3
        case .x86: 0
        case .s390x: 2
        }
    }

    /// How many registers carry outputs besides the status.
    @inlinable public var outputCount: Int {
        switch self {
        case .epapr: 8
        case .papr: 9
        case .x86, .s390x: 0
        }
    }

    /// The register of output `position`, which is below ``outputCount``.
    @inlinable
    public func outputRegister(_ position: Int) -> Int {
        4 + position
    }

    /// What an unknown number gets.
    @inlinable public var notImplemented: NotImplemented {
        switch self {
        case .epapr: .status(Int64(EPAPRStatus.unimplemented.rawValue))
        case .papr: .status(-2)
        case .x86: .status(-KVMErrno.notImplemented.rawValue)
        case .s390x: .interruption(.specification)
        }
    }

    /// What user state gets.
    @inlinable public var userState: UserState {
        switch self {
        case .epapr: .notAHypercall
        case .papr: .status(-3)
        case .x86: .status(-KVMErrno.notPermitted.rawValue)
        case .s390x: .interruption(.privilegedOperation)
        }
    }

    /// The name of register `number` in assembly.
    public func registerName(_ number: Int) -> String {
        switch self {
        case .epapr, .papr, .s390x: return "r\(number)"
        case .x86:
            switch number {
            case 0: return "rax"
            case 1: return "rcx"
            case 2: return "rdx"
            case 3: return "rbx"
            case 6: return "rsi"
            default: return "register \(number)"
            }
        }
    }

    /// The table index of the call that the number register names, or nil where the table has no such call.
    ///
    /// An ePAPR token is 32 bits wide; the other numbers have the width of their register.
    @inlinable
    public func index(of number: UInt64) -> Int? {
        switch self {
        case .epapr:
            let token = UInt32(truncatingIfNeeded: number)
            let number = UInt64(token & 0xFFFF)
            switch HypercallVendor(rawValue: UInt16(token >> 16)) {
            case .kvm: return HypercallFamily.kvm.index(of: number)
            case .epapr: return HypercallFamily.epapr.index(of: number)
            case .freescale: return HypercallFamily.freescale.index(of: number)
            default: return nil
            }
        case .papr: return HypercallFamily.papr.index(of: number)
        case .x86: return HypercallFamily.kvm.index(of: number)
        case .s390x: return HypercallFamily.diagnose500.index(of: number)
        }
    }
}

/// The s390x program interruptions that a hypercall can cause, by interruption code.
public enum ProgramInterruption: UInt16, Sendable {
    /// Privileged operation: the instruction was executed in problem state.
    case privilegedOperation = 2
    /// Specification: there is no such subcode.
    case specification = 6
}
