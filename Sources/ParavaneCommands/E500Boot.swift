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
    private let files: GuestFiles
    private let layout: E500BootLayout
    /// The guest's device tree.
    let tree: [UInt8]

    /// Reads and checks everything that `command` names, for this machine of the family.
    init(_ command: RunCommand, on board: E500Board) throws {
        self.command = command
        self.board = board
        // Before any file is opened, so that a wrong option is reported as such.
        _ = try Self.configuration(command, board, layout: nil)

        files = try GuestFiles(command, for: .bits32)
        do throws(E500BootError) {
            layout = try E500BootLayout(
                entry: files.kernel.entry, kernel: files.kernel.range, initrdSize: files.initrdSize,
                memorySize: command.memory.bytes, board: board)
        } catch {
            throw files.failure(error)
        }
        let layout = self.layout
        tree = try GuestInputs.tree(command, initrd: layout.initrd, fullWidth: false) {
            try E500Tree.build(try Self.configuration(command, board, layout: layout))
        }
        guard UInt64(tree.count) <= layout.tree.size else {
            throw CommandFailure(.badInput, "\(E500BootError.treeDoesNotFit(size: tree.count))")
        }
    }

    // MARK: The tree

    private static func configuration(
        _ command: RunCommand, _ board: E500Board, layout: E500BootLayout?
    ) throws(CommandFailure) -> E500TreeConfiguration {
        do throws(E500TreeConfigurationError) {
            return try E500TreeConfiguration(
                board: board, core: command.cpu?.model, memorySize: command.memory.bytes,
                cpuCount: command.cpus, bootArguments: command.append ?? "", initrd: layout?.initrd,
                bootKernel: layout?.kernel,
                hypervisor: command.instructions.words(for: command.machine).map {
                    HypervisorNode(hcallInstructions: $0)
                },
                console: command.console?.device,
                randomSeed: GuestInputs.randomSeed(command.clock, count: E500TreeConfiguration.randomSeedSize))
        } catch {
            throw CommandFailure(.usage, "\(error)")
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
            let status = GuestInputs.report(outcome, command) { StateReport.text(machine.cpus[$0]) }
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
            try files.load(into: machine.memory, tree: tree, at: layout.tree.base, initrd: layout.initrd)
            machine.deviceTree = try DeviceTree(tree)
            machine.start(layout)
            return machine
        } catch let error as GuestMemoryError {
            throw CommandFailure(.internalError, "\(error)")
        } catch let error as DeviceTreeError {
            throw CommandFailure(.internalError, "\(error)")
        }
    }
}
