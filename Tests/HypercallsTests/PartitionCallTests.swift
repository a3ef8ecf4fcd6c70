import GuestMemory
import Hypercalls
import PAPR
import ParavirtABI
import Testing

/// Handle −1: the caller's own partition.
private let own: UInt64 = 0xFFFF_FFFF

@Suite struct PartitionCallTests {
    private let host: TestEPAPRHost

    /// A guest with names at 0x1000 and 0x2000, and a property.
    init() throws {
        host = try TestEPAPRHost()
        host.properties["p"] = [1, 2, 3, 4, 5]
        try host.memory.write(Array("/n\0".utf8), at: 0x1000)
        try host.memory.write(Array("p\0".utf8), at: 0x2000)
    }

    // MARK: The partition itself

    @Test func `the caller's own partition runs`() {
        #expect(host.call(.partitionGetStatus, own) == CallResult(.success, 1))
        #expect(host.call(.partitionStart, own, 0, 0) == CallResult(.invalidState))
    }

    @Test func `it stops and restarts itself`() {
        #expect(host.call(.partitionStop, own) == CallResult(.success))
        #expect(host.stops == 1)
        #expect(host.call(.partitionRestart, own) == CallResult(.success))
        #expect(host.call(.systemReset) == CallResult(.success))
        #expect(host.restarts == 2)
    }

