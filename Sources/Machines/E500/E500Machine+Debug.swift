internal import Devices
public import VMM

extension E500Machine: DebuggableMachine {
    /// All vCPUs.
    public var debuggableCPUs: [any DebuggableCPU] { cpus.map { $0 as any DebuggableCPU } }

    /// What the device at a real address is called; nil where there is none.
    public func deviceName(at address: UInt64) -> StaticString? {
        if E500MemoryMap.spinTable.contains(address, count: 1) { return "spin table" }
        guard E500MemoryMap.ccsr.contains(address, count: 1) else { return nil }
        let offset = address - E500MemoryMap.ccsr.base
        let devices: [(StaticString, AddressRange)] = [
            ("serial0", E500MemoryMap.CCSR.serial0), ("serial1", E500MemoryMap.CCSR.serial1),
            ("mpic", E500MemoryMap.CCSR.mpic), ("guts", E500MemoryMap.CCSR.guts), ("gpio", E500MemoryMap.CCSR.gpio),
        ]
        return devices.first { $0.1.contains(offset, count: 1) }?.0
    }
}
