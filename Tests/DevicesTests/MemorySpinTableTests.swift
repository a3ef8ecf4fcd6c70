import Devices
import GuestMemory
import Testing

@Suite struct MemorySpinTableTests {
    private static let base: UInt64 = 0xF000

    /// A table for four processors in 64 KiB, and what it starts.
    private func table() throws -> (MemorySpinTable, GuestMemory, StarterRecorder) {
        let (memory, starter) = (try GuestMemory(size: 0x1_0000), StarterRecorder())
        return (try MemorySpinTable(at: Self.base, in: memory, cpuCount: 4, starter: starter), memory, starter)
    }

    @Test(arguments: 0..<32)
    func `every entry starts out spinning with its number in r3 and PIR`(cpu: Int) throws {
        let (_, memory, _) = try table()
        let entry = Self.base + 0x40 * UInt64(cpu)
        #expect(try memory.load(UInt64.self, at: entry) == 1)
        #expect(try memory.load(UInt64.self, at: entry + 8) == UInt64(cpu))
        #expect(try memory.load(UInt32.self, at: entry + 0x14) == UInt32(cpu))
    }

    @Test func `a look starts the processors whose entries were completed, once`() throws {
        let (table, memory, starter) = try table()
        table.look()
        #expect(starter.starts == [])
        try memory.store(UInt32(7), at: Self.base + 0x40 + 0x14)
        try memory.store(UInt32(1), at: Self.base + 0x40)
        table.look()
        #expect(starter.starts == [])
        try memory.store(UInt32(0x10_0000), at: Self.base + 0x44)
        try memory.store(UInt64(0x20_0000), at: Self.base + 0xC0)
        table.look()
        table.look()
        #expect(
            starter.starts == [
                .init(cpu: 1, entry: 0x1_0010_0000, r3: 1, pir: 7), .init(cpu: 3, entry: 0x20_0000, r3: 3, pir: 3),
            ])
        #expect(table.isWaiting)
        try memory.store(UInt64(0), at: Self.base + 0x80)
        table.look()
        #expect(!table.isWaiting)
    }

    @Test func `the entries of the first processor and of those that are not there start nothing`() throws {
        let (table, memory, starter) = try table()
        for cpu in [0, 4, 31] as [UInt64] { try memory.store(UInt64(0), at: Self.base + 0x40 * cpu) }
        table.look()
        #expect(starter.starts == [])
    }

    @Test func `a table of one processor waits for nobody`() throws {
        let memory = try GuestMemory(size: 0x1_0000)
        let table = try MemorySpinTable(at: Self.base, in: memory, cpuCount: 1, starter: StarterRecorder())
        #expect(!table.isWaiting)
    }

    @Test func `a table outside memory is refused`() throws {
        let memory = try GuestMemory(size: 0x1_0000)
        #expect(throws: GuestMemoryError.self) {
            try MemorySpinTable(at: 0xFC00, in: memory, cpuCount: 1, starter: StarterRecorder())
        }
    }
}
