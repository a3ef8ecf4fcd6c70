import Devices

/// A sink that keeps what it was sent.
final class Transcript: ConsoleSink {
    private(set) var bytes: [UInt8] = []

    func send(_ byte: UInt8) { bytes.append(byte) }
}

/// An interrupt controller that records every change of its inputs.
final class LineRecorder: InterruptController {
    struct Change: Equatable {
        let source: Int
        let asserted: Bool
    }

    private(set) var changes: [Change] = []

    func setLevel(source: Int, asserted: Bool) { changes.append(Change(source: source, asserted: asserted)) }

    /// The last level of the only input in use.
    var level: Bool { changes.last?.asserted ?? false }
}

/// Counts power requests.
final class PowerRecorder: PowerControl {
    private(set) var powerOffs = 0
    private(set) var resets = 0

    func requestPowerOff() { powerOffs += 1 }
    func requestReset() { resets += 1 }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
