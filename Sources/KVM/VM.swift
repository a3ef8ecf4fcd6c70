internal import CKVM
public import GuestMemory

/// A virtual machine of the kernel. Owns its descriptor, and keeps the memory that its slots lead to.
public struct VM: ~Copyable {
    let descriptor: Descriptor
    private let runSize: Int
    /// What the slots map, by slot.
    private var slots: [(slot: UInt32, memory: GuestMemory)] = []

    init(_ descriptor: Descriptor, runSize: Int) {
        self.descriptor = descriptor
        self.runSize = runSize
    }

    /// What KVM says of a capability for this VM: 0 is no, 1 is yes, some are numbers.
    public func check(_ capability: Capability) throws(KVMError) -> Int {
        try descriptor.request(.checkExtension, UInt(capability.number))
    }

    /// Makes all of `memory` appear at the guest real address `address`, as memory slot `slot`.
    ///
    /// - Parameter isReadOnly: whether the guest's stores become exits.
    public mutating func setMemory(
        slot: UInt32, at address: UInt64, _ memory: GuestMemory, isReadOnly: Bool = false
    ) throws(KVMError) {
        try set(
            slot, flags: isReadOnly ? UInt32(KVM_MEM_READONLY) : 0, at: address, size: memory.ram.size,
            host: unsafe UInt(bitPattern: memory.ram.host))
        slots.removeAll { $0.slot == slot }
        slots.append((slot, memory))
    }

    /// Makes memory slot `slot` lead nowhere.
    public mutating func removeMemory(slot: UInt32) throws(KVMError) {
        try set(slot, flags: 0, at: 0, size: 0, host: 0)
        slots.removeAll { $0.slot == slot }
    }

    private func set(_ slot: UInt32, flags: UInt32, at address: UInt64, size: UInt64, host: UInt) throws(KVMError) {
        let region = kvm_userspace_memory_region(
            slot: slot, flags: flags, guest_phys_addr: address, memory_size: size, userspace_addr: UInt64(host))
        try descriptor.request(.setUserMemoryRegion, reading: region)
    }

    /// Switches a capability on that is off by default.
    public func enable(_ capability: Capability, _ argument: UInt64 = 0, _ second: UInt64 = 0) throws(KVMError) {
        try descriptor.enable(capability, argument, second)
    }

    /// Makes the vCPU with the number `id`.
    public func createVCPU(_ id: Int) throws(KVMError) -> VCPU {
        let raw = try descriptor.request(.createVCPU, UInt(truncatingIfNeeded: id))
        let vcpu = Descriptor(Int32(truncatingIfNeeded: raw), of: descriptor.kernel)
        let page = try RunPage(vcpu, size: runSize)
        return VCPU(vcpu, page: page)
    }
}

extension Descriptor {
    /// `KVM_ENABLE_CAP`, of a VM or a vCPU.
    func enable(_ capability: Capability, _ argument: UInt64, _ second: UInt64) throws(KVMError) {
        var enable = kvm_enable_cap()
        enable.cap = capability.number
        enable.args.0 = argument
        enable.args.1 = second
        try request(.enableCapability, &enable)
    }
}
