internal import Debugging
internal import DeviceTree
internal import Devices
internal import Foundation
internal import GuestMemory
internal import Machines
internal import PowerPC
internal import Terminal
internal import VMM

/// One boot of a machine of the e500 family as `paravane run` was asked for it: inputs read and checked, nothing started yet.
struct E500Boot {
    private let command: RunCommand
    private let board: E500Board
    private let kernel: KernelImage
    private let initrd: [UInt8]?
    private let layout: E500BootLayout
    /// The guest's device tree.
    let tree: [UInt8]

    /// The largest kernel or RAM disk file that is read, in bytes.
    private static let fileLimit = 2 << 30

    /// Reads and checks everything that `command` names.
    init(_ command: RunCommand) throws {
        self.command = command
        // Before any file is opened, so that a wrong option is reported as such.
        _ = try Self.configuration(command, layout: nil)

        let kernelFile = try InputFile.read(command.kernel, limit: Self.fileLimit)
        do {
            kernel = try KernelImage(
                kernelFile, format: command.kernelFormat == .raw ? .raw : .auto,
                inflationLimit: Int(command.memory.bytes))
        } catch {
            throw CommandFailure(.badInput, "\(InputFile.name(command.kernel)): \(error)")
        }
        initrd = try command.initrd.map { try InputFile.read($0, limit: Self.fileLimit) }
        let board = try command.machine.e500Board()
        self.board = board
        do throws(E500BootError) {
            layout = try E500BootLayout(
                entry: kernel.entry,
                kernel: AddressRange(
                    base: kernel.lowestAddress, size: kernel.endAddress - kernel.lowestAddress),
                initrdSize: initrd.map { UInt64($0.count) }, memorySize: command.memory.bytes,
                board: board)
        } catch {
            throw CommandFailure(.badInput, "\(InputFile.name(command.kernel)): \(error)")
        }
        tree = try Self.tree(command, layout: layout)
    }

    // MARK: The tree

    private static func configuration(
        _ command: RunCommand, layout: E500BootLayout?
    ) throws(CommandFailure) -> E500TreeConfiguration {
        let board = try command.machine.e500Board()
        do throws(E500TreeConfigurationError) {
            return try E500TreeConfiguration(
                board: board, core: command.cpu?.model, memorySize: command.memory.bytes,
                cpuCount: command.cpus, bootArguments: command.append ?? "", initrd: layout?.initrd,
                bootKernel: layout?.kernel,
                hypervisor: command.instructions.words.map { HypervisorNode(hcallInstructions: $0) },
                console: command.console?.device, randomSeed: randomSeed(command.clock))
        } catch {
            throw CommandFailure(.usage, "\(error)")
        }
    }

    /// Fresh randomness for the guest; in virtual time the same bytes at each start, so that runs repeat.
    private static func randomSeed(_ clock: RunCommand.ClockChoice) -> [UInt8] {
        switch clock {
        case .host:
            var generator = SystemRandomNumberGenerator()
            return (0..<E500TreeConfiguration.randomSeedSize).map { _ in .random(in: 0...255, using: &generator) }
        case .virtual:
            return (0..<E500TreeConfiguration.randomSeedSize).map { UInt8(truncatingIfNeeded: 0x9E &* ($0 + 1)) }
        }
    }

    private static func tree(_ command: RunCommand, layout: E500BootLayout) throws -> [UInt8] {
        var tree: DeviceTree
        if let path = command.dtb {
            tree = try DTBInput.open(path)
            try setChosen(of: &tree, command, layout)
        } else {
            do {
                tree = try E500Tree.build(try configuration(command, layout: layout))
            } catch let error as DeviceTreeError {
                throw CommandFailure(.badInput, "the tree cannot be made: \(error)")
            }
        }
        for path in command.overlay {
            let overlay = try DTBInput.open(path)
            do {
                try tree.apply(overlay: overlay)
            } catch {
                throw CommandFailure(.badInput, "\(InputFile.name(path)): \(error)")
            }
        }
        let bytes = tree.finish()
        guard UInt64(bytes.count) <= layout.tree.size else {
            throw CommandFailure(.badInput, "\(E500BootError.treeDoesNotFit(size: bytes.count))")
        }
        return bytes
    }

    /// Tells a tree from a file about this boot's command line and RAM disk.
    private static func setChosen(
        of tree: inout DeviceTree, _ command: RunCommand, _ layout: E500BootLayout
    ) throws(CommandFailure) {
        do throws(DeviceTreeError) {
            if tree.node(at: "/chosen") == nil { try tree.addNode("/chosen") }
            if let append = command.append { try tree.setProperty("bootargs", .string(append), at: "/chosen") }
            if let initrd = layout.initrd {
                try tree.setProperty(
                    "linux,initrd-start", .u32(UInt32(truncatingIfNeeded: initrd.base)), at: "/chosen")
                try tree.setProperty(
                    "linux,initrd-end", .u32(UInt32(truncatingIfNeeded: initrd.base + initrd.size)), at: "/chosen")
            }
        } catch {
            throw CommandFailure(.badInput, "\(command.dtb ?? "the tree"): \(error)")
        }
    }

