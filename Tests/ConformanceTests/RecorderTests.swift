import Conformance
import GuestMemory
import Testing

/// The exchange with the guest: an image with a header, records behind it.
@Suite struct RecorderTests {
    /// An image of 64 bytes with the header of `Tests/Guests/book3s/recorder.S`.
    static let image: [UInt8] = {
        let words: [UInt32] = [0x5056_5243, 0x20CC, 0x1_0000, 0x300, 0x140, 0x280, 0x800_0000]
        return words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) } }
            + [UInt8](repeating: 0, count: 36)
    }()

    @Test func `the header says where everything is`() throws {
        let recorder = try #require(Recorder(Self.image))
        #expect(recorder.entry == 0x20CC)
        #expect(recorder.doneAddress == 0x800_0000)
        #expect(recorder.codeAddress(0) == 0x1_0280)
        #expect(recorder.codeAddress(2) == 0x1_0880)
    }

    @Test func `the other byte order is recognized, and everything is in it`() throws {
        let swapped = stride(from: 0, to: Self.image.count, by: 4).flatMap { Self.image[$0..<$0 + 4].reversed() }
        let recorder = try #require(Recorder(swapped))
        #expect(recorder.order == .little)
        #expect(recorder.entry == 0x20CC)
        let memory = try GuestMemory(size: 1 << 20)
        try recorder.load([RecordInput(msr: 0x1001, is64Bit: true, code: [0x7FE0_0008])], into: memory)
        #expect(try memory.load(UInt64.self, at: 0x1_0008, order: .little) == 0x1001)
        #expect(try memory.load(UInt32.self, at: 0x1_0280, order: .little) == 0x7FE0_0008)
    }

    @Test(arguments: [[], [0x50, 0x56], [UInt8](repeating: 0, count: 64)])
    func `what is no recorder is refused`(image: [UInt8]) {
        #expect(Recorder(image) == nil)
    }

    @Test func `records are big-endian doublewords, with the code behind them and an empty one at the end`() throws {
        let memory = try GuestMemory(size: 1 << 20)
        let recorder = try #require(Recorder(Self.image))
        try memory.store(UInt64.max, at: 0x1_0300)
        try recorder.load([RecordInput(msr: 0x1000, is64Bit: false, code: [0x7FE0_0008])], into: memory)
        #expect(try memory.load(UInt64.self, at: 0x1_0000) == 0x1_0280)
        #expect(try memory.load(UInt64.self, at: 0x1_0008) == 0x1000)
        // r1, in the low half.
        #expect(try memory.load(UInt64.self, at: 0x1_0048) == 0x0202_0202)
        #expect(try memory.load(UInt32.self, at: 0x1_0280) == 0x7FE0_0008)
        #expect(try memory.load(UInt64.self, at: 0x1_0300) == 0)
    }

    @Test func `records that memory does not hold are an error`() throws {
        let memory = try GuestMemory(size: 1 << 16)
        let recorder = try #require(Recorder(Self.image))
        #expect(throws: GuestMemoryError.self) {
            try recorder.load([RecordInput(msr: 0, is64Bit: true, code: [])], into: memory)
        }
    }
}
