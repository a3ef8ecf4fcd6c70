public import ParavirtABI

/// What a handler answers, before any architecture's registers are involved.
public enum HypercallResult: Sendable {
    /// Carried out. On x86 and s390x the first output is the return value, 0 where there is none.
    case success(HypercallOutputs)
    /// Not carried out; PowerPC guests get the outputs all the same (a partial count, for instance).
    case failure(HypercallFailure, HypercallOutputs)
    /// Not carried out, for a reason that PAPR alone has; its guests get the outputs all the same.
    case refusal(PAPRStatus, HypercallOutputs)
    /// There is no such call.
    case unimplemented

    /// Carried out, with nothing to say.
    @inlinable public static var success: HypercallResult { .success(HypercallOutputs()) }

    /// Carried out, with one output.
    @inlinable
    public static func success(_ output: UInt64) -> HypercallResult {
        .success(HypercallOutputs(output))
    }

    /// Not carried out, for a reason that PAPR alone has.
    @inlinable
    public static func refusal(_ status: PAPRStatus) -> HypercallResult {
        .refusal(status, HypercallOutputs())
    }

    /// Not carried out, with nothing to say but why.
    @inlinable
    public static func failure(_ failure: HypercallFailure) -> HypercallResult {
        .failure(failure, HypercallOutputs())
    }
}

/// The outputs of a call besides its status: at most eight, kept without allocation.
public struct HypercallOutputs: Sendable {
    /// How many outputs there are.
    public private(set) var count: Int
    @usableFromInline var values: InlineArray<8, UInt64>

    /// No outputs.
    public init() {
        count = 0
        values = InlineArray(repeating: 0)
    }

    /// One output.
    public init(_ first: UInt64) {
        self.init()
        append(first)
    }

    /// Two outputs.
    public init(_ first: UInt64, _ second: UInt64) {
        self.init(first)
        append(second)
    }

    /// One more output; there is room for eight.
    public mutating func append(_ value: UInt64) {
        precondition(count < 8, "a hypercall has at most 8 outputs")
        values[count] = value
        count += 1
    }

    /// Output `position`, or 0 where there are fewer.
    @inlinable
    public subscript(position: Int) -> UInt64 {
        position < count ? values[position] : 0
    }
}

/// Why a call was not carried out, in no architecture's numbers.
public enum HypercallFailure: UInt8, CaseIterable, Sendable {
    /// The caller may not do this.
    case notPermitted
    /// There is no such entry.
    case noEntry
    /// Input or output failed.
    case inputOutput
    /// Not now, try again.
    case tryAgain
    /// Too little memory.
    case noMemory
    /// A guest address leads nowhere.
    case badAddress
    /// There is no such device.
    case noDevice
    /// An argument is out of range.
    case invalidArgument
    /// The hypervisor failed.
    case `internal`
    /// The configuration is wrong.
    case configuration
    /// The object is in no state for this.
    case invalidState
    /// The caller's buffer is too small.
    case bufferOverflow
    /// The call exists, this use of it does not.
    case notSupported

    /// The status of a PowerPC guest. ePAPR has no code for ``notSupported``, which is an invalid argument there.
    public var epaprStatus: EPAPRStatus {
        switch self {
        case .notPermitted: .notPermitted
        case .noEntry: .noEntry
        case .inputOutput: .inputOutput
        case .tryAgain: .tryAgain
        case .noMemory: .noMemory
        case .badAddress: .badAddress
        case .noDevice: .noDevice
        case .invalidArgument, .notSupported: .invalidArgument
        case .internal: .internal
        case .configuration: .configuration
        case .invalidState: .invalidState
        case .bufferOverflow: .bufferOverflow
        }
    }

    /// The status of a PAPR guest.
    public var paprStatus: PAPRStatus {
        switch self {
        case .notPermitted: .privilege
        case .noEntry: .notFound
        case .inputOutput, .internal, .configuration: .hardware
        case .tryAgain, .noMemory, .invalidState: .resource
        case .badAddress, .noDevice, .invalidArgument, .bufferOverflow: .parameter
        case .notSupported: .unsupportedFlag
        }
    }

