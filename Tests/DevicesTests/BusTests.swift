import Devices
import Testing

/// A device that answers with what it was asked and records what it was told.
private final class Recorder: MMIODevice {
    struct Store: Equatable {
        let value: UInt64
        let offset: UInt64
        let width: Int
    }

    private(set) var stores: [Store] = []

    func read(offset: UInt64, width: Int) -> UInt64 { offset << 8 | UInt64(width) }

    func write(_ value: UInt64, offset: UInt64, width: Int) {
        stores.append(Store(value: value, offset: offset, width: width))
    }
}

@Suite struct BusTests {
    @Test func `a load reaches the device with the offset in its range`() {
        let bus = Bus()
        bus.map(Recorder(), at: AddressRange(base: 0xF_E000_4500, size: 0x100))
        #expect(bus.read(0xF_E000_4520, width: 4) == 0x20_04)
    }

    @Test func `a store reaches the device with the offset in its range`() {
        let bus = Bus()
        let device = Recorder()
        bus.map(device, at: AddressRange(base: 0x1000, size: 0x100))
        #expect(bus.write(0xAB, at: 0x10FE, width: 2))
        #expect(device.stores == [Recorder.Store(value: 0xAB, offset: 0xFE, width: 2)])
    }

    @Test(arguments: [0, 0xFFF, 0x1100, 0x10FD, 0x2000, UInt64.max] as [UInt64])
    func `a load that is not all within a device is nobody's`(address: UInt64) {
        let bus = Bus()
        bus.map(Recorder(), at: AddressRange(base: 0x1000, size: 0x100))
        #expect(bus.read(address, width: 4) == nil)
    }

    @Test(arguments: [0xFFF, 0x1100, 0x10FD, UInt64.max] as [UInt64])
    func `a store that is not all within a device is nobody's`(address: UInt64) {
        let bus = Bus()
        let device = Recorder()
        bus.map(device, at: AddressRange(base: 0x1000, size: 0x100))
        #expect(!bus.write(1, at: address, width: 4))
        #expect(device.stores == [])
    }

    @Test(arguments: [-1, 0, 3, 5, 16])
    func `a width that no load has is nobody's`(width: Int) {
        let bus = Bus()
        bus.map(Recorder(), at: AddressRange(base: 0, size: 0x100))
        #expect(bus.read(0, width: width) == nil)
    }

    @Test func `an empty bus answers nothing`() {
        #expect(Bus().read(0, width: 1) == nil)
    }

    @Test func `neighbours each answer for themselves in any order of access`() {
        let bus = Bus()
        let bases: [UInt64] = [0x3000, 0x1000, 0x2000, 0x5000, 0x4000]
        for base in bases { bus.map(Recorder(), at: AddressRange(base: base, size: 0x1000)) }
        for address in [0x1010, 0x5020, 0x3030, 0x2040, 0x4FFC, 0x1000] as [UInt64] {
            #expect(bus.read(address, width: 4) == (address & 0xFFF) << 8 | 4)
        }
    }

    @Test func `an access across two devices is nobody's`() {
        let bus = Bus()
        bus.map(Recorder(), at: AddressRange(base: 0x1000, size: 0x100))
        bus.map(Recorder(), at: AddressRange(base: 0x1100, size: 0x100))
        #expect(bus.read(0x10FC, width: 8) == nil)
    }

    @Test func `a device can end at the last address`() {
        let bus = Bus()
        bus.map(Recorder(), at: AddressRange(base: UInt64.max - 0xFF, size: 0x100))
        #expect(bus.read(UInt64.max, width: 1) == 0xFF_01)
        #expect(bus.read(UInt64.max, width: 2) == nil)
    }

    @Test func `overlapping devices are a programming error`() async {
        await #expect(processExitsWith: .failure) {
            let bus = Bus()
            bus.map(Recorder(), at: AddressRange(base: 0x1000, size: 0x100))
            bus.map(Recorder(), at: AddressRange(base: 0x10FF, size: 1))
        }
    }
}

@Suite struct AddressRangeTests {
    static let range = AddressRange(base: 0x1000, size: 0x100)

    @Test(
        arguments: [
            (0xFFF, 0x101, false), (0x1000, 0x100, true), (0x1000, 0x101, false), (0x10FF, 1, true), (0x1100, 1, false),
            (0x1001, UInt64.max, false),
        ] as [(UInt64, UInt64, Bool)])
    func `a stretch is contained when all its bytes are`(address: UInt64, count: UInt64, contained: Bool) {
        #expect(Self.range.contains(address, count: count) == contained)
    }

    @Test(
        arguments: [
            (0xF00, 0x100, false), (0xF00, 0x101, true), (0x1050, 1, true), (0x1100, 0x100, false), (0, 0x2000, true),
            (0x1050, 0, false),
        ] as [(UInt64, UInt64, Bool)])
    func `ranges overlap when they share an address`(base: UInt64, size: UInt64, overlaps: Bool) {
        let other = AddressRange(base: base, size: size)
        #expect(Self.range.overlaps(other) == overlaps)
        #expect(other.overlaps(Self.range) == overlaps)
    }
}
