public import ArgumentParser

/// Options of a KVM-PR host in QEMU.
public struct KVMPRHostOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Where the KVM-PR host is that 'make kvm-pr-host' builds. The default is $\(KVMPRHostDirectory.variable), then \
            ~/.cache/paravane/kvm-pr-host.
            """, valueName: "directory"))
    var kvmPrHost: String?

    @Option(help: "The KVM-PR host's processor.")
    var hostCpu = KVMPRHost.Processor.power8

    @Option(help: "The KVM-PR host's memory. The default is what the guest and its files need.")
    var hostMemory: MemorySize?

    /// Made by the argument parser.
    public init() {}

    /// A host with these options, whose default memory is as given, in MiB.
    func host(_ arguments: [String], defaultMemory: Int) throws(CommandFailure) -> KVMPRHost {
        let memory = hostMemory.map { Int($0.bytes >> 20) } ?? defaultMemory
        return KVMPRHost(
            directory: try KVMPRHostDirectory(kvmPrHost), arguments: arguments, processor: hostCpu,
            // QEMU takes multiples of 256 MiB.
            memory: max(memory + 255, 256) & ~255)
    }
}

extension KVMPRHost.Processor: ExpressibleByArgument {}
extension KVMPRHost.Lack: ExpressibleByArgument {}
