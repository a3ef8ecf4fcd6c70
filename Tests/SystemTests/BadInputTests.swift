import Foundation
import Testing
import TestTools

/// A wrong input: how `paravane run` is called, the status, and a part of the one line that says what is wrong.
struct BadInput: CustomTestStringConvertible, Sendable {
    let name: String
    let arguments: @Sendable (URL) throws -> [String]
    let status: Int32
    let message: String

    var testDescription: String { name }
}

@Suite struct BadInputTests {
    /// A raw image that branches to itself.
    private static func spin(in folder: URL) throws -> String {
        try file("spin", [0x48, 0, 0, 0], in: folder)
    }

    private static func file(_ name: String, _ bytes: [UInt8], in folder: URL) throws -> String {
        let url = folder.appendingPathComponent(name)
        try Data(bytes).write(to: url)
        return url.path
    }

    /// The head of an ELF file for `machine`, with class and data encoding.
    private static func elf(wordClass: UInt8, data: UInt8, machine: UInt8) -> [UInt8] {
        let half: (UInt8) -> [UInt8] = { data == 2 ? [0, $0] : [$0, 0] }
        return [0x7F, 0x45, 0x4C, 0x46, wordClass, data, 1] + [UInt8](repeating: 0, count: 9) + half(2)
            + half(machine) + [UInt8](repeating: 0, count: 64)
    }

    static let inputs: [BadInput] = [
        BadInput(
            name: "a missing kernel", arguments: { _ in ["--kernel", "/nonexistent"] }, status: 65,
            message: "/nonexistent: cannot be read"),
        BadInput(
            name: "an empty kernel", arguments: { ["--kernel", try file("k", [], in: $0)] }, status: 65,
            message: "empty"),
        BadInput(
            name: "a kernel of no known format",
            arguments: { ["--kernel", try file("k", [1, 2, 3, 4, 5, 6, 7, 8], in: $0)] }, status: 65,
            message: "k: "),
        BadInput(
            name: "a kernel for x86-64",
            arguments: { ["--kernel", try file("k", elf(wordClass: 2, data: 1, machine: 62), in: $0)] },
            status: 65, message: "k: "),
        BadInput(
            name: "a truncated kernel",
            arguments: {
                ["--kernel", try file("k", Array(elf(wordClass: 1, data: 2, machine: 20).prefix(40)), in: $0)]
            },
            status: 65, message: "k: "),
        BadInput(
            name: "a kernel larger than memory",
            arguments: { folder in
                [
                    "--kernel", try file("k", [UInt8](repeating: 0x60, count: 65 << 20), in: folder),
                    "--kernel-format", "raw", "--memory", "64M",
                ]
            }, status: 65, message: "memory"),
        BadInput(
            name: "an initrd larger than memory",
            arguments: { folder in
                [
                    "--kernel", try spin(in: folder), "--kernel-format", "raw", "--memory", "64M",
                    "--initrd", try file("i", [UInt8](repeating: 0, count: 65 << 20), in: folder),
                ]
            }, status: 65, message: "initrd"),
        BadInput(
            name: "a corrupt tree",
            arguments: {
                ["--kernel", try spin(in: $0), "--kernel-format", "raw", "--dtb", try file("d", [0xD0, 0x0D], in: $0)]
            }, status: 65, message: "d: "),
        BadInput(
            name: "an overlay that does not apply",
            arguments: { folder in
                let overlay = try DeviceTreeCompiler.compile(
                    "/dts-v1/; /plugin/; &nowhere { status = \"disabled\"; };", symbols: true)
                return [
                    "--kernel", try spin(in: folder), "--kernel-format", "raw", "--overlay",
                    try file("o", overlay, in: folder),
                ]
            }, status: 65, message: "o: "),
        BadInput(
            name: "no memory", arguments: { ["--kernel", try spin(in: $0), "--memory", "0"] }, status: 64,
            message: "memory"),
        BadInput(
            name: "memory below 64 MiB", arguments: { ["--kernel", try spin(in: $0), "--memory", "32M"] }, status: 64,
            message: "64M"),
        BadInput(
            name: "memory that is no multiple of 64 MiB",
            arguments: { ["--kernel", try spin(in: $0), "--memory", "100M"] }, status: 64, message: "64M"),
        BadInput(
            name: "no CPUs", arguments: { ["--kernel", try spin(in: $0), "--cpus", "0"] }, status: 64,
            message: "CPUs"),
        BadInput(
            name: "too many CPUs", arguments: { ["--kernel", try spin(in: $0), "--cpus", "99"] }, status: 64,
            message: "CPUs"),
        BadInput(
            name: "an unknown machine", arguments: { ["--kernel", try spin(in: $0), "--machine", "mac99"] },
            status: 64, message: "mac99"),
        BadInput(
            name: "a time-out of nothing", arguments: { ["--kernel", try spin(in: $0), "--timeout", "0"] },
            status: 64, message: "--timeout"),
        BadInput(name: "no kernel at all", arguments: { _ in [] }, status: 64, message: "--kernel"),
    ]

    @Test(arguments: inputs)
    func `wrong input gives one clear line and a documented status`(input: BadInput) throws {
        try withTemporaryFolder { folder in
            let arguments = try input.arguments(folder)
            let result = try Tool.paravane().run(["run"] + arguments)
            #expect(result.status == input.status)
            let lines = result.errors.split(separator: "\n")
            #expect(lines.count == 1, "\(result.errors)")
            #expect(lines.first?.hasPrefix("paravane: ") == true)
            #expect(result.errors.contains(input.message), "\(result.errors)")
            #expect(result.output.isEmpty)
        }
    }

    @Test func `a raw image that is told apart runs until its time is over`() throws {
        try withTemporaryFolder { folder in
            let result = try Tool.paravane().run([
                "run", "--kernel", try Self.spin(in: folder), "--kernel-format", "raw", "--timeout", "0.2",
            ])
            #expect(result.status == 124)
        }
    }
}
