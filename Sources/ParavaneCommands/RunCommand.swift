public import ArgumentParser
internal import DeviceTree
internal import Foundation
internal import GuestMemory
internal import Machines
internal import PowerPC
internal import Sandbox
internal import Terminal
internal import VMM

/// `paravane run`: boots a guest.
public struct RunCommand: ParsableCommand {
    /// What advances the guest's time.
    public enum ClockChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
        /// The host's clock.
        case host
        /// The executed instructions: runs repeat exactly, and idle time passes at once.
        case virtual
    }

    /// How the kernel's file is read.
    public enum KernelFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
        /// By its signature: ELF or uImage.
        case auto
        /// As bare code for address 0.
        case raw
    }

    /// The name and what help says.
    public static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Boot a guest.",
        discussion: """
            The guest's console is on standard input and output; everything else goes to standard error. On a \
            terminal, Ctrl-A x quits, Ctrl-A c shows the vCPUs' state and Ctrl-A h helps.

            Exit status: 0 the guest switched the power off or the user quit, 32 it reset the machine and \
            --no-reboot was given, 33 it crashed, 34 its kernel panicked, 64 wrong usage, 65 bad input, \
            69 the host lacks something, 70 an internal error, 124 time-out.
            """)

    @Option(help: "The machine.")
    var machine = MachineChoice.e500

    @Option(
        help: """
            What executes the guest: the software CPU, this host's KVM, or a KVM-PR host that runs in qemu-system-ppc64. \
            The default is the software CPU where it can.
            """)
    var engine = EngineChoice.auto

    @OptionGroup(title: "Options of the engine kvm-pr-in-qemu")
    var hostOptions: KVMPRHostOptions

    @Option(help: "The core of every CPU. The default is e500v2, on e500-hv e500mc.")
    var cpu: CoreChoice?

    @Option(name: [.short, .long], help: "The kernel: an ELF file, a uImage, or with --kernel-format raw bare code.")
    var kernel: String

    @Option(help: "How to read the kernel's file.")
    var kernelFormat = KernelFormat.auto

    @Option(help: "A RAM disk.")
    var initrd: String?

    @Option(help: "The kernel's command line.")
    var append: String?

    @Option(name: [.short, .long], help: "Memory with suffix K, M or G; without one in MiB. A multiple of 64M.")
    var memory = MemorySize(bytes: 256 << 20)

    @Option(
        help: """
            The number of CPUs, 1 to \(E500MemoryMap.maximumCPUs). Each has a thread of its own; with --clock virtual, \
            --gdb, -d exec or -d cpu they take turns on one.
            """)
    var cpus = 1

    @Option(help: "A device tree instead of the machine's own; --append and --initrd still set their properties.")
    var dtb: String?

    @Option(help: ArgumentHelp("An overlay to merge into the tree; may be repeated.", valueName: "dtbo"))
    var overlay: [String] = []

    @Option(help: "Write the guest's device tree to this file, and exit.")
    var dumpDtb: String?

    @Option(
        help: """
            The device that is the guest's console: Linux's ttyS0 or ttyEHV0. The default is serial; e500-hv has only \
            byte-channel.
            """)
    var console: ConsoleChoice?

    @Option(help: "The hypercall instructions that the tree offers. The default is sc-magic, on e500-hv sc1.")
    var hcall: HypercallInstructionChoice?

    @Option(
        help: """
            Who has the interrupt controller of a guest on KVM: the host's kernel, or Paravane. The default is the kernel where \
            it has one.
            """)
    var irqchip: InterruptChipChoice?

    @Flag(help: "Do not offer the magic page.")
    var noMagicPage = false

    @Option(help: "What advances the guest's time. In virtual time several CPUs take turns on one thread.")
    var clock = ClockChoice.host

    @Option(help: ArgumentHelp("End the run after this long.", valueName: "seconds"))
    var timeout: Double?

    @Flag(help: "Exit with status 32 when the guest resets the machine.")
    var noReboot = false

    @Option(
        help: ArgumentHelp(
            "Write what the guest did to this file as JSON, or to - for standard error.", valueName: "file"))
    var stats: String?

    @Flag(
        help: """
            Interpret everything, instead of compiling what the guest executes most. So it is anyway with --gdb, -d exec \
            and -d cpu.
            """)
    var noNativeCode = false

    @Flag(help: "Run the guest without the sandbox, for instance under a debugger.")
    var noSandbox = false

    @OptionGroup(title: "Debugging options")
    var debugging: DebugOptions

    /// Made by the argument parser.
    public init() {}

    /// The hypercall instructions, chosen or the machine's.
    var instructions: HypercallInstructionChoice { hcall ?? machine.defaultInstructions }

    /// Checks what can be checked without opening a file.
    public func validate() throws {
        if let timeout, !(timeout > 0) { throw ValidationError("--timeout takes a positive number of seconds") }
        try engine.check(machine)
        guard engine != .kvmPRInQEMU else { return }
        if irqchip != nil, engine != .kvm { throw ValidationError("--irqchip is for guests on KVM") }
        if !instructions.isForSoftwareCPU {
            throw ValidationError("--hcall \(instructions.rawValue) is for guests on KVM")
        }
    }

    /// Boots the guest, and exits with the status that its end stands for.
    public func run() throws {
        switch engine {
        case .auto, .soft: break
        case .kvm: throw EngineChoice.kvmFailure
        case .kvmPRInQEMU:
            let status = try KVMPRHostRun(self).run()
            if status != ExitStatus.success.rawValue { throw ExitCode(status) }
            return
        }
        if let board = machine.e500Board { try runE500(board) } else { try runPSeries() }
    }

    private func runPSeries() throws {
        let boot = try PSeriesBoot(self)
        if let dumpDtb {
            try OutputFile.write(binary: boot.tree, to: dumpDtb)
            return
        }
        let statistics = try stats.map { path throws(CommandFailure) in try LateOutput(path) }
        let console = TerminalConsole(isShared: usesThreads)
        let threads = usesThreads ? VCPUThreads(count: cpus) : nil
        try run(console, keeping: statistics.map { [$0.descriptor] } ?? [], allowing: []) {
            try boot.run(console: console, statistics: statistics, threads: threads)
        }
    }

    private func runE500(_ board: E500Board) throws {
        let boot = try E500Boot(self, on: board)
        if let dumpDtb {
            try OutputFile.write(binary: boot.tree, to: dumpDtb)
            return
        }
        // Whatever is written later is opened now: the sandbox opens no files.
        let statistics = try stats.map { path throws(CommandFailure) in try LateOutput(path) }
        let console = TerminalConsole(isShared: usesThreads)
        let instruments = try Instruments(
            debugging, console: console, frequency: UInt64(E500MemoryMap.clockFrequency))
        // The sandbox allows no new threads and no executable memory either.
        let threads = usesThreads && !instruments.stops ? VCPUThreads(count: cpus) : nil
        let nativeCode =
            noNativeCode || instruments.stops ? [] : (0..<cpus).compactMap { _ in NativeCodeMemory() }
        let kept = instruments.descriptors + (statistics.map { [$0.descriptor] } ?? [])
        try run(console, keeping: kept, allowing: instruments.systemCalls) {
            try boot.run(
                console: console, statistics: statistics, threads: threads, nativeCode: nativeCode,
                instruments: instruments)
        }
    }

    /// Runs a guest in the sandbox, and exits with the status that its end stands for.
    private func run(
        _ console: TerminalConsole, keeping descriptors: [Int32], allowing calls: [SystemCallRule],
        _ guest: () throws -> ExitStatus
    ) throws {
        console.attach()
        let end = Result {
            if !noSandbox { try confine(keeping: console.descriptors + descriptors, allowing: calls) }
            return try guest()
        }
        console.detach()
        let status = try end.get()
        if status != .success { throw ExitCode(status.rawValue) }
    }

    /// Whether vCPUs run at the same time. In virtual time they take turns, so that runs repeat.
    private var usesThreads: Bool { clock == .host && cpus > 1 }

    /// Enters the sandbox.
    private func confine(
        keeping descriptors: [Int32], allowing calls: [SystemCallRule]
    ) throws(CommandFailure) {
        do throws(SandboxError) {
            try Sandbox.enter(keeping: descriptors, allowing: calls)
        } catch {
            throw CommandFailure(.unavailable, "\(error); --no-sandbox runs the guest without it")
        }
    }
}
