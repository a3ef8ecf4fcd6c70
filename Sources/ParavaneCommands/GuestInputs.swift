internal import DeviceTree
internal import Devices
internal import Foundation
internal import Machines
internal import VMM

/// What booting has in common on all machines: the tree from a file, overlays, and how an end is reported.
enum GuestInputs {
    /// Fresh randomness for the guest; in virtual time the same bytes at each start, so that runs repeat.
    static func randomSeed(_ clock: RunCommand.ClockChoice, count: Int) -> [UInt8] {
        switch clock {
        case .host:
            var generator = SystemRandomNumberGenerator()
            return (0..<count).map { _ in .random(in: 0...255, using: &generator) }
        case .virtual:
            return (0..<count).map { UInt8(truncatingIfNeeded: 0x9E &* ($0 + 1)) }
        }
    }

    /// The guest's tree: the one that the command names, else what `build` makes; with the command's overlays.
    ///
    /// - Parameters:
    ///   - initrd: where the RAM disk lies, of which a tree from a file has to be told.
    ///   - fullWidth: whether addresses in such a tree have 64 bits.
    static func tree(
        _ command: RunCommand, initrd: AddressRange?, fullWidth: Bool, build: () throws -> DeviceTree
    ) throws -> [UInt8] {
        var tree: DeviceTree
        if let path = command.dtb {
            tree = try DTBInput.open(path)
            try setChosen(of: &tree, command, initrd: initrd, fullWidth: fullWidth)
        } else {
            do {
                tree = try build()
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
        return tree.finish()
    }

    /// Tells a tree from a file about this boot's command line and RAM disk.
    private static func setChosen(
        of tree: inout DeviceTree, _ command: RunCommand, initrd: AddressRange?, fullWidth: Bool
    ) throws(CommandFailure) {
        func address(_ value: UInt64) -> PropertyValue {
            fullWidth ? .u64(value) : .u32(UInt32(truncatingIfNeeded: value))
        }
        do throws(DeviceTreeError) {
            if tree.node(at: "/chosen") == nil { try tree.addNode("/chosen") }
            if let append = command.append { try tree.setProperty("bootargs", .string(append), at: "/chosen") }
            if let initrd {
                try tree.setProperty("linux,initrd-start", address(initrd.base), at: "/chosen")
                try tree.setProperty("linux,initrd-end", address(initrd.base + initrd.size), at: "/chosen")
            }
        } catch {
            throw CommandFailure(.badInput, "\(command.dtb ?? "the tree"): \(error)")
        }
    }

    /// Says on stderr how the guest ended, where that is not simply a power-off.
    ///
    /// - Parameter state: what there is to say about a vCPU.
    static func report(_ outcome: Outcome, _ command: RunCommand, state: (Int) -> String) -> ExitStatus {
        switch outcome {
        case .powerOff, .quit:
            return .success
        case .reset:
            return .guestReset
        case .crash(let crash, let vcpu):
            StandardError.print("the guest crashed: vCPU \(vcpu): \(crash)")
            StandardError.print(state(vcpu), prefix: false)
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
