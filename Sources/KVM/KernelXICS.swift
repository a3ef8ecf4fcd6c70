internal import CKVM

/// PAPR's interrupt controller in the kernel (`KVM_DEV_TYPE_XICS`). Owns the device's descriptor, and is there as long as it is.
///
/// It answers the calls of presenters, which are in vCPUs, and RTAS's about sources: neither arrives at the user any more.
public struct KernelXICS: ~Copyable {
    private let device: Descriptor
    private let vm: Descriptor

    fileprivate init(_ device: Descriptor, of vm: Descriptor) {
        self.device = device
        self.vm = vm
    }

    /// Makes source `number` one that takes messages, or follows a level: switched off, for server 0.
    public func addSource(_ number: Int, isLevel: Bool) throws(KVMError) {
        var state = Self.leastPriority << ckvm_xics_priority_shift | (isLevel ? ckvm_xics_level : 0)
        // SAFETY: the kernel reads 64 bits at the address during the request.
        try unsafe withUnsafeMutablePointer(to: &state) { pointer throws(KVMError) in
            _ = try device.request(
                .setDeviceAttribute,
                reading: kvm_device_attr(
                    flags: 0, group: ckvm_xics_sources, attr: UInt64(truncatingIfNeeded: number),
                    addr: UInt64(UInt(bitPattern: pointer))))
        }
    }

    /// The priority that is never delivered.
    private static let leastPriority: UInt64 = 0xFF

    /// Makes `vcpu` the server of that number. Before it runs.
    public func addServer(_ number: Int, _ vcpu: borrowing VCPU) throws(KVMError) {
        try vcpu.enable(.xics, UInt64(UInt32(bitPattern: device.raw)), UInt64(truncatingIfNeeded: number))
    }

    /// Sets a level's input; for a message, `true` is one message.
    public func setSource(_ number: Int, asserted: Bool) throws(KVMError) {
        var level = kvm_irq_level()
        level.irq = UInt32(truncatingIfNeeded: number)
        level.level = asserted ? 1 : 0
        try vm.request(.setInterruptLine, reading: level)
    }

    /// Makes the kernel answer the RTAS call of this name, one of the four about sources, when it is made by this token.
    public func defineToken(_ token: UInt32, name: StaticString) throws(KVMError) {
        var arguments = kvm_rtas_token_args()
        arguments.token = UInt64(token)
        unsafe withUnsafeMutableBytes(of: &arguments.name) { room in
            for (place, byte) in name.description.utf8.prefix(room.count - 1).enumerated() { unsafe room[place] = byte }
        }
        try vm.request(.defineRTASToken, reading: arguments)
    }
}

extension VM {
    /// Whether the kernel can have the VM's interrupt controller.
    public func hasXICS() throws(KVMError) -> Bool {
        guard try check(.xics) != 0, try check(.rtas) != 0 else { return false }
        return try check(.deviceControl) != 0
    }

    /// Makes the VM's interrupt controller, which has no sources and no servers.
    public func createXICS() throws(KVMError) -> KernelXICS {
        var request = kvm_create_device()
        request.type = KVM_DEV_TYPE_XICS.rawValue
        try descriptor.request(.createDevice, &request)
        return KernelXICS(Descriptor(Int32(bitPattern: request.fd), of: descriptor.kernel), of: descriptor)
    }
}
