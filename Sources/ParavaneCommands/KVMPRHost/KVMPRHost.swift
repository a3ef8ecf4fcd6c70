internal import CHost
internal import CProcess
internal import Foundation

/// A Linux host with KVM-PR in `qemu-system-ppc64`, which emulates a POWER8 on any machine, and in it one run of
/// paravane-ppc64le.
///
/// The program's input, output, errors, statistics and exit status have a virtio port each. So its output is not touched on
/// the way, and nothing that a guest prints can be taken for anything else.
struct KVMPRHost {
    /// The emulated processor.
    enum Processor: String, CaseIterable, Sendable {
        /// A POWER8.
        case power8
        /// A POWER9.
        case power9
    }

    /// What the host lacks, to see what is said then.
    enum Lack: String, CaseIterable, Sendable {
        /// There is no `/dev/kvm`.
        case kvm
        /// KVM is there without the part that is KVM-PR.
        case pr
        /// It translates by radix tree.
        case hash
        /// paravane-ppc64le may not open `/dev/kvm`.
        case permission
    }

    /// Where its kernel and initramfs are.
    let directory: KVMPRHostDirectory
    /// The arguments of paravane-ppc64le.
    var arguments: [String]
    /// Files that appear in the host, by path below `/files`.
    var files: [(name: String, contents: [UInt8])] = []
    /// The emulated processor.
    var processor = Processor.power8
    /// How many processors it has.
    var processors = 1
    /// Its RAM in MiB.
    var memory = 512
    /// What it lacks.
    var lack: Lack?
    /// Whether a person types the input, on a terminal in raw mode.
    var isInteractive = false
    /// Seconds after which it is ended with ``ExitStatus/timeout``; nil for no limit.
    var limit: Double?

    /// How a run ended.
    struct End {
        /// The program's exit status.
        let status: Int32
        /// What it wrote into the port for statistics.
        let statistics: [UInt8]
    }

    /// What the port of a number is for. `Tests/Guests/kvm-pr-host/init.c` opens them.
    private enum Port: Int, CaseIterable {
        case input = 1
        case output, errors, status, statistics
    }

    /// Where the program finds its port for statistics.
    static let statisticsPath = "/dev/vport0p\(Port.statistics.rawValue)"
    /// Where the program finds a file.
    static func path(of name: String) -> String { "/files/\(name)" }

    /// Runs it to its end.
    func run() throws -> End {
        let initrd = try archive()
        defer { host_close(initrd) }
        let session = try Session(initrd: initrd, host: self)
        return try session.run()
    }

    // MARK: What QEMU gets

    /// The initramfs and the files behind it, as an open file without a name.
    private func archive() throws -> Int32 {
        var bytes = try InputFile.read(directory.initramfs, limit: 1 << 30)
        while !bytes.count.isMultiple(of: 4) { bytes.append(0) }
        var archive = CPIOArchive()
        archive.addDirectory("/files")
        for file in files { archive.addFile(Self.path(of: file.name), file.contents) }
        archive.addFile("/arguments", arguments.flatMap { [UInt8]($0.utf8) + [0] })
        bytes += archive.finished()
        let descriptor = unsafe process_memory_file("kvm-pr-host")
        let error =
            descriptor < 0
            ? -descriptor
            : unsafe bytes.withUnsafeBytes { unsafe host_write(descriptor, $0.baseAddress!, $0.count) }
        guard error == 0 else {
            throw CommandFailure(.internalError, "there is no memory for the KVM-PR host's files")
        }
        return descriptor
    }

