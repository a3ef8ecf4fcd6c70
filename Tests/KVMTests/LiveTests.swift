import CKVM
import GuestMemory
import KVM
import Testing

#if arch(x86_64)
    /// The host's own KVM, where there is one.
    enum HostKVM {
        /// Why it cannot be used; nil where it can.
        static let missing: String? = {
            do throws(KVMError) {
                let kvm = try KVM()
                let vm = try kvm.createVM()
                _ = try vm.createVCPU(0)
                return nil
            } catch {
                return "\(error)"
            }
        }()
    }

    @Suite(.enabled(if: HostKVM.missing == nil, "KVM cannot be used here: \(HostKVM.missing ?? "")"))
    struct LiveTests {
        /// A VM of 1 MiB with `code` at 0x8000, in 64-bit mode with flat tables.
        private func withGuest(
            _ code: [UInt8], kernel: any KernelInterface = HostKernel(),
            _ body: (borrowing VCPU, GuestMemory) throws -> Void
        ) throws {
            let memory = try GuestMemory(size: 1 << 20)
            try memory.write(code, at: 0x8000)
            let kvm = try KVM(kernel: kernel)
            var vm = try kvm.createVM()
            try vm.setMemory(slot: 0, at: 0, memory)
            let vcpu = try vm.createVCPU(0)
            try vcpu.startFlat(entry: 0x8000, stack: 0x8000, tables: try FlatTables(in: memory, at: 0x1000))
            // No guest may keep a test for ever, whatever the kernel makes of it.
            try vcpu.limitRun(nanoseconds: 10_000_000_000)
            defer { vcpu.endLimit() }
            try body(vcpu, memory)
        }

        private func text(_ vcpu: borrowing VCPU) throws -> String {
            switch try vcpu.run() {
            case .portWrite(let port, _, let data): "out \(port) \(data.littleEndian)"
            case .portRead(let port, _, let data):
                {
                    data.littleEndian = 0x55
                    return "in \(port)"
                }()
            case .mmioWrite(let address, let data): "write \(address) \(data.littleEndian)"
            case .mmioRead(let address, let data):
                {
                    data.littleEndian = 0x1122_3344_5566_7788
                    return "read \(address)"
                }()
            case .halt: "halt"
            case .interrupted: "interrupted"
            case .shutdown: "shutdown"
            default: "something else"
            }
        }

        /// The next exit is this one.
        private func expect(
            _ vcpu: borrowing VCPU, _ wanted: String, sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let exit = try text(vcpu)
            #expect(exit == wanted, sourceLocation: sourceLocation)
        }

        @Test func `a flat 64-bit guest reaches ports and device memory, and halts`() throws {
            let code: [UInt8] = [
                0x48, 0xB8, 0xF0, 0xDE, 0xBC, 0x9A, 0x78, 0x56, 0x34, 0x12,  // movabs rax, 0x123456789abcdef0
                0x48, 0xC1, 0xE8, 0x20,  // shr rax, 32: 0x12345678, which a 32-bit guest has not
                0x66, 0xBA, 0xF8, 0x03,  // mov dx, 0x3f8
                0xEF,  // out dx, eax
                0xEC,  // in al, dx
                0xE6, 0x80,  // out 0x80, al
                0xB9, 0x00, 0x00, 0x00, 0x10,  // mov ecx, 0x10000000, where no memory is
                0x48, 0x8B, 0x19,  // mov rbx, [rcx]
                0x48, 0xFF, 0xC3,  // inc rbx
                0x48, 0x89, 0x59, 0x08,  // mov [rcx+8], rbx
                0xF4,  // hlt
            ]
            try withGuest(code) { vcpu, _ in
                var exits: [String] = []
                while exits.last != "halt", exits.count < 10 { exits.append(try text(vcpu)) }
                #expect(
                    exits == [
                        "out 1016 305419896", "in 1016", "out 128 85", "read 268435456",
                        "write 268435464 \(0x1122_3344_5566_7789)", "halt",
                    ])
                let rbx = try vcpu.registers().rbx
                #expect(rbx == 0x1122_3344_5566_7789)
            }
        }

        @Test func `a guest that loops ends at the limit, and goes on afterwards`() throws {
            try withGuest([0xEB, 0xFE]) { vcpu, _ in  // jmp to itself
                try vcpu.limitRun(nanoseconds: 20_000_000)
                try expect(vcpu, "interrupted")
                let atLimit = vcpu.exitsImmediately
                vcpu.endLimit()
                let afterwards = vcpu.exitsImmediately
                #expect(atLimit)
                #expect(!afterwards)
                let rip = try vcpu.registers().rip
                #expect(rip == 0x8000)
            }
        }

        @Test func `an immediate exit returns before the first instruction`() throws {
            try withGuest([0xF4]) { vcpu, _ in
                vcpu.exitsImmediately = true
                try expect(vcpu, "interrupted")
                let rip = try vcpu.registers().rip
                #expect(rip == 0x8000)
                vcpu.exitsImmediately = false
                try expect(vcpu, "halt")
            }
        }

        @Test func `a guest without an exception table shuts down`() throws {
            try withGuest([0x0F, 0x0B]) { vcpu, _ in try expect(vcpu, "shutdown") }  // ud2
        }

        @Test func `a real request can be forced to fail`() throws {
            let kernel = FaultyKernel(HostKernel(), fault: .init(call: "KVM_RUN", errno: 14))
            try withGuest([0xF4], kernel: kernel) { vcpu, _ in
                let error = #expect(throws: KVMError.self) { _ = try text(vcpu) }
                #expect(error.map { "\($0)" } == "KVM_RUN failed: Bad address (errno 14)")
            }
            #expect(kernel.openDescriptors == 0)
            #expect(kernel.mappings == 0)
        }

        @Test func `removed memory is device memory`() throws {
            let memory = try GuestMemory(size: 1 << 20)
            let kvm = try KVM()
            var vm = try kvm.createVM()
            try vm.setMemory(slot: 0, at: 0, memory)
            try vm.setMemory(slot: 1, at: 1 << 28, try GuestMemory(size: 1 << 16))
            try vm.removeMemory(slot: 1)
            // mov eax, [0x10000000]; hlt
            try memory.write([0x8B, 0x04, 0x25, 0, 0, 0, 0x10, 0xF4], at: 0x8000)
            let vcpu = try vm.createVCPU(0)
            try vcpu.startFlat(entry: 0x8000, stack: 0x8000, tables: try FlatTables(in: memory, at: 0x1000))
            try expect(vcpu, "read \(1 << 28)")
        }
    }
#endif
