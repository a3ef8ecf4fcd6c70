import DeviceTree
import Foundation
import GuestMemory
import Hypercalls
import Machines
import ParavirtABI
import PowerPC
import TestTools
import Testing
import VMM

@Suite struct E500HypercallTests {
    private typealias Channel = E500MemoryMap.ByteChannel

    // MARK: Byte channels

    @Test func `what the guest sends to the console's channel is the console's output`() throws {
        let guest = try TestMachine()
        #expect(guest.call(.byteChannelSend, Channel.console.rawValue, 3, 0x4142_4344).prefix(2) == [0, 3])
        #expect(guest.console.output == Array("ABC".utf8))
        #expect(guest.call(.byteChannelPoll, Channel.console.rawValue).prefix(3) == [0, 0, 1024])
    }

    @Test func `the console's input arrives with an interrupt, and what does not fit stays outside`() throws {
        let guest = try TestMachine()
        guest.enable(Channel.console.receiveInterrupt)
        #expect(guest.call(.intIACK)[1] == 0xFFFF)
        guest.console.input = [UInt8](repeating: 0x61, count: 1500)
        guest.machine.poll(at: 0)
        #expect(guest.console.input.count == 1500 - 1024)
        #expect(guest.call(.byteChannelPoll, Channel.console.rawValue).prefix(2) == [0, 1024])
        #expect(guest.call(.intIACK)[1] == UInt32(Channel.console.receiveInterrupt))
        while guest.call(.byteChannelReceive, Channel.console.rawValue, 16)[1] > 0 {}
        #expect(guest.call(.intEOI, UInt32(Channel.console.receiveInterrupt))[0] == 0)
        #expect(guest.call(.intIACK)[1] == 0xFFFF)
    }

    @Test func `where the serial port is the console the channel leads nowhere`() throws {
        let guest = try TestMachine(console: .serial)
        #expect(guest.call(.byteChannelSend, Channel.console.rawValue, 1, 0x4100_0000).prefix(2) == [0, 1])
        guest.console.input = [1]
        guest.machine.poll(at: 0)
        #expect(guest.console.output == [])
        #expect(guest.call(.byteChannelPoll, Channel.console.rawValue)[1] == 0)
    }

    @Test func `a panic is recognized on the console's channel`() throws {
        let guest = try TestMachine()
        for byte in "Kernel panic - not syncing: test\n---[ end Kernel panic\n".utf8 {
            guest.call(.byteChannelSend, Channel.console.rawValue, 1, UInt32(byte) << 24)
        }
        guard case .panic = guest.machine.outcome else {
            Issue.record("the run goes on")
            return
        }
    }

    @Test(arguments: [(Channel.first, Channel.second), (.second, .first)])
    func `two channels are each other's other end, with interrupts for data and for room`(
        channels: (E500MemoryMap.ByteChannel, E500MemoryMap.ByteChannel)
    ) throws {
        let (from, to) = channels
        let guest = try TestMachine()
        guest.enable(to.receiveInterrupt)
        var sent = 0
        while true {
            let result = guest.call(.byteChannelSend, from.rawValue, 15, 0x3031_3233)
            if result[0] != 0 {
                #expect(result.prefix(2) == [4, 0])
                break
            }
            sent += Int(result[1])
        }
        #expect(sent == 1024)
        #expect(guest.call(.intIACK)[1] == UInt32(to.receiveInterrupt))
        guest.enable(from.transmitInterrupt, priority: 10)
        #expect(guest.call(.intIACK)[1] == 0xFFFF)
        #expect(guest.call(.byteChannelReceive, to.rawValue, 5).prefix(3) == [0, 5, 0x3031_3233])
        #expect(guest.call(.intIACK)[1] == UInt32(from.transmitInterrupt))
        #expect(guest.call(.byteChannelPoll, from.rawValue).prefix(3) == [0, 0, 5])
        #expect(guest.call(.byteChannelSend, from.rawValue, 15).prefix(2) == [0, 5])
    }

    // MARK: Interrupts

