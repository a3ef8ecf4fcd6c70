internal import Foundation
internal import Glibc

/// Reads what the command line names: a file, or standard input where it says `-`.
enum InputFile {
    /// The bytes, of which there are at most `limit`.
    static func read(_ path: String, limit: Int) throws(CommandFailure) -> [UInt8] {
        let handle: FileHandle
        if path == "-" {
            handle = .standardInput
        } else {
            do {
                handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            } catch {
                throw CommandFailure(.badInput, "\(path): cannot be read; check the path and its permissions")
            }
        }
        guard let bytes = bytes(of: handle, limit: limit + 1) else {
            throw CommandFailure(.badInput, "\(name(path)): cannot be read; is it a file?")
        }
        guard bytes.count <= limit else {
            throw CommandFailure(.badInput, "\(name(path)): larger than \(limit) bytes")
        }
        return bytes
    }

    /// All bytes of an open file, but at most `limit`; nil where it cannot be read. `FileHandle` itself reads 4 KiB at a time.
    private static func bytes(of handle: FileHandle, limit: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var status = stat()
        if unsafe fstat(handle.fileDescriptor, &status) == 0 { bytes.reserveCapacity(min(Int(status.st_size), limit)) }
        var chunk = [UInt8](repeating: 0, count: 256 << 10)
        while bytes.count < limit {
            let count = unsafe chunk.withUnsafeMutableBytes { room in
                unsafe Glibc.read(handle.fileDescriptor, room.baseAddress, min(room.count, limit - bytes.count))
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        return bytes
    }

    /// The number of bytes of the file, which stays unread.
    static func size(_ path: String) throws(CommandFailure) -> UInt64 {
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            return try handle.seekToEnd()
        } catch {
            throw CommandFailure(.badInput, "\(path): cannot be read; check the path and its permissions")
        }
    }

    /// What messages call the input.
    static func name(_ path: String) -> String {
        path == "-" ? "standard input" : path
    }
}
