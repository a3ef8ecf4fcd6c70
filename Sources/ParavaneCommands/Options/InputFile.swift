internal import Foundation

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
        do {
            let data = try handle.read(upToCount: limit + 1) ?? Data()
            guard data.count <= limit else {
                throw CommandFailure(.badInput, "\(name(path)): larger than \(limit) bytes")
            }
            return [UInt8](data)
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure(.badInput, "\(name(path)): cannot be read; is it a file?")
        }
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
