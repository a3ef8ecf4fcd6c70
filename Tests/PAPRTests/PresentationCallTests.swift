import Devices
import GuestMemory
import Hypercalls
import Machines
import PAPR
import ParavirtABI
import PowerPC
import Testing
import VMM

/// The calls of the interrupt controller; what it does is tested with the device.
@Suite struct PresentationCallTests {
    @Test func `an interprocessor interrupt goes from call to pin to call`() throws {
        let partition = try Partition()
        partition.call(.setPriority, 0xFF, vcpu: 1)
        #expect(partition.status(.sendIPI, 1, 4) == .success)
        // vCPU 1 executes only once the guest has started it.
        #expect(!partition.cpus[1].isInterrupted)
        partition.call(.setPriority, 0xFF, vcpu: 0)
        #expect(partition.status(.sendIPI, 0, 4) == .success)
        #expect(partition.cpus[0].isInterrupted)
        #expect(Array(partition.call(.pollInterrupt, 0).outputs[..<2]) == [0xFF00_0002, 4])
        #expect(partition.call(.acknowledgeInterrupt).outputs[0] == 0xFF00_0002)
        #expect(!partition.cpus[0].isInterrupted)
        #expect(Array(partition.call(.pollInterrupt, 0).outputs[..<2]) == [0x0400_0000, 4])
        partition.call(.sendIPI, 0, 0xFF)
        #expect(partition.status(.endInterrupt, 0xFF00_0002) == .success)
        #expect(!partition.cpus[0].isInterrupted)
        #expect(partition.call(.acknowledgeInterrupt).outputs[0] == 0xFF00_0000)
    }

    @Test func `an acknowledgement can tell the time`() throws {
        let partition = try Partition()
        partition.cpus[0].now = 0x1_2345_6789
        #expect(Array(partition.call(.acknowledgeInterruptTimed).outputs[..<2]) == [0, 0x1_2345_6789])
    }

    @Test(arguments: [2, 0xFFFF_FFFF, UInt64.max, 1 << 63])
    func `a vCPU that does not exist has no interrupts`(number: UInt64) throws {
        let partition = try Partition()
        #expect(partition.status(.sendIPI, number, 0) == .parameter)
        #expect(partition.status(.pollInterrupt, number) == .parameter)
    }
}

@Suite struct TerminalCallTests {
    private static let terminal: UInt64 = 0x7100_0000

    @Test(arguments: [terminal, 0])
    func `bytes go out, the first from the most significant place`(unit: UInt64) throws {
        let partition = try Partition()
        let answer = partition.call(
            .putTerminalCharacters, unit, 12, 0x4865_6C6C_6F2C_2077, 0x6F72_6C64_2121_2121)
        #expect(answer.status == 0)
        #expect(partition.console.text == "Hello, world")
    }

    @Test(arguments: [(terminal, UInt64(17)), (terminal, .max), (1, 1), (0x7100_0001, 1), (.max, 1)])
    func `more than 16 bytes, and other terminals, are refused`(unit: UInt64, count: UInt64) throws {
        let partition = try Partition()
        #expect(partition.status(.putTerminalCharacters, unit, count, .max, .max) == .parameter)
        #expect(partition.console.output.isEmpty)
        if count == 1 { #expect(partition.status(.getTerminalCharacters, unit) == .parameter) }
    }

    @Test func `input comes 16 bytes at a time`() throws {
        let partition = try Partition()
        partition.console.input = Array("0123456789abcdefXY".utf8)
        partition.machine.poll(at: 0)
        #expect(
            Array(partition.call(.getTerminalCharacters, Self.terminal).outputs[..<3])
                == [16, 0x3031_3233_3435_3637, 0x3839_6162_6364_6566])
        #expect(
            Array(partition.call(.getTerminalCharacters, Self.terminal).outputs[..<3]) == [2, 0x5859 << 48, 0])
        #expect(Array(partition.call(.getTerminalCharacters, Self.terminal).outputs[..<3]) == [0, 0, 0])
    }

    @Test func `a NUL behind a carriage return begins a call`() throws {
        let partition = try Partition()
        partition.console.input = [0x41, 0x0D, 0, 0, 0x0D]
        partition.machine.poll(at: 0)
        #expect(Array(partition.call(.getTerminalCharacters, 0).outputs[..<2]) == [2, 0x410D << 48])
        #expect(Array(partition.call(.getTerminalCharacters, 0).outputs[..<2]) == [3, 0x00_000D << 40])
    }

    @Test func `input interrupts once it is switched on, and again once it was all read`() throws {
        let partition = try Partition()
        partition.console.input = Array("a".utf8)
        partition.machine.poll(at: 0)
        partition.call(.setPriority, 0xFF)
        #expect(!partition.cpus[0].isInterrupted)
        let source = XICS.firstSource + 0x100
        #expect(partition.machine.interruptController.configure(source, server: 0, priority: 5))
        partition.machine.poll(at: 0)
        #expect(partition.cpus[0].isInterrupted)
        #expect(partition.call(.acknowledgeInterrupt).outputs[0] == 0xFF00_0000 | UInt64(source))
        partition.call(.endInterrupt, 0xFF00_0000 | UInt64(source))
        partition.console.input = Array("b".utf8)
        partition.machine.poll(at: 0)
        #expect(!partition.cpus[0].isInterrupted)
        partition.call(.getTerminalCharacters, 0)
        partition.console.input = Array("c".utf8)
        partition.machine.poll(at: 0)
        #expect(partition.cpus[0].isInterrupted)
    }

    @Test func `a kernel's panic on the terminal ends the run`() throws {
        let partition = try Partition()
        for text in ["Kernel panic - n", "ot syncing: x\n--", "-[ end Kernel pa", "nic ]\n"] {
            let bytes = Array(text.utf8) + [UInt8](repeating: 0, count: 16 - text.utf8.count)
            func word(_ part: ArraySlice<UInt8>) -> UInt64 { part.reduce(0) { $0 << 8 | UInt64($1) } }
            #expect(partition.machine.outcome == nil)
            partition.call(.putTerminalCharacters, 0, UInt64(text.utf8.count), word(bytes[..<8]), word(bytes[8...]))
        }
        guard case .panic? = partition.machine.outcome else {
            Issue.record("no panic")
            return
        }
    }
}

