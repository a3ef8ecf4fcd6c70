public import ArgumentParser
internal import DeviceTree
internal import Devices
internal import Machines

/// `paravane dtb`: makes, shows, checks and compares device trees.
public struct DTBCommand: ParsableCommand {
    /// The name and the list of subcommands.
    public static let configuration = CommandConfiguration(
        commandName: "dtb",
        abstract: "Make, show, check and compare device trees.",
        subcommands: [DTBBuildCommand.self, DTBShowCommand.self, DTBCheckCommand.self, DTBDiffCommand.self])

    /// Made by the argument parser.
    public init() {}
}

/// `paravane dtb build`: makes the tree of a machine.
public struct DTBBuildCommand: ParsableCommand {
    /// How the tree is written.
    public enum Format: String, ExpressibleByArgument, CaseIterable, Sendable {
        /// A blob, for a guest or a tool.
        case dtb
        /// Source, for a person or dtc.
        case dts
    }

    /// Where the RAM disk goes: the first multiple of 16 MiB that leaves a kernel 64 MiB.
    static let initrdBase: UInt64 = 64 << 20

    /// The name and what help says.
    public static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Make the device tree of a machine.",
        discussion: """
            Without an output file the tree goes to standard output. It has no random seed, so that the same options \
            give the same tree; 'paravane run' adds a fresh one. A RAM disk is placed at 64 MiB; 'paravane run' places \
            it behind the kernel. The RTAS of pseries is placed at 48 MiB.
            """)

    @Option(help: "The machine.")
    var machine = MachineChoice.e500

    @Option(help: "The core of every CPU. The default is e500v2, on e500-hv e500mc.")
    var cpu: CoreChoice?

    @Option(
        name: [.short, .long],
        help: "Memory with suffix K, M or G; without one in MiB. A multiple of 64M, on pseries of 16M.")
    var memory = MemorySize(bytes: 256 << 20)

    @Option(help: "The number of CPUs, 1 to \(E500MemoryMap.maximumCPUs).")
    var cpus = 1

    @Option(help: "The kernel's command line.")
    var append = ""

    @Option(help: "A RAM disk, whose size and place the tree states.")
    var initrd: String?

    @Option(help: ArgumentHelp("An overlay to merge; may be repeated.", valueName: "dtbo"))
    var overlay: [String] = []

    @Option(
        help: """
            The device that is the guest's console: Linux's ttyS0 or ttyEHV0. The default is serial; e500-hv has only \
            byte-channel.
            """)
    var console: ConsoleChoice?

    @Option(help: "The hypercall instructions. The default is sc-magic, on e500-hv sc1.")
    var hcall: HypercallInstructionChoice?

    @Flag(help: "No magic page. The tree stays the same: guests ask for the page by hypercall.")
    var noMagicPage = false

    @Option(help: "The output's format. The default is dtb if the output's name ends in .dtb, otherwise dts.")
    var format: Format?

    @Option(name: [.customShort("o"), .long], help: "The output file, or - for standard output.")
    var output: String?

    /// Made by the argument parser.
    public init() {}

    /// Makes and writes the tree.
    public func run() throws {
        var tree: DeviceTree
        do {
            tree =
                if let board = machine.e500Board {
                    try E500Tree.build(try e500Configuration(board))
                } else {
                    try PSeriesTree.build(try pseriesConfiguration())
                }
        } catch let error as DeviceTreeError {
            throw CommandFailure(.badInput, "the tree cannot be made: \(error)")
        }
        for path in overlay {
            let overlay = try DTBInput.open(path)
            do {
                try tree.apply(overlay: overlay)
            } catch {
                throw CommandFailure(.badInput, "\(InputFile.name(path)): \(error)")
            }
        }
        switch format ?? (output?.hasSuffix(".dtb") == true ? .dtb : .dts) {
        case .dtb: try OutputFile.write(binary: tree.finish(), to: output)
        case .dts: try OutputFile.write(tree.source, to: output)
        }
    }

    private var hypervisor: HypervisorNode? {
        (hcall ?? machine.defaultInstructions).words(for: machine).map { HypervisorNode(hcallInstructions: $0) }
    }

    private func disk() throws -> AddressRange? {
        try initrd.map { AddressRange(base: Self.initrdBase, size: try InputFile.size($0)) }
    }

    private func pseriesConfiguration() throws -> PSeriesTreeConfiguration {
        guard cpu == nil, console == nil else {
            throw CommandFailure(.usage, "the machine pseries has one kind of CPU and one console")
        }
        // Where 'paravane run' puts RTAS for a kernel of 48 MiB.
        let rtas = AddressRange(base: 48 << 20, size: PSeriesMemoryMap.rtasSize)
        do {
            return try PSeriesTreeConfiguration(
                memorySize: memory.bytes, cpuCount: cpus, bootArguments: append, rtas: rtas, initrd: try disk(),
                hypervisor: hypervisor)
        } catch let error as PSeriesTreeConfigurationError {
            if case .range = error { throw CommandFailure(.badInput, "\(initrd ?? ""): \(error)") }
            throw CommandFailure(.usage, "\(error)")
        }
    }

    private func e500Configuration(_ board: E500Board) throws -> E500TreeConfiguration {
        let disk = try disk()
        do {
            return try E500TreeConfiguration(
                board: board, core: cpu?.model, memorySize: memory.bytes, cpuCount: cpus, bootArguments: append,
                initrd: disk, hypervisor: hypervisor, console: console?.device)
        } catch {
            if case .initrd = error { throw CommandFailure(.badInput, "\(initrd ?? ""): \(error)") }
            throw CommandFailure(.usage, "\(error)")
        }
    }
}

/// `paravane dtb show`: prints a tree as source.
public struct DTBShowCommand: ParsableCommand {
    /// The name and what help says.
    public static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print a device tree blob as dts source.")

    @Argument(help: "The blob, or - for standard input.")
    var file: String

    /// Made by the argument parser.
    public init() {}

    /// Prints the tree.
    public func run() throws {
        try OutputFile.write(try DTBInput.open(file).source, to: nil)
    }
}

/// Opens the device trees that the command line names.
enum DTBInput {
    /// The tree in that file, or in standard input where it says `-`.
    static func open(_ path: String) throws(CommandFailure) -> DeviceTree {
        let bytes = try InputFile.read(path, limit: DeviceTree.maximumFileSize)
        do {
            return try DeviceTree(bytes)
        } catch {
            if case .notADeviceTree = error, isText(bytes) {
                throw CommandFailure(
                    .badInput, "\(InputFile.name(path)): this is text, not a blob: compile it with dtc -O dtb")
            }
            throw CommandFailure(.badInput, "\(InputFile.name(path)): \(error)")
        }
    }

    /// Whether the bytes look like source.
    private static func isText(_ bytes: [UInt8]) -> Bool {
        bytes.prefix(4096).allSatisfy { $0 >= 0x20 && $0 != 0x7F || (0x09...0x0D).contains($0) }
    }
}