    private func command(initrd: Int32, ports: [Int32]) -> [String] {
        var kernel = ["console=hvc0", "quiet", "loglevel=1", "panic=-1"]
        if lack != .hash { kernel.append("disable_radix") }
        switch lack {
        case .kvm: kernel.append("initcall_blacklist=kvmppc_book3s_init,kvmppc_book3s_init_pr")
        case .pr: kernel.append("initcall_blacklist=kvmppc_book3s_init_pr")
        case .permission: kernel.append("BOX_USER=65534")
        case .hash, nil: break
        }
        var command = [
            "qemu-system-ppc64", "-no-user-config", "-nodefaults", "-display", "none", "-no-reboot",
            // QEMU's pseries would like to keep to mitigations that its software CPU does not have.
            "-M", "pseries,x-vof=on,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off",
            "-cpu", processor.rawValue, "-smp", "\(processors)", "-m", "\(memory)",
            "-kernel", directory.kernel, "-initrd", "/proc/self/fd/\(initrd)", "-append", kernel.joined(separator: " "),
            "-serial", "stdio", "-device", "virtio-serial-pci",
        ]
        for (port, socket) in zip(Port.allCases, ports) {
            command += [
                "-chardev", "socket,id=\(port),fd=\(socket)",
                "-device", "virtserialport,nr=\(port.rawValue),chardev=\(port)",
            ]
        }
        return command
    }

    // MARK: The run

    /// QEMU at work, and what goes to and fro.
    private final class Session {
        private let host: KVMPRHost
        private let child: Int32
        private var input: Pump
        private var output: Pump
        private var errors: Pump
        private var status: Pump
        private var statistics: Pump
        private var log: Pump
        private var keys = EscapeKeys()
        private let deadline: UInt64?
        private var quitDeadline: UInt64?
        private var isOver = false

        /// How long the program has to end after Ctrl-A x, in nanoseconds.
        private static let patience: UInt64 = 3_000_000_000

        init(initrd: Int32, host: KVMPRHost) throws {
            self.host = host
            var near: [Int32] = []
            var far: [Int32] = []
            for _ in 0...Port.allCases.count {
                var pair: [Int32] = [-1, -1]
                guard unsafe process_socket_pair(&pair) == 0 else {
                    throw CommandFailure(.internalError, "there are no sockets for the KVM-PR host")
                }
                near.append(pair[0])
                far.append(pair[1])
            }
            let ports = Array(far.dropLast())
            let command = host.command(initrd: initrd, ports: ports)
            var words = unsafe command.map { unsafe strdup($0) }
            unsafe words.append(nil)
            let kept = ports + [initrd]
            let console = far[Port.allCases.count]
            let result = unsafe process_start(&words, console, console, kept, Int32(kept.count))
            unsafe words.forEach { unsafe free($0) }
            for descriptor in far { host_close(descriptor) }
            guard result > 0 else {
                for descriptor in near { host_close(descriptor) }
                throw CommandFailure(
                    .unavailable,
                    -result == ENOENT
                        ? "there is no qemu-system-ppc64: install Debian's package qemu-system-ppc"
                        : "qemu-system-ppc64 does not start: \(unsafe String(cString: strerror(-result)))")
            }
            child = result
            input = Pump(from: STDIN_FILENO, to: near[0])
            output = Pump(from: near[1], to: STDOUT_FILENO)
            errors = Pump(from: near[2], to: STDERR_FILENO)
            status = Pump(collecting: near[3])
            statistics = Pump(collecting: near[4])
            log = Pump(collecting: near[5])
            deadline = host.limit.map { host_monotonic_nanoseconds() &+ UInt64(min(max($0, 0), 1e9) * 1e9) }
        }

        func run() throws -> End {
            while output.isOpen || errors.isOpen || log.isOpen || status.isOpen || statistics.isOpen { step() }
            let end = process_wait(child)
            for pump in [input, output, errors, status, statistics, log] where pump.source > STDERR_FILENO {
                host_close(pump.source)
            }
            host_close(input.sink)
            if let status = Int32(String(decoding: status.buffer, as: UTF8.self).trimmingCharacters(in: .newlines)) {
                return End(status: status, statistics: statistics.buffer)
            }
            if quitDeadline != nil { return End(status: ExitStatus.success.rawValue, statistics: []) }
            if isOver {
                throw CommandFailure(.timeout, "the KVM-PR host did not end within \(host.limit ?? 0) seconds")
            }
            throw failure(end)
        }