    @Test func `a doorbell interrupts once a ring`() throws {
        let guest = try TestMachine()
        let interrupt = E500MemoryMap.Doorbell.receiveInterrupt
        guest.enable(interrupt, flags: 1)
        #expect(guest.call(.doorbellSend, E500MemoryMap.Doorbell.sendHandle)[0] == 0)
        #expect(guest.call(.intGetActivity, UInt32(interrupt))[1] == 1)
        #expect(guest.call(.intIACK)[1] == UInt32(interrupt))
        #expect(guest.call(.intEOI, UInt32(interrupt))[0] == 0)
        #expect(guest.call(.intIACK)[1] == 0xFFFF)
        #expect(guest.call(.intGetActivity, UInt32(interrupt))[1] == 0)
        #expect(guest.call(.doorbellSend, 5)[0] == 8)
    }

    @Test func `a configuration reads back with the sense that the interrupt can have`() throws {
        let guest = try TestMachine()
        #expect(guest.call(.intSetConfig, 3, 2, 5, 1)[0] == 0)
        #expect(guest.call(.intGetConfig, 3).prefix(4) == [0, 2, 5, 1])
        #expect(guest.call(.intSetConfig, 42, 1, 15, 0)[0] == 0)
        #expect(guest.call(.intGetConfig, 42).prefix(4) == [0, 3, 15, 0])
        #expect(guest.call(.intGetMask, 42).prefix(2) == [0, 1])
        #expect(guest.call(.intSetConfig, 264, 1, 15, 0)[0] == 8)
        #expect(guest.call(.intSetConfig, 42, 1, 15, 2)[0] == 8)
    }

    @Test func `an IPI reaches the vCPUs of its mask, and only what is in service ends`() throws {
        let guest = try TestMachine()
        guest.enable(256, vcpu: 1, flags: 0)
        guest.call(.intSetTaskPriority, 0, vcpu: 0)
        #expect(guest.call(.intSendIPI, 0, 2)[0] == 0)
        #expect(guest.call(.intIACK, vcpu: 0)[1] == 0xFFFF)
        #expect(guest.call(.intIACK, vcpu: 1)[1] == 256)
        #expect(guest.call(.intEOI, 256, vcpu: 0)[0] == 8)
        #expect(guest.call(.intEOI, 257, vcpu: 1)[0] == 8)
        #expect(guest.call(.intEOI, 256, vcpu: 1)[0] == 0)
        #expect(guest.call(.intSendIPI, 0, 4)[0] == 8)
    }

    @Test func `the task priority holds back what is not above it`() throws {
        let guest = try TestMachine()
        guest.enable(Channel.console.transmitInterrupt, priority: 8)
        guest.call(.intSetTaskPriority, 8)
        #expect(guest.call(.intGetTaskPriority)[1] == 8)
        #expect(guest.call(.intIACK)[1] == 0xFFFF)
        guest.call(.intSetTaskPriority, 7)
        #expect(guest.call(.intIACK)[1] == UInt32(Channel.console.transmitInterrupt))
    }

    // MARK: The partition

