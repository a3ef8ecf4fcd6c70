import Devices
import TestTools
import Testing

/// A million accesses of every width to every place with every kind of value. Nothing is checked but that the device
/// survives, which is what a guest must not be able to prevent.
@Suite struct RandomAccessTests {
    static let accesses = 1_000_000

    private static func hammer(
        _ device: any MMIODevice, size: UInt64, seed: UInt64, between: (UInt64) -> Void = { _ in }
    ) {
        var generator = SeededRandom(seed: seed)
        let widths = [1, 2, 4, 4, 4, 8]
        for _ in 0..<accesses {
            let random = generator.next()
            let width = widths[Int(random % 6)]
            // Mostly aligned, since that is where the registers are.
            let mask: UInt64 = random & 0x100 != 0 ? ~UInt64(width - 1) : ~0
            let offset = (random >> 16) % (size - 8) & mask
            if random & 0x200 != 0 {
                _ = device.read(offset: offset, width: width)
            } else {
                let value =
                    random & 0x400 != 0 ? generator.next() : [0, 1, 0x8000_0000, UInt64.max][Int(random >> 60 & 3)]
                device.write(value, offset: offset, width: width)
            }
            between(random)
        }
    }

    @Test(arguments: [1, 2, 8, 32])
    func `the MPIC survives any accesses`(cpuCount: Int) {
        let mpic = MPIC(cpuCount: cpuCount)
        var tick: UInt64 = 0
        Self.hammer(mpic, size: 0x4_0000, seed: UInt64(cpuCount)) { random in
            mpic.currentCPU = Int(random >> 40 & 15) - 1
            mpic.setLevel(source: Int(random >> 44 & 0x1FF) - 1, asserted: random & 0x800 != 0)
            tick &+= random >> 52 == 0 ? random : random >> 50
            mpic.advance(toTick: tick)
            _ = mpic.nextDeadline
            if mpic.isInterruptPending(cpu: 0), random & 0x1000 != 0 { _ = mpic.acknowledge(cpu: 0) }
        }
    }

    /// The registers that matter lie together in small parts of 256 KiB, so hit those in particular.
    @Test(arguments: [0x0_1000, 0x0_1100, 0x0_1600, 0x1_0000, 0x2_0000] as [UInt64])
    func `the MPIC survives accesses to its busiest registers`(base: UInt64) {
        let mpic = MPIC(cpuCount: 2)
        let window = Window(mpic, base: base)
        Self.hammer(window, size: 0x220, seed: base) { random in
            mpic.advance(toTick: random >> 20)
            if random & 0x1000 != 0 { _ = mpic.acknowledge(cpu: 0) } else { mpic.endOfInterrupt(cpu: 0) }
        }
    }

    @Test func `the UART survives any accesses`() {
        let uart = NS16550(interrupt: InterruptLine(to: MPIC(cpuCount: 1), source: 42), sink: NullSink())
        Self.hammer(uart, size: 0x18, seed: 3) { random in
            if random & 0x1000 != 0 { uart.receive(UInt8(truncatingIfNeeded: random >> 24)) }
            if random & 0xE000 == 0 { uart.receiveBreak() }
            _ = uart.canReceive
        }
    }

    @Test func `global utilities survive any accesses`() {
        Self.hammer(GlobalUtilities(pvr: 1, svr: 2, power: PowerRecorder()), size: 0x1000, seed: 4)
    }

    @Test func `GPIO survives any accesses`() {
        Self.hammer(GPIO(power: PowerRecorder()), size: 0x20, seed: 5)
    }

    @Test func `the spin table survives any accesses`() {
        Self.hammer(SpinTable(cpuCount: 8, starter: NullStarter()), size: 0x410, seed: 6)
    }
}

private final class Window: MMIODevice {
    private let device: any MMIODevice
    private let base: UInt64

    init(_ device: any MMIODevice, base: UInt64) {
        self.device = device
        self.base = base
    }

    func read(offset: UInt64, width: Int) -> UInt64 { device.read(offset: base + offset, width: width) }

    func write(_ value: UInt64, offset: UInt64, width: Int) { device.write(value, offset: base + offset, width: width) }
}

private final class NullSink: ConsoleSink {
    func send(_ byte: UInt8) {}
}

private final class NullStarter: SecondaryStarter {
    func startSecondary(cpu: Int, entry: UInt64, r3: UInt64, pir: UInt32) {}
}
