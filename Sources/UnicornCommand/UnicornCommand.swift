public import ArgumentParser
import FlatMachines
import Foundation
import GuestMemory
import Hypercalls
import UnicornCPU

/// The `paravane-unicorn` command: runs one bare-metal guest for x86-64 or s390x.
public struct UnicornCommand: ParsableCommand {
    /// The name and what it is for.
    public static let configuration = CommandConfiguration(
        commandName: "paravane-unicorn",
        abstract: "Run a bare-metal x86-64 or s390x guest that makes hypercalls, on libunicorn.",
        discussion: """
            The guest's console is standard output. The exit status is 0 when the guest powers off well, 33 when it crashes \
            or waits for good, 34 when it ends with a status of its own, 65 when the file is no guest, 69 without \
            libunicorn, 71 without memory for the guest, 124 when the time is over.

            libunicorn is under the GNU General Public License, version 2: so is this command while it uses it.
            """)

    @Option(help: "How many vCPUs there are, 1 to 8.")
    var cpus = 1

    @Option(help: "MiB of memory, 1 to 1024.")
    var memory = 16

    @Option(help: "Seconds of the host's time after which the run ends.")
    var timeout = 60.0

    @Argument(help: "The guest, an ELF64 file.", completion: .file())
    var guest: String

    /// Made by the argument parser.
    public init() {}

    /// Runs the command that the process's arguments ask for.
    public static func start() { main() }

    /// Checks the ranges.
    public func validate() throws {
        guard (1...8).contains(cpus) else { throw ValidationError("--cpus is 1 to 8") }
        guard (1...1024).contains(memory) else { throw ValidationError("--memory is 1 to 1024") }
        guard timeout > 0 else { throw ValidationError("--timeout is above 0") }
    }

    /// Runs the guest and exits.
    public func run() throws {
        do {
            let outcome = try runGuest()
            switch outcome {
            case .powerOff(status: 0): return
            case .powerOff: Self.fail(34, outcome.description)
            case .crash, .stalled: Self.fail(33, outcome.description)
            case .timeout: Self.fail(124, outcome.description)
            }
        } catch let error as FlatImageError {
            Self.fail(65, "\(guest): \(error)")
        } catch let error as UnicornError {
            Self.fail(69, error.description)
        } catch let error as GuestMemoryError {
            Self.fail(71, error.description)
        }
    }

    private func runGuest() throws -> FlatOutcome {
        guard let file = FileManager.default.contents(atPath: guest) else {
            Self.fail(65, "\(guest): there is no such file, or it may not be read")
        }
        let image = try FlatImage([UInt8](file))
        let memory = try GuestMemory(size: UInt64(memory) << 20)
        try image.load(into: memory)
        let output = Output()
        defer { output.flush() }
        let limit = Date().addingTimeInterval(timeout)
        let isOver = { Date() >= limit }
        switch image.architecture {
        case .x86:
            let board = X86Board(memory: memory, cpus: cpus, clock: Self.readClock, console: output.send)
            return try UnicornX86Machine(board, entry: image.entry).run(isOver: isOver)
        case .s390x:
            let board = S390Board(memory: memory, console: output.send)
            return try UnicornS390Machine(board, cpus: cpus, entry: image.entry).run(isOver: isOver)
        }
    }

    /// The host's clock. The counter is Unicorn's, which is none that can be read from here.
    @Sendable private static func readClock() -> X86Machine.ClockReading? {
        let now = Date().timeIntervalSince1970
        let seconds = now.rounded(.down)
        return X86Machine.ClockReading(
            seconds: Int64(seconds), nanoseconds: Int64((now - seconds) * 1e9), counter: 0)
    }

    private static func fail(_ status: Int32, _ message: String) -> Never {
        FileHandle.standardError.write(Data("paravane-unicorn: \(message)\n".utf8))
        Foundation.exit(status)
    }
}

/// Standard output, a line at a time.
private final class Output {
    private var line: [UInt8] = []

    func send(_ byte: UInt8) {
        line.append(byte)
        if byte == UInt8(ascii: "\n") || line.count == 4096 { flush() }
    }

    func flush() {
        try? FileHandle.standardOutput.write(contentsOf: line)
        line.removeAll(keepingCapacity: true)
    }
}
