import Foundation
import Machines

/// An ELF file as a table of its fields, so that each test can get one of them wrong.
struct ELFBuilder {
    struct Segment {
        var type: UInt32 = 1
        var virtual: UInt32
        var physical: UInt32
        var contents: [UInt8]
        /// Bytes in memory; as many as in the file unless given.
        var memorySize: UInt32?
    }

    var wordSize: UInt8 = 1
    var byteOrder: UInt8 = 2
    var type: UInt16 = 2
    var machine: UInt16 = 20
    var entry: UInt32 = 0
    var programHeaderSize: UInt16 = 32
    var segments: [Segment] = []

    /// The file: header, program headers, contents.
    var file: [UInt8] {
        var file: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, wordSize, byteOrder, 1] + [UInt8](repeating: 0, count: 9)
        file += type.bytes + machine.bytes + (1 as UInt32).bytes + entry.bytes
        file += (52 as UInt32).bytes + (0 as UInt32).bytes + (0 as UInt32).bytes
        file += (52 as UInt16).bytes + programHeaderSize.bytes + UInt16(segments.count).bytes
        file += [UInt8](repeating: 0, count: 6)
        var offset = UInt32(52 + 32 * segments.count)
        for segment in segments {
            file += segment.type.bytes + offset.bytes + segment.virtual.bytes + segment.physical.bytes
            file += UInt32(segment.contents.count).bytes
            file += (segment.memorySize ?? UInt32(segment.contents.count)).bytes
            file += (7 as UInt32).bytes + (4 as UInt32).bytes
            offset += UInt32(segment.contents.count)
        }
        for segment in segments { file += segment.contents }
        return file
    }

    /// A small valid file: code at 0xC000_0000 that is loaded at 0x1000, then data with 16 zero bytes behind.
    static let valid = ELFBuilder(
        entry: 0xC000_0004,
        segments: [
            Segment(virtual: 0xC000_0000, physical: 0x1000, contents: [1, 2, 3, 4, 5, 6, 7, 8]),
            Segment(virtual: 0xC000_1000, physical: 0x2000, contents: [9, 10, 11, 12], memorySize: 20),
        ])
}

/// A legacy uImage as a table of its fields, with right checksums unless given.
struct UImageBuilder {
    var load: UInt32 = 0
    var entry: UInt32 = 0
    var architecture: UInt8 = 7
    var type: UInt8 = 2
    var compression: UInt8 = 0
    var dataSize: UInt32?
    var dataChecksum: UInt32?
    var headerChecksum: UInt32?
    var payload: [UInt8] = [1, 2, 3, 4]

    var file: [UInt8] {
        var header = (0x2705_1956 as UInt32).bytes + (0 as UInt32).bytes + (0 as UInt32).bytes
        header += (dataSize ?? UInt32(payload.count)).bytes + load.bytes + entry.bytes
        header += (dataChecksum ?? crc32(payload)).bytes + [5, architecture, type, compression]
        header += [UInt8](repeating: 0, count: 32)
        header.replaceSubrange(4..<8, with: (headerChecksum ?? crc32(header)).bytes)
        return header + payload
    }
}

/// CRC-32 (ISO 3309) bit by bit, apart from the code under test.
func crc32(_ bytes: [UInt8]) -> UInt32 {
    var crc = UInt32.max
    for byte in bytes {
        crc ^= UInt32(byte)
        for _ in 0..<8 { crc = crc & 1 != 0 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
}

extension FixedWidthInteger {
    /// The value's bytes, the highest first.
    var bytes: [UInt8] {
        stride(from: Self.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> $0) }
    }
}

/// A tool of the host that tests compare with.
struct HostTool {
    let path: String

    /// The tool of this name on the search path, or nil.
    init?(_ name: String) {
        let directories = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let candidates = directories.map { "\($0)/\(name)" }
        guard let path = candidates.first(where: FileManager.default.isExecutableFile(atPath:)) else { return nil }
        self.path = path
    }

    /// Runs the tool in `directory` and waits for it.
    func run(_ arguments: [String], in directory: URL) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.currentDirectoryURL = directory
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(tool: path, status: process.terminationStatus) }
    }

    struct Failure: Error {
        let tool: String
        let status: Int32
    }
}

/// A folder that is gone after the test.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("paravane-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}
