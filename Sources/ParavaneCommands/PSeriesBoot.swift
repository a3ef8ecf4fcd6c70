internal import DeviceTree
internal import Devices
internal import Foundation
internal import GuestMemory
internal import Machines
internal import PowerPC
internal import Terminal
internal import VMM

/// One boot of the machine `pseries` as `paravane run` was asked for it: inputs read and checked, nothing started yet.
struct PSeriesBoot {
    private let command: RunCommand
    private let files: GuestFiles
    private let layout: PSeriesBootLayout
    /// The guest's device tree.
    let tree: [UInt8]

    /// Room behind a kernel of bare code, whose file does not say how much it clears.
    private static let rawKernelSlack: UInt64 = 16 << 20
    private static let frequency = UInt64(PSeriesMemoryMap.timebaseFrequency)

    /// Reads and checks everything that `command` names.
    init(_ command: RunCommand) throws {
        self.command = command
        // Before any file is opened, so that a wrong option is reported as such.
        if command.cpu != nil || command.console != nil {
            throw CommandFailure(.usage, "the machine pseries has one kind of CPU and one console")
        }
        if command.debugging.isUsed {
            throw CommandFailure(.usage, "the machine pseries has no debugger, log or trace yet")
        }
        _ = try Self.configuration(command, layout: nil)

        files = try GuestFiles(command, for: .bits64)
        let kernel = files.kernel
        do throws(PSeriesBootError) {
            layout = try PSeriesBootLayout(
                entry: kernel.entry, kernel: kernel.range,
                kernelSlack: kernel.kind == .raw ? Self.rawKernelSlack : 0, initrdSize: files.initrdSize,
                memorySize: command.memory.bytes)
        } catch {
            throw files.failure(error)
        }
        let layout = self.layout
        tree = try GuestInputs.tree(command, initrd: layout.initrd, fullWidth: true) {
            try PSeriesTree.build(try Self.configuration(command, layout: layout))
        }
        guard UInt64(tree.count) <= layout.tree.size else {
            throw CommandFailure(.badInput, "\(PSeriesBootError.treeDoesNotFit(size: tree.count))")
        }
    }

    private static func configuration(
        _ command: RunCommand, layout: PSeriesBootLayout?
    ) throws(CommandFailure) -> PSeriesTreeConfiguration {
        do throws(PSeriesTreeConfigurationError) {
            return try PSeriesTreeConfiguration(
                memorySize: command.memory.bytes, cpuCount: command.cpus, bootArguments: command.append ?? "",
                rtas: layout?.rtas, initrd: layout?.initrd,
                hypervisor: command.instructions.words(for: command.machine).map {
                    HypervisorNode(hcallInstructions: $0)
                },
                randomSeed: GuestInputs.randomSeed(command.clock, count: PSeriesTreeConfiguration.randomSeedSize))
        } catch {
            throw CommandFailure(.usage, "\(error)")
        }
    }

    /// Boots the guest, again after each reset unless the command says otherwise, until it ends.
    ///
    /// - Parameter threads: what runs several vCPUs at the same time; nil to let them take turns.
    func run(console: TerminalConsole, statistics output: LateOutput?, threads: VCPUThreads?) throws -> ExitStatus {
        let time: TimeSource = command.clock == .virtual ? .virtual : .host(frequency: Self.frequency)
        let loop = RunLoop(time: time, frequency: Self.frequency, timeout: command.timeout, threads: threads)
        var boots = 0
        var nonvolatileMemory: [UInt8] = []
        while true {
            boots += 1
            let started = Date()
            let (machine, cpus) = try load(time: time, console: console, nonvolatileMemory: nonvolatileMemory)
            console.showState = {
                loop.whilePaused {
                    for vcpu in cpus {
                        StandardError.print("vCPU \(vcpu.index)")
                        StandardError.print(StateReport.text(vcpu), prefix: false)
                    }
                }
            }
            var outcome = loop.run(machine)
            console.flush()
            if case .reset = outcome, !command.noReboot {
                // A guest that does nothing but reset ends like any other.
                let quits = withExtendedLifetime(machine) { console.wantsToQuit }
                guard quits || loop.isOver else {
                    nonvolatileMemory = machine.nonvolatileMemory
                    continue
                }
                outcome = quits ? .quit : .timeout
            }
            if let output {
                let statistics = Statistics(
                    machine, cpus, outcome: outcome, clock: command.clock, boots: boots,
                    seconds: Date().timeIntervalSince(started))
                try statistics.write(to: output)
            }
            return GuestInputs.report(outcome, command) { StateReport.text(cpus[$0]) }
        }
    }

    private func load(
        time: TimeSource, console: TerminalConsole, nonvolatileMemory: [UInt8]
    ) throws -> (PSeriesMachine, [SoftwareBook3SCPU]) {
        do {
            let memory = try GuestMemory(size: command.memory.bytes)
            let order = HashedPageTable.order(forMemory: command.memory.bytes)
            guard let pageTable = HashedPageTable(order: order) else {
                throw GuestMemoryError.hostOutOfMemory(1 << UInt64(order))
            }
            let cpus = (0..<command.cpus).map {
                SoftwareBook3SCPU(
                    index: $0, memory: memory, pageTable: pageTable, time: time, sharesMemory: command.cpus > 1)
            }
            let offersHypercalls = command.instructions != .none
            let machine = PSeriesMachine(
                .init(
                    cpuCount: command.cpus, time: time, answersHypercalls: offersHypercalls,
                    offersMagicPage: offersHypercalls && !command.noMagicPage, nonvolatileMemory: nonvolatileMemory),
                memory: memory, pageTable: pageTable, cpus: cpus, console: console)
            try files.load(into: memory, tree: tree, at: layout.tree.base, initrd: layout.initrd)
            try machine.start(layout)
            return (machine, cpus)
        } catch let error as GuestMemoryError {
            throw CommandFailure(.internalError, "\(error)")
        }
    }
}
