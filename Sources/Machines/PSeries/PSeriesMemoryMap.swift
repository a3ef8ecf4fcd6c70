internal import Devices

/// Where everything of the machine `pseries` is, and what its guest knows it by. There is RAM and nothing else: devices are
/// reached through hypercalls.
///
/// The loader, the guest's tree and the machine read these constants, and nothing else states them.
public enum PSeriesMemoryMap {
    /// RAM comes in steps of this many bytes, so that the largest pages cover it.
    public static let ramGranule: UInt64 = 16 << 20

    /// The least RAM: Linux's page table and its real-mode allocations have to fit beside a kernel.
    public static let minimumRAM: UInt64 = 64 << 20

    /// The most RAM.
    public static let maximumRAM: UInt64 = 32 << 30

    /// The most vCPUs.
    public static let maximumCPUs = 8

    /// What the guest's tree, its RAM disk and RTAS lie below: 32-bit properties name them.
    public static let loaderLimit: UInt64 = 2 << 30

    /// Ticks of the timebase in a second, as on every POWER8.
    public static let timebaseFrequency: UInt32 = 512_000_000

    /// What the guest is told of its processors' clock, in Hz.
    public static let clockFrequency: UInt32 = 1_000_000_000

    /// Bytes of the room for RTAS.
    public static let rtasSize: UInt64 = 0x1000

    /// Bytes of nonvolatile memory.
    public static let nonvolatileMemorySize = 0x1_0000

    /// How many interrupt sources there are.
    public static let interruptSources = 0x400

    /// Devices of `/vdevice`.
    public enum Unit {
        /// The terminal's unit address.
        public static let terminal: UInt32 = 0x7100_0000
        /// The nonvolatile memory's unit address.
        public static let nonvolatileMemory: UInt32 = 0x7100_0001
    }

    /// Interrupts, by their numbers at the controller; QEMU's of the same devices.
    public enum Interrupt {
        /// The terminal's.
        public static let terminal = XICS.firstSource + 0x100
    }
}
