internal import CHost
internal import Devices
internal import GuestMemory
internal import Hypercalls
internal import KVM
internal import KVMEngine
internal import Machines
internal import ParavirtABI
internal import PowerPC
internal import Terminal
internal import VMM

extension PortableCommand {
    /// Boots a guest on this host's KVM-PR.
    static func run(arguments: some Sequence<[UInt8]>) -> Int32 {
        let options: RunOptions
        do throws(RunOptions.Mistake) {
            options = try RunOptions(arguments)
        } catch {
            return fail(.usage, error.description + "; see '\(name) --help'")
        }
        #if arch(powerpc64le)
            do throws(RunFailure) {
                return try KVMRun(options).run().rawValue
            } catch {
                return fail(error.status, error.message)
            }
        #else
            _ = options
            return fail(.unavailable, HostReport().obstacle ?? "KVM-PR is a hypervisor of PowerPC hosts")
        #endif
    }
}

/// Why a run ends early.
struct RunFailure: Error {
    let status: PortableStatus
    let message: String

    init(_ status: PortableStatus, _ message: String) {
        self.status = status
        self.message = message
    }
}

#if arch(powerpc64le)
    /// A guest on KVM-PR, from its files to its end.
    private struct KVMRun {
        private let options: RunOptions
        private let guest: PSeriesGuest
        private let code: ExecutableCode?
        private let overlays: [[UInt8]]
        private let statistics: Int32

        /// The largest file that is read, in bytes.
        private static let fileLimit = 1 << 30
        /// Where the VMM's own code lies in the room for RTAS, which guests leave alone; and an address without memory.
        private static let stubOffset: UInt64 = 0x800
        private static let doneAddress: UInt64 = 1 << 40
        private static let frequency = UInt64(PSeriesMemoryMap.timebaseFrequency)

        init(_ options: RunOptions) throws(RunFailure) {
            self.options = options
            guard (1...PSeriesMemoryMap.maximumCPUs).contains(options.cpus) else {
                throw RunFailure(.usage, "\(PSeriesTreeConfigurationError.cpuCount(options.cpus))")
            }
            let kernel = try Self.read(options.kernel)
            var initrd: [UInt8]?
            if let path = options.initrd { initrd = try Self.read(path) }
            var overlays: [[UInt8]] = []
            for path in options.overlays { overlays.append(try Self.read(path)) }
            self.overlays = overlays
            do throws(PSeriesGuest.Failure) {
                guest = try PSeriesGuest(kernel: kernel, initrd: initrd, memorySize: options.memory)
            } catch {
                throw RunFailure(error.isUsage ? .usage : .badInput, Self.message(error, options))
            }
            code = ExecutableCode(kernel)
            statistics = try options.statistics.map { path throws(RunFailure) in try Self.open(path) } ?? -1
        }

        private static func message(_ failure: PSeriesGuest.Failure, _ options: RunOptions) -> String {
            let name = String(decoding: options.kernel, as: UTF8.self)
            return failure.isUsage ? failure.description : "\(name): \(failure.description)"
        }

        private static func read(_ path: [UInt8]) throws(RunFailure) -> [UInt8] {
            guard let bytes = InputFile.read(path, limit: fileLimit) else {
                let name = String(decoding: path, as: UTF8.self)
                throw RunFailure(.badInput, "\(name): cannot be read; check the path and its permissions")
            }
            return bytes
        }

        /// Opens what is written at the end.
        private static func open(_ path: [UInt8]) throws(RunFailure) -> Int32 {
            if path.isText("-") { return 2 }
            let path = path + [0]
            let descriptor = unsafe path.withUnsafeBytes { bytes -> Int32 in
                guard let base = bytes.baseAddress else { return -1 }
                return unsafe host_create_file(base.assumingMemoryBound(to: CChar.self))
            }
            guard descriptor >= 0 else {
                throw RunFailure(
                    .badInput,
                    "\(String(decoding: path.dropLast(), as: UTF8.self)): cannot be written; check path and room")
            }
            return descriptor
        }

        // MARK: The run

        func run() throws(RunFailure) -> PortableStatus {
            guard let threads = VCPUThreads(count: options.cpus) else {
                throw RunFailure(.internalError, "the host has no room for the threads of the vCPUs")
            }
            let time = TimeSource.host(frequency: Self.frequency)
            let loop = RunLoop(time: time, frequency: Self.frequency, timeout: options.timeout, threads: threads)
            let console = TerminalConsole(isShared: true, isInteractive: options.isInteractive ? true : nil)
            console.attach()
            defer { console.detach() }
            var boots = 0
            var memory: [UInt8] = []
            while true {
                boots += 1
                let began = host_monotonic_nanoseconds()
                let partition = try partition(time)
                let machine = try machine(partition, time, console, memory)
                console.showState = {
                    loop.whilePaused { for cpu in partition.cpus { Output.error.write(Self.state(cpu)) } }
                }
                let outcome = loop.run(machine)
                console.showState = {}
                console.flush()
                memory = machine.nonvolatileMemory
                for cpu in partition.cpus {
                    if let failure = cpu.failure { throw RunFailure(.internalError, failure.description) }
                }
                if case .reset = outcome, !options.endsAtReset, !console.wantsToQuit, !loop.isOver { continue }
                if statistics >= 0 {
                    let report = RunStatistics(
                        machine, partition, outcome: outcome, boots: boots,
                        nanoseconds: host_monotonic_nanoseconds() - began)
                    Output(descriptor: statistics).write(report.json)
                }
                console.detach()
                return report(outcome, partition)
            }
        }

        private func partition(_ time: TimeSource) throws(RunFailure) -> KVMPartition {
            do throws(KVMPartition.Failure) {
                let stub = PAPRProcessor.Stub(
                    address: guest.layout.rtas.base + Self.stubOffset, doneAddress: Self.doneAddress)
                let chip: KVMPartition.InterruptChip? =
                    switch options.interruptChip {
                    case .kernel: .kernel
                    case .vmm: .vmm
                    case nil: nil
                    }
                return try KVMPartition(
                    memorySize: options.memory, cpuCount: options.cpus, stub: stub, interruptChip: chip, time: time)
            } catch {
                switch error {
                case .memory: throw RunFailure(.internalError, error.description)
                case .noXICS: throw RunFailure(.unavailable, error.description)
                case .kvm, .notPR: throw RunFailure(.unavailable, HostReport().obstacle ?? error.description)
                }
            }
        }

        private func machine(
            _ partition: KVMPartition, _ time: TimeSource, _ console: TerminalConsole, _ nonvolatileMemory: [UInt8]
        ) throws(RunFailure) -> PSeriesMachine {
            let hypervisor: HypervisorNode? =
                switch options.hypercalls {
                case .kernel:
                    HypervisorNode(
                        hcallInstructions: partition.hypercallInstructions(.kernel), hasIdle: partition.hasIdle,
                        answersEPAPR: false)
                case .vmm: HypervisorNode(hcallInstructions: partition.hypercallInstructions(.vmm))
                case .none: nil
                }
            let machine = PSeriesMachine(
                .init(
                    cpuCount: options.cpus, time: time, answersHypercalls: hypervisor != nil,
                    answersEPAPR: hypervisor?.answersEPAPR ?? false,
                    offersMagicPage: options.offersMagicPage, pageSizes: partition.pageSizes,
                    nonvolatileMemory: nonvolatileMemory, engineInterrupts: partition.interrupts),
                memory: partition.memory, pageTable: partition.pageTable,
                cpus: partition.cpus.map { $0 as any PSeriesCPU },
                console: console)
            var seed = [UInt8](repeating: 0, count: PSeriesTreeConfiguration.randomSeedSize)
            let isRandom = unsafe seed.withUnsafeMutableBytes { unsafe host_random($0.baseAddress!, $0.count) } != 0
            do throws(PSeriesGuest.Failure) {
                let tree = try guest.tree(
                    cpuCount: options.cpus, bootArguments: String(decoding: options.append, as: UTF8.self),
                    hypervisor: hypervisor, pageSizes: partition.pageSizes,
                    processorVersion: partition.guestProcessorVersion, randomSeed: isRandom ? seed : nil,
                    overlays: overlays)
                try guest.load(tree: tree, into: partition.memory)
            } catch {
                throw RunFailure(error.isUsage ? .usage : .badInput, Self.message(error, options))
            }
            if let code { partition.adapt(code) }
            do throws(GuestMemoryError) {
                try PAPRProcessor.Stub(address: guest.layout.rtas.base + Self.stubOffset, doneAddress: Self.doneAddress)
                    .write(to: partition.memory)
                try machine.start(guest.layout, callInstruction: partition.callInstruction)
            } catch {
                throw RunFailure(.internalError, error.description)
            }
            return machine
        }

        /// Says how the guest ended, where that is not simply a power-off.
        private func report(_ outcome: Outcome, _ partition: KVMPartition) -> PortableStatus {
            switch outcome {
            case .powerOff, .quit: return .success
            case .reset: return .guestReset
            case .crash(let crash, let vcpu):
                Output.error.print("paravane: the guest crashed: vCPU \(vcpu): \(crash.description)")
                Output.error.write(Self.state(partition.cpus[vcpu]))
                return .guestCrash
            case .panic:
                Output.error.print("paravane: the guest's kernel panicked")
                return .guestPanic
            case .timeout:
                Output.error.print("paravane: the guest did not end within its time limit")
                return .timeout
            }
        }

        /// Where a vCPU is and what its registers hold.
        private static func state(_ cpu: PSeriesVCPU) -> String {
            var text = "vCPU \(cpu.index)\n"
            for (position, line) in cpu.state.enumerated() {
                text += "\(line.name) \(hex(line.value))" + (position % 4 == 3 ? "\n" : "  ")
            }
            return text + "\n"
        }

        private static func hex(_ value: UInt64) -> String {
            let digits = String(value, radix: 16)
            var text = ""
            for _ in digits.utf8.count..<16 { text += "0" }
            return text + digits
        }
    }

    /// What `--stats` writes: one JSON object.
    private struct RunStatistics {
        let json: String

        init(
            _ machine: PSeriesMachine, _ partition: KVMPartition, outcome: Outcome, boots: Int, nanoseconds: UInt64
        ) {
            var calls = ""
            machine.hypercallCounts.forEach { call, count in
                if count > 0 { calls += (calls.utf8.isEmpty ? "" : ", ") + "\"\(call.name.description)\" : \(count)" }
            }
            // By name in the order in which the kernel has them, added up over the vCPUs.
            var sums: [(name: [UInt8], value: UInt64)] = []
            var exits = PSeriesVCPU.Exits()
            for cpu in partition.cpus {
                exits.hypercalls &+= cpu.exits.hypercalls
                exits.deviceAccesses &+= cpu.exits.deviceAccesses
                exits.interruptions &+= cpu.exits.interruptions
                for entry in cpu.statistics {
                    let name = [UInt8](entry.name.utf8)
                    if let known = sums.firstIndex(where: { $0.name == name }) {
                        sums[known].value &+= entry.value
                    } else {
                        sums.append((name, entry.value))
                    }
                }
            }
            var kernel = ""
            for sum in sums {
                kernel +=
                    (kernel.utf8.isEmpty ? "" : ",")
                    + "\n    \"\(String(decoding: sum.name, as: UTF8.self))\" : \(sum.value)"
            }
            let milliseconds = nanoseconds / 1_000_000
            let thousandths = milliseconds % 1000
            let padding = thousandths < 10 ? "00" : thousandths < 100 ? "0" : ""
            json = """
                {
                  "boots" : \(boots),
                  "cpus" : \(partition.cpus.count),
                  "exits" : {
                    "device_accesses" : \(exits.deviceAccesses),
                    "hypercalls" : \(exits.hypercalls),
                    "signals" : \(exits.interruptions)
                  },
                  "hypercalls" : { \(calls) },
                  "irqchip" : "\(partition.interrupts == nil ? "vmm" : "kernel")",
                  "kvm" : {\(kernel)
                  },
                  "outcome" : "\(outcome.name.description)",
                  "seconds" : \(milliseconds / 1000).\(padding)\(thousandths),
                  "unknown_hypercalls" : \(machine.hypercallCounts.unknown)
                }

                """
        }
    }
#endif
