import DeviceTree
import Testing

@Suite struct PropertyValueTests {
    @Test func `A cell is big-endian`() {
        #expect(PropertyValue.u32(0x0102_0304).bytes == [1, 2, 3, 4])
    }

    @Test func `A 64-bit number is two cells with the high one first`() {
        #expect(PropertyValue.u64(0x0102_0304_0506_0708).cells == [0x0102_0304, 0x0506_0708])
    }

    @Test func `Each string of a list ends in NUL`() {
        #expect(PropertyValue.strings(["a", "bc"]).bytes == [0x61, 0, 0x62, 0x63, 0])
    }

    @Test func `A value reads back as what it was made of`() {
        #expect(PropertyValue.u32(7).u32 == 7)
        #expect(PropertyValue.u64(.max).u64 == .max)
        #expect(PropertyValue.cells([1, 2, 3]).cells == [1, 2, 3])
        #expect(PropertyValue.string("text").string == "text")
        #expect(PropertyValue.strings(["a", "b"]).strings == ["a", "b"])
    }

    @Test(arguments: [0, 3, 5, 8]) func `Only four bytes are a cell`(count: Int) {
        #expect(PropertyValue.bytes([UInt8](repeating: 0, count: count)).u32 == nil)
    }

    @Test(arguments: [0, 4, 7, 9]) func `Only eight bytes are a 64-bit number`(count: Int) {
        #expect(PropertyValue.bytes([UInt8](repeating: 0, count: count)).u64 == nil)
    }

    @Test func `Bytes that are no multiple of four are no cells`() {
        #expect(PropertyValue.bytes([1, 2, 3]).cells == nil)
    }

    @Test(arguments: [[], [0x61]] as [[UInt8]]) func `Bytes without a NUL at the end are no string`(bytes: [UInt8]) {
        #expect(PropertyValue.bytes(bytes).strings == nil)
    }

    @Test func `A list is not one string`() {
        #expect(PropertyValue.strings(["a", "b"]).string == nil)
    }
}