    // MARK: The run

    /// Boots the guest, again after each reset unless the command says otherwise, until it ends.
    ///
    /// - Parameters:
    ///   - threads: what runs several vCPUs at the same time; nil to let them take turns.
    ///   - nativeCode: memory for the native code of each vCPU that may have some.
    ///   - instruments: what watches the run.
    func run(
        console: TerminalConsole, statistics output: LateOutput?, threads: VCPUThreads?,
        nativeCode: [NativeCodeMemory], instruments: Instruments
    ) throws -> ExitStatus {
        let time: TimeSource =
            command.clock == .virtual ? .virtual : .host(frequency: UInt64(E500MemoryMap.clockFrequency))
        let loop = RunLoop(
            time: time, frequency: UInt64(E500MemoryMap.clockFrequency), timeout: command.timeout, threads: threads)
        let debugLoop = instruments.loop(
            time: time, frequency: UInt64(E500MemoryMap.clockFrequency), timeout: command.timeout)
        defer { instruments.finish() }
        var boots = 0
        var tree = tree
        while true {
            boots += 1
            let started = Date()
            let machine = try load(tree, time: time, console: console, nativeCode: nativeCode)
            console.showState = { [unowned machine] in
                loop.whilePaused {
                    for vcpu in machine.cpus {
                        StandardError.print("vCPU \(vcpu.index)")
                        StandardError.print(StateReport.text(vcpu), prefix: false)
                    }
                }
            }
            let observed = instruments.observe(machine)
            var outcome = debugLoop?.run(observed) ?? loop.run(observed)
            instruments.endObservation()
            console.flush()
            if case .reset = outcome, !command.noReboot {
                // A guest that does nothing but reset ends like any other.
                let quits = withExtendedLifetime(machine) { console.wantsToQuit }
                guard quits || loop.isOver else {
                    // With what the guest changed in it by hypercall.
                    tree = machine.deviceTree.finish()
                    continue
                }
                outcome = quits ? .quit : .timeout
            }
            if let output {
                let statistics = Statistics(
                    machine, outcome: outcome, clock: command.clock, boots: boots,
                    seconds: Date().timeIntervalSince(started))
                try statistics.write(to: output)
            }
            let status = report(outcome, machine)
            debugLoop?.finish(status: UInt8(truncatingIfNeeded: status.rawValue))
            return status
        }
    }

    private func load(
        _ tree: [UInt8], time: TimeSource, console: TerminalConsole, nativeCode: [NativeCodeMemory]
    ) throws -> E500Machine {
        do {
            let machine = try E500Machine(
                .init(
                    core: command.cpu?.model, memorySize: command.memory.bytes, cpuCount: command.cpus, time: time,
                    answersHypercalls: command.instructions != .none,
                    offersMagicPage: command.instructions != .none && !command.noMagicPage,
                    console: command.console?.device, board: board, nativeCode: nativeCode),
                console: console)
            try kernel.load(into: machine.memory)
            try machine.memory.write(tree, at: layout.tree.base)
            machine.deviceTree = try DeviceTree(tree)
            if let initrd, let range = layout.initrd { try machine.memory.write(initrd, at: range.base) }
            machine.start(layout)
            return machine
        } catch let error as ImageError {
            throw CommandFailure(.badInput, "\(InputFile.name(command.kernel)): \(error)")
        } catch let error as GuestMemoryError {
            throw CommandFailure(.internalError, "\(error)")
        } catch let error as DeviceTreeError {
            throw CommandFailure(.internalError, "\(error)")
        }
    }

    /// Says on stderr how the guest ended, where that is not simply a power-off.
    private func report(_ outcome: Outcome, _ machine: E500Machine) -> ExitStatus {
        switch outcome {
        case .powerOff, .quit:
            return .success
        case .reset:
            return .guestReset
        case .crash(let crash, let vcpu):
            StandardError.print("the guest crashed: vCPU \(vcpu): \(crash)")
            StandardError.print(StateReport.text(machine.cpus[vcpu]), prefix: false)
            return .guestCrash
        case .panic:
            StandardError.print("the guest's kernel panicked")
            return .guestPanic
        case .timeout:
            StandardError.print("the guest did not end within \(command.timeout ?? 0) seconds")
            return .timeout
        }
    }
}
