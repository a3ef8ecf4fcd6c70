internal import DeviceTree

/// The `/hypervisor` node: how a guest makes hypercalls, and what to expect of them.
public struct HypervisorNode: Sendable {
    /// The instruction words that the guest executes as a hypercall.
    public let hcallInstructions: [UInt32]
    /// Whether the guest may wait for interrupts with EV_IDLE.
    public let hasIdle: Bool
    /// Whether all of ePAPR's calls are answered, and not only KVM's own and EV_IDLE.
    public let answersEPAPR: Bool

    /// How many instruction words Linux takes: its patch site has four.
    public static let instructionCounts = 1...4

    /// A node with these properties.
    public init(hcallInstructions: [UInt32], hasIdle: Bool = true, answersEPAPR: Bool = true) {
        self.hcallInstructions = hcallInstructions
        self.hasIdle = hasIdle
        self.answersEPAPR = answersEPAPR
    }

    /// Gives the open node the properties that tell how to make hypercalls.
    func set(on node: inout DeviceTreeBuilder) {
        node.set("compatible", .strings(["linux,kvm", "epapr,hypervisor-1"]))
        // ePAPR and Linux's code use the first name, the kernel's documentation the second.
        node.set("hcall-instructions", .cells(hcallInstructions))
        node.set("hypercall-instructions", .cells(hcallInstructions))
        if hasIdle {
            node.set("has-idle", .empty)
        }
    }
}

extension PropertyValue {
    /// A 64-bit number as two cells.
    static func cells(of value: UInt64) -> [UInt32] {
        [UInt32(truncatingIfNeeded: value >> 32), UInt32(truncatingIfNeeded: value)]
    }
}
