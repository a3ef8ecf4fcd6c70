public import GuestMemory
internal import Hypercalls
internal import ParavirtABI

/// A machine whose guest may reach its memory through hypercalls.
public protocol StorageHost: AnyObject, SendableMetatype {
    /// The guest's RAM.
    var memory: GuestMemory { get }
}

extension HypercallDispatcher where Host: StorageHost {
    /// `H_PAGE_INIT`, `H_LOGICAL_CI_LOAD` and their kin. There are no devices at real addresses, so that all of them reach
    /// memory, or nothing.
    mutating func registerStorage() {
        register(.initializePage) { host, frame in host.initializePage(frame) }
        for call in [Hypercall.logicalLoad, .logicalCacheLoad] {
            register(call) { host, frame in
                guard let value = host.load(count: frame[0], at: frame[1]) else { return .refusal(.parameter) }
                return .success(value)
            }
        }
        for call in [Hypercall.logicalStore, .logicalCacheStore] {
            register(call) { host, frame in
                host.store(frame[2], count: frame[0], at: frame[1]) ? .success : .refusal(.parameter)
            }
        }
        // Caches are coherent here, and stores to code are noticed by themselves.
        register(.logicalICBI) { _, _ in .success }
        register(.logicalDCBF) { _, _ in .success }
    }
}

extension StorageHost {
    fileprivate func initializePage(_ frame: HypercallFrame) -> HypercallResult {
        let size = GuestMemory.pageSize
        let (flags, target, source) = (frame[0], frame[1], frame[2])
        let known = PAPRPageFlags.zeroPage | PAPRPageFlags.copyPage | PAPRPageFlags.instructionCache
        guard flags & ~known == 0, target.isMultiple(of: size), memory.contains(target, count: size) else {
            return .refusal(.parameter)
        }
        do throws(GuestMemoryError) {
            if flags & PAPRPageFlags.copyPage != 0 {
                guard source.isMultiple(of: size) else { return .refusal(.parameter) }
                try memory.copy(from: source, to: target, count: size)
            } else if flags & PAPRPageFlags.zeroPage != 0 {
                try memory.clear(at: target, count: size)
            }
        } catch {
            return .refusal(.parameter)
        }
        return .success
    }

    fileprivate func load(count: UInt64, at address: UInt64) -> UInt64? {
        switch count {
        case 1: (try? memory.load(UInt8.self, at: address)).map(UInt64.init)
        case 2: (try? memory.load(UInt16.self, at: address)).map(UInt64.init)
        case 4: (try? memory.load(UInt32.self, at: address)).map(UInt64.init)
        case 8: try? memory.load(UInt64.self, at: address)
        default: nil
        }
    }

    fileprivate func store(_ value: UInt64, count: UInt64, at address: UInt64) -> Bool {
        do throws(GuestMemoryError) {
            switch count {
            case 1: try memory.store(UInt8(truncatingIfNeeded: value), at: address)
            case 2: try memory.store(UInt16(truncatingIfNeeded: value), at: address)
            case 4: try memory.store(UInt32(truncatingIfNeeded: value), at: address)
            case 8: try memory.store(value, at: address)
            default: return false
            }
        } catch {
            return false
        }
        return true
    }
}

extension GuestMemory {
    /// Fills `count` bytes at `address` with zeros.
    func clear(at address: UInt64, count: UInt64) throws(GuestMemoryError) {
        guard contains(address, count: count) else { throw .outOfBounds(address: address, count: count) }
        let zeros = [UInt8](repeating: 0, count: Int(min(count, Self.pageSize)))
        for place in stride(from: address, to: address + count, by: Int(Self.pageSize)) { try write(zeros, at: place) }
    }
}
