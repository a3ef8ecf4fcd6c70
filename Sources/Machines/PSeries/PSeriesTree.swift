public import DeviceTree
internal import Devices
internal import PAPR
internal import PowerPC

/// The device tree of the machine `pseries`.
///
/// It is QEMU's of the machine of that name, less the buses and devices that this one does not have and what only firmware
/// reads, plus `/hypervisor`. `docs/device-tree.md` describes it, and `dts/` has it to read.
public enum PSeriesTree {
    private enum Phandle {
        static let interruptController: UInt32 = 1
        static let virtualInterruptController: UInt32 = 2
    }

    private static let terminalPath = "/vdevice/vty@\(String(PSeriesMemoryMap.Unit.terminal, radix: 16))"

    /// The tree for that configuration.
    public static func build(_ configuration: PSeriesTreeConfiguration) throws(DeviceTreeError) -> DeviceTree {
        // The guest keeps its hands off RTAS because of the reservation.
        let reservations = configuration.rtas.map { [MemoryReservation(address: $0.base, size: $0.size)] } ?? []
        var tree = DeviceTreeBuilder(reservations: reservations)
        tree.set("model", .string("Paravane pseries"))
        tree.set("compatible", .string("paravane,pseries"))
        // By this Linux knows a partition.
        tree.set("device_type", .string("chrp"))
        tree.set("#address-cells", .u32(2))
        tree.set("#size-cells", .u32(2))
        tree.set("interrupt-parent", .u32(Phandle.interruptController))
        addChosen(configuration, &tree)
        if let hypervisor = configuration.hypervisor {
            tree.node("hypervisor") { node in
                hypervisor.set(on: &node)
                guard hypervisor.answersEPAPR else { return }
                node.node("interrupt-controller") {
                    $0.setVirtualInterruptController(
                        phandle: Phandle.virtualInterruptController, hasExternalProxy: false)
                }
                HandlesNode.belowHypervisor.add(
                    to: &node, interruptParent: Phandle.virtualInterruptController, hasConsole: false)
            }
        }
        tree.node("memory@0") { memory in
            memory.set("device_type", .string("memory"))
            memory.set("reg", .cells(PropertyValue.cells(of: 0) + PropertyValue.cells(of: configuration.memorySize)))
        }
        addCPUs(configuration, &tree)
        addRTAS(configuration, &tree)
        tree.node("interrupt-controller") { controller in
            controller.set("device_type", .string("PowerPC-External-Interrupt-Presentation"))
            controller.set("compatible", .string("IBM,ppc-xicp"))
            controller.set("ibm,interrupt-server-ranges", .cells([0, UInt32(configuration.cpuCount)]))
            controller.set("interrupt-controller", .empty)
            controller.set("#interrupt-cells", .u32(2))
            controller.set("#address-cells", .u32(0))
            controller.set("phandle", .u32(Phandle.interruptController))
            controller.set("linux,phandle", .u32(Phandle.interruptController))
        }
        addVirtualDevices(&tree)
        return try tree.finish()
    }

    private static func addChosen(_ configuration: PSeriesTreeConfiguration, _ tree: inout DeviceTreeBuilder) {
        tree.node("chosen") { chosen in
            // Without ibm,architecture-vec-5 Linux takes the hashed page table, and negotiates nothing.
            chosen.set("bootargs", .string(configuration.bootArguments))
            chosen.set("stdout-path", .string(terminalPath))
            chosen.set("linux,stdout-path", .string(terminalPath))
            if let initrd = configuration.initrd {
                chosen.set("linux,initrd-start", .u64(initrd.base))
                chosen.set("linux,initrd-end", .u64(initrd.base + initrd.size))
            }
            if let seed = configuration.randomSeed { chosen.set("rng-seed", .bytes(seed)) }
        }
    }

    // MARK: Processors

    /// What the processor has, one bit a feature: QEMU's for POWER8, less decimal floating point and transactions.
    private static let processorFeatures: [UInt8] = [
        24, 0, 0xF6, 0x3F, 0xC7, 0xC0, 0x80, 0xF0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0x80, 0, 0, 0, 0, 0,
    ]

