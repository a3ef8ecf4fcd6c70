public import ArgumentParser

/// The `paravane` command: its subcommands, one file each.
public struct Paravane: ParsableCommand {
    /// The name and the list of subcommands.
    public static let configuration = CommandConfiguration(
        commandName: "paravane",
        abstract: "Run and describe paravirtualized PowerPC guests.",
        version: "0.1.0-dev",
        subcommands: [
            RunCommand.self, DTBCommand.self, HypercallsCommand.self, HostCommand.self, KVMPRHostCommand.self,
            MatrixCommand.self,
        ])

    /// Made by the argument parser.
    public init() {}
}

extension Paravane {
    /// Runs the command that the process's arguments name.
    public static func start() {
        StandardError.claimStandardDescriptors()
        runFromCommandLine()
    }
}
