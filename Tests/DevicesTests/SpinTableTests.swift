import Devices
import Testing

/// Notes which processors a spin table starts.
final class StarterRecorder: SecondaryStarter {
    struct Start: Equatable {
        let cpu: Int
        let entry: UInt64
        let r3: UInt64
        let pir: UInt32
    }

    private(set) var starts: [Start] = []

    func startSecondary(cpu: Int, entry: UInt64, r3: UInt64, pir: UInt32) {
        starts.append(Start(cpu: cpu, entry: entry, r3: r3, pir: pir))
    }
}

@Suite struct SpinTableTests {
    @Test(arguments: 0..<32)
    func `every entry starts out spinning with its number in r3 and PIR`(cpu: Int) {
        let table = SpinTable(cpuCount: 4, starter: StarterRecorder())
        let entry = UInt64(cpu) * 0x20
        #expect(table.read(offset: entry, width: 8) == 1)
        #expect(table.read(offset: entry + 8, width: 8) == UInt64(cpu))
        #expect(table.read(offset: entry + 0x14, width: 4) == UInt64(cpu))
    }

    /// Linux on a 32-bit processor: PIR, the address's upper half, its lower half.
    @Test func `two word stores release with the lower half`() {
        let starter = StarterRecorder()
        let table = SpinTable(cpuCount: 2, starter: starter)
        #expect(table.read(offset: 0x24, width: 4) == 1)
        table.write(7, offset: 0x34, width: 4)
        table.write(0x1, offset: 0x20, width: 4)
        #expect(starter.starts == [])
        table.write(0x0010_0000, offset: 0x24, width: 4)
        #expect(starter.starts == [.init(cpu: 1, entry: 0x1_0010_0000, r3: 1, pir: 7)])
    }

    @Test func `one doubleword store releases`() {
        let starter = StarterRecorder()
        let table = SpinTable(cpuCount: 3, starter: starter)
        table.write(0xCAFE_0000_BABE, offset: 0x48, width: 8)
        table.write(0xC000, offset: 0x40, width: 8)
        #expect(starter.starts == [.init(cpu: 2, entry: 0xC000, r3: 0xCAFE_0000_BABE, pir: 2)])
    }

    @Test func `a store that keeps bit 0 set does not release`() {
        let starter = StarterRecorder()
        let table = SpinTable(cpuCount: 2, starter: starter)
        table.write(0xC001, offset: 0x20, width: 8)
        #expect(starter.starts == [])
        #expect(table.read(offset: 0x20, width: 8) == 0xC001)
    }

    @Test func `a byte store can release`() {
        let starter = StarterRecorder()
        let table = SpinTable(cpuCount: 2, starter: starter)
        table.write(0x10, offset: 0x27, width: 1)
        #expect(starter.starts == [.init(cpu: 1, entry: 0x10, r3: 1, pir: 1)])
    }

    @Test func `an unaligned store that reaches into the next entry can release`() {
        let starter = StarterRecorder()
        let table = SpinTable(cpuCount: 2, starter: starter)
        table.write(0x2000, offset: 0x1C, width: 8)
        table.write(0, offset: 0x24, width: 4)
        #expect(starter.starts == [.init(cpu: 1, entry: 0x2000_0000_0000, r3: 1, pir: 1)])
    }

    @Test func `a running processor is not started again`() {
        let starter = StarterRecorder()
        let table = SpinTable(cpuCount: 2, starter: starter)
        table.write(0x1000, offset: 0x20, width: 8)
        table.write(1, offset: 0x20, width: 8)
        table.write(0x2000, offset: 0x20, width: 8)
        #expect(starter.starts.map(\.entry) == [0x1000])
    }

    @Test(arguments: [0, 2, 31] as [UInt64])
    func `the entries of the boot processor and of absent ones release nobody`(entry: UInt64) {
        let starter = StarterRecorder()
        let table = SpinTable(cpuCount: 2, starter: starter)
        table.write(0x1000, offset: entry * 0x20, width: 8)
        #expect(starter.starts == [])
    }

    @Test func `accesses that leave the table do nothing`() {
        let table = SpinTable(cpuCount: 2, starter: StarterRecorder())
        table.write(UInt64.max, offset: 0x3FC, width: 8)
        #expect(table.read(offset: 0x3FC, width: 8) == 0)
        #expect(table.read(offset: 0x3F8, width: 8) == 0)
        #expect(table.read(offset: UInt64.max, width: 8) == 0)
    }
}
