#if arch(powerpc64le)
    internal import CKVM
    public import GuestMemory
    public import KVM

    /// The instruction by which PAPR guests call their hypervisor, `sc 1`.
    ///
    /// KVM-PR guests run in user state. Where their host is a guest itself, `sc 1` reaches the outer hypervisor, which
    /// refuses it, and KVM-PR is not told. It takes a reserved instruction for `sc 1`, so that guests can be adapted.
    public enum SystemCall1 {
        /// `sc 1`.
        static let word: UInt32 = 0x4400_0022
        /// What KVM-PR takes for it: primary opcode 31, extended opcode 308.
        public static let substitute: UInt32 = 0x7C00_0268

        /// Whether the hypercalls of guests arrive, which a guest of three instructions finds out.
        public static func works(on kvm: borrowing KVM) throws(KVMError) -> Bool {
            guard let memory = try? GuestMemory(size: memorySize) else { return false }
            // li r3,-0x1000; sc 1; std r3,0(r9); b .
            let code: [UInt32] = [0x3860_F000, word, 0xF869_0000, 0x4800_0000]
            for (index, word) in code.enumerated() { try? memory.store(word, at: 4 * UInt64(index)) }
            var vm = try kvm.createVM(.powerPCPR)
            try vm.setMemory(slot: 0, at: 0, memory)
            let vcpu = try vm.createVCPU(0)
            try vcpu.enterPAPR(hashTable: 0)
            var registers = try vcpu.registers()
            registers[gpr: 9] = memorySize
            registers.pc = 0
            registers.msr = MachineState.realMode
            try vcpu.setRegisters(registers)
            try vcpu.limitRun(nanoseconds: 1_000_000_000)
            defer { vcpu.endLimit() }
            switch try vcpu.run() {
            case .paprHypercall: return true
            default: return false
            }
        }

        /// A multiple of every host's page size.
        private static let memorySize: UInt64 = 64 << 10

        /// Replaces every `sc 1` in the code at `address`. How many there were.
        @discardableResult
        public static func replace(in memory: GuestMemory, at address: UInt64, size: UInt64, order: ByteOrder) -> Int {
            var replaced = 0
            guard address < memory.ram.size else { return 0 }
            let end = address + min(size, memory.ram.size - address)
            var position = (address + 3) & ~3
            while position + 4 <= end {
                if (try? memory.load(UInt32.self, at: position, order: order)) == word {
                    try? memory.store(substitute, at: position, order: order)
                    replaced += 1
                }
                position &+= 4
            }
            return replaced
        }
    }

    /// Machine states that a VMM starts code in.
    enum MachineState {
        /// 64-bit mode, big-endian, supervisor state, real mode, interrupts off, machine checks on.
        static let realMode: UInt64 = 1 << 63 | 1 << 12
    }

    extension VCPU {
        /// Makes it a vCPU of a PAPR guest, with the host's own processor and vectors at 0.
        ///
        /// - Parameter hashTable: SDR1: the host address of the hashed page table, a multiple of its size, and in the low bits the
        ///   logarithm of its size less 18; 0 for a guest that does not translate.
        func enterPAPR(hashTable: UInt64) throws(KVMError) {
            var special = try specialRegisters()
            special.u.s.sdr1 = hashTable
            try setSpecialRegisters(special)
            try enable(.papr)
            try setValue(of: .hior, to: 0)
        }
    }
#endif
