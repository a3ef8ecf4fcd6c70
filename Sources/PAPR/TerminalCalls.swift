public import Devices
internal import Hypercalls
internal import ParavirtABI

/// A machine with virtual terminals.
public protocol TerminalHost: AnyObject, SendableMetatype {
    /// The terminal of that unit address; 0 is the first. Nil where there is none.
    func terminal(_ unit: UInt64) -> VirtualTerminal?
}

extension HypercallDispatcher where Host: TerminalHost {
    /// `H_GET_TERM_CHAR` and `H_PUT_TERM_CHAR`, whose bytes lie eight in a register, the first in the most significant place.
    mutating func registerTerminals() {
        register(.putTerminalCharacters) { host, frame in
            guard let terminal = host.terminal(frame[0]), frame[1] <= 16 else { return .refusal(.parameter) }
            for position in 0..<Int(frame[1]) {
                terminal.send(UInt8(truncatingIfNeeded: frame[2 + position / 8] >> UInt64(56 - position % 8 * 8)))
            }
            return .success
        }
        register(.getTerminalCharacters) { host, frame in
            guard let terminal = host.terminal(frame[0]) else { return .refusal(.parameter) }
            var data: (UInt64, UInt64) = (0, 0)
            var count = 0
            var previous: UInt8?
            while count < 16, let byte = terminal.read(after: previous) {
                let place = UInt64(byte) << UInt64(56 - count % 8 * 8)
                if count < 8 { data.0 |= place } else { data.1 |= place }
                previous = byte
                count += 1
            }
            var outputs = HypercallOutputs(UInt64(count), data.0)
            outputs.append(data.1)
            return .success(outputs)
        }
    }
}
