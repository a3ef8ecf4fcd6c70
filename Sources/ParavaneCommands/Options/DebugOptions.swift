public import ArgumentParser
internal import Debugging
internal import Foundation

/// Options of `paravane run` for those who want to see what the guest does.
public struct DebugOptions: ParsableArguments {
    @Option(
        name: .customLong("gdb"), defaultAsFlag: DebugAddress.standard,
        help: ArgumentHelp(
            """
            Let GDB connect here: tcp:[host]:port or unix:path. Then everything is interpreted, and several CPUs take \
            turns on one thread.
            """, valueName: "address"))
    var address: DebugAddress?

    @Flag(name: .customShort("s"), help: "The same as --gdb tcp::1234.")
    var usesStandardAddress = false

    @Flag(name: .customShort("S"), help: "Hold the guest before its first instruction until GDB lets it go on.")
    var startsHeld = false

    @Option(
        help: ArgumentHelp(
            "Write hypercalls, interrupts, device accesses and idle time to this file as a Chrome trace.",
            valueName: "file"))
    var trace: String?

    @Option(
        name: .customShort("d"),
        help: ArgumentHelp(
            """
            Log these items, separated by commas; 'help' lists them. With exec or cpu everything is interpreted, and \
            several CPUs take turns on one thread.
            """, valueName: "items"),
        transform: logItems)
    var items: [LogItems] = []

    @Option(
        name: [.customShort("D"), .customLong("log")],
        help: ArgumentHelp("Write the log to this file instead of standard error.", valueName: "file"))
    var logFile: String?

    /// Whether anybody is to look at the guest.
    var isUsed: Bool { gdb != nil || startsHeld || trace != nil || !logged.isEmpty }

    /// Made by the argument parser.
    public init() {}

    /// Where GDB connects; nil for nowhere.
    var gdb: DebugAddress? { address ?? (usesStandardAddress ? .standard : nil) }

    /// Everything that is logged.
    var logged: LogItems { items.reduce(into: []) { $0.formUnion($1) } }

    /// Checks what goes together.
    public func validate() throws {
        if startsHeld, gdb == nil { throw ValidationError("-S holds the guest for GDB: it needs --gdb") }
        if logFile != nil, logged.isEmpty { throw ValidationError("--log needs -d, which says what to log") }
        if logged.needsSteps, gdb != nil {
            throw ValidationError(
                "-d exec and -d cpu execute every instruction by itself, which --gdb does not go with")
        }
        if trace == "-" { throw ValidationError("--trace needs a file") }
    }

    /// The items of a list such as `int,mmu`.
    private static func logItems(_ list: String) throws -> [LogItems] {
        if list == "help" {
            // As --help does it: without the options that a run would need.
            for row in LogItems.rows {
                print("\(row.name)".padding(toLength: 14, withPad: " ", startingAt: 0) + "\(row.meaning)")
            }
            Foundation.exit(ExitStatus.success.rawValue)
        }
        return try list.split(separator: ",", omittingEmptySubsequences: false).map { name in
            guard let row = LogItems.rows.first(where: { "\($0.name)" == name }) else {
                throw ValidationError("there is no log item '\(name)'; '-d help' lists them")
            }
            return row.item
        }
    }
}
