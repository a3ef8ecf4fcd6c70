import Testing

import PowerPC

@Suite struct SegmentLookasideBufferTests {
    private static let valid: UInt64 = 1 << 27

    @Test func `an entry translates the 256 MiB of its segment`() {
        var segments = SegmentLookasideBuffer()
        _ = segments.moveTo(rs: 0x123 << 12, rb: 0x7000_0000 | Self.valid | 5)
        #expect(segments.entry(for: 0x6FFF_FFFF) == nil)
        #expect(segments.entry(for: 0x7000_0000)?.segmentID == 0x123)
        #expect(segments.entry(for: 0x7FFF_FFFF)?.segmentID == 0x123)
        #expect(segments.entry(for: 0x8000_0000) == nil)
    }

    @Test func `an entry of 1 TiB translates 1 TiB`() {
        var segments = SegmentLookasideBuffer()
        _ = segments.moveTo(rs: 1 << 62 | 0x123 << 24, rb: 0x1_2340_0000_0000 | Self.valid)
        #expect(segments.entry(for: 0x1_2300_0000_0000)?.segmentID == 0x123)
        #expect(segments.entry(for: 0x1_23FF_FFFF_FFFF)?.segmentID == 0x123)
        #expect(segments.entry(for: 0x1_2400_0000_0000) == nil)
    }

    @Test func `an entry reads back as it was written, without bits that mean nothing`() {
        var segments = SegmentLookasideBuffer()
        _ = segments.moveTo(rs: 0x0123_4567_89AB_CC0F, rb: 0x7000_0000 | Self.valid | 31)
        #expect(segments.moveFromEffective(rb: 31) == 0x7000_0000 | Self.valid)
        #expect(segments.moveFromVirtual(rb: 31) == 0x0123_4567_89AB_CC00)
        #expect(segments.find(rb: 0x7ABC_DEF0) == 0x0123_4567_89AB_CC00)
    }

    /// RS and RB that no entry takes.
    @Test(arguments: [
        (UInt64(0), UInt64(32)), (0, 0xFFF), (0x10, 0), (0x20, 0), (0x120, 0), (0x130, 0), (1 << 63, 0), (3 << 62, 0),
    ])
    func `an index, a page size or a segment size that does not exist is refused`(rs: UInt64, rb: UInt64) {
        var segments = SegmentLookasideBuffer()
        let isTaken = segments.moveTo(rs: rs, rb: rb | Self.valid)
        #expect(!isTaken)
        for index in 0..<UInt64(32) { #expect(segments.moveFromEffective(rb: index) == 0) }
    }

    @Test func `slbie makes the one entry invalid that translates its address`() {
        var segments = SegmentLookasideBuffer()
        _ = segments.moveTo(rs: 1 << 12, rb: 0x1000_0000 | Self.valid | 1)
        _ = segments.moveTo(rs: 2 << 12, rb: 0x2000_0000 | Self.valid | 2)
        let dropped = segments.invalidate(rb: 0x1234_0000)
        #expect(dropped?.segmentID == 1)
        #expect(segments.entry(for: 0x1000_0000) == nil)
        #expect(segments.entry(for: 0x2000_0000) != nil)
        let droppedAgain = segments.invalidate(rb: 0x1234_0000)
        #expect(droppedAgain == nil)
    }

    /// Hints of slbia, and which of the entries 0, 1 (class 0) and 2 (class 1) stay.
    private static let hints: [(UInt32, [Bool])] = [
        (0, [true, false, false]), (1, [true, false, false]), (3, [true, true, false]),
        (4, [false, false, false]), (6, [true, true, false]), (7, [true, false, false]),
    ]

    @Test(arguments: hints)
    func `slbia spares what its hint says`(hint: UInt32, stays: [Bool]) {
        var segments = SegmentLookasideBuffer()
        for index in 0..<UInt64(3) {
            _ = segments.moveTo(rs: index == 2 ? 0x80 : 0, rb: (index + 1) << 28 | Self.valid | index)
        }
        segments.invalidateAll(hint: hint)
        #expect((0..<UInt64(3)).map { segments.entry(for: ($0 + 1) << 28) != nil } == stays)
    }
}
