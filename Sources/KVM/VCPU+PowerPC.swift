#if arch(powerpc64le) || arch(powerpc64)
    public import CKVM

    extension VCPU {
        /// The external interrupt of a PowerPC vCPU.
        public enum ExternalInterrupt: Sendable {
            /// Asserted until the guest takes it.
            case edge
            /// Asserted until it is cleared.
            case level
            /// Cleared.
            case clear
        }

        /// Asserts or clears the external interrupt.
        public func setExternalInterrupt(_ state: ExternalInterrupt) throws(KVMError) {
            switch state {
            case .edge: try interrupt(ckvm_interrupt_set)
            case .level: try interrupt(ckvm_interrupt_set_level)
            case .clear: try interrupt(ckvm_interrupt_unset)
            }
        }
    }

    extension OneRegister {
        /// Where a Book3S guest's interrupt vectors are. 0xfff00000 from the start on 64-bit processors.
        public static var hior: OneRegister { OneRegister(id: ckvm_reg_hior) }
        /// The logical partition's control: of it KVM-PR keeps ILE, whether interrupts switch to little-endian.
        public static var lpcr: OneRegister { OneRegister(id: ckvm_reg_lpcr) }
        /// The data address of the last storage interrupt.
        public static var dar: OneRegister { OneRegister(id: ckvm_reg_dar) }
        /// Why the last storage interrupt was.
        public static var dsisr: OneRegister { OneRegister(id: ckvm_reg_dsisr) }
        /// Floating-point status and control.
        public static var fpscr: OneRegister { OneRegister(id: ckvm_reg_fpscr) }
        /// Vector register `number`, 128 bits.
        public static func vector(_ number: Int) -> OneRegister {
            OneRegister(id: ckvm_reg_vr0 + UInt64(number & 31))
        }
    }

    extension kvm_regs {
        /// General-purpose register `number`.
        public subscript(gpr number: Int) -> UInt64 {
            get {
                // SAFETY: the array of C has 32 elements, and the number is cut to that.
                unsafe withUnsafeBytes(of: gpr) { unsafe $0.load(fromByteOffset: (number & 31) * 8, as: UInt64.self) }
            }
            set {
                unsafe withUnsafeMutableBytes(of: &gpr) {
                    unsafe $0.storeBytes(of: newValue, toByteOffset: (number & 31) * 8, as: UInt64.self)
                }
            }
        }
    }
#endif
