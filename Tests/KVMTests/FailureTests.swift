import CKVM
import GuestMemory
import KVM
import Testing

/// Every system call is made to fail once: the error names it, and nothing stays open.
@Suite struct FailureTests {
    /// What uses a request, from the opening on.
    struct Use: CustomTestStringConvertible, Sendable {
        let request: String
        let body: @Sendable (borrowing KVM) throws -> Void

        init(_ request: String, _ body: @escaping @Sendable (borrowing KVM) throws -> Void) {
            self.request = request
            self.body = body
        }

        var testDescription: String { request }
    }

    static func vcpu(_ kvm: borrowing KVM) throws -> VCPU { try kvm.createVM().createVCPU(0) }

    static let uses = [
        Use("KVM_GET_API_VERSION") { _ in },
        Use("KVM_GET_VCPU_MMAP_SIZE") { _ in },
        Use("KVM_CHECK_EXTENSION") { kvm in _ = try kvm.check(.immediateExit) },
        Use("KVM_CREATE_VM") { kvm in _ = try kvm.createVM(.powerPCPR) },
        Use("KVM_CHECK_EXTENSION") { kvm in _ = try kvm.createVM().isPR() },
        Use("KVM_SET_USER_MEMORY_REGION") { kvm in
            var vm = try kvm.createVM()
            try vm.setMemory(slot: 0, at: 0, GuestMemory(size: 1 << 20))
        },
        Use("KVM_SET_USER_MEMORY_REGION") { kvm in
            var vm = try kvm.createVM()
            try vm.removeMemory(slot: 0)
        },
        Use("KVM_PPC_GET_PVINFO") { kvm in _ = try kvm.createVM().pvInfo() },
        Use("KVM_PPC_GET_SMMU_INFO") { kvm in _ = try kvm.createVM().smmuInfo() },
        Use("KVM_ENABLE_CAP") { kvm in try kvm.createVM().enable(.enableHypercall, 0x3C, 1) },
        Use("KVM_CREATE_VCPU") { kvm in _ = try kvm.createVM().createVCPU(1) },
        Use("KVM_ENABLE_CAP") { kvm in try vcpu(kvm).enable(.papr) },
        Use("KVM_RUN") { kvm in
            let vcpu = try vcpu(kvm)
            _ = try vcpu.run()
        },
        Use("KVM_GET_REGS") { kvm in _ = try vcpu(kvm).registers() },
        Use("KVM_SET_REGS") { kvm in try vcpu(kvm).setRegisters(.init()) },
        Use("KVM_GET_SREGS") { kvm in _ = try vcpu(kvm).specialRegisters() },
        Use("KVM_SET_SREGS") { kvm in try vcpu(kvm).setSpecialRegisters(.init()) },
        Use("KVM_GET_ONE_REG") { kvm in _ = try vcpu(kvm).value(of: OneRegister(id: 0x1030_0000_0000_0001)) },
        Use("KVM_SET_ONE_REG") { kvm in try vcpu(kvm).setValue(of: OneRegister(id: 0x1030_0000_0000_0001), to: 0) },
        Use("KVM_SET_SIGNAL_MASK") { kvm in try vcpu(kvm).setSignalMask(1) },
        Use("KVM_CREATE_DEVICE") { kvm in _ = try kvm.createVM().createXICS() },
        Use("KVM_SET_DEVICE_ATTR") { kvm in try kvm.createVM().createXICS().addSource(0x1000, isLevel: true) },
        Use("KVM_PPC_RTAS_DEFINE_TOKEN") { kvm in
            try kvm.createVM().createXICS().defineToken(0x2000, name: "ibm,set-xive")
        },
        Use("KVM_IRQ_LINE") { kvm in try kvm.createVM().createXICS().setSource(0x1000, asserted: true) },
        Use("KVM_ENABLE_CAP") { kvm in
            let vm = try kvm.createVM()
            try vm.createXICS().addServer(0, try vm.createVCPU(0))
        },
        Use("KVM_SET_SIGNAL_MASK") { kvm in try vcpu(kvm).setSignalMask(nil) },
    ]

