public import DeviceTree
internal import Devices
internal import PowerPC

/// The device tree of the e500 machine.
///
/// Node for node and property for property it is the tree of QEMU's `ppce500`, less the devices that this machine does
/// not have, plus `/hypervisor`. `docs/device-tree.md` has the table of differences, and `dts/` the trees to read.
public enum E500Tree {
    /// The root's `model`.
    public static let model = "Paravane e500"

    /// The path of the console's node.
    public static func path(of console: E500Console) -> String {
        switch console {
        case .serial: socPath("serial", E500MemoryMap.CCSR.serial0)
        case .byteChannel: handlePath(.console)
        }
    }

    /// The tree for that configuration.
    public static func build(_ configuration: E500TreeConfiguration) throws(DeviceTreeError) -> DeviceTree {
        var tree = DeviceTreeBuilder()
        tree.set("model", .string(model))
        tree.set("compatible", .string("fsl,qemu-e500"))
        tree.set("#address-cells", .u32(2))
        tree.set("#size-cells", .u32(2))
        if configuration.hypervisor != nil {
            tree.set("epapr-version", .string("ePAPR-1.1"))
        }
        addChosen(configuration, &tree)
        if let hypervisor = configuration.hypervisor {
            addHypervisor(hypervisor, &tree)
        }
        tree.node("aliases") { aliases in
            aliases.set("serial0", .string(socPath("serial", E500MemoryMap.CCSR.serial0)))
            aliases.set("serial1", .string(socPath("serial", E500MemoryMap.CCSR.serial1)))
        }
        addCPUs(configuration.cpuCount, of: configuration.core, &tree)
        tree.node("memory") { memory in
            memory.set("device_type", .string("memory"))
            memory.set("reg", .cells(cells(0) + cells(configuration.memorySize)))
        }
        addSoC(&tree)
        if configuration.hypervisor != nil {
            addHandles(console: configuration.console, &tree)
        }
        return try tree.finish()
    }

    /// `/chosen`: what the loader tells the kernel.
    private static func addChosen(_ configuration: E500TreeConfiguration, _ tree: inout DeviceTreeBuilder) {
        tree.node("chosen") { chosen in
            chosen.set("bootargs", .string(configuration.bootArguments))
            chosen.set("stdout-path", .string(path(of: configuration.console)))
            chosen.set("linux,stdout-path", .string(path(of: configuration.console)))
            if let initrd = configuration.initrd {
                chosen.set("linux,initrd-start", .u32(UInt32(truncatingIfNeeded: initrd.base)))
                chosen.set("linux,initrd-end", .u32(UInt32(truncatingIfNeeded: initrd.base + initrd.size)))
            }
            if let kernel = configuration.bootKernel {
                chosen.set("qemu,boot-kernel", .cells(cells(kernel.base) + cells(kernel.size)))
            }
            if let seed = configuration.randomSeed {
                chosen.set("rng-seed", .bytes(seed))
            }
        }
    }

    /// `/hypervisor`: how to make hypercalls.
    private static func addHypervisor(_ hypervisor: HypervisorNode, _ tree: inout DeviceTreeBuilder) {
        tree.node("hypervisor") { node in
            node.set("compatible", .strings(["linux,kvm", "epapr,hypervisor-1"]))
            // ePAPR and Linux's code use the first name, the kernel's documentation the second.
            node.set("hcall-instructions", .cells(hypervisor.hcallInstructions))
            node.set("hypercall-instructions", .cells(hypervisor.hcallInstructions))
            if hypervisor.hasIdle {
                node.set("has-idle", .empty)
            }
        }
    }

    /// `/cpus`: vCPU 0 runs, the others wait at their spin-table entries.
    private static func addCPUs(_ count: Int, of core: CoreModel, _ tree: inout DeviceTreeBuilder) {
        tree.node("cpus") { cpus in
            cpus.set("#address-cells", .u32(1))
            cpus.set("#size-cells", .u32(0))
            for number in 0..<UInt32(count) {
                cpus.node("PowerPC,8544@\(String(number, radix: 16))") { cpu in
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
                        let entry = E500MemoryMap.spinTable.base + UInt64(number) * E500MemoryMap.spinEntrySize
                        cpu.set("enable-method", .string("spin-table"))
                        cpu.set("cpu-release-addr", .u64(entry))
                    }
                }
            }
        }
    }

    /// A 64-bit number as two cells.
    private static func cells(_ value: UInt64) -> [UInt32] {
        [UInt32(truncatingIfNeeded: value >> 32), UInt32(truncatingIfNeeded: value)]
    }
}
