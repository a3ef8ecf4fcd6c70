public import Devices

/// Where everything of the e500-hv machine is: RAM from 0 on, and nothing else. Its devices have handles, which are those
/// of ``E500MemoryMap/ByteChannel`` and ``E500MemoryMap/Doorbell``, and interrupt numbers.
///
/// ```
/// RAM's end, or 4 GiB: less 4 KiB   spin table        in RAM, reserved in the tree
/// 0                                 RAM               a multiple of 64 MiB
/// ```
public enum E500HVMemoryMap {
    /// Ticks between two looks at the spin table while nothing else happens: 1 ms.
    static let spinTablePeriod = UInt64(E500MemoryMap.clockFrequency) / 1000

    /// The page of RAM that holds the spin table: the last below 4 GiB.
    public static func spinTable(memorySize: UInt64) -> AddressRange {
        AddressRange(base: min(memorySize, 1 << 32) - MemorySpinTable.size, size: MemorySpinTable.size)
    }
}
