public import GuestMemory
internal import ParavirtABI

/// What a machine with a single partition does for Freescale's partition calls.
public protocol PartitionHypercallHost: AnyObject, SendableMetatype {
    /// The caller's RAM.
    var memory: GuestMemory { get }

    /// Ends the run, once the call is over.
    func requestStop()

    /// Boots the guest anew, once the call is over.
    func requestRestart()

    /// The value of a property of the guest's device tree.
    ///
    /// Names arrive as bytes without NUL, and may be any bytes.
    func treeProperty(path: [UInt8], name: [UInt8]) -> [UInt8]?

    /// Sets a property of the guest's device tree as its next boot gets it, adding it where the node does not have it.
    func setTreeProperty(path: [UInt8], name: [UInt8], value: [UInt8]) -> TreePropertyChange
}

/// What became of setting a property.
public enum TreePropertyChange: Sendable {
    /// The tree has it.
    case done
    /// There is no such node.
    case noNode
    /// The tree cannot have a property of that name.
    case badName
    /// The tree would be larger than it may be.
    case treeFull
}

/// The limits of the partition calls; Freescale's hypervisor has the first two.
public enum PartitionLimits {
    /// The most bytes of a node's path or a property's name, with its NUL: 4096.
    public static let pathSize = 4096
    /// The most bytes of a property's value: 32768.
    public static let propertySize = 32768
    /// The most pieces of one copy: 4096.
    public static let copyPieces = 4096
    /// The most bytes that one copy moves: 16 MiB, some milliseconds.
    public static let copySize: UInt64 = 16 << 20
}

/// The states of a partition: `FH_PARTITION_*` in Linux `arch/powerpc/include/asm/fsl_hcalls.h`.
public enum PartitionState: UInt64, CaseIterable, Sendable {
    /// It does not execute.
    case stopped = 0
    /// It executes.
    case running = 1
    /// It is about to execute.
    case starting = 2
    /// It is about to stop.
    case stopping = 3
    /// It is about to pause.
    case pausing = 4
    /// It does not execute, for a while.
    case paused = 5
    /// It is about to execute again.
    case resuming = 6
}

extension HypercallDispatcher where Host: PartitionHypercallHost {
    /// Registers the calls of Freescale's family that a machine with one partition can answer.
    ///
    /// The only partition is the caller's own, handle −1; any other handle answers `EV_EINVAL`.
    ///
    /// | call                     | answers |
    /// |--------------------------|---------|
    /// | `FH_PARTITION_GET_STATUS` | running |
    /// | `FH_PARTITION_START`     | `EV_INVALID_STATE`, for it runs |
    /// | `FH_PARTITION_STOP`      | does not return: the machine switches off |
    /// | `FH_PARTITION_RESTART`, `FH_SYSTEM_RESET` | do not return: the machine starts over |
    /// | `FH_PARTITION_GET_DTPROP`, `FH_PARTITION_SET_DTPROP` | `EV_EFAULT` outside memory; `EV_EINVAL` for a name without NUL or a value above ``PartitionLimits``; `EV_ENOENT` without node or property; get: `EV_BUFFER_OVERFLOW` with the value's size in r4; set: `EV_ENOMEM` for a tree too large |
    /// | `FH_PARTITION_MEMCPY`    | `EV_EINVAL` for a list that is not 32-byte aligned, has a reserved field that is not 0 or exceeds ``PartitionLimits``; `EV_EFAULT` outside memory; then nothing is copied |
    public mutating func registerPartitions() {
        register(.partitionGetStatus) { _, frame in
            guard Self.isOwn(frame[0]) else { return .failure(.invalidArgument) }
            return .success(PartitionState.running.rawValue)
        }
        register(.partitionStart) { _, frame in
            .failure(Self.isOwn(frame[0]) ? .invalidState : .invalidArgument)
        }
        register(.partitionStop) { host, frame in
            guard Self.isOwn(frame[0]) else { return .failure(.invalidArgument) }
            host.requestStop()
            return .success
        }
        register(.partitionRestart) { host, frame in
            guard Self.isOwn(frame[0]) else { return .failure(.invalidArgument) }
            host.requestRestart()
            return .success
        }
        register(.systemReset) { host, _ in
            host.requestRestart()
            return .success
        }
        register(.partitionGetProperty) { host, frame in
            Self.answer { () throws(PartitionCallFailure) in try Self.getProperty(host, frame) }
        }
        register(.partitionSetProperty) { host, frame in
            Self.answer { () throws(PartitionCallFailure) in try Self.setProperty(host, frame) }
        }
        register(.partitionMemoryCopy) { host, frame in
            Self.answer { () throws(PartitionCallFailure) in try Self.copyMemory(host.memory, frame) }
        }
    }

    /// Whether a handle is −1, in either register width.
    private static func isOwn(_ handle: UInt64) -> Bool {
        handle & 0xFFFF_FFFF == 0xFFFF_FFFF
    }

    private static func answer(
        _ body: () throws(PartitionCallFailure) -> HypercallResult
    ) -> HypercallResult {
        do throws(PartitionCallFailure) { return try body() } catch { return .failure(error.reason, error.outputs) }
    }

    // MARK: Properties

