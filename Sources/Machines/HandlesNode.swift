internal import DeviceTree

/// Where a tree has the hypervisor's objects that a guest reaches by handle, byte channels and doorbells, and how it says
/// when they interrupt.
struct HandlesNode {
    /// The path of the node above.
    let parent: String
    /// The node's name.
    let name: String
    /// The node's `compatible`, where it has one.
    let compatible: String?
    /// The second cell of an `interrupts` entry for a rising edge.
    let risingEdge: UInt32
    /// The second cell of an `interrupts` entry for a level, active high.
    let level: UInt32

    /// A bus of their own beside `/hypervisor`: on QEMU's platform Linux makes devices only of what it finds below nodes
    /// compatible with "simple-bus". Interrupts are those of "fsl,mpic".
    static let onBus = HandlesNode(
        parent: "/", name: "hypervisor-handles", compatible: "simple-bus", risingEdge: E500Tree.Sense.risingEdge,
        level: E500Tree.Sense.level)

    /// The path of a byte channel's node.
    func path(of channel: E500MemoryMap.ByteChannel) -> String {
        "\(parent == "/" ? "" : parent)/\(name)/\(Self.name(of: channel))"
    }

    /// The name of a byte channel's node.
    static func name(of channel: E500MemoryMap.ByteChannel) -> String {
        switch channel {
        case .console: "byte-channel-console"
        case .first: "byte-channel-first"
        case .second: "byte-channel-second"
        }
    }
}

extension HandlesNode {
    /// Adds the node below the open one, which has the path ``parent``.
    ///
    /// The console's channel is there but disabled where something else is the console. Linux 6.1 numbers byte channels
    /// from 1 on when none of them is its console, and overruns its table by one if all of them work.
    func add(to tree: inout DeviceTreeBuilder, interruptParent: UInt32, hasConsole: Bool) {
        tree.node(name) { handles in
            if let compatible { handles.set("compatible", .string(compatible)) }
            handles.set("interrupt-parent", .u32(interruptParent))
            for channel in E500MemoryMap.ByteChannel.allCases {
                handles.node(Self.name(of: channel)) { node in
                    node.set("compatible", .string("epapr,hv-byte-channel"))
                    node.set("hv-handle", .u32(channel.rawValue))
                    node.set(
                        "interrupts",
                        .cells([
                            UInt32(channel.receiveInterrupt), level,
                            UInt32(channel.transmitInterrupt), level,
                        ]))
                    if channel == .console, !hasConsole {
                        node.set("status", .string("disabled"))
                    }
                }
            }
            handles.node("send-doorbell") { doorbell in
                doorbell.set("compatible", .string("epapr,hv-send-doorbell"))
                doorbell.set("hv-handle", .u32(E500MemoryMap.Doorbell.sendHandle))
            }
            handles.node("receive-doorbell") { doorbell in
                doorbell.set("compatible", .string("epapr,hv-receive-doorbell"))
                doorbell.set(
                    "interrupts", .cells([UInt32(E500MemoryMap.Doorbell.receiveInterrupt), risingEdge]))
            }
        }
    }
}

extension DeviceTreeBuilder {
    /// Gives the open node the properties of the interrupt controller that guests know by hypercalls only.
    mutating func setVirtualInterruptController(phandle: UInt32, hasExternalProxy: Bool) {
        set("compatible", .string("epapr,hv-pic"))
        set("#address-cells", .u32(0))
        set("#interrupt-cells", .u32(2))
        set("interrupt-controller", .empty)
        if hasExternalProxy { set("has-external-proxy", .empty) }
        set("phandle", .u32(phandle))
    }
}
