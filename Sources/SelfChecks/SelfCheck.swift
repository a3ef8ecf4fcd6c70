/// One thing that has to hold wherever the portable core was compiled to: a name and how to find out.
///
/// The same checks run in the package's tests and in the binaries that are built for other processors, where neither
/// Foundation nor Swift Testing exists.
public struct SelfCheck: Sendable {
    /// What holds, as a sentence.
    public let name: StaticString
    /// What does not hold, in one line; nil when everything does.
    let failure: @Sendable (borrowing SelfCheckFiles) -> String?

    init(_ name: StaticString, _ failure: @escaping @Sendable (borrowing SelfCheckFiles) -> String?) {
        self.name = name
        self.failure = failure
    }

    /// Runs the check. What does not hold, in one line; nil when everything does.
    public func run(_ files: borrowing SelfCheckFiles) -> String? {
        failure(files)
    }

    /// All checks.
    public static let all: [SelfCheck] = memory + hypercalls + trees + images + guests

    /// Runs all checks and prints TAP, a line a call. Whether all passed.
    ///
    /// - Parameters:
    ///   - files: what the checks read.
    ///   - print: takes a line without its end.
    public static func runAll(_ files: borrowing SelfCheckFiles, print: (String) -> Void) -> Bool {
        var passed = true
        print("TAP version 13")
        print("1..\(all.count)")
        for (index, check) in all.enumerated() {
            let failure = check.run(files)
            print("\(failure == nil ? "ok" : "not ok") \(index + 1) - \(check.name.description)")
            if let failure {
                print("# \(failure)")
                passed = false
            }
        }
        return passed
    }
}

/// What the checks read: files by name, from a folder that the caller knows.
public struct SelfCheckFiles: ~Copyable {
    private let contents: (StaticString) -> [UInt8]?

    /// - Parameter contents: a file's bytes, or nil where it cannot be read.
    public init(_ contents: @escaping (StaticString) -> [UInt8]?) {
        self.contents = contents
    }

    /// The bytes of the file `name`; empty where it cannot be read.
    borrowing func read(_ name: StaticString) -> [UInt8] {
        contents(name) ?? []
    }

    /// The golden tree of the e500 machine with 256 MiB, compiled from `dts/e500.dts`.
    public static let goldenTree: StaticString = "e500.dtb"
    /// A gzip-compressed uImage whose payload is ``packedPayload``.
    public static let packedImage: StaticString = "packed.uimage"
    /// What ``packedImage`` unpacks to.
    public static let packedPayload: StaticString = "hypercalls.elf"
}

/// A line that says what was wanted and what came; nil when they are the same.
func difference(_ what: StaticString, _ got: UInt64, _ wanted: UInt64) -> String? {
    got == wanted
        ? nil : "\(what.description) is 0x\(String(got, radix: 16)), 0x\(String(wanted, radix: 16)) was wanted"
}
