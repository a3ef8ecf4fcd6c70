internal import ParavirtABI

/// Up to 16 bytes on their way through a byte-channel call: four a register, the first in the most significant byte of
/// the lower 32 bits.
public struct ByteChannelData: Sendable {
    /// How many bytes there are, at most ``ParavirtABI/Hypercall/byteChannelMaximum``.
    public private(set) var count = 0
    private var bytes = InlineArray<16, UInt8>(repeating: 0)

    /// No bytes.
    public init() {}

    /// The first `count` bytes of four registers.
    init(_ frame: HypercallFrame, firstRegister: Int, count: Int) {
        for position in 0..<min(count, Hypercall.byteChannelMaximum) {
            append(UInt8(truncatingIfNeeded: frame[firstRegister + position / 4] >> UInt64(24 - position % 4 * 8)))
        }
    }

    /// Byte `position`, which is below ``count``.
    public subscript(position: Int) -> UInt8 { bytes[position] }

    /// Adds a byte.
    ///
    /// - Precondition: there are fewer than 16.
    public mutating func append(_ byte: UInt8) {
        bytes[count] = byte
        count += 1
    }

    /// The four registers; bytes that are not there are 0.
    var registers: InlineArray<4, UInt64> {
        var registers = InlineArray<4, UInt64>(repeating: 0)
        for position in 0..<count {
            registers[position / 4] |= UInt64(bytes[position]) << UInt64(24 - position % 4 * 8)
        }
        return registers
    }
}

/// What a machine does for the byte-channel calls.
public protocol ByteChannelHypercallHost: AnyObject, SendableMetatype {
    /// How many bytes wait in the byte channel of that handle and how many it has room for; nil where there is none.
    func byteChannelLevels(of handle: UInt32) -> (receivable: Int, sendable: Int)?

    /// Sends `data` into the byte channel of that handle, which exists and has room for some of it. How many bytes of
    /// it, from the first on, were taken.
    func send(_ data: ByteChannelData, into handle: UInt32) -> Int

    /// Takes the oldest bytes, at most `limit` (0 to 16), out of the byte channel of that handle, which exists.
    func receive(from handle: UInt32, atMost limit: Int) -> ByteChannelData
}

extension HypercallDispatcher where Host: ByteChannelHypercallHost {
    /// Registers `EV_BYTE_CHANNEL_SEND`, `EV_BYTE_CHANNEL_RECEIVE` and `EV_BYTE_CHANNEL_POLL`.
    ///
    /// | call    | `EV_EINVAL`                      | `EV_EAGAIN`    | `EV_SUCCESS` |
    /// |---------|----------------------------------|----------------|--------------|
    /// | send    | no such handle, or more than 16  | nothing fits   | r4: bytes taken, which may be fewer than offered |
    /// | receive | no such handle, or more than 16  | never          | r4: bytes received, also 0; r5 to r8: the bytes, then zeros |
    /// | poll    | no such handle                   | never          | r4: bytes that wait; r5: bytes that fit |
    public mutating func registerByteChannels() {
        register(.byteChannelSend) { host, frame in
            guard let handle = UInt32(exactly: frame[0]), let levels = host.byteChannelLevels(of: handle),
                frame[1] <= UInt64(Hypercall.byteChannelMaximum)
            else { return .failure(.invalidArgument) }
            let count = Int(frame[1])
            if count == 0 { return .success(0) }
            guard levels.sendable > 0 else { return .failure(.tryAgain) }
            let data = ByteChannelData(frame, firstRegister: 2, count: count)
            return .success(UInt64(host.send(data, into: handle)))
        }
        register(.byteChannelReceive) { host, frame in
            guard let handle = UInt32(exactly: frame[0]), host.byteChannelLevels(of: handle) != nil,
                frame[1] <= UInt64(Hypercall.byteChannelMaximum)
            else { return .failure(.invalidArgument) }
            let data = host.receive(from: handle, atMost: Int(frame[1]))
            var outputs = HypercallOutputs(UInt64(data.count))
            let registers = data.registers
            for index in registers.indices { outputs.append(registers[index]) }
            return .success(outputs)
        }
        register(.byteChannelPoll) { host, frame in
            guard let handle = UInt32(exactly: frame[0]), let levels = host.byteChannelLevels(of: handle) else {
                return .failure(.invalidArgument)
            }
            return .success(HypercallOutputs(UInt64(levels.receivable), UInt64(levels.sendable)))
        }
    }
}
