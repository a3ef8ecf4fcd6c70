internal import DeviceTree
internal import Devices

/// The devices in CCSR, and the names by which they refer to each other.
extension E500Tree {
    /// The nodes that others refer to.
    enum Phandle {
        /// The interrupt controller.
        static let pic: UInt32 = 1
        /// The MSI registers.
        static let msi: UInt32 = 2
        /// The GPIO block.
        static let gpio: UInt32 = 3
    }

    /// How an interrupt is signalled: the second cell of an `interrupts` entry of "fsl,mpic".
    enum Sense {
        /// A rising edge.
        static let risingEdge: UInt32 = 0
        /// A level, active high as the MPIC wires internal sources.
        static let level: UInt32 = 2
    }

    /// `/soc@fe0000000`.
    static func addSoC(_ tree: inout DeviceTreeBuilder) {
        let ccsr = E500MemoryMap.ccsr
        tree.node(name("soc", ccsr)) { soc in
            soc.set("device_type", .string("soc"))
            soc.set("compatible", .strings(["fsl,mpc8544-immr", "simple-bus"]))
            soc.set("#address-cells", .u32(1))
            soc.set("#size-cells", .u32(1))
            soc.set(
                "ranges",
                .cells([
                    0, UInt32(truncatingIfNeeded: ccsr.base >> 32), UInt32(truncatingIfNeeded: ccsr.base),
                    UInt32(truncatingIfNeeded: ccsr.size),
                ]))
            soc.set("bus-frequency", .u32(0))
            addPIC(&soc)
            addSerial(E500MemoryMap.CCSR.serial0, index: 0, &soc)
            addSerial(E500MemoryMap.CCSR.serial1, index: 1, &soc)
            soc.node(name("global-utilities", E500MemoryMap.CCSR.guts)) { guts in
                guts.set("compatible", .string("fsl,mpc8544-guts"))
                guts.set("reg", reg(E500MemoryMap.CCSR.guts))
                guts.set("fsl,has-rstcr", .empty)
            }
            addMSI(&soc)
            addGPIO(&soc)
        }
    }

    private static func addPIC(_ soc: inout DeviceTreeBuilder) {
        soc.node(name("pic", E500MemoryMap.CCSR.mpic)) { pic in
            pic.set("device_type", .string("open-pic"))
            pic.set("compatible", .string("fsl,mpic"))
            pic.set("reg", reg(E500MemoryMap.CCSR.mpic))
            pic.set("#address-cells", .u32(0))
            pic.set("#interrupt-cells", .u32(2))
            pic.set("interrupt-controller", .empty)
            setPhandle(Phandle.pic, &pic)
        }
    }

    private static func addSerial(_ range: AddressRange, index: UInt32, _ soc: inout DeviceTreeBuilder) {
        soc.node(name("serial", range)) { serial in
            serial.set("device_type", .string("serial"))
            serial.set("compatible", .string("ns16550"))
            serial.set("reg", reg(range))
            serial.set("cell-index", .u32(index))
            serial.set("clock-frequency", .u32(E500MemoryMap.serialClockFrequency))
            serial.set("interrupts", .cells([UInt32(E500MemoryMap.Interrupt.serial), Sense.level]))
            serial.set("interrupt-parent", .u32(Phandle.pic))
        }
    }

    private static func addMSI(_ soc: inout DeviceTreeBuilder) {
        soc.node(name("msi", E500MemoryMap.CCSR.msi)) { msi in
            msi.set("compatible", .string("fsl,mpic-msi"))
            msi.set("reg", reg(E500MemoryMap.CCSR.msi))
            msi.set("msi-available-ranges", .cells([0, E500MemoryMap.msiCount]))
            let sources = 0..<E500MemoryMap.Interrupt.msiSources
            msi.set(
                "interrupts",
                .cells(sources.flatMap { [UInt32(E500MemoryMap.Interrupt.msi + $0), Sense.risingEdge] }))
            msi.set("interrupt-parent", .u32(Phandle.pic))
            setPhandle(Phandle.msi, &msi)
        }
    }

    private static func addGPIO(_ soc: inout DeviceTreeBuilder) {
        soc.node(name("gpio", E500MemoryMap.CCSR.gpio)) { gpio in
            gpio.set("compatible", .string("fsl,qoriq-gpio"))
            gpio.set("reg", reg(E500MemoryMap.CCSR.gpio))
            gpio.set("interrupts", .cells([UInt32(E500MemoryMap.Interrupt.gpio), Sense.level]))
            gpio.set("interrupt-parent", .u32(Phandle.pic))
            gpio.set("#gpio-cells", .u32(2))
            gpio.set("gpio-controller", .empty)
            setPhandle(Phandle.gpio, &gpio)
        }
        soc.node("power-off") { powerOff in
            powerOff.set("compatible", .string("gpio-poweroff"))
            powerOff.set("gpios", .cells([Phandle.gpio, E500MemoryMap.powerOffPin, 0]))
        }
    }

    /// The path of a device in CCSR.
    static func socPath(_ device: String, _ range: AddressRange) -> String {
        "/\(name("soc", E500MemoryMap.ccsr))/\(name(device, range))"
    }

    /// The node name of a device at the start of `range`.
    private static func name(_ device: String, _ range: AddressRange) -> String {
        "\(device)@\(String(range.base, radix: 16))"
    }

    /// The `reg` of a device in CCSR: one cell of address, one of size.
    private static func reg(_ range: AddressRange) -> PropertyValue {
        .cells([UInt32(truncatingIfNeeded: range.base), UInt32(truncatingIfNeeded: range.size)])
    }

    /// Both names of the handle: today's, and the one that old kernels read.
    private static func setPhandle(_ phandle: UInt32, _ node: inout DeviceTreeBuilder) {
        node.set("phandle", .u32(phandle))
        node.set("linux,phandle", .u32(phandle))
    }
}
