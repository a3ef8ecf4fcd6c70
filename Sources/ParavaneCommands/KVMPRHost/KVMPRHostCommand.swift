public import ArgumentParser
internal import CHost
internal import Foundation

/// `paravane kvm-pr-host`: runs paravane-ppc64le in a KVM-PR host in QEMU.
public struct KVMPRHostCommand: ParsableCommand {
    /// The name and the help.
    public static let configuration = CommandConfiguration(
        commandName: "kvm-pr-host",
        abstract: "Run paravane-ppc64le in a KVM-PR host in QEMU.",
        discussion: """
            Starts the Linux that 'make kvm-pr-host' builds in qemu-system-ppc64, which emulates its processor in software, \
            and in it paravane-ppc64le with the arguments behind --. Input, output, errors and the exit status are \
            those of that program. 'paravane run --engine kvm-pr-in-qemu' starts guests in this way.
            """)

    @OptionGroup var options: KVMPRHostOptions

    @Option(help: ArgumentHelp("A file that is /files/NAME in the host; may be repeated.", valueName: "name=path"))
    var file: [String] = []

    @Option(help: "How many processors the host has.")
    var hostCpus = 1

    @Option(help: "Leave something out that the host needs, to see what is said then.")
    var without: KVMPRHost.Lack?

    @Option(help: ArgumentHelp("End the host after this long.", valueName: "seconds"))
    var timeout: Double?

    @Argument(parsing: .postTerminator, help: "Arguments of paravane-ppc64le.")
    var arguments: [String] = []

    /// Made by the argument parser.
    public init() {}

    /// Checks what can be checked without opening a file.
    public func validate() throws {
        if let timeout, !(timeout > 0) { throw ValidationError("--timeout takes a positive number of seconds") }
        guard (1...8).contains(hostCpus) else { throw ValidationError("--host-cpus takes 1 to 8") }
        for argument in file where !argument.contains("=") {
            throw ValidationError("--file takes NAME=PATH, not '\(argument)'")
        }
    }

    /// Runs it, and exits as the program does.
    public func run() throws {
        var host = try options.host(arguments, defaultMemory: 512)
        host.files = try file.map { argument in
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), try InputFile.read(String(parts[1]), limit: 1 << 30))
        }
        host.processors = hostCpus
        host.lack = without
        host.limit = timeout
        host_unblock_signals()
        let end = try host.run()
        if end.status != ExitStatus.success.rawValue { throw ExitCode(end.status) }
    }
}
