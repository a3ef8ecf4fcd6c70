import FlatMachines
import Foundation
import GuestMemory
import TestTools
import Testing

/// Files that are guests, and files that are none.
struct FlatImageTests {
    /// A guest for x86-64 with one segment of one byte, HLT, at 64 KiB.
    private let file = Self.guest(segmentsAt: [0x10000])

    /// A guest for x86-64 with segments of one byte, and its entry where the first is.
    private static func guest(segmentsAt addresses: [UInt64]) -> [UInt8] {
        func number(_ value: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
        }
        let count = UInt64(addresses.count)
        let identification: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
        let header =
            number(2, 2) + number(62, 2) + number(1, 4) + number(addresses[0], 8) + number(64, 8) + number(0, 8)
            + number(0, 4) + number(64, 2) + number(56, 2) + number(count, 2) + number(0, 6)
        let segments = addresses.flatMap { address in
            number(1, 4) + number(7, 4) + number(64 + 56 * count, 8) + number(address, 8) + number(address, 8)
                + number(1, 8) + number(1, 8) + number(1, 8)
        }
        return identification + header + segments + [0xF4]
    }

    @Test func `a guest has its entry and goes to its address`() throws {
        let image = try FlatImage(file)
        #expect(image.entry == 0x10000)
        let memory = try GuestMemory(size: 1 << 20)
        try image.load(into: memory)
        #expect(try memory.load(UInt8.self, at: 0x10000) == 0xF4)
    }

    @Test func `every file that ends too soon is refused`() {
        for count in 0..<file.count {
            #expect(throws: FlatImageError.self, "\(count) bytes") { try FlatImage([UInt8](file[..<count])) }
        }
    }

    @Test(arguments: [
        (0, 0x7E, FlatImageError.notELF), (4, 1, FlatImageError.not64Bit), (16, 3, FlatImageError.notExecutable),
        (18, 21, FlatImageError.otherProcessor(21)), (56, 0, FlatImageError.noSegments),
    ])
    func `what is wrong has a name`(offset: Int, byte: Int, error: FlatImageError) {
        var changed = file
        changed[offset] = UInt8(byte)
        #expect(throws: error) { try FlatImage(changed) }
    }

    @Test func `segments may lie in any order, but not on each other`() throws {
        let memory = try GuestMemory(size: 1 << 20)
        try FlatImage(Self.guest(segmentsAt: [0x10001, 0x10000, 0x20000])).load(into: memory)
        #expect(try memory.read(at: 0x10000, count: 3) == [0xF4, 0xF4, 0])
        #expect(throws: FlatImageError.overlap(at: 0x10000)) {
            try FlatImage(Self.guest(segmentsAt: [0x10000, 0x20000, 0x10000]))
        }
    }

    @Test func `a segment outside memory is refused`() throws {
        var changed = file
        changed[64 + 24 + 5] = 1
        let image = try FlatImage(changed)
        let memory = try GuestMemory(size: 1 << 20)
        #expect(throws: FlatImageError.outsideMemory(address: 0x100_0001_0000, size: 1)) {
            try image.load(into: memory)
        }
    }

    @Test func `no changed byte is more than an error`() throws {
        let memory = try GuestMemory(size: 1 << 20)
        for offset in file.indices {
            for bit in 0..<8 {
                var changed = file
                changed[offset] ^= 1 << UInt8(bit)
                do throws(FlatImageError) {
                    try FlatImage(changed).load(into: memory)
                } catch {
                    #expect(!error.description.isEmpty)
                }
            }
        }
    }

    @Test(arguments: [("--cpus 9 x", Int32(64)), ("--memory 0 x", 64), ("", 64), ("/nowhere/guest", 65)])
    func `the command says what is wrong with its arguments`(arguments: String, status: Int32) throws {
        let result = try Tool.built("paravane-unicorn").run(arguments.split(separator: " ").map(String.init))
        #expect(result.status == status)
        #expect(!result.errors.isEmpty)
    }

    @Test func `the command refuses a file that is no guest`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("guest")
            try Data("text".utf8).write(to: file)
            let result = try Tool.built("paravane-unicorn").run([file.path])
            #expect(result.status == 65)
            #expect(result.errors == "paravane-unicorn: \(file.path): not an ELF file\n")
        }
    }

    @Test func `the command runs a guest that halts for good`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("guest")
            try Data(file).write(to: path)
            let result = try Tool.built("paravane-unicorn").run([path.path])
            #expect(result.status == 33)
            #expect(result.errors == "paravane-unicorn: every vCPU waits for good\n")
        }
    }
}
