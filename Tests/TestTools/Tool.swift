public import Foundation

/// A program that the tests run: an oracle from the host, or the command under test.
public struct Tool: Sendable {
    /// Where the program is.
    public let url: URL

    /// The program with that name on PATH.
    public init(named name: String) throws {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        for folder in path.split(separator: ":") {
            let candidate = URL(fileURLWithPath: String(folder)).appendingPathComponent(name)
            if FileManager.default.isExecutableFile(atPath: candidate.path) {
                url = candidate
                return
            }
        }
        throw ToolError.notOnPath(name)
    }

    /// The built `paravane`.
    public static func paravane() throws -> Tool { try built("paravane") }

    /// A program of the package, which lies beside the running test bundle.
    public static func built(_ name: String) throws -> Tool {
        let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let url = bundle.deletingLastPathComponent().appendingPathComponent(name)
        guard FileManager.default.isExecutableFile(atPath: url.path) else { throw ToolError.notBuilt(url.path) }
        return Tool(url: url)
    }

    private init(url: URL) {
        self.url = url
    }

    /// Runs the program to its end. Its standard input is `input`.
    public func run(_ arguments: [String], input: [UInt8] = []) throws -> ToolResult {
        try withTemporaryFolder { folder in
            // Files instead of pipes: no program can block on one that nobody reads.
            let files = ["in", "out", "err"].map { folder.appendingPathComponent($0) }
            try Data(input).write(to: files[0])
            try Data().write(to: files[1])
            try Data().write(to: files[2])
            let process = Process()
            process.executableURL = url
            process.arguments = arguments
            process.standardInput = try FileHandle(forReadingFrom: files[0])
            process.standardOutput = try FileHandle(forWritingTo: files[1])
            process.standardError = try FileHandle(forWritingTo: files[2])
            try process.run()
            process.waitUntilExit()
            return ToolResult(
                status: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
                output: [UInt8](try Data(contentsOf: files[1])),
                errors: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self))
        }
    }
}

/// What a program left behind.
public struct ToolResult: Sendable {
    /// The exit status, or the negative number of the signal that ended the program.
    public let status: Int32
    /// Standard output.
    public let output: [UInt8]
    /// Standard error.
    public let errors: String

    /// Standard output as text.
    public var text: String { String(decoding: output, as: UTF8.self) }
}

/// Why a program could not do its work.
public enum ToolError: Error, CustomStringConvertible {
    /// There is no such program.
    case notOnPath(String)
    /// The package's own program is not there.
    case notBuilt(String)
    /// The program failed.
    case failed(String, ToolResult)

    /// What to do about it.
    public var description: String {
        switch self {
        case .notOnPath(let name): "\(name) is not on PATH; 'make test' installs what the tests need"
        case .notBuilt(let path): "\(path) is not built; run 'swift build' first"
        case .failed(let name, let result): "\(name) failed with status \(result.status): \(result.errors)"
        }
    }
}

/// Runs `body` with a new folder that is gone afterwards.
public func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

/// The device tree compiler as the oracle for blobs and sources.
public enum DeviceTreeCompiler {
    /// The blob that dtc makes from source.
    ///
    /// - Parameters:
    ///   - symbols: whether labels become `/__symbols__`, for overlays to refer to.
    ///   - folder: where `/include/` looks.
    ///   - force: whether dtc takes what its own checks call wrong.
    public static func compile(
        _ source: String, symbols: Bool = false, folder: URL? = nil, force: Bool = false
    ) throws -> [UInt8] {
        var arguments = ["-q", "-I", "dts", "-O", "dtb"]
        if force { arguments.append("-f") }
        if symbols { arguments.append("-@") }
        if let folder { arguments += ["-i", folder.path] }
        return try run(arguments, input: [UInt8](source.utf8)).output
    }

    /// The source that dtc makes from a blob, with nodes and properties sorted.
    public static func decompile(_ blob: [UInt8]) throws -> String {
        try run(["-q", "-s", "-I", "dtb", "-O", "dts"], input: blob).text
    }

