public import ArgumentParser
internal import KVM

/// `paravane host`: what this machine can run guests with.
public struct HostCommand: ParsableCommand {
    /// The name and the help.
    public static let configuration = CommandConfiguration(
        commandName: "host",
        abstract: "Say what this machine can run guests with, and what KVM-PR would need.")

    @Flag(help: "Print a JSON object.")
    var json = false

    /// Made by the argument parser.
    public init() {}

    /// Prints the report on standard output.
    public func run() {
        let report = HostReport()
        print(json ? report.json : report.text, terminator: "")
    }
}
