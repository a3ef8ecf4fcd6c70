internal import CHost
internal import Conformance
internal import KVM
internal import SelfChecks

/// The command line of binaries that consist of the portable core alone: no Foundation, no argument parser.
///
/// It has what makes sense on the hosts that such binaries are for, in the words of `paravane` itself.
public enum PortableCommand {
    /// What the command line says to do.
    private enum Action {
        case help
        case host(json: Bool)
        case check(folder: [UInt8])
        case conformance(ConformanceGuest, image: [UInt8])
        case run(arguments: [[UInt8]])
    }

    /// Does what `arguments` say and returns the exit status. The first argument is the program's name.
    public static func run(_ arguments: [[UInt8]]) -> Int32 {
        guard let action = parse(arguments) else {
            return fail(.usage, "the arguments make no sense; see '\(name) --help'")
        }
        switch action {
        case .help:
            Output.standard.print(help)
            return PortableStatus.success.rawValue
        case .host(let json):
            let report = HostReport()
            Output.standard.write(json ? report.json : report.text)
            return PortableStatus.success.rawValue
        case .check(let folder):
            let files = SelfCheckFiles { name in
                InputFile.read(folder + [UInt8(ascii: "/")] + [UInt8](name.description.utf8), limit: 16 << 20)
            }
            let passed = SelfCheck.runAll(files) { Output.standard.print($0) }
            return (passed ? PortableStatus.success : .internalError).rawValue
        case .conformance(let guest, let image):
            return conformance(as: guest, image: image)
        case .run(let arguments):
            return run(arguments: arguments)
        }
    }

    /// The program's name in messages.
    static let name = "paravane-ppc64le"

    private static let help = """
        OVERVIEW: Run PowerPC guests on a KVM-PR host.

        USAGE: \(name) <subcommand>

        SUBCOMMANDS:
          run --kernel F [--initrd F] [--append S] [--memory N] [--cpus N] [--hcall kernel|vmm|none]
              [--irqchip kernel|vmm] [--no-magic-page] [--overlay F] [--timeout S] [--no-reboot] [--stats F]
                  Boot a guest on the machine pseries. Options, keys and exit statuses are those of 'paravane run'.
          host [--json]
                  Say what this machine can run guests with, and what KVM-PR would need.
          check <folder>
                  Check this binary with the files that Tests/Guests/selfcheck/build makes; prints TAP.
          conformance 64|32|papr64|papr64le <guest>
                  Compare the hypercalls of this host's KVM-PR with Paravane's own, from the bare-metal guest that
                  Tests/Guests/book3s/build makes: a 64-bit one on the host's processor, a 32-bit one on a 750, or a PAPR
                  guest in either byte order, all of whose hypercalls come to Paravane.
        """

    private static func parse(_ arguments: [[UInt8]]) -> Action? {
        let words = arguments.dropFirst()
        guard let first = words.first else { return .help }
        if first.isText("--help") || first.isText("-h") || first.isText("help") { return .help }
        if first.isText("run") { return .run(arguments: Array(words.dropFirst())) }
        if first.isText("host") {
            if words.count == 1 { return .host(json: false) }
            return words.count == 2 && words[words.startIndex + 1].isText("--json") ? .host(json: true) : nil
        }
        if first.isText("check"), words.count == 2, let folder = words.last { return .check(folder: folder) }
        if first.isText("conformance"), words.count == 3, let image = words.last {
            let name = words[words.startIndex + 1]
            if name.isText("64") { return .conformance(.kernel64, image: image) }
            if name.isText("32") { return .conformance(.kernel32, image: image) }
            if name.isText("papr64") { return .conformance(.papr64, image: image) }
            if name.isText("papr64le") { return .conformance(.papr64le, image: image) }
        }
        return nil
    }

    /// Prints why the command ends, and returns the status to end with.
    static func fail(_ status: PortableStatus, _ message: String) -> Int32 {
        Output.error.print("paravane: " + message)
        return status.rawValue
    }
}

/// With what status the command exits: the numbers of `paravane`.
enum PortableStatus: Int32 {
    /// Done.
    case success = 0
    /// The guest reset the machine, and `--no-reboot` was given.
    case guestReset = 32
    /// The guest crashed.
    case guestCrash = 33
    /// The guest panicked.
    case guestPanic = 34
    /// The command line is wrong.
    case usage = 64
    /// An input is missing or unsound.
    case badInput = 65
    /// The engine does not exist here.
    case unavailable = 69
    /// A mistake in Paravane itself.
    case internalError = 70
    /// The time limit is over.
    case timeout = 124
}

/// A descriptor that takes lines.
struct Output {
    let descriptor: Int32

    /// Where a command's result goes.
    static let standard = Output(descriptor: 1)
    /// Where everything else goes.
    static let error = Output(descriptor: 2)

    /// Prints a line. A descriptor that takes nothing is no reason to end.
    func print(_ line: String) {
        write(line + "\n")
    }

    /// Writes text as it is.
    func write(_ text: String) {
        let bytes = [UInt8](text.utf8)
        _ = unsafe bytes.withUnsafeBytes { buffer in
            unsafe buffer.baseAddress.map { unsafe host_write(descriptor, $0, buffer.count) }
        }
    }
}

/// Files that the user names.
enum InputFile {
    /// All bytes of the file at `path`; nil where it cannot be read or has more than `limit`.
    static func read(_ path: [UInt8], limit: Int) -> [UInt8]? {
        let path = path + [0]
        let descriptor = unsafe path.withUnsafeBytes { bytes -> Int32 in
            guard let base = bytes.baseAddress else { return -1 }
            return unsafe host_open_file(base.assumingMemoryBound(to: CChar.self))
        }
        guard descriptor >= 0 else { return nil }
        defer { host_close(descriptor) }
        var contents: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { bytes -> Int in
                guard let base = bytes.baseAddress else { return 0 }
                return unsafe host_read(descriptor, base, bytes.count)
            }
            guard count >= 0, contents.count + count <= limit else { return nil }
            guard count > 0 else { return contents }
            contents += chunk[..<count]
        }
    }
}

extension [UInt8] {
    /// Whether these are the bytes of `text`. `String` comparison needs tables that no PowerPC target has; bytes do not.
    func isText(_ text: StaticString) -> Bool {
        elementsEqual(text.description.utf8)
    }
}
