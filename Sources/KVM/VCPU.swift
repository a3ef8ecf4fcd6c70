public import CKVM

/// A vCPU of the kernel. Owns its descriptor and its run page.
public struct VCPU: ~Copyable {
    let descriptor: Descriptor
    let page: RunPage

    init(_ descriptor: Descriptor, page: RunPage) {
        self.descriptor = descriptor
        self.page = page
    }

    /// Runs the guest until the kernel needs the user.
    ///
    /// What an exit asks for is answered through the exit; the next run passes it on.
    @_lifetime(borrow self)
    public func run() throws(KVMError) -> VCPUExit {
        let result = descriptor.kernel.request(descriptor.raw, .run, 0)
        if result < 0 {
            guard -result == Errno.interrupted else {
                throw .failed(.run, errno: Int32(truncatingIfNeeded: -result))
            }
            return .interrupted
        }
        return exit()
    }

    /// Whether the next run returns at once, with ``VCPUExit/interrupted``; so does one that a signal interrupts.
    public var exitsImmediately: Bool {
        get { unsafe page.run.pointee.immediate_exit != 0 }
        nonmutating set { unsafe page.run.pointee.immediate_exit = newValue ? 1 : 0 }
    }

    /// Makes runs of other vCPUs and of this one on the calling thread end when ``kick(thread:)`` is called with the number
    /// that this returns.
    public static func acceptKicks() throws(KVMError) -> Int32 {
        let thread = ckvm_accept_kicks()
        guard thread > 0 else { throw .notLimited(errno: -thread) }
        return thread
    }

    /// Makes the run that the thread is in, or the next if it is in none, return with ``VCPUExit/interrupted``. Called by any
    /// thread. Runs return at once until ``exitsImmediately`` is cleared again.
    public func kick(thread: Int32) {
        exitsImmediately = true
        ckvm_kick(thread)
    }

    /// Makes a run on this thread return with ``VCPUExit/interrupted`` after that time, once. A thread limits one vCPU at a time.
    public func limitRun(nanoseconds: UInt64) throws(KVMError) {
        let result = unsafe ckvm_limit_run(ckvm_immediate_exit(page.run), nanoseconds)
        guard result == 0 else { throw .notLimited(errno: -result) }
    }

    /// Takes the limit back, on the thread that set it. To be called before the vCPU goes.
    public func endLimit() {
        ckvm_end_limit()
        exitsImmediately = false
    }

    // MARK: Registers

    /// The general registers.
    public func registers() throws(KVMError) -> kvm_regs {
        var registers = kvm_regs()
        try descriptor.request(.getRegisters, &registers)
        return registers
    }

    /// Sets the general registers.
    public func setRegisters(_ registers: kvm_regs) throws(KVMError) {
        try descriptor.request(.setRegisters, reading: registers)
    }

    /// The special registers: what the MMU and the processor's identity are made of.
    public func specialRegisters() throws(KVMError) -> kvm_sregs {
        var registers = kvm_sregs()
        try descriptor.request(.getSpecialRegisters, &registers)
        return registers
    }

    /// Sets the special registers.
    public func setSpecialRegisters(_ registers: kvm_sregs) throws(KVMError) {
        try descriptor.request(.setSpecialRegisters, reading: registers)
    }

    /// A register of at most 64 bits.
    public func value(of register: OneRegister) throws(KVMError) -> UInt64 {
        guard register.size <= 8 else { throw .badRegisterSize(register.size) }
        return try vector(of: register)[0]
    }

    /// Sets a register of at most 64 bits.
    public func setValue(of register: OneRegister, to value: UInt64) throws(KVMError) {
        guard register.size <= 8 else { throw .badRegisterSize(register.size) }
        try setVector(of: register, to: [value, 0])
    }

    /// A register of at most 128 bits, as the host's memory has it: the bytes of two words, zero behind the register's own.
    public func vector(of register: OneRegister) throws(KVMError) -> InlineArray<2, UInt64> {
        guard register.size <= 16 else { throw .badRegisterSize(register.size) }
        var value = InlineArray<2, UInt64>(repeating: 0)
        try access(register, .getOneRegister, &value)
        return value
    }

    /// Sets a register of at most 128 bits.
    public func setVector(of register: OneRegister, to value: InlineArray<2, UInt64>) throws(KVMError) {
        guard register.size <= 16 else { throw .badRegisterSize(register.size) }
        var value = value
        try access(register, .setOneRegister, &value)
    }

    private func access(
        _ register: OneRegister, _ request: Request, _ value: inout InlineArray<2, UInt64>
    ) throws(KVMError) {
        // SAFETY: the kernel moves as many bytes as the register has, which the callers hold to 16.
        try unsafe withUnsafeMutablePointer(to: &value) { pointer throws(KVMError) in
            let access = kvm_one_reg(id: register.id, addr: UInt64(UInt(bitPattern: pointer)))
            try descriptor.request(request, reading: access)
        }
    }

    // MARK: The rest

    /// Switches a capability of the vCPU on.
    public func enable(_ capability: Capability, _ argument: UInt64 = 0, _ second: UInt64 = 0) throws(KVMError) {
        try descriptor.enable(capability, argument, second)
    }

    /// Raises or clears an interrupt (`KVM_INTERRUPT`), whose number means what the processor makes of it.
    func interrupt(_ number: UInt32) throws(KVMError) {
        try descriptor.request(.interrupt, reading: kvm_interrupt(irq: number))
    }

    /// Which signals are blocked while the guest runs, a bit each from signal 1 on; nil for those of the thread.
    public func setSignalMask(_ mask: UInt64?) throws(KVMError) {
        guard let mask else {
            try descriptor.request(.setSignalMask)
            return
        }
        // struct kvm_signal_mask: the length, and the set behind it without padding.
        var words: InlineArray<3, UInt32> = [8, 0, 0]
        #if _endian(big)
            words[1] = UInt32(truncatingIfNeeded: mask >> 32)
            words[2] = UInt32(truncatingIfNeeded: mask)
        #else
            words[1] = UInt32(truncatingIfNeeded: mask)
            words[2] = UInt32(truncatingIfNeeded: mask >> 32)
        #endif
        try descriptor.request(.setSignalMask, &words)
    }
}

/// A register that is read and written by its number (`KVM_GET_ONE_REG`).
public struct OneRegister: Sendable {
    /// The number, which has the register's size in it.
    public let id: UInt64

    /// The register with this number.
    public init(id: UInt64) {
        self.id = id
    }

    /// Bytes of the register: the power of two in bits 55:52 (`KVM_REG_SIZE_MASK`).
    public var size: Int { 1 << Int(id >> 52 & 0xF) }
}
