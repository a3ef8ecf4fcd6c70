internal import Devices
internal import GuestMemory
internal import Machines

/// The files that a guest starts with on every machine, read and checked.
struct GuestFiles {
    /// The kernel.
    let kernel: KernelImage
    /// Bytes of the RAM disk; nil where there is none.
    var initrdSize: UInt64? { initrd.map { UInt64($0.count) } }

    private let initrd: [UInt8]?
    /// What messages call the kernel.
    private let name: String

    /// The largest kernel or RAM disk file that is read, in bytes.
    private static let limit = 2 << 30

    /// Reads what `command` names.
    init(_ command: RunCommand, for processor: KernelImage.Processor) throws(CommandFailure) {
        name = InputFile.name(command.kernel)
        let file = try InputFile.read(command.kernel, limit: Self.limit)
        do throws(ImageError) {
            kernel = try KernelImage(
                file, format: command.kernelFormat == .raw ? .raw : .auto, for: processor,
                inflationLimit: Int(command.memory.bytes))
        } catch {
            throw CommandFailure(.badInput, "\(name): \(error)")
        }
        initrd = try command.initrd.map { path throws(CommandFailure) in try InputFile.read(path, limit: Self.limit) }
    }

    /// The failure of a kernel that does not start for that reason.
    func failure(_ reason: some Error) -> CommandFailure { CommandFailure(.badInput, "\(name): \(reason)") }

    /// Puts the files and the tree into memory.
    func load(
        into memory: GuestMemory, tree: [UInt8], at address: UInt64, initrd range: AddressRange?
    ) throws(CommandFailure) {
        do throws(ImageError) { try kernel.load(into: memory) } catch { throw failure(error) }
        do throws(GuestMemoryError) {
            try memory.write(tree, at: address)
            if let initrd, let range { try memory.write(initrd, at: range.base) }
        } catch {
            throw CommandFailure(.internalError, "\(error)")
        }
    }
}
