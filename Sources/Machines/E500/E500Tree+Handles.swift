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

extension E500Tree {
    /// The node of handles, below the open one.
    ///
    /// The console's channel is there but disabled where the serial port is the console. Linux 6.1 numbers byte channels
    /// from 1 on when none of them is its console, and overruns its table by one if all of them work.
    static func addHandles(_ place: HandlesNode, console: E500Console, _ tree: inout DeviceTreeBuilder) {
        tree.node(place.name) { handles in
            if let compatible = place.compatible { handles.set("compatible", .string(compatible)) }
            handles.set("interrupt-parent", .u32(Phandle.pic))
            for channel in E500MemoryMap.ByteChannel.allCases {
                handles.node(HandlesNode.name(of: channel)) { node in
                    node.set("compatible", .string("epapr,hv-byte-channel"))
                    node.set("hv-handle", .u32(channel.rawValue))
                    node.set(
                        "interrupts",
                        .cells([
                            UInt32(channel.receiveInterrupt), place.level,
                            UInt32(channel.transmitInterrupt), place.level,
                        ]))
                    if channel == .console, console != .byteChannel {
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
                    "interrupts", .cells([UInt32(E500MemoryMap.Doorbell.receiveInterrupt), place.risingEdge]))
            }
        }
    }
}