    /// The errno whose negative an x86 or s390x guest gets: Linux's number of the same meaning.
    public var errno: Int64 {
        switch self {
        case .notPermitted: KVMErrno.notPermitted.rawValue
        case .noEntry: 2
        case .inputOutput, .internal: 5
        case .bufferOverflow: KVMErrno.tooBig.rawValue
        case .tryAgain: 11
        case .noMemory: 12
        case .badAddress: KVMErrno.badAddress.rawValue
        case .invalidState: 16
        case .noDevice: 19
        case .invalidArgument, .configuration: KVMErrno.invalidArgument.rawValue
        case .notSupported: KVMErrno.notSupported.rawValue
        }
    }
}

/// Why a call was not carried out, as ``HypercallCounts`` counts it.
public enum HypercallRefusal: Equatable, Sendable {
    /// In no architecture's numbers.
    case failure(HypercallFailure)
    /// For a reason that PAPR alone has.
    case status(PAPRStatus)
    /// There is no such call.
    case unimplemented

    /// Every one.
    public static let all: [HypercallRefusal] =
        HypercallFailure.allCases.map { .failure($0) } + PAPRStatus.allCases.map { .status($0) } + [.unimplemented]

    /// Its place in ``all``.
    var place: Int {
        switch self {
        case .failure(let failure): Int(failure.rawValue)
        case .status, .unimplemented: Self.all.firstIndex(of: self) ?? Self.all.count - 1
        }
    }

    /// The header's name of the status that a PowerPC guest got for `call`.
    public func statusName(of call: Hypercall) -> StaticString {
        let isPAPR = call.family == .papr
        return switch self {
        case .failure(let failure): isPAPR ? failure.paprStatus.name : failure.epaprStatus.name
        case .status(let status): status.name
        case .unimplemented: isPAPR ? PAPRStatus.function.name : EPAPRStatus.unimplemented.name
        }
    }
}

/// What the machine does with the vCPU after a call.
public enum HypercallOutcome: Equatable, Sendable {
    /// The registers hold the answer: go on behind the instruction.
    case resume
    /// The instruction was no hypercall (PowerPC user state); no register changed. The machine gives it its ordinary
    /// meaning: a system call for `sc`, a privileged-instruction program interrupt for `sc 1`.
    case notAHypercall
    /// The guest gets this s390x program interruption; no register changed.
    case programInterruption(ProgramInterruption)
}

extension HypercallResult {
    /// Writes the answer into the registers where `convention` wants it.
    ///
    /// PowerPC: r3 and r4 are always written, as KVM does, r4 with 0 where the call has no output; r5–r11 only as
    /// far as there are outputs. PAPR: r3, and r4–r12 as far as there are outputs. x86: rax, 32 bits of it outside long mode.
    /// s390x: r2, or no register at all when the call does not exist.
    @inlinable
    public func encode<Registers: CallRegisters & ~Copyable>(
        into registers: inout Registers, convention: CallingConvention, width: RegisterWidth
    ) -> HypercallOutcome {
        let status: Int64
        let outputs: HypercallOutputs
        switch self {
        case .success(let values):
            outputs = values
            status = convention.outputCount > 0 ? 0 : Int64(bitPattern: values[0])
        case .failure(let failure, let values):
            outputs = values
            switch convention {
            case .epapr: status = Int64(failure.epaprStatus.rawValue)
            case .papr: status = failure.paprStatus.rawValue
            case .x86, .s390x: status = -failure.errno
            }
        case .refusal(let reason, let values):
            outputs = values
            status = reason.rawValue
        case .unimplemented:
            outputs = HypercallOutputs()
            switch convention.notImplemented {
            case .status(let value): status = value
            case .interruption(let interruption): return .programInterruption(interruption)
            }
        }
        let value = UInt64(bitPattern: status)
        registers.setRegister(convention.statusRegister, to: convention == .x86 ? width.truncate(value) : value)
        if convention.outputCount > 0 {
            for position in 0..<max(outputs.count, convention == .epapr ? 1 : 0) {
                registers.setRegister(convention.outputRegister(position), to: outputs[position])
            }
        }
        return .resume
    }
}
