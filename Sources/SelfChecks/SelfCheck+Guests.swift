internal import DeviceTree
internal import Devices
internal import GuestMemory
internal import Machines
internal import ParavirtABI
internal import PowerPC
internal import VMM

extension SelfCheck {
    /// Bare-metal guests on the software CPU, in virtual time: each prints TAP of its own and switches the power off.
    static let guests: [SelfCheck] = [
        SelfCheck("the software CPU passes the guest that makes hypercalls") { tests(of: $0.read("hypercalls.elf")) },
        SelfCheck("the software CPU passes the magic page's guest") { tests(of: $0.read("magicpage.elf")) },
        SelfCheck("the software CPU passes the MMU's guest") { tests(of: $0.read("mmu.elf")) },
        SelfCheck("the software CPU passes the interrupts' guest") { tests(of: $0.read("interrupts.elf")) },
        SelfCheck("the software CPU passes the timers' guest") { tests(of: $0.read("timers.elf")) },
    ]

    private static func tests(of file: [UInt8]) -> String? {
        let console = RecordingConsole()
        do throws(GuestFailure) {
            let outcome = try run(file, console: console)
            guard case .powerOff = outcome else { return "the guest did not switch its power off" }
        } catch {
            return error.description
        }
        return console.verdict
    }

    /// Boots `file` on an e500 machine of 64 MiB and runs it to its end.
    private static func run(_ file: [UInt8], console: RecordingConsole) throws(GuestFailure) -> Outcome {
        let kernel = try checked { () throws(ImageError) in try KernelImage(file) }
        let memorySize: UInt64 = 64 << 20
        let words = HypercallInstructions.systemCallMagic.words
        let configuration = try checked { () throws(E500TreeConfigurationError) in
            try E500TreeConfiguration(
                memorySize: memorySize, hypervisor: HypervisorNode(hcallInstructions: words.indices.map { words[$0] }))
        }
        let layout = try checked { () throws(E500BootError) in
            try E500BootLayout(
                entry: kernel.entry,
                kernel: kernel.range,
                initrdSize: nil, memorySize: memorySize)
        }
        let tree = try checked { () throws(DeviceTreeError) in try E500Tree.build(configuration).finish() }
        let machine = try checked { () throws(GuestMemoryError) in
            let machine = try E500Machine(
                .init(
                    memorySize: memorySize, cpuCount: 1, time: .virtual, answersHypercalls: true, offersMagicPage: true),
                console: console)
            try machine.memory.write(tree, at: layout.tree.base)
            return machine
        }
        try checked { () throws(ImageError) in try kernel.load(into: machine.memory) }
        machine.start(layout)
        return RunLoop(time: .virtual, frequency: UInt64(E500MemoryMap.clockFrequency), timeout: 120).run(machine)
    }

    /// What `body` returns; what it throws becomes the guest's failure.
    private static func checked<Result, Failure: Error & CustomStringConvertible>(
        _ body: () throws(Failure) -> Result
    ) throws(GuestFailure) -> Result {
        do throws(Failure) {
            return try body()
        } catch {
            throw GuestFailure(description: error.description)
        }
    }
}

/// Why a guest could not be started.
private struct GuestFailure: Error {
    let description: String
}

/// A console that nobody types at and that keeps what the guest prints.
private final class RecordingConsole: HostConsole {
    private var line: [UInt8] = []
    private var passed = 0
    private var planned = 0
    private var firstFailure: String?

    /// What the guest's TAP says failed; nil when everything that it planned passed.
    var verdict: String? {
        if let firstFailure { return firstFailure }
        guard passed > 0, passed == planned else { return "the guest passed \(passed) of \(planned) tests" }
        return nil
    }

    func send(_ byte: UInt8) {
        guard byte == UInt8(ascii: "\n") else { return line.append(byte) }
        if line.starts(with: "ok ".utf8) {
            passed += 1
        } else if line.starts(with: "1..".utf8) {
            planned = line.dropFirst(3).prefix { (0x30...0x39).contains($0) }.reduce(0) { $0 &* 10 &+ Int($1 - 0x30) }
        } else if firstFailure == nil, line.starts(with: "not ok ".utf8) || line.starts(with: "Bail out!".utf8) {
            firstFailure = String(decoding: line, as: UTF8.self)
        }
        line = []
    }

    func flush() {}
    func receive() -> UInt8? { nil }
    var isInteractive: Bool { false }
    var wantsToQuit: Bool { false }
    func wait(nanoseconds: UInt64?) {}
    func wake() {}
}
