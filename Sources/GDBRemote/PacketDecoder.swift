/// Takes the bytes of a debugger's connection apart: packets, acknowledgements, interrupts (GDB manual, appendix E.1).
///
/// It does no input of its own, and takes any bytes: a packet that grows beyond ``payloadLimit`` is dropped, whatever it
/// was to become by its run lengths.
public struct PacketDecoder {
    /// What arrived.
    public enum Event: Equatable {
        /// A packet with this payload, expanded and unescaped.
        case packet([UInt8])
        /// A packet with a wrong checksum, or one that is too long: the other side should send it again.
        case damaged
        /// `+`
        case acknowledged
        /// `-`: the other side got the last packet damaged.
        case refused
        /// Ctrl-C outside a packet: the target should stop.
        case interrupt
    }

    /// The most bytes of a payload.
    public static let payloadLimit = 16 << 10

    /// Whether checksums have to be right. Once nothing is acknowledged nothing could be sent again either.
    public var checksSums = true

    private var input: [UInt8] = []
    private var position = 0

    private var state = State.between
    private var payload: [UInt8] = []
    private var sum: UInt8 = 0
    private var isTooLong = false

    private enum State {
        case between, payload, escaped, runLength, firstDigit
        case secondDigit(high: UInt8?)
    }

    /// A decoder that has seen nothing.
    public init() {}

    /// Adds bytes to what ``next()`` takes apart.
    public mutating func feed(_ bytes: [UInt8]) {
        if position == input.count {
            input.removeAll(keepingCapacity: true)
            position = 0
        }
        input.append(contentsOf: bytes)
    }

    /// What arrived next; nil when the rest has yet to come.
    public mutating func next() -> Event? {
        while position < input.count {
            let byte = input[position]
            position += 1
            if let event = take(byte) { return event }
        }
        return nil
    }

    private mutating func take(_ byte: UInt8) -> Event? {
        switch state {
        case .between:
            switch byte {
            case UInt8(ascii: "$"): begin()
            case UInt8(ascii: "+"): return .acknowledged
            case UInt8(ascii: "-"): return .refused
            case 3: return .interrupt
            default: break
            }
        case .payload:
            switch byte {
            case UInt8(ascii: "#"):
                state = .firstDigit
                return nil
            case UInt8(ascii: "$"):
                // The end of the packet before was lost.
                begin()
                return nil
            case UInt8(ascii: "}"): state = .escaped
            case UInt8(ascii: "*") where !payload.isEmpty: state = .runLength
            default: append(byte, count: 1)
            }
            sum &+= byte
        case .escaped:
            state = .payload
            sum &+= byte
            append(byte ^ 0x20, count: 1)
        case .runLength:
            state = .payload
            sum &+= byte
            // Counts are printable characters, of which the first stands for three more.
            guard byte >= 32, byte < 127, let last = payload.last else {
                isTooLong = true
                return nil
            }
            append(last, count: Int(byte) - 29)
        case .firstDigit:
            state = .secondDigit(high: Hex.digit(byte))
        case .secondDigit(let high):
            state = .between
            let stated = high.flatMap { high in Hex.digit(byte).map { high << 4 | $0 } }
            let isRight = stated.map { $0 == sum || !checksSums } ?? false
            defer { payload = [] }
            return isRight && !isTooLong ? .packet(payload) : .damaged
        }
        return nil
    }

    private mutating func begin() {
        state = .payload
        payload = []
        sum = 0
        isTooLong = false
    }

    private mutating func append(_ byte: UInt8, count: Int) {
        guard payload.count + count <= Self.payloadLimit else {
            isTooLong = true
            return
        }
        for _ in 0..<count { payload.append(byte) }
    }
}