    /// What dtc's own checks say of a blob: the check's name, the node's path, and what is wrong there.
    public static func warnings(_ blob: [UInt8]) throws -> [(check: String, path: String, text: String)] {
        let result = try Tool(named: "dtc").run(["-f", "-I", "dtb", "-O", "dtb", "-o", "/dev/null"], input: blob)
        return result.errors.split(separator: "\n").compactMap { line in
            // "/dev/null: Warning (alias_paths): /aliases: text", where the text's part may follow without a space.
            guard let match = line.firstMatch(of: /(?:Warning|ERROR) \(([a-z_]+)\): (\/[^: ]*):(.*)/) else {
                return nil
            }
            return (String(match.1), String(match.2), String(match.3))
        }
    }

    /// The tree that fdtoverlay makes of a tree and an overlay.
    public static func merge(_ base: [UInt8], overlay: [UInt8]) throws -> [UInt8] {
        let tool = try Tool(named: "fdtoverlay")
        return try withTemporaryFolder { folder in
            let files = ["base", "overlay", "merged"].map { folder.appendingPathComponent($0) }
            try Data(base).write(to: files[0])
            try Data(overlay).write(to: files[1])
            let result = try tool.run(["-i", files[0].path, "-o", files[2].path, files[1].path])
            guard result.status == 0 else { throw ToolError.failed("fdtoverlay", result) }
            return [UInt8](try Data(contentsOf: files[2]))
        }
    }

    private static func run(_ arguments: [String], input: [UInt8]) throws -> ToolResult {
        let result = try Tool(named: "dtc").run(arguments, input: input)
        guard result.status == 0 else { throw ToolError.failed("dtc", result) }
        return result
    }
}

/// The tree that QEMU makes for its `ppce500` machine with an e500v2 and no devices but its own.
///
/// - Parameter options: more of QEMU's options, such as `-smp 2`.
public func qemuE500Tree(_ options: [String]) throws -> [UInt8] {
    let tool = try Tool(named: "qemu-system-ppc")
    return try withTemporaryFolder { folder in
        let (kernel, tree) = (folder.appendingPathComponent("kernel"), folder.appendingPathComponent("tree"))
        try Data(smallestKernel).write(to: kernel)
        let result = try tool.run(
            ["-M", "ppce500,dumpdtb=\(tree.path)", "-cpu", "e500v2", "-kernel", kernel.path, "-nographic"]
                + ["-monitor", "none", "-nic", "none", "-serial", "null", "-serial", "null"] + options)
        guard let blob = try? Data(contentsOf: tree) else { throw ToolError.failed("qemu-system-ppc", result) }
        return [UInt8](blob)
    }
}

/// The tree that QEMU makes for its `pseries` machine without devices.
///
/// - Parameter options: which machine and CPU it is, with `-M pseries` first.
public func qemuPSeriesTree(_ options: [String]) throws -> [UInt8] {
    let tool = try Tool(named: "qemu-system-ppc64")
    return try withTemporaryFolder { folder in
        let tree = folder.appendingPathComponent("tree")
        let result = try tool.run(
            ["-machine", "dumpdtb=\(tree.path)"] + options + ["-nodefaults", "-nographic", "-accel", "tcg"])
        guard let blob = try? Data(contentsOf: tree) else { throw ToolError.failed("qemu-system-ppc64", result) }
        return [UInt8](blob)
    }
}

/// A 32-bit big-endian PowerPC ELF file with one segment of one instruction at 1 MiB.
private let smallestKernel: [UInt8] = {
    let words: [UInt32] = [
        0x7F45_4C46, 0x0102_0100, 0, 0,  // ELF, 32 bits, big-endian
        0x0002_0014, 1, 0x10_0000, 52, 0, 0, 0x0034_0020, 0x0001_0000, 0,  // executable, PowerPC, entry, segments
        1, 84, 0x10_0000, 0x10_0000, 4, 4, 5, 4,  // load 4 bytes at offset 84
        0x4800_0000,  // b .
    ]
    return words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) } }
}()

/// The package's folder.
public let repository = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The package's `dts` folder.
public let referenceTrees = repository.appendingPathComponent("dts")

/// The blob of a file in `dts`.
public func compiledReferenceTree(_ name: String) throws -> [UInt8] {
    let source = try String(contentsOf: referenceTrees.appendingPathComponent(name), encoding: .utf8)
    return try DeviceTreeCompiler.compile(source, folder: referenceTrees)
}