    private static func addCPUs(_ configuration: PSeriesTreeConfiguration, _ tree: inout DeviceTreeBuilder) {
        tree.node("cpus") { cpus in
            cpus.set("#address-cells", .u32(1))
            cpus.set("#size-cells", .u32(0))
            for number in 0..<UInt32(configuration.cpuCount) {
                cpus.node("PowerPC,POWER8@\(String(number, radix: 16))") { cpu in
                    cpu.set("device_type", .string("cpu"))
                    cpu.set("reg", .u32(number))
                    cpu.set("status", .string("okay"))
                    cpu.set("cpu-version", .u32(configuration.processorVersion))
                    cpu.set("clock-frequency", .u32(PSeriesMemoryMap.clockFrequency))
                    cpu.set("timebase-frequency", .u32(PSeriesMemoryMap.timebaseFrequency))
                    for cache in ["d", "i"] {
                        cpu.set("\(cache)-cache-block-size", .u32(128))
                        cpu.set("\(cache)-cache-line-size", .u32(128))
                        cpu.set("\(cache)-cache-size", .u32(0x8000))
                    }
                    cpu.set("64-bit", .empty)
                    cpu.set("slb-size", .u32(UInt32(SegmentLookasideBuffer.count)))
                    cpu.set("ibm,slb-size", .u32(UInt32(SegmentLookasideBuffer.count)))
                    // 256 MiB and 1 TiB, in the order of SLB's B.
                    cpu.set("ibm,processor-segment-sizes", .cells([28, 40, .max, .max]))
                    cpu.set("ibm,segment-page-sizes", .cells(segmentPageSizes(configuration.pageSizes)))
                    cpu.set("ibm,pft-size", .cells([0, UInt32(configuration.pageTableOrder)]))
                    // 2 is VMX and VSX.
                    cpu.set("ibm,vmx", .u32(2))
                    cpu.set("ibm,pa-features", .bytes(processorFeatures))
                    cpu.set("ibm,ppc-interrupt-server#s", .u32(number))
                    cpu.set("ibm,ppc-interrupt-gserver#s", .cells([number, 0]))
                }
            }
        }
    }

    /// For each base page size: its power of two, the segment's encoding, and the pages of such segments with their own.
    static func segmentPageSizes(_ sizes: HashPageSizes) -> [UInt32] {
        var cells: [UInt32] = []
        var base: UInt8 = 0
        var countPlace = 0
        for index in 0..<HashPageEncoding.count {
            let row = HashPageEncoding.all[index]
            guard sizes.contains(row.member) else { continue }
            if row.baseShift != base {
                base = row.baseShift
                cells += [UInt32(row.baseShift), UInt32(row.segment), 0]
                countPlace = cells.count - 1
            }
            cells[countPlace] += 1
            cells += [UInt32(row.shift), UInt32(row.page)]
        }
        return cells
    }

    // MARK: Services and devices

    /// What of PAPR's calls the guest may make, in PAPR's words.
    private static let hypercallFunctions = [
        "hcall-pft", "hcall-term", "hcall-interrupt", "hcall-splpar", "hcall-bulk", "hcall-set-mode", "hcall-sprg0",
        "hcall-copy", "hcall-debug",
    ]

    private static func addRTAS(_ configuration: PSeriesTreeConfiguration, _ tree: inout DeviceTreeBuilder) {
        tree.node("rtas") { rtas in
            rtas.set("ibm,hypertas-functions", .strings(hypercallFunctions))
            if let place = configuration.rtas {
                rtas.set("linux,rtas-base", .u32(UInt32(truncatingIfNeeded: place.base)))
                rtas.set("linux,rtas-entry", .u32(UInt32(truncatingIfNeeded: place.base)))
                rtas.set("rtas-size", .u32(UInt32(truncatingIfNeeded: place.size)))
                for service in RTAS.Service.allCases { rtas.set(service.name, .u32(service.rawValue)) }
                // Linux reports a panic only where it is told that the call comes back.
                rtas.set("ibm,extended-os-term", .empty)
                rtas.set("rtas-error-log-max", .u32(0x800))
                rtas.set("rtas-event-scan-rate", .u32(1))
            }
        }
    }

    private static func addVirtualDevices(_ tree: inout DeviceTreeBuilder) {
        typealias Unit = PSeriesMemoryMap.Unit
        tree.node("vdevice") { bus in
            bus.set("device_type", .string("vdevice"))
            bus.set("compatible", .string("IBM,vdevice"))
            bus.set("#address-cells", .u32(1))
            bus.set("#size-cells", .u32(0))
            bus.node("vty@\(String(Unit.terminal, radix: 16))") { terminal in
                terminal.set("device_type", .string("serial"))
                terminal.set("compatible", .string("hvterm1"))
                terminal.set("reg", .u32(Unit.terminal))
                terminal.set("interrupts", .cells([UInt32(PSeriesMemoryMap.Interrupt.terminal), 0]))
            }
            bus.node("nvram@\(String(Unit.nonvolatileMemory, radix: 16))") { memory in
                memory.set("device_type", .string("nvram"))
                memory.set("compatible", .string("qemu,spapr-nvram"))
                memory.set("reg", .u32(Unit.nonvolatileMemory))
                memory.set("#bytes", .u32(UInt32(PSeriesMemoryMap.nonvolatileMemorySize)))
            }
        }
        tree.node("ibm,platform-facilities") { facilities in
            facilities.set("device_type", .string("ibm,platform-facilities"))
            facilities.node("ibm,random-v1") { random in
                random.set("device_type", .string("ibm,random-v1"))
                random.set("compatible", .string("ibm,random"))
            }
        }
    }
}