    @Test(arguments: uses) func `a request that fails is named with its errno, and everything is closed`(use: Use) {
        let kernel = FaultyKernel(fault: .init(call: use.request, errno: 22))
        let error = #expect(throws: KVMError.self) {
            let kvm = try KVM(kernel: kernel)
            try use.body(kvm)
        }
        #expect(error.map { "\($0)" } == "\(use.request) failed: Invalid argument (errno 22)")
        #expect(kernel.openDescriptors == 0)
        #expect(kernel.mappings == 0)
    }

    @Test(arguments: uses) func `the same use works where nothing fails, and makes the request`(use: Use) throws {
        let kernel = FaultyKernel()
        do {
            let kvm = try KVM(kernel: kernel)
            try use.body(kvm)
        }
        #expect(kernel.calls.contains(use.request))
        #expect(kernel.openDescriptors == 0)
        #expect(kernel.mappings == 0)
    }

    @Test(arguments: uses.filter { $0.request != "KVM_RUN" })
    func `a request that a signal interrupts is made again`(use: Use) throws {
        let kernel = FaultyKernel(fault: .init(call: use.request, errno: 4, count: 3))
        let kvm = try KVM(kernel: kernel)
        try use.body(kvm)
        #expect(kernel.calls.filter { $0 == use.request }.count >= 4)
    }

    @Test func `a run that a signal interrupts is an exit`() throws {
        let kernel = FaultyKernel(fault: .init(call: "KVM_RUN", errno: 4))
        let vcpu = try Self.vcpu(try KVM(kernel: kernel))
        let isInterrupted: Bool
        switch try vcpu.run() {
        case .interrupted: isInterrupted = true
        default: isInterrupted = false
        }
        #expect(isInterrupted)
    }

    @Test(arguments: [
        (2, "there is no /dev/kvm"), (19, "there is no /dev/kvm"), (13, "/dev/kvm may not be opened by this user"),
        (24, "/dev/kvm cannot be opened: Too many open files (errno 24)"),
    ])
    func `a device that does not open says why`(errno: Int32, message: String) {
        let error = #expect(throws: KVMError.self) {
            _ = try KVM(kernel: FaultyKernel(fault: .init(call: "open", errno: errno)))
        }
        #expect(error.map { "\($0)" } == message)
    }

    @Test func `a run page that does not map says so, and the vCPU is closed`() {
        let kernel = FaultyKernel(fault: .init(call: "mmap", errno: 12))
        let error = #expect(throws: KVMError.self) { _ = try Self.vcpu(try KVM(kernel: kernel)) }
        #expect(error.map { "\($0)" } == "the run page of a vCPU cannot be mapped: Cannot allocate memory (errno 12)")
        #expect(kernel.openDescriptors == 0)
    }

    @Test func `another version of the interface is refused`() {
        let inner = EmptyKernel()
        inner.answers["KVM_GET_API_VERSION"] = 11
        let kernel = FaultyKernel(inner)
        let error = #expect(throws: KVMError.self) { _ = try KVM(kernel: kernel) }
        #expect(error.map { "\($0)" } == "KVM has version 11 of its interface; 12 is needed")
        #expect(kernel.openDescriptors == 0)
    }

    @Test func `a run page too small for its structure is refused`() {
        let inner = EmptyKernel()
        inner.answers["KVM_GET_VCPU_MMAP_SIZE"] = 64
        let error = #expect(throws: KVMError.self) { _ = try KVM(kernel: inner) }
        #expect(error.map { "\($0)" } == "KVM says that a vCPU's run page has 64 bytes, which is too few")
    }

    @Test func `a register that is wider than the value is refused before the kernel sees it`() throws {
        let kernel = FaultyKernel()
        let vcpu = try Self.vcpu(try KVM(kernel: kernel))
        let wide = OneRegister(id: 0x1050_0000_0000_0000)  // 32 bytes
        #expect(throws: KVMError.self) { _ = try vcpu.vector(of: wide) }
        #expect(throws: KVMError.self) { try vcpu.setValue(of: OneRegister(id: 0x1040_0000_0000_0000), to: 1) }
        #expect(!kernel.calls.contains("KVM_GET_ONE_REG"))
        #expect(!kernel.calls.contains("KVM_SET_ONE_REG"))
    }
}
