internal import DeviceTree

/// The hypervisor's objects that a guest reaches by handle: byte channels and doorbells.
///
/// They have a bus of their own beside `/hypervisor`: on this platform Linux makes devices only of what it finds below
/// nodes compatible with "simple-bus".
extension E500Tree {
    private static let handlesName = "hypervisor-handles"

    /// `/hypervisor-handles`.
    ///
    /// The console's channel is there but disabled where the serial port is the console. Linux 6.1 numbers byte channels
    /// from 1 on when none of them is its console, and overruns its table by one if all of them work.
    static func addHandles(console: E500Console, _ tree: inout DeviceTreeBuilder) {
        tree.node(handlesName) { handles in
            handles.set("compatible", .string("simple-bus"))
            handles.set("interrupt-parent", .u32(Phandle.pic))
            for channel in E500MemoryMap.ByteChannel.allCases {
                handles.node(name(channel)) { node in
                    node.set("compatible", .string("epapr,hv-byte-channel"))
                    node.set("hv-handle", .u32(channel.rawValue))
                    node.set(
                        "interrupts",
                        .cells([
                            UInt32(channel.receiveInterrupt), Sense.level,
                            UInt32(channel.transmitInterrupt), Sense.level,
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
                    "interrupts", .cells([UInt32(E500MemoryMap.Doorbell.receiveInterrupt), Sense.risingEdge]))
            }
        }
    }

    /// The path of a byte channel's node.
    static func handlePath(_ channel: E500MemoryMap.ByteChannel) -> String {
        "/\(handlesName)/\(name(channel))"
    }

    private static func name(_ channel: E500MemoryMap.ByteChannel) -> String {
        switch channel {
        case .console: "byte-channel-console"
        case .first: "byte-channel-first"
        case .second: "byte-channel-second"
        }
    }
}
