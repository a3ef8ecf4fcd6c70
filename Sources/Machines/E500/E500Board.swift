internal import Devices
public import PowerPC

/// The machines of the e500 family. They share vCPUs, interrupt controller, hypercalls and boot protocol, and differ in
/// what else a guest finds, and how it reaches it.
public enum E500Board: UInt8, CaseIterable, Sendable {
    /// QEMU's `ppce500`: an e500v2 with devices at real addresses, and hypercalls beside them. See ``E500MemoryMap``.
    case ppce500
    /// What a hypervisor on a CoreNet chip shows its guest: an e500mc for which console, interrupts and power are
    /// hypercalls, and which has no device at any address. See ``E500HVMemoryMap``.
    case hypervisor

    /// What messages call the machine.
    public var name: StaticString {
        switch self {
        case .ppce500: "e500"
        case .hypervisor: "e500-hv"
        }
    }

    /// What core the vCPUs are unless somebody says otherwise.
    public var defaultCore: CoreModel {
        switch self {
        case .ppce500: .e500v2
        case .hypervisor: .e500mc
        }
    }

    /// What is the console unless somebody says otherwise.
    public var defaultConsole: E500Console {
        switch self {
        case .ppce500: .serial
        case .hypervisor: .byteChannel
        }
    }

    /// The RAM below 4 GiB that is the guest's from the start, of `memorySize` bytes in all: the loader puts nothing
    /// above it.
    public func freeMemory(of memorySize: UInt64) -> UInt64 {
        switch self {
        case .ppce500: min(memorySize, 1 << 32)
        case .hypervisor: E500HVMemoryMap.spinTable(memorySize: memorySize).base
        }
    }
}
