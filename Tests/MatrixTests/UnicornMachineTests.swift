import FlatMachines
import Foundation
import GuestMemory
import Testing
import UnicornCPU

/// How guests of a few bytes end. Nothing that they do ends the process.
struct UnicornMachineTests {
    private static let entry: UInt64 = 0x10000

    /// Runs x86 code, at most for a second.
    private func runX86(_ code: [UInt8], cpus: Int = 1) throws -> FlatOutcome {
        let memory = try GuestMemory(size: 1 << 20)
        try memory.write(code, at: Self.entry)
        let board = X86Board(memory: memory, cpus: cpus, clock: { nil }, console: { _ in })
        return try UnicornX86Machine(board, entry: Self.entry).run(isOver: within(seconds: 1))
    }

    /// Runs s390x code, at most for a second. Program interruptions go to `handler`.
    private func runS390(
        _ code: [UInt16], handler: UInt64 = 0x4000, data: [UInt64: UInt64] = [:]
    ) throws -> FlatOutcome {
        let memory = try GuestMemory(size: 1 << 20)
        for (index, word) in code.enumerated() { try memory.store(word, at: Self.entry + 2 * UInt64(index)) }
        try memory.store(UInt64(0x1_8000_0000), at: 0x1D0)
        try memory.store(handler, at: 0x1D8)
        // The handler waits disabled at the interruption's code.
        try memory.store(UInt64(0xB2B2_0300_0000_0000), at: 0x4000)
        try memory.store(UInt64(0x2_0001_8000_0000), at: 0x300)
        try memory.store(UInt64(0xBAD), at: 0x308)
        for (address, value) in data { try memory.store(value, at: address) }
        let board = S390Board(memory: memory, console: { _ in })
        return try UnicornS390Machine(board, cpus: 1, entry: Self.entry).run(isOver: within(seconds: 1))
    }

    private func within(seconds: Double) -> () -> Bool {
        let end = Date().addingTimeInterval(seconds)
        return { Date() >= end }
    }

    @Test func `a vCPU that halts for good stalls the machine`() throws {
        #expect(try runX86([0xF4]) == .stalled)
        #expect(try runX86([0xFB, 0xF4], cpus: 3) == .stalled)
    }

    @Test func `the exit port ends the machine with its status`() throws {
        #expect(try runX86([0xB8, 5, 0, 0, 0, 0xE7, 0xF4, 0xEB, 0xFE]) == .powerOff(status: 5))
    }

    @Test func `an endless loop lasts until the time is over`() throws {
        #expect(try runX86([0xEB, 0xFE]) == .timeout)
        #expect(try runS390([0xA7F4, 0]) == .timeout)
    }

    @Test func `an exception without a handler is a triple fault`() throws {
        #expect(try runX86([0x0F, 0x0B]) == .crash(.tripleFault(vector: 6, at: Self.entry), vcpu: 0))
        // A load where no page is.
        #expect(
            try runX86([0x8B, 0x04, 0x25, 0, 0, 0, 0x40])
                == .crash(.tripleFault(vector: 14, at: Self.entry), vcpu: 0))
    }

    @Test func `a store where no memory is names its address`() throws {
        #expect(
            try runX86([0x89, 0x04, 0x25, 0, 0, 0, 0x30])
                == .crash(.unmapped(address: 0x3000_0000, at: Self.entry), vcpu: 0))
    }

    @Test func `a jump to the address where engines stop is a crash`() throws {
        guard case .crash = try runX86([0xB8, 0, 0, 0xAD, 0xDE, 0xFF, 0xE0]) else {
            Issue.record("it went on")
            return
        }
    }

    @Test func `a disabled wait is a power-off at its one address and a crash elsewhere`() throws {
        let wait: UInt64 = 0x2_0001_8000_0000
        #expect(try runS390([0xB2B2, 0x0200], data: [0x200: wait, 0x208: 0xFFF]) == .powerOff(status: 0))
        #expect(
            try runS390([0xB2B2, 0x0200], data: [0x200: wait, 0x208: 0x123])
                == .crash(.disabledWait(address: 0x123), vcpu: 0))
    }

    @Test func `an enabled wait that nobody ends stalls the machine`() throws {
        #expect(try runS390([0xB2B2, 0x0200], data: [0x200: 0x102_0001_8000_0000, 0x208: 0x123]) == .stalled)
    }

    @Test func `a program interruption whose handler is its cause is a loop`() throws {
        #expect(
            try runS390([0, 0], handler: Self.entry) == .crash(.programCheckLoop(at: Self.entry), vcpu: 0))
    }

    @Test func `a PSW with what the machine lacks is a crash`() throws {
        #expect(
            try runS390([0xB2B2, 0x0200], data: [0x200: 0x400_0001_8000_0000, 0x208: 0x123])
                == .crash(.unsupported(.translation, at: 0x123), vcpu: 0))
        #expect(
            try runS390([0xB2B2, 0x0200], data: [0x200: 0, 0x208: 0x123])
                == .crash(.unsupported(.narrowAddresses, at: 0x123), vcpu: 0))
    }

    @Test func `a CPU that restarts itself goes on where its restart PSW says`() throws {
        // lghi %r3, 0; sigp %r2, %r3, 6; the restart PSW is the disabled wait that means power-off.
        #expect(
            try runS390([0xA739, 0, 0xAE23, 6], data: [0x1A0: 0x2_0001_8000_0000, 0x1A8: 0xFFF])
                == .powerOff(status: 0))
    }

    @Test func `a CPU that stops itself stalls the machine`() throws {
        #expect(try runS390([0xA739, 0, 0xAE23, 5]) == .stalled)
    }

    @Test func `a CPU that resets itself has no prefix any more`() throws {
        // spx 0x200; lghi %r3, 0; sigp %r2, %r3, 11: the reset leaves it stopped.
        #expect(
            try runS390([0xB210, 0x0200, 0xA739, 0, 0xAE23, 11], data: [0x200: 0x8000 << 32]) == .stalled)
    }

    @Test func `a service call with a bad block is a program interruption`() throws {
        // lghi %r3, 4; servc %r2, %r3
        #expect(try runS390([0xA739, 4, 0xB220, 0x0023]) == .crash(.disabledWait(address: 0xBAD), vcpu: 0))
    }

    /// Random code, which may do anything but harm the process. A generator with a seed, so that runs repeat.
    @Test(arguments: 0..<100 as Range<UInt64>)
    func `random code comes to some end`(seed: UInt64) throws {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func next() -> UInt8 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state >> 32)
        }
        let code = (0..<256).map { _ in next() }
        let memory = try GuestMemory(size: 1 << 20)
        try memory.write(code, at: Self.entry)
        let x86 = X86Board(memory: memory, cpus: 2, clock: { nil }, console: { _ in })
        _ = try UnicornX86Machine(x86, entry: Self.entry).run(isOver: within(seconds: 0.05))
        let other = try GuestMemory(size: 1 << 20)
        try other.write(code, at: Self.entry)
        // The handler of program interruptions goes on behind the instruction: lpswe 0x150.
        try other.store(UInt64(0x1_8000_0000), at: 0x1D0)
        try other.store(UInt64(0x4000), at: 0x1D8)
        try other.store(UInt32(0xB2B2_0150), at: 0x4000)
        let s390 = S390Board(memory: other, console: { _ in })
        _ = try UnicornS390Machine(s390, cpus: 2, entry: Self.entry).run(isOver: within(seconds: 0.05))
    }
}