@Suite struct StorageCallTests {
    @Test(arguments: [(UInt64(1), UInt64(0x11)), (2, 0x1122), (4, 0x1122_3344), (8, 0x1122_3344_5566_7788)])
    func `memory is loaded and stored big-endian, in every width`(count: UInt64, value: UInt64) throws {
        for (load, store) in [
            (Hypercall.logicalLoad, Hypercall.logicalStore), (.logicalCacheLoad, .logicalCacheStore),
        ] {
            let partition = try Partition()
            try partition.memory.store(UInt64(0x1122_3344_5566_7788), at: 0x30_0000)
            #expect(partition.call(load, count, 0x30_0000).outputs[0] == value)
            #expect(partition.status(store, count, 0x30_0010, 0xFFFF_FFFF_FFFF_FFFF) == .success)
            #expect(try partition.memory.load(UInt64.self, at: 0x30_0010) == .max << (64 - 8 * count))
        }
    }

    private static let noMemory: [(count: UInt64, address: UInt64)] = [
        (0, 0), (3, 0), (16, 0), (.max, 0), (8, Partition.memorySize - 7), (1, Partition.memorySize),
        (8, .max), (1, 1 << 60),
    ]

    @Test(arguments: noMemory)
    func `what is no memory is neither loaded nor stored`(count: UInt64, address: UInt64) throws {
        let partition = try Partition()
        #expect(partition.status(.logicalLoad, count, address) == .parameter)
        #expect(partition.status(.logicalStore, count, address, 0) == .parameter)
    }

    @Test func `caches need no care`() throws {
        let partition = try Partition()
        #expect(partition.status(.logicalICBI, .max) == .success)
        #expect(partition.status(.logicalDCBF, .max) == .success)
    }

    @Test func `a page is copied, or cleared`() throws {
        let partition = try Partition()
        try partition.memory.store(UInt32(0x1234_5678), at: 0x10_0FFC)
        #expect(partition.status(.initializePage, PAPRPageFlags.copyPage, 0x20_0000, 0x10_0000) == .success)
        #expect(try partition.memory.load(UInt32.self, at: 0x20_0FFC) == 0x1234_5678)
        #expect(partition.status(.initializePage, PAPRPageFlags.instructionCache, 0x20_0000, 0) == .success)
        #expect(try partition.memory.load(UInt32.self, at: 0x20_0FFC) == 0x1234_5678)
        #expect(partition.status(.initializePage, PAPRPageFlags.zeroPage, 0x20_0000, 1) == .success)
        #expect(try partition.memory.load(UInt32.self, at: 0x20_0FFC) == 0)
    }

    private static let noPages: [(flags: UInt64, target: UInt64, source: UInt64)] = [
        (1, 0, 0), (PAPRPageFlags.zeroPage, 0x800, 0),
        (PAPRPageFlags.zeroPage, Partition.memorySize, 0), (PAPRPageFlags.zeroPage, .max & ~0xFFF, 0),
        (PAPRPageFlags.copyPage, 0, 0x800), (PAPRPageFlags.copyPage, 0, Partition.memorySize),
        (PAPRPageFlags.copyPage, 0, .max & ~0xFFF),
    ]

    @Test(arguments: noPages)
    func `what is no page is refused`(flags: UInt64, target: UInt64, source: UInt64) throws {
        #expect(try Partition().status(.initializePage, flags, target, source) == .parameter)
    }
}
