internal import Devices
internal import VMM

// What devices ask for comes to rest here, until the machine looks after the access that caused it.

/// The output of the device that is the console.
final class ConsolePort: ConsoleSink {
    private let console: any HostConsole
    private(set) var panic = PanicDetector()

    init(_ console: any HostConsole) { self.console = console }

    func send(_ byte: UInt8) {
        console.send(byte)
        panic.see(byte)
    }
}

/// A port that is connected to nothing.
final class SilentPort: ConsoleSink {
    func send(_ byte: UInt8) {}
}

final class PowerPort: PowerControl {
    private(set) var request: Outcome?
    func requestPowerOff() { request = request ?? .powerOff }
    func requestReset() { request = request ?? .reset }
}
