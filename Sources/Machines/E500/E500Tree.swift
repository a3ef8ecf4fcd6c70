public import DeviceTree
internal import Devices
internal import PowerPC

/// The device trees of the e500 machines.
///
/// Node for node and property for property the tree of the board ``E500Board/ppce500`` is the one of QEMU's `ppce500`,
/// less the devices that this machine does not have, plus `/hypervisor`. The tree of ``E500Board/hypervisor`` is in
/// `E500Tree+Hypervisor.swift`. `docs/device-tree.md` describes both, and `dts/` has the trees to read.
public enum E500Tree {
    /// The tree for that configuration.
    public static func build(_ configuration: E500TreeConfiguration) throws(DeviceTreeError) -> DeviceTree {
        switch configuration.board {
        case .ppce500: try buildPPCE500(configuration)
        case .hypervisor: try buildHypervisor(configuration)
        }
    }

    private static func buildPPCE500(
        _ configuration: E500TreeConfiguration
    ) throws(DeviceTreeError) -> DeviceTree {
        let serial = socPath("serial", E500MemoryMap.CCSR.serial0)
        var tree = DeviceTreeBuilder()
        addRoot(configuration, compatible: "fsl,qemu-e500", &tree)
        let console =
            switch configuration.console {
            case .serial: serial
            case .byteChannel: HandlesNode.onBus.path(of: .console)
            }
        addChosen(configuration, console: console, &tree)
        if let hypervisor = configuration.hypervisor {
            tree.node("hypervisor") { hypervisor.set(on: &$0) }
        }
        tree.node("aliases") { aliases in
            aliases.set("serial0", .string(serial))
            aliases.set("serial1", .string(socPath("serial", E500MemoryMap.CCSR.serial1)))
        }
        addCPUs(.ppce500, configuration, &tree)
        addMemory(configuration.memorySize, named: "memory", &tree)
        addSoC(&tree)
        if configuration.hypervisor != nil {
            HandlesNode.onBus.add(
                to: &tree, interruptParent: Phandle.pic, hasConsole: configuration.console == .byteChannel)
        }
        return try tree.finish()
    }

    // MARK: What the boards have in common

    /// The root's properties.
    static func addRoot(
        _ configuration: E500TreeConfiguration, compatible: String, _ tree: inout DeviceTreeBuilder
    ) {
        tree.set("model", .string("Paravane \(configuration.board.name)"))
        tree.set("compatible", .string(compatible))
        tree.set("#address-cells", .u32(2))
        tree.set("#size-cells", .u32(2))
        if configuration.hypervisor != nil {
            tree.set("epapr-version", .string("ePAPR-1.1"))
        }
    }

    /// The node of `size` bytes of RAM.
    static func addMemory(_ size: UInt64, named name: String, _ tree: inout DeviceTreeBuilder) {
        tree.node(name) { memory in
            memory.set("device_type", .string("memory"))
            memory.set("reg", .cells(PropertyValue.cells(of: 0) + PropertyValue.cells(of: size)))
        }
    }

    /// `/chosen`: what the loader tells the kernel.
    static func addChosen(
        _ configuration: E500TreeConfiguration, console: String, _ tree: inout DeviceTreeBuilder
    ) {
        tree.node("chosen") { chosen in
            chosen.set("bootargs", .string(configuration.bootArguments))
            chosen.set("stdout-path", .string(console))
            chosen.set("linux,stdout-path", .string(console))
            if let initrd = configuration.initrd {
                chosen.set("linux,initrd-start", .u32(UInt32(truncatingIfNeeded: initrd.base)))
                chosen.set("linux,initrd-end", .u32(UInt32(truncatingIfNeeded: initrd.base + initrd.size)))
            }
            if let kernel = configuration.bootKernel {
                chosen.set(
                    "qemu,boot-kernel",
                    .cells(PropertyValue.cells(of: kernel.base) + PropertyValue.cells(of: kernel.size)))
            }
            if let seed = configuration.randomSeed {
                chosen.set("rng-seed", .bytes(seed))
            }
        }
    }

    /// How the nodes of CPUs are called, and where the table is that releases them.
    struct CPUPlace {
        /// The nodes' name without the number.
        let name: String
        /// The real address of vCPU 0's spin-table entry.
        let spinTable: UInt64
        /// Bytes from one entry to the next.
        let spinEntrySize: UInt64

        /// On the board ``E500Board/ppce500``, as in QEMU.
        static let ppce500 = CPUPlace(
            name: "PowerPC,8544", spinTable: E500MemoryMap.spinTable.base, spinEntrySize: E500MemoryMap.spinEntrySize)
    }

    /// `/cpus`: vCPU 0 runs, the others wait at their spin-table entries.
    static func addCPUs(_ place: CPUPlace, _ configuration: E500TreeConfiguration, _ tree: inout DeviceTreeBuilder) {
        let core = configuration.core
        tree.node("cpus") { cpus in
            cpus.set("#address-cells", .u32(1))
            cpus.set("#size-cells", .u32(0))
            for number in 0..<UInt32(configuration.cpuCount) {
                cpus.node("\(place.name)@\(String(number, radix: 16))") { cpu in
                    cpu.set("device_type", .string("cpu"))
                    cpu.set("reg", .u32(number))
                    cpu.set("clock-frequency", .u32(E500MemoryMap.clockFrequency))
                    cpu.set("timebase-frequency", .u32(E500MemoryMap.clockFrequency))
                    cpu.set("bus-frequency", .u32(E500MemoryMap.clockFrequency))
                    cpu.set("d-cache-line-size", .u32(core.cacheLineSize))
                    cpu.set("i-cache-line-size", .u32(core.cacheLineSize))
                    cpu.set("d-cache-size", .u32(core.cacheSize))
                    cpu.set("i-cache-size", .u32(core.cacheSize))
                    cpu.set("status", .string(number == 0 ? "okay" : "disabled"))
                    if number > 0 {
                        let entry = place.spinTable + UInt64(number) * place.spinEntrySize
                        cpu.set("enable-method", .string("spin-table"))
                        cpu.set("cpu-release-addr", .u64(entry))
                    }
                }
            }
        }
    }
}