        /// Why there is no status.
        private func failure(_ end: Int32) -> CommandFailure {
            let how = end < 0 ? "was killed by signal \(-end)" : "ended with status \(end)"
            let lines = String(decoding: log.buffer, as: UTF8.self).split(whereSeparator: \.isNewline)
            for line in lines.suffix(end < 0 ? 0 : 20) { StandardError.print(String(line), prefix: false) }
            return CommandFailure(
                .internalError, "the KVM-PR host ended before the guest did: qemu-system-ppc64 \(how)")
        }

        /// Moves what there is to move.
        private func step() {
            let pumps = [input, output, errors, status, statistics, log]
            var descriptors: [Int32] = []
            var events: [UInt8] = []
            for pump in pumps {
                descriptors += [pump.source, pump.sink]
                events += [pump.wantsInput ? 1 : 0, pump.wantsRoom ? 2 : 0]
            }
            unsafe process_poll(descriptors, &events, Int32(events.count), wait())
            if events[0] != 0 {
                input.fill()
                if host.isInteractive, keys.see(input.buffer) {
                    quitDeadline = host_monotonic_nanoseconds() &+ Self.patience
                }
            }
            if events[1] != 0 { input.drain() }
            // The program sees the end of its input.
            if !input.isOpen, input.buffer.isEmpty, !input.saidEnd {
                input.saidEnd = true
                process_end_output(input.sink)
            }
            if events[2] != 0 { output.fill() }
            if events[3] != 0 { output.drain() }
            if events[4] != 0 { errors.fill() }
            if events[5] != 0 { errors.drain() }
            if events[6] != 0 { status.fill() }
            if events[8] != 0 { statistics.fill() }
            if events[10] != 0 { log.fill() }
            let now = host_monotonic_nanoseconds()
            if let quitDeadline, now >= quitDeadline { process_signal(child, SIGKILL) }
            if let deadline, now >= deadline, !isOver {
                isOver = true
                process_signal(child, SIGKILL)
            }
        }

        /// Milliseconds until something has to be done without input; -1 for never.
        private func wait() -> Int32 {
            guard let next = [deadline, quitDeadline].compactMap({ $0 }).min() else { return -1 }
            let now = host_monotonic_nanoseconds()
            return next > now ? Int32(clamping: (next - now) / 1_000_000 + 1) : 10
        }
    }
}

/// Bytes on their way from one descriptor to another, or to whoever looks at them afterwards.
private struct Pump {
    let source: Int32
    /// -1 where they are collected.
    let sink: Int32
    /// What is read and not yet written.
    private(set) var buffer: [UInt8] = []
    /// Whether more may come.
    private(set) var isOpen = true
    var saidEnd = false

    /// The most that is collected; the oldest goes first.
    private static let capacity = 1 << 20

    init(from source: Int32, to sink: Int32) {
        self.source = source
        self.sink = sink
    }

    init(collecting source: Int32) { self.init(from: source, to: -1) }

    var wantsInput: Bool { isOpen && (sink < 0 || buffer.isEmpty) }
    var wantsRoom: Bool { sink >= 0 && !buffer.isEmpty }

    mutating func fill() {
        var chunk = [UInt8](repeating: 0, count: 4096)
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe host_read(source, $0.baseAddress!, $0.count) }
        if count > 0 {
            buffer += chunk[..<count]
            if sink < 0, buffer.count > Self.capacity { buffer.removeFirst(buffer.count - Self.capacity) }
        } else if count != -Int(EAGAIN) {
            isOpen = false
        }
    }

    mutating func drain() {
        let written = unsafe buffer.withUnsafeBytes { unsafe host_write_some(sink, $0.baseAddress!, $0.count) }
        // Where nobody takes them any more they are lost.
        buffer.removeFirst(written < 0 ? buffer.count : written)
    }
}

/// Sees whether somebody typed Ctrl-A x, which the program in the host understands as well.
struct EscapeKeys {
    private var escaped = false

    /// Looks at the next keys; true where they are the ones.
    mutating func see(_ keys: [UInt8]) -> Bool {
        var quits = false
        for key in keys {
            if escaped, key == UInt8(ascii: "x") { quits = true }
            escaped = !escaped && key == 1
        }
        return quits
    }
}
