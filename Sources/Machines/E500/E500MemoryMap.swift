public import Devices

/// Where everything of the e500 machine is: address for address QEMU's `ppce500`.
///
/// The loader, the guest tree and the bus read these constants, and nothing else states them.
///
/// ```
/// 0xF_EF00_0000  spin table        32 entries of 0x20 bytes
/// 0xF_E000_0000  CCSR              1 MiB of on-chip devices
/// 0x0_0000_0000  RAM               a multiple of 64 MiB
/// ```
public enum E500MemoryMap {
    /// RAM comes in steps of this many bytes, so that TLB1 pages can cover it.
    public static let ramGranule: UInt64 = 64 << 20

    /// RAM ends below the first device.
    public static let maximumRAM: UInt64 = 16 << 30

    /// The most vCPUs: one spin-table entry each is reserved for 32, of which Linux and the MPIC take up to 8 here.
    public static let maximumCPUs = 8

    /// The on-chip registers (CCSR): base and size.
    public static let ccsr = AddressRange(base: 0xF_E000_0000, size: 0x10_0000)

    /// The spin table: 32 entries of ``spinEntrySize`` bytes.
    public static let spinTable = AddressRange(base: 0xF_EF00_0000, size: 32 * 0x20)

    /// Bytes of one spin-table entry.
    public static let spinEntrySize: UInt64 = 0x20

    /// Clock, bus and timebase frequency in Hz.
    public static let clockFrequency: UInt32 = 400_000_000

    /// The input clock of both UARTs in Hz.
    public static let serialClockFrequency: UInt32 = 400_000_000

    /// Devices inside CCSR, as offsets from its base.
    public enum CCSR {
        /// The first NS16550.
        public static let serial0 = AddressRange(base: 0x4500, size: 0x100)
        /// The second NS16550.
        public static let serial1 = AddressRange(base: 0x4600, size: 0x100)
        /// The interrupt controller.
        public static let mpic = AddressRange(base: 0x4_0000, size: 0x4_0000)
        /// The message-signalled interrupt registers, inside the MPIC.
        public static let msi = AddressRange(base: 0x4_1600, size: 0x200)
        /// The global utilities block with the reset control register.
        public static let guts = AddressRange(base: 0xE_0000, size: 0x1000)
        /// The GPIO block whose pin 0 switches the power off.
        public static let gpio = AddressRange(base: 0xF_F000, size: 0x1000)
    }

    /// Message-signalled interrupts that the MSI registers offer.
    public static let msiCount: UInt32 = 0x100

    /// The GPIO pin whose output switches the power off; pin 0 is the most significant bit.
    public static let powerOffPin: UInt32 = 0

    /// MPIC source numbers, as an `interrupts` property counts them.
    public enum Interrupt {
        /// Both UARTs.
        public static let serial = 42
        /// The GPIO block.
        public static let gpio = 47
        /// The first of the eight shared MSI sources.
        public static let msi = 0xE0
        /// How many sources the MSI registers share.
        public static let msiSources = 8
    }

    /// The byte channels, by the handle that `hv-handle` states.
    public enum ByteChannel: UInt32, CaseIterable, Sendable {
        /// Connected to the host's console where that is ``E500Console/byteChannel``, otherwise to nothing.
        case console = 1
        /// Connected to ``second``: what a guest sends into one it receives from the other.
        case first = 2
        /// Connected to ``first``.
        case second = 3

        /// The MPIC source that is asserted while bytes wait to be received. 64 and up are on-chip sources that no
        /// MPC8544 device has.
        public var receiveInterrupt: Int { 62 + 2 * Int(rawValue) }

        /// The MPIC source that is asserted while bytes can be sent.
        public var transmitInterrupt: Int { receiveInterrupt + 1 }
    }

    /// The doorbell.
    public enum Doorbell {
        /// The handle of its sending end.
        public static let sendHandle: UInt32 = 4
        /// The MPIC source of its receiving end: an external one, for those can be edge-sensitive, and the only one
        /// besides 0 that QEMU's `ppce500` has no use for.
        public static let receiveInterrupt = 15
    }
}

/// Which device of an e500 machine is connected to the host's console.
public enum E500Console: UInt8, CaseIterable, Sendable {
    /// The first NS16550.
    case serial
    /// The byte channel ``E500MemoryMap/ByteChannel/console``.
    case byteChannel
}
