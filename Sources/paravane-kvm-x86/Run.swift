#if arch(x86_64)
    import CHost
    import FlatMachines
    import GuestMemory
    import Hypercalls
    import KVM

    /// Runs the guest of a file, with the statuses that `paravane-unicorn` has.
    func run(_ path: String, cpus: Int) -> Never {
        do {
            let image = try FlatImage(try read(path))
            guard image.architecture == .x86 else { finish(65, "\(path): a guest for another processor") }
            let memory = try GuestMemory(size: 16 << 20)
            try image.load(into: memory)
            let board = X86Board(memory: memory, cpus: cpus, clock: { nil }, console: { print(byte: $0) })
            try board.writeStartTables()
            let outcome = try KVMX86Machine(board, entry: image.entry).run(nanoseconds: 120_000_000_000)
            switch outcome {
            case .powerOff(status: 0): finish(0)
            case .powerOff: finish(34, outcome.description)
            case .crash, .stalled: finish(33, outcome.description)
            case .timeout: finish(124, outcome.description)
            }
        } catch let error as FlatImageError {
            finish(65, "\(path): \(error)")
        } catch let error as KVMError {
            finish(69, error.description)
        } catch {
            finish(65, "\(path): \(error)")
        }
    }

    /// A file that cannot be read, for this errno.
    private struct UnreadableFile: Error, CustomStringConvertible {
        let errno: Int32
        var description: String { unsafe String(cString: host_error_text(errno)) }
    }

    private func read(_ path: String) throws -> [UInt8] {
        let descriptor = unsafe host_open_file(path)
        guard descriptor >= 0 else { throw UnreadableFile(errno: -descriptor) }
        defer { host_close(descriptor) }
        var contents: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = unsafe host_read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw UnreadableFile(errno: Int32(truncatingIfNeeded: -count)) }
            if count == 0 { return contents }
            contents += buffer[..<count]
        }
    }

    private func print(byte: UInt8) {
        _ = unsafe [byte].withUnsafeBytes { unsafe host_write(1, $0.baseAddress!, 1) }
    }
#endif
