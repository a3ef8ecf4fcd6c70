import Foundation

/// QEMU's `ppce500` machine with its processors stopped, whose devices tests reach through QEMU's test protocol:
/// one command a line, one answer a line, and lines about one interrupt input in between.
struct QEMUOracle {
    /// A step of a conversation.
    enum Step {
        /// Store `value` at a real address.
        case write(UInt64, value: UInt64, width: Int)
        /// Load from a real address.
        case read(UInt64, width: Int)
        /// Drive an input of the interrupt controller.
        case setInput(Int, Bool)

        fileprivate var command: String {
            let letters = [1: "b", 2: "w", 4: "l", 8: "q"]
            return switch self {
            case .write(let address, let value, let width): "write\(letters[width] ?? "b") \(address) \(value)"
            case .read(let address, let width): "read\(letters[width] ?? "b") \(address)"
            case .setInput(let source, let level):
                "set_irq_in /machine/pic unnamed-gpio-in \(source) \(level ? 1 : 0)"
            }
        }
    }

    /// What QEMU answered to a step.
    struct Answer: Equatable {
        /// The value of a load, otherwise 0.
        var value: UInt64
        /// The level of the watched interrupt input afterwards.
        var level: Bool
    }

    /// A path to watch, and the number of its input.
    struct Watch {
        let path: String
        let input: Int

        /// The external interrupt input of the first processor.
        static let processor = Watch(path: "/machine/unattached/device[0]", input: 4)
        /// The serial ports' input of the interrupt controller.
        static let serial = Watch(path: "/machine/pic", input: 42)
    }

    static let ccsr: UInt64 = 0xF_E000_0000

    private let executable: String

    /// The QEMU of this host, or nil where there is none.
    init?() {
        let directories = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let candidates = directories.map { "\($0)/qemu-system-ppc" }
        guard let path = candidates.first(where: FileManager.default.isExecutableFile(atPath:)) else { return nil }
        executable = path
    }

    /// Carries out the steps on a fresh machine with two processors.
    func answers(to steps: [Step], watching watch: Watch) throws -> [Answer] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("paravane-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let kernel = folder.appendingPathComponent("kernel")
        let script = folder.appendingPathComponent("script")
        try Data(Self.kernel).write(to: kernel)
        let commands = ["irq_intercept_in \(watch.path)"] + steps.map(\.command)
        try Data((commands.joined(separator: "\n") + "\n").utf8).write(to: script)

        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = [
            "-M", "ppce500", "-smp", "2", "-S", "-kernel", kernel.path, "-qtest", "stdio", "-qtest-log", "/dev/null",
            "-display", "none", "-serial", "null", "-monitor", "none", "-nodefaults",
        ]
        process.standardInput = try FileHandle(forReadingFrom: script)
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer {
            // The polite signal does not arrive: children inherit the test threads' signal masks.
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }

        var answers: [Answer] = []
        var level = false
        var text: [UInt8] = []
        // One answer a command, the interception's included.
        while answers.count < commands.count {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { break }
            text += data
            while let end = text.firstIndex(of: 0x0A) {
                let words = String(decoding: text[..<end], as: UTF8.self).split(separator: " ")
                text.removeSubrange(...end)
                if words.first == "IRQ" {
                    if words.last == "\(watch.input)" { level = words[1] == "raise" }
                } else {
                    let value = words.count > 1 ? UInt64(words[1].dropFirst(2), radix: 16) ?? 0 : 0
                    answers.append(Answer(value: value, level: level))
                }
            }
        }
        return Array(answers.dropFirst())
    }

    /// A PowerPC ELF file that QEMU agrees to load, with one instruction at 0x10_0000: a branch to itself.
    private static let kernel: [UInt8] =
        [0x7F, 0x45, 0x4C, 0x46, 1, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        + [0, 2, 0, 20, 0, 0, 0, 1, 0, 0x10, 0, 0, 0, 0, 0, 52, 0, 0, 0, 0, 0, 0, 0, 0]
        + [0, 52, 0, 32, 0, 1, 0, 0, 0, 0, 0, 0]
        + [0, 0, 0, 1, 0, 0, 0, 84, 0, 0x10, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 4]
        + [0x48, 0, 0, 0]
}