    @Test(arguments: [0, 1, 0x7FFF_FFFF, 0xFFFF_FFFE] as [UInt64])
    func `there is no other partition`(handle: UInt64) {
        for call in [
            Hypercall.partitionGetStatus, .partitionStart, .partitionStop, .partitionRestart, .partitionGetProperty,
            .partitionSetProperty,
        ] {
            #expect(
                host.call(call, handle, 0, 0x1000, 0, 0x2000, 0, 0x3000, 5) == CallResult(.invalidArgument), "\(call)")
        }
        #expect(host.call(.partitionMemoryCopy, handle, own, 0, 0, 0) == CallResult(.invalidArgument))
        #expect(host.call(.partitionMemoryCopy, own, handle, 0, 0, 0) == CallResult(.invalidArgument))
        #expect(host.stops == 0)
        #expect(host.restarts == 0)
    }

    @Test(arguments: Hypercall.freescaleCalls.filter { !$0.isHandled })
    func `what only a hypervisor of several partitions can do is unimplemented`(call: Hypercall) {
        #expect(host.call(call, own, 0, 0, 0) == CallResult(.unimplemented))
    }

    // MARK: Properties

    @Test func `a property's value comes with its size`() throws {
        #expect(
            host.call(.partitionGetProperty, own, 0, 0x1000, 0, 0x2000, 0, 0x3000, 100) == CallResult(.success, 5))
        #expect(try host.memory.read(at: 0x3000, count: 6) == [1, 2, 3, 4, 5, 0])
    }

    @Test func `a value that does not fit answers the size it needs`() throws {
        #expect(
            host.call(.partitionGetProperty, own, 0, 0x1000, 0, 0x2000, 0, 0x3000, 4)
                == CallResult(.bufferOverflow, 5))
        #expect(try host.memory.read(at: 0x3000, count: 1) == [0])
    }

    @Test func `a property set is the property got`() throws {
        try host.memory.write(Array("new\0".utf8), at: 0x2000)
        try host.memory.write([9, 8], at: 0x3000)
        #expect(host.call(.partitionSetProperty, own, 0, 0x1000, 0, 0x2000, 0, 0x3000, 2) == CallResult(.success))
        #expect(host.properties["new"] == [9, 8])
        #expect(host.call(.partitionSetProperty, own, 0, 0x1000, 0, 0x2000, 0, 0x3000, 0) == CallResult(.success))
        #expect(host.properties["new"] == [])
        #expect(
            host.call(.partitionGetProperty, own, 0, 0x1000, 0, 0x2000, 0, 0x3000, 0) == CallResult(.success, 0))
    }

    @Test(arguments: [Hypercall.partitionGetProperty, .partitionSetProperty])
    func `names have to be there, in memory and complete`(call: Hypercall) throws {
        // A node and a property that are not there; 0x3000 is an empty string.
        #expect(host.call(call, own, 0, 0x2000, 0, 0x2000, 0, 0x4000, 1) == CallResult(.noEntry))
        let empty: EPAPRStatus = call.index == Hypercall.partitionGetProperty.index ? .noEntry : .invalidArgument
        #expect(host.call(call, own, 0, 0x1000, 0, 0x3000, 0, 0x4000, 1) == CallResult(empty))
        // Addresses above memory, by either half.
        #expect(host.call(call, own, 1, 0x1000, 0, 0x2000, 0, 0x4000, 8) == CallResult(.badAddress))
        #expect(host.call(call, own, 0, 0x1000, 0, 0x1_0000, 0, 0x4000, 8) == CallResult(.badAddress))
        #expect(host.call(call, own, 0, 0x1000, 0, 0x2000, 0, 0xFFFF, 8) == CallResult(.badAddress))
        #expect(
            host.call(call, own, own, own, own, own, own, own, 8) == CallResult(.badAddress))
        // A name that ends with memory, and one that is too long.
        try host.memory.write([0x61], at: 0xFFFF)
        #expect(host.call(call, own, 0, 0xFFFF, 0, 0x2000, 0, 0x4000, 8) == CallResult(.badAddress))
        try host.memory.write([UInt8](repeating: 0x61, count: 4096), at: 0x8000)
        #expect(host.call(call, own, 0, 0x8000, 0, 0x2000, 0, 0x4000, 8) == CallResult(.invalidArgument))
    }

    @Test func `a value has at most 32768 bytes, and the tree its limit`() {
        #expect(
            host.call(.partitionSetProperty, own, 0, 0x1000, 0, 0x2000, 0, 0, 32769) == CallResult(.invalidArgument))
        #expect(host.call(.partitionSetProperty, own, 0, 0x1000, 0, 0x2000, 0, 0, 32768) == CallResult(.noMemory))
        #expect(
            host.call(.partitionSetProperty, own, 0, 0x1000, 0, 0x2000, 0, 0, 0xFFFF_FFFF)
                == CallResult(.invalidArgument))
    }

    // MARK: Copies

    private func writeList(_ pieces: [[UInt64]], at address: UInt64 = 0x4000) throws {
        for (index, word) in pieces.joined().enumerated() {
            try host.memory.store(word, at: address + UInt64(8 * index))
        }
    }

    @Test func `pieces are copied in order`() throws {
        try host.memory.write(Array("abcdef".utf8), at: 0x5000)
        try writeList([[0x5000, 0x6001, 3, 0], [0x6002, 0x7000, 2, 0], [0, 0, 0, 0]])
        #expect(host.call(.partitionMemoryCopy, own, own, 0x4000, 0, 3) == CallResult(.success))
        #expect(try host.memory.read(at: 0x6000, count: 5) == [0] + Array("abc".utf8) + [0])
        #expect(try host.memory.read(at: 0x7000, count: 3) == Array("bc".utf8) + [0])
    }

    @Test func `ranges may overlap, and go over the list`() throws {
        try host.memory.write(Array("abcdef".utf8), at: 0x5000)
        try writeList([[0x5000, 0x5002, 4, 0], [0x9000, 0x4000, 64, 0]])
        #expect(host.call(.partitionMemoryCopy, own, own, 0x4000, 0, 2) == CallResult(.success))
        #expect(try host.memory.read(at: 0x5000, count: 6) == Array("ababcd".utf8))
        #expect(try host.memory.read(at: 0x4000, count: 64) == [UInt8](repeating: 0, count: 64))
    }

    @Test(
        arguments: [
            (0x4000, 4097, EPAPRStatus.invalidArgument), (0x4000, 0xFFFF_FFFF, .invalidArgument),
            (0x4008, 1, .invalidArgument), (0x4010, 1, .invalidArgument), (0x4000, 0, .success),
            (0x1_0000, 1, .badAddress), (0xFFE0, 2, .badAddress),
        ] as [(UInt64, UInt64, EPAPRStatus)])
    func `a list is aligned, short and in memory`(list: UInt64, count: UInt64, status: EPAPRStatus) {
        #expect(host.call(.partitionMemoryCopy, own, own, list, 0, count) == CallResult(status))
    }

    @Test func `a list's address has an upper half`() {
        #expect(host.call(.partitionMemoryCopy, own, own, 0x4000, 1, 1) == CallResult(.badAddress))
    }

    @Test(
        arguments: [
            ([0x5000, 0x6000, 1, 1], EPAPRStatus.invalidArgument), ([0x5000, 0x6000, .max, 0], .badAddress),
            ([0x1_0000, 0x6000, 1, 0], .badAddress),
            ([0x5000, 0xFFFF, 2, 0], .badAddress), ([.max, 0, 1, 0], .badAddress), ([0, .max, 1, 0], .badAddress),
        ] as [([UInt64], EPAPRStatus)])
    func `a bad piece copies nothing, nor do those before it`(piece: [UInt64], status: EPAPRStatus) throws {
        try host.memory.write([0x77], at: 0x5000)
        try writeList([[0x5000, 0x6800, 1, 0], piece])
        #expect(host.call(.partitionMemoryCopy, own, own, 0x4000, 0, 2) == CallResult(status))
        #expect(try host.memory.read(at: 0x6800, count: 1) == [0])
    }

    @Test func `all pieces together have at most 16 MiB`() throws {
        // 257 times all of memory.
        try writeList([[UInt64]](repeating: [0, 0, 1 << 16, 0], count: 257), at: 0x8000)
        #expect(host.call(.partitionMemoryCopy, own, own, 0x8000, 0, 257) == CallResult(.invalidArgument))
        #expect(host.call(.partitionMemoryCopy, own, own, 0x8000, 0, 256) == CallResult(.success))
    }
}