    private static func getProperty(
        _ host: Host, _ frame: HypercallFrame
    ) throws(PartitionCallFailure) -> HypercallResult {
        let (path, name) = try propertyPath(host, frame)
        guard let value = host.treeProperty(path: path, name: name) else { throw PartitionCallFailure(.noEntry) }
        let size = UInt64(value.count)
        guard size <= frame[7] & 0xFFFF_FFFF else {
            throw PartitionCallFailure(.bufferOverflow, HypercallOutputs(size))
        }
        do throws(GuestMemoryError) {
            try host.memory.write(value, at: address(frame, 5))
        } catch { throw PartitionCallFailure(.badAddress) }
        return .success(size)
    }

    private static func setProperty(
        _ host: Host, _ frame: HypercallFrame
    ) throws(PartitionCallFailure) -> HypercallResult {
        let (path, name) = try propertyPath(host, frame)
        let size = frame[7] & 0xFFFF_FFFF
        guard size <= UInt64(PartitionLimits.propertySize) else { throw PartitionCallFailure(.invalidArgument) }
        let value: [UInt8]
        do throws(GuestMemoryError) {
            value = try host.memory.read(at: address(frame, 5), count: Int(size))
        } catch { throw PartitionCallFailure(.badAddress) }
        switch host.setTreeProperty(path: path, name: name, value: value) {
        case .done: return .success
        case .noNode: throw PartitionCallFailure(.noEntry)
        case .badName: throw PartitionCallFailure(.invalidArgument)
        case .treeFull: throw PartitionCallFailure(.noMemory)
        }
    }

    /// The node's path and the property's name, which both property calls have in the same registers.
    private static func propertyPath(
        _ host: Host, _ frame: HypercallFrame
    ) throws(PartitionCallFailure) -> (path: [UInt8], name: [UInt8]) {
        guard isOwn(frame[0]) else { throw PartitionCallFailure(.invalidArgument) }
        let path = try string(host.memory, at: address(frame, 1))
        return (path, try string(host.memory, at: address(frame, 3)))
    }

    /// The bytes before the NUL.
    private static func string(
        _ memory: GuestMemory, at address: UInt64
    ) throws(PartitionCallFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        for offset in 0..<UInt64(PartitionLimits.pathSize) {
            let byte: UInt8
            do throws(GuestMemoryError) {
                byte = try memory.load(UInt8.self, at: address &+ offset)
            } catch { throw PartitionCallFailure(.badAddress) }
            if byte == 0 { return bytes }
            bytes.append(byte)
        }
        throw PartitionCallFailure(.invalidArgument)
    }

    /// A 64-bit address: its upper half in argument `position`, its lower half in the next.
    private static func address(_ frame: HypercallFrame, _ position: Int) -> UInt64 {
        frame[position] << 32 | frame[position + 1] & 0xFFFF_FFFF
    }

    // MARK: Copies

    /// Bytes of one piece of a copy: source, target, size and a reserved doubleword.
    private static var pieceSize: UInt64 { 32 }

    private static func copyMemory(
        _ memory: GuestMemory, _ frame: HypercallFrame
    ) throws(PartitionCallFailure) -> HypercallResult {
        let list = frame[3] << 32 | frame[2] & 0xFFFF_FFFF
        let count = frame[4] & 0xFFFF_FFFF
        guard isOwn(frame[0]), isOwn(frame[1]), list.isMultiple(of: pieceSize),
            count <= UInt64(PartitionLimits.copyPieces)
        else { throw PartitionCallFailure(.invalidArgument) }
        // All of the list is read before anything is written: the copy may go over it.
        var pieces: [CopyPiece] = []
        var total: UInt64 = 0
        for index in 0..<count {
            let piece = try CopyPiece(memory, at: list &+ index * pieceSize)
            guard piece.size <= PartitionLimits.copySize - total else { throw PartitionCallFailure(.invalidArgument) }
            total += piece.size
            pieces.append(piece)
        }
        do throws(GuestMemoryError) {
            for piece in pieces { try memory.copy(from: piece.source, to: piece.target, count: piece.size) }
        } catch { throw PartitionCallFailure(.badAddress) }
        return .success
    }
}

/// One piece of a copy, all of whose bytes are in memory.
private struct CopyPiece {
    let source: UInt64
    let target: UInt64
    let size: UInt64

    /// Reads and checks the piece at `address`.
    init(_ memory: GuestMemory, at address: UInt64) throws(PartitionCallFailure) {
        let reserved: UInt64
        do throws(GuestMemoryError) {
            source = try memory.load(UInt64.self, at: address)
            target = try memory.load(UInt64.self, at: address &+ 8)
            size = try memory.load(UInt64.self, at: address &+ 16)
            reserved = try memory.load(UInt64.self, at: address &+ 24)
        } catch { throw PartitionCallFailure(.badAddress) }
        guard reserved == 0 else { throw PartitionCallFailure(.invalidArgument) }
        guard memory.contains(source, count: size), memory.contains(target, count: size) else {
            throw PartitionCallFailure(.badAddress)
        }
    }
}

/// Why a partition call was not carried out, on its way to the guest.
private struct PartitionCallFailure: Error {
    let reason: HypercallFailure
    let outputs: HypercallOutputs

    init(_ reason: HypercallFailure, _ outputs: HypercallOutputs = HypercallOutputs()) {
        self.reason = reason
        self.outputs = outputs
    }
}
