internal import CHost
internal import Foundation

/// `paravane run` on a KVM-PR host in QEMU: the same command line for paravane-ppc64le in there.
struct KVMPRHostRun {
    private let command: RunCommand
    private var host: KVMPRHost
    private let statistics: LateOutput?

    /// MiB for the host's Linux itself.
    private static let ownMemory = 320
    /// Seconds that the host may take to start and end, on top of the guest's own limit.
    private static let startAllowance = 120.0

    /// Reads and checks everything that `command` names.
    init(_ command: RunCommand) throws {
        self.command = command
        try Self.check(command)
        var arguments = ["run", "--machine", command.machine.rawValue]
        var files: [(name: String, contents: [UInt8])] = []
        func add(_ option: String, _ path: String?, as name: String) throws {
            guard let path else { return }
            files.append((name, try InputFile.read(path, limit: Self.fileLimit)))
            arguments += [option, KVMPRHost.path(of: name)]
        }
        try add("--kernel", command.kernel, as: "kernel")
        try add("--initrd", command.initrd, as: "initrd")
        for (number, overlay) in command.overlay.enumerated() { try add("--overlay", overlay, as: "overlay\(number)") }
        if let append = command.append { arguments += ["--append", append] }
        arguments += ["--memory", "\(command.memory.bytes >> 10)K", "--cpus", "\(command.cpus)"]
        if let hcall = command.hcall { arguments += ["--hcall", hcall.rawValue] }
        if let irqchip = command.irqchip { arguments += ["--irqchip", irqchip.rawValue] }
        if command.noMagicPage { arguments.append("--no-magic-page") }
        if let timeout = command.timeout { arguments += ["--timeout", "\(timeout)"] }
        if command.noReboot { arguments.append("--no-reboot") }
        statistics = try command.stats.map { path throws(CommandFailure) in try LateOutput(path) }
        if statistics != nil { arguments += ["--stats", KVMPRHost.statisticsPath] }
        let isInteractive = host_is_terminal(STDIN_FILENO) != 0
        if isInteractive { arguments.append("--interactive") }

        // Files are there twice, packed and unpacked, and a guest's page table takes up to a 64th of its memory.
        let fileSize = files.reduce(0) { $0 + $1.contents.count } >> 20
        let guest = Int(command.memory.bytes >> 20)
        host = try command.hostOptions.host(
            arguments, defaultMemory: Self.ownMemory + 3 * fileSize + guest + max(guest / 64, 16))
        host.files = files
        host.processors = max(command.cpus, 1)
        host.isInteractive = isInteractive
        host.limit = command.timeout.map { $0 + Self.startAllowance }
    }

    private static let fileLimit = 1 << 30

    /// Refuses what this engine does not have.
    private static func check(_ command: RunCommand) throws(CommandFailure) {
        let options: [(String, Bool)] = [
            ("--cpu", command.cpu != nil), ("--console", command.console != nil),
            ("--clock virtual", command.clock == .virtual), ("--kernel-format raw", command.kernelFormat == .raw),
            ("--dtb", command.dtb != nil),
            ("--dump-dtb", command.dumpDtb != nil), ("debugging options", command.debugging.isUsed),
        ]
        for (name, isUsed) in options where isUsed {
            throw CommandFailure(.usage, "the engine kvm-pr-in-qemu does not take \(name)")
        }
        guard [nil, .kernel, .vmm, .some(.none)].contains(command.hcall) else {
            throw CommandFailure(.usage, "a guest on KVM takes --hcall kernel, vmm or none")
        }
    }

    /// Boots the guest and returns the status to exit with.
    func run() throws -> Int32 {
        host_unblock_signals()
        if host.isInteractive { host_terminal_make_raw() }
        let end = Result { try host.run() }
        host_terminal_restore()
        let result = try end.get()
        if let statistics { try statistics.write(result.statistics) }
        return result.status
    }
}
