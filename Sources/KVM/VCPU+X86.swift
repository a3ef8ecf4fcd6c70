#if arch(x86_64)
    internal import CKVM
    public import GuestMemory

    extension VCPU {
        /// Raises the interrupt with this vector, where no interrupt controller is in the kernel.
        public func inject(vector: UInt8) throws(KVMError) {
            try interrupt(UInt32(vector))
        }

        /// Puts the vCPU at `entry` in 64-bit mode, in supervisor state, with flat segments and the tables of ``FlatTables``.
        public func startFlat(entry: UInt64, stack: UInt64, tables: FlatTables) throws(KVMError) {
            try startFlat(entry: entry, stack: stack, root: tables.root)
        }

        /// Puts the vCPU at `entry` in 64-bit mode, in supervisor state, with flat segments and the page tables at `root`.
        public func startFlat(entry: UInt64, stack: UInt64, root: UInt64) throws(KVMError) {
            var special = try specialRegisters()
            var code = special.cs
            code.base = 0
            code.limit = .max
            code.selector = 8
            code.type = 0xB  // execute, read, accessed
            code.present = 1
            code.dpl = 0
            code.db = 0
            code.s = 1
            code.l = 1
            code.g = 1
            var data = code
            data.selector = 16
            data.type = 3  // read, write, accessed
            data.db = 1
            data.l = 0
            special.cs = code
            special.ds = data
            special.es = data
            special.fs = data
            special.gs = data
            special.ss = data
            special.cr3 = root
            special.cr4 = 1 << 5  // PAE
            special.cr0 = 1 << 31 | 1 << 16 | 1 << 5 | 1 << 4 | 1 << 1 | 1  // PG, WP, NE, ET, MP, PE
            special.efer = 1 << 8 | 1 << 10  // LME, LMA
            try setSpecialRegisters(special)
            var registers = kvm_regs()
            registers.rip = entry
            registers.rsp = stack
            registers.rflags = 2
            try setRegisters(registers)
        }
    }

    /// Page tables that map the first gigabyte to itself, in pages of 2 MiB.
    public struct FlatTables: Sendable {
        /// The real address of the top-level table.
        public let root: UInt64

        /// Bytes of the tables.
        public static let size: UInt64 = 3 * GuestMemory.pageSize

        /// Writes the tables at the page `address`; everything is writable and executable.
        public init(in memory: GuestMemory, at address: UInt64) throws(GuestMemoryError) {
            let present: UInt64 = 3  // present, writable
            let large: UInt64 = 1 << 7
            try memory.store(address + GuestMemory.pageSize | present, at: address, order: .little)
            let directories = address + GuestMemory.pageSize
            try memory.store(address + 2 * GuestMemory.pageSize | present, at: directories, order: .little)
            for index in 0..<UInt64(512) {
                try memory.store(
                    index << 21 | present | large, at: address + 2 * GuestMemory.pageSize + 8 * index, order: .little)
            }
            root = address
        }
    }
#endif