    @Test func `the guest's tree can be read and changed, for its next boot`() throws {
        let guest = try TestMachine()
        let memory = guest.machine.memory
        try memory.write(Array("/chosen\0".utf8), at: 0x1000)
        try memory.write(Array("bootargs\0".utf8), at: 0x2000)
        #expect(
            guest.call(.partitionGetProperty, .max, 0, 0x1000, 0, 0x2000, 0, 0x3000, 100).prefix(2) == [0, 6])
        #expect(try memory.read(at: 0x3000, count: 6) == Array("quiet\0".utf8))
        try memory.write(Array("debug 2\0".utf8), at: 0x3000)
        #expect(guest.call(.partitionSetProperty, .max, 0, 0x1000, 0, 0x2000, 0, 0x3000, 8)[0] == 0)
        let arguments = guest.machine.deviceTree.property("bootargs", at: "/chosen")?.string
        #expect(arguments == "debug 2")
        for (path, status) in [("/nothing", 2), ("chosen", 2), ("/chosen/\u{e9}", 2)] as [(String, UInt32)] {
            try memory.write(Array((path + "\0").utf8), at: 0x1000)
            #expect(guest.call(.partitionSetProperty, .max, 0, 0x1000, 0, 0x2000, 0, 0x3000, 8)[0] == status)
            #expect(guest.call(.partitionGetProperty, .max, 0, 0x1000, 0, 0x2000, 0, 0x3000, 8)[0] == 2)
        }
        try memory.write(Array("/chosen\0".utf8), at: 0x1000)
        try memory.write(Array("no blanks\0".utf8), at: 0x2000)
        #expect(guest.call(.partitionSetProperty, .max, 0, 0x1000, 0, 0x2000, 0, 0x3000, 8)[0] == 8)
    }

    @Test func `the tree has an end`() throws {
        let guest = try TestMachine()
        let memory = guest.machine.memory
        try memory.write(Array("/chosen\0".utf8), at: 0x1000)
        var statuses: [UInt32] = []
        for number in 0..<40 {
            try memory.write(Array("p\(number)\0".utf8), at: 0x2000)
            statuses.append(guest.call(.partitionSetProperty, .max, 0, 0x1000, 0, 0x2000, 0, 0x10000, 32768)[0])
        }
        #expect(statuses.first == 0)
        #expect(statuses.last == 5)
        let size = guest.machine.deviceTree.finish().count
        #expect(size <= DeviceTree.maximumSize)
    }

    @Test func `a copy moves memory`() throws {
        let guest = try TestMachine()
        let memory = guest.machine.memory
        try memory.write([1, 2, 3], at: 0x5000)
        for (index, word) in ([0x5000, 0x6000, 3, 0] as [UInt64]).enumerated() {
            try memory.store(word, at: 0x4000 + UInt64(8 * index))
        }
        #expect(guest.call(.partitionMemoryCopy, .max, .max, 0x4000, 0, 1)[0] == 0)
        #expect(try memory.read(at: 0x6000, count: 3) == [1, 2, 3])
    }

    @Test(arguments: [
        (Hypercall.partitionStop, true), (.partitionRestart, false), (.systemReset, false),
    ])
    func `stopping switches the power off, restarting resets`(call: Hypercall, isPowerOff: Bool) throws {
        let guest = try TestMachine()
        #expect(guest.call(call, 7)[0] == (call.index == Hypercall.systemReset.index ? 0 : 8))
        guest.call(call, .max)
        switch guest.machine.outcome {
        case .powerOff: #expect(isPowerOff)
        case .reset: #expect(!isPowerOff)
        default: Issue.record("the run goes on")
        }
    }

    // MARK: Hostile guests

    /// In a process of its own, whose memory the other tests do not change.
    @Test(arguments: [1] as [UInt64]) func `a million random calls neither crash nor hang nor use up memory`(
        seed: UInt64
    ) async {
        await #expect(processExitsWith: .success) { [seed] in
            let guest = try TestMachine()
            let memory = guest.machine.memory
            try memory.write(Array("/chosen\0".utf8), at: 0x1000)
            try memory.write(Array("bootargs\0".utf8), at: 0x2000)
            for (index, word) in ([0x5000, 0x6000, 3, 0, 0x4000, 0x10_0000, 5000, 0] as [UInt64]).enumerated() {
                try memory.store(word, at: 0x4000 + UInt64(8 * index))
            }
            var generator = SeededRandom(seed: seed)
            let tokens = Hypercall.all.compactMap(\.token)
            var before = 0
            for count in 0..<1_000_000 {
                // Buffers have their sizes after a while.
                if count == 100_000 { before = try residentBytes() }
                let token = generator.next() % 64 == 0 ? generator.argument() : tokens[generator.below(tokens.count)]
                let arguments = (0..<8).map { _ in generator.argument() }
                let status = guest.call(token: token, arguments, vcpu: generator.below(2))[0]
                precondition(status <= 13, "a status that is none: \(status)")
                if count % 1000 == 0 {
                    guest.console.input = [UInt8](repeating: 1, count: 3000)
                    guest.machine.poll(at: UInt64(count))
                }
            }
            let grown = try residentBytes() - before
            // All of the guest's 64 MiB of RAM may become resident, and its tree has up to 1 MiB.
            precondition(grown < 80 << 20, "\(grown) bytes more")
        }
    }
}

/// Bytes of memory that the process has.
private func residentBytes() throws -> Int {
    let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
    return (Int(text.split(separator: " ")[1]) ?? 0) * 4096
}

extension SeededRandom {
    /// A register as a guest would fill it that looks for mistakes: small numbers, handles, addresses, anything.
    fileprivate mutating func argument() -> UInt32 {
        let random = UInt32(truncatingIfNeeded: next())
        switch below(8) {
        case 0: return random
        case 1: return random % 20
        case 2, 3: return 0
        case 4: return .max
        case 5: return [0x1000, 0x2000, 0x4000, 0x4020][below(4)]
        case 6: return random % 300
        default: return random & 0x03FF_FFE0
        }
    }
}
