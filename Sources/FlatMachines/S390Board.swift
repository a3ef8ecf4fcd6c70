public import GuestMemory
public import Hypercalls

/// What surrounds the CPUs of a flat s390x machine: memory, the service processor with its console, hypercalls.
///
/// CPU 0 starts at the guest's entry in 64-bit mode and in supervisor state; the others are stopped. There is one virtio-ccw
/// device that does nothing, with one queue, at subchannel 0. The machine is off when no CPU runs and the last one waits
/// disabled at address 0xFFF.
public final class S390Board {
    /// The address of a disabled wait that means: switch off.
    public static let quiesceAddress: UInt64 = 0xFFF

    /// The guest's memory.
    public let memory: GuestMemory
    /// What its hypercalls act on.
    public let machine = S390Machine()
    /// How often which call was made.
    public private(set) var counts = HypercallCounts()
    private let dispatcher = HypercallDispatcher<S390Machine>.s390x()
    private let console: (UInt8) -> Void

    /// A machine whose console goes to `console`.
    public init(memory: GuestMemory, console: @escaping (UInt8) -> Void) {
        self.memory = memory
        self.console = console
        machine.addQueue(subchannel: SubchannelID(number: 0), number: 0)
    }

    /// One `diag 0x500` of CPU `cpu`.
    public func call<Registers: CallRegisters>(
        _ registers: inout Registers, cpu: Int, isPrivileged: Bool
    ) -> HypercallOutcome {
        dispatcher.call(
            &registers, vcpu: cpu, isPrivileged: isPrivileged, width: .bits64, host: machine, counts: &counts)
    }

    // MARK: The service processor

    /// A command of the service processor, and how it answers one: QEMU's `include/hw/s390x/sclp.h`.
    private enum Service {
        static let writeEventMask: UInt32 = 0x0078_0005
        static let readEventData: UInt32 = 0x0077_0005
        static let writeEventData: UInt32 = 0x0076_0005
        static let headerSize: UInt64 = 8
        static let responseOffset: UInt64 = 6
        static let asciiConsole: UInt8 = 0x1A

        enum Response {
            static let completed: UInt16 = 0x0020
            static let invalidCommand: UInt16 = 0x01F0
            static let noEvent: UInt16 = 0x60F0
            static let invalidFunction: UInt16 = 0x40F0
            static let insufficientLength: UInt16 = 0x0300
        }
    }

    /// SERVICE CALL: nil where the block answers, or the program interruption that the instruction ends in.
    public func service(command: UInt32, block address: UInt64) -> S390ProgramCheck? {
        guard address & 7 == 0, address & ~0x7FFF_FFF8 == 0 else { return .specification }
        guard let length = try? memory.load(UInt16.self, at: address),
            memory.contains(address, count: max(UInt64(length), Service.headerSize))
        else { return .addressing }
        let response = carryOut(command, at: address, length: UInt64(length))
        // The header was found to be memory.
        try? memory.store(response, at: address + Service.responseOffset)
        return nil
    }

    private func carryOut(_ command: UInt32, at address: UInt64, length: UInt64) -> UInt16 {
        guard length >= Service.headerSize else { return Service.Response.insufficientLength }
        switch command {
        case Service.writeEventMask: return Service.Response.completed
        case Service.readEventData: return Service.Response.noEvent
        case Service.writeEventData:
            // One event buffer: length, type, flags, reserved halfword, and what is to be printed.
            let start = address + Service.headerSize
            guard length >= Service.headerSize + 6,
                let size = try? memory.load(UInt16.self, at: start),
                let type = try? memory.load(UInt8.self, at: start + 2), size >= 6,
                UInt64(size) <= length - Service.headerSize
            else { return Service.Response.insufficientLength }
            guard type == Service.asciiConsole,
                let text = try? memory.read(at: start + 6, count: Int(size) - 6)
            else { return Service.Response.invalidFunction }
            for byte in text { console(byte) }
            return Service.Response.completed
        default: return Service.Response.invalidCommand
        }
    }
}

/// The program interruptions that this machine's instructions end in, by code.
public enum S390ProgramCheck: UInt16, Sendable {
    /// There is no such instruction.
    case operation = 1
    /// The instruction is not for problem state.
    case privilegedOperation = 2
    /// An address is where no memory is.
    case addressing = 5
    /// An operand is not what the instruction takes.
    case specification = 6
}
