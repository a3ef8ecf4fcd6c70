import Devices
import Testing

@Suite struct GlobalUtilitiesTests {
    @Test func `the version registers read what the chip is`() {
        let guts = GlobalUtilities(pvr: 0x8021_0030, svr: 0x8034_0010, power: PowerRecorder())
        #expect(guts.read(offset: 0xA0, width: 4) == 0x8021_0030)
        #expect(guts.read(offset: 0xA4, width: 4) == 0x8034_0010)
    }

    @Test func `a doubleword load reads both version registers`() {
        let guts = GlobalUtilities(pvr: 0x8021_0030, svr: 0x8034_0010, power: PowerRecorder())
        #expect(guts.read(offset: 0xA0, width: 8) == 0x8021_0030_8034_0010)
    }

    @Test func `setting the reset request resets`() {
        let power = PowerRecorder()
        GlobalUtilities(pvr: 0, svr: 0, power: power).write(2, offset: 0xB0, width: 4)
        #expect(power.resets == 1)
        #expect(power.powerOffs == 0)
    }

    @Test(
        arguments: [(0xFFFF_FFFD, 0xB0, 4), (2, 0xA0, 4), (2, 0xB4, 4), (2, 0xB1, 1), (2, 0xB3, 1), (2, 0xB2, 2)]
            as [(UInt64, UInt64, Int)])
    func `any other store does not reset`(value: UInt64, offset: UInt64, width: Int) {
        let power = PowerRecorder()
        GlobalUtilities(pvr: 0, svr: 0, power: power).write(value, offset: offset, width: width)
        #expect(power.resets == 0)
    }
}

@Suite struct GPIOTests {
    @Test func `driving pin 0 high powers off`() {
        let power = PowerRecorder()
        let gpio = GPIO(power: power)
        gpio.write(0x8000_0000, offset: 0x00, width: 4)
        gpio.write(0x8000_0000, offset: 0x08, width: 4)
        #expect(power.powerOffs == 1)
    }

    @Test func `a high level set before the pin becomes an output powers off`() {
        let power = PowerRecorder()
        let gpio = GPIO(power: power)
        gpio.write(0x8000_0000, offset: 0x08, width: 4)
        #expect(power.powerOffs == 0)
        gpio.write(0x8000_0000, offset: 0x00, width: 4)
        #expect(power.powerOffs == 1)
    }

    @Test func `a pin that stays high powers off once`() {
        let power = PowerRecorder()
        let gpio = GPIO(power: power)
        gpio.write(0x8000_0000, offset: 0x00, width: 4)
        gpio.write(0x8000_0000, offset: 0x08, width: 4)
        gpio.write(0xC000_0000, offset: 0x08, width: 4)
        #expect(power.powerOffs == 1)
    }

    @Test func `the other pins do not power off`() {
        let power = PowerRecorder()
        let gpio = GPIO(power: power)
        gpio.write(0xFFFF_FFFF, offset: 0x00, width: 4)
        gpio.write(0x7FFF_FFFF, offset: 0x08, width: 4)
        #expect(power.powerOffs == 0)
    }

    @Test func `inputs read low and outputs as written`() {
        let gpio = GPIO(power: PowerRecorder())
        gpio.write(0x0000_FF00, offset: 0x00, width: 4)
        gpio.write(0x0FFF_FFFF, offset: 0x08, width: 4)
        #expect(gpio.read(offset: 0x08, width: 4) == 0x0000_FF00)
    }

    @Test(
        arguments: [
            (0x00, 0x1234_5678), (0x04, 0x1234_5678), (0x0C, 0), (0x10, 0x1234_5678), (0x14, 0x1234_5678), (0x18, 0),
        ] as [(UInt64, UInt64)])
    func `registers keep what is written`(offset: UInt64, value: UInt64) {
        let gpio = GPIO(power: PowerRecorder())
        gpio.write(0x1234_5678, offset: offset, width: 4)
        #expect(gpio.read(offset: offset, width: 4) == value)
    }
}

@Suite struct SharedLineTests {
    @Test func `the output is asserted while any input is`() {
        let recorder = LineRecorder()
        let shared = SharedLine(to: InterruptLine(to: recorder, source: 42))
        let first = shared.input(0)
        let second = shared.input(1)
        first.set(true)
        second.set(true)
        first.set(false)
        second.set(false)
        #expect(recorder.changes == [.init(source: 42, asserted: true), .init(source: 42, asserted: false)])
    }

    @Test func `an input that repeats its level changes nothing`() {
        let recorder = LineRecorder()
        let input = SharedLine(to: InterruptLine(to: recorder, source: 42)).input(63)
        input.set(false)
        input.set(true)
        input.set(true)
        #expect(recorder.changes == [.init(source: 42, asserted: true)])
    }
}
