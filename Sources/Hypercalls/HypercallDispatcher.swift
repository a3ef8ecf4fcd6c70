public import ParavirtABI

/// The handlers of one machine's hypercalls, one slot a row of ``ParavirtABI/Hypercall/all``.
///
/// Built once, then only read: all vCPUs of a machine share it, each with ``HypercallCounts`` of its own. A call
/// allocates nothing. A call without a handler gets the convention's own "not implemented".
///
/// ```swift
/// let dispatcher = HypercallDispatcher<Board>.powerPC()
/// let outcome = dispatcher.call(
///     &registers, vcpu: 0, isPrivileged: true, width: .bits32, host: board, counts: &counts)
/// ```
public struct HypercallDispatcher<Host: AnyObject>: Sendable {
    /// Carries out one call on the host's state. It has to answer whatever the arguments are.
    public typealias Handler = @Sendable (Host, HypercallFrame) -> HypercallResult

    /// Where numbers, arguments and results are.
    public let convention: CallingConvention
    @usableFromInline var handlers: [Handler?]

    /// A dispatcher that answers every call with "not implemented".
    public init(_ convention: CallingConvention) {
        self.convention = convention
        handlers = Array(repeating: nil, count: Hypercall.count)
    }

    /// Makes `handler` answer `call`.
    ///
    /// - Precondition: guests can make `call` in this convention, and nobody registered it before.
    public mutating func register(_ call: Hypercall, _ handler: @escaping Handler) {
        precondition(
            call.architectures.contains(convention.architecture) && (call.family == .papr) == (convention == .papr),
            "the convention has no such hypercall")
        precondition(handlers[call.index] == nil, "the hypercall has a handler already")
        handlers[call.index] = handler
    }

    /// Whether `call` has a handler.
    public func handles(_ call: Hypercall) -> Bool {
        handlers[call.index] != nil
    }

    /// The answer to `frame`, without any permission check.
    @inlinable
    public func result(of frame: HypercallFrame, host: Host) -> HypercallResult {
        guard let index = frame.index, let handler = handlers[index] else { return .unimplemented }
        return handler(host, frame)
    }

    /// One hypercall from registers to registers: the whole of a vCPU's exit.
    ///
    /// The host must not reach `registers` by another way while it handles the call. Where it has to, use the steps:
    /// ``HypercallFrame``'s initializer, ``answer(_:host:counts:)``, ``HypercallAnswer/encode(into:)``.
    ///
    /// - Parameters:
    ///   - registers: of the vCPU that executed the instruction.
    ///   - vcpu: its number, from 0.
    ///   - isPrivileged: whether it was in supervisor state.
    ///   - width: how wide its registers are in the mode it is in.
    ///   - host: the machine.
    ///   - counts: the vCPU's own counters.
    @inlinable
    public func call<Registers: CallRegisters & ~Copyable>(
        _ registers: inout Registers, vcpu: Int, isPrivileged: Bool, width: RegisterWidth, host: Host,
        counts: inout HypercallCounts
    ) -> HypercallOutcome {
        let frame = HypercallFrame(
            from: registers, convention: convention, vcpu: vcpu, isPrivileged: isPrivileged, width: width)
        return answer(frame, host: host, counts: &counts).encode(into: &registers)
    }

    /// The middle of ``call(_:vcpu:isPrivileged:width:host:counts:)``: permission, counting, handler.
    ///
    /// Calls that are none in user state are not counted; those that x86 refuses with a status are.
    @inlinable
    public func answer(_ frame: HypercallFrame, host: Host, counts: inout HypercallCounts) -> HypercallAnswer {
        if !frame.isPrivileged {
            switch convention.userState {
            case .notAHypercall:
                return .notAHypercall
            case .interruption(let interruption):
                return .interruption(interruption)
            case .status:
                counts.add(frame.index)
                counts.addRefusal(frame.index, .failure(.notPermitted))
                return .result(.failure(.notPermitted), convention, frame.width)
            }
        }
        counts.add(frame.index)
        let result = result(of: frame, host: host)
        switch result {
        case .success: break
        case .failure(let failure, _): counts.addRefusal(frame.index, .failure(failure))
        case .refusal(let status, _): counts.addRefusal(frame.index, .status(status))
        case .unimplemented: counts.addRefusal(frame.index, .unimplemented)
        }
        return .result(result, convention, frame.width)
    }
}

/// An answer on its way into the registers.
public enum HypercallAnswer: Sendable {
    /// The instruction was no hypercall.
    case notAHypercall
    /// The guest gets a program interruption.
    case interruption(ProgramInterruption)
    /// The guest gets a result, encoded for a convention and a register width.
    case result(HypercallResult, CallingConvention, RegisterWidth)

    /// Writes the answer into the vCPU's registers and tells what the machine does next.
    @inlinable
    public func encode<Registers: CallRegisters & ~Copyable>(into registers: inout Registers) -> HypercallOutcome {
        switch self {
        case .notAHypercall: .notAHypercall
        case .interruption(let interruption): .programInterruption(interruption)
        case .result(let result, let convention, let width):
            result.encode(into: &registers, convention: convention, width: width)
        }
    }
}
