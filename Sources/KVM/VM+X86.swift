#if arch(x86_64)
    internal import CKVM

    extension VM {
        /// Puts interrupt controllers into the kernel: the local APICs of vCPUs made afterwards, an I/O APIC and the old pair.
        /// The kernel then keeps what halts to itself.
        public func createInterruptControllers() throws(KVMError) {
            try descriptor.request(.createInterruptControllers)
        }
    }

    extension VCPU {
        /// Lets a vCPU run that would wait for another one to start it.
        public func makeRunnable() throws(KVMError) {
            try descriptor.request(.setMPState, reading: kvm_mp_state(mp_state: UInt32(KVM_MP_STATE_RUNNABLE)))
        }
    }

    extension KVM {
        /// Offers `vcpu` all of CPUID that this KVM supports, its own leaves included.
        ///
        /// - Parameter apicID: the id of the vCPU's local APIC, below 256.
        public func offerCPUID(to vcpu: borrowing VCPU, apicID: UInt8) throws(KVMError) {
            let result = ckvm_offer_cpuid(device.raw, vcpu.descriptor.raw, UInt32(apicID))
            guard result >= 0 else { throw .failed(.setCPUID, errno: Int32(truncatingIfNeeded: -result)) }
        }
    }

    extension Request {
        static var createInterruptControllers: Request { Request("KVM_CREATE_IRQCHIP", ckvm_create_irqchip) }
        static var setMPState: Request { Request("KVM_SET_MP_STATE", ckvm_set_mp_state) }
        static var setCPUID: Request { Request("KVM_SET_CPUID2", 0) }
    }
#endif
