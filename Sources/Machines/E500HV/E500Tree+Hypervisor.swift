internal import DeviceTree
internal import Devices
internal import PowerPC

/// The tree of ``E500Board/hypervisor``, in the form that Freescale's hypervisor gives it.
///
/// The root names a P4080 board with "-hv" behind it, by which Linux's CoreNet platform knows that interrupts, restart
/// and power-off are hypercalls.
extension E500Tree {
    /// The tree for that configuration.
    static func buildHypervisor(_ configuration: E500TreeConfiguration) throws(DeviceTreeError) -> DeviceTree {
        let spinTable = E500HVMemoryMap.spinTable(memorySize: configuration.memorySize)
        var tree = DeviceTreeBuilder(
            reservations: [MemoryReservation(address: spinTable.base, size: spinTable.size)])
        addRoot(configuration, compatible: "fsl,P4080DS-hv", &tree)
        addChosen(configuration, console: HandlesNode.belowHypervisor.path(of: .console), &tree)
        if let hypervisor = configuration.hypervisor {
            tree.node("hypervisor") { node in
                hypervisor.set(on: &node)
                node.set("fsl,hv-version", .cells(freescaleVersion))
                HandlesNode.belowHypervisor.add(
                    to: &node, interruptParent: Phandle.pic, hasConsole: configuration.console == .byteChannel)
            }
        }
        let cpus = CPUPlace(
            name: "PowerPC,\(configuration.core.name)", spinTable: spinTable.base,
            spinEntrySize: MemorySpinTable.entrySize)
        addCPUs(cpus, configuration, &tree)
        addMemory(configuration.memorySize, named: "memory@0", &tree)
        tree.node("interrupt-controller") {
            $0.setVirtualInterruptController(phandle: Phandle.pic, hasExternalProxy: true)
        }
        return try tree.finish()
    }

    /// The interface that the partition calls follow: Freescale's hypervisor 1.3; version 1 of its calls, compatible
    /// with version 1.
    private static var freescaleVersion: [UInt32] { [1, 3, 1, 1] }
}

extension HandlesNode {
    /// Where ePAPR has them: below `/hypervisor`, in the node `handles`, whose name Linux's CoreNet platform looks for.
    /// Interrupts are those of "epapr,hv-pic".
    static let belowHypervisor = HandlesNode(
        parent: "/hypervisor", name: "handles", compatible: nil, risingEdge: 1, level: 3)
}
