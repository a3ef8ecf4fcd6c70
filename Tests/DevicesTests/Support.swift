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
