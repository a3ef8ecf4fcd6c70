public import ArgumentParser

/// `paravane matrix`: the conformance guests, test programs and Linux guests on every engine and reference.
public struct MatrixCommand: ParsableCommand {
    /// The name and the help.
    public static let configuration = CommandConfiguration(
        commandName: "matrix",
        abstract: "Run the test matrix: guests of every architecture on every engine.",
        discussion: """
            A cell is a guest on an engine. 'run' runs cells, all or one shard of them, and 'merge' unites the results of \
            shards. The exit status is 0 when every cell passes or differs in a documented way, 1 when one fails or does not \
            end in time, and 69 when none fails but one is absent or without a result.
            """,
        subcommands: [MatrixListCommand.self, MatrixRunCommand.self, MatrixMergeCommand.self])

    /// Made by the argument parser.
    public init() {}
}
