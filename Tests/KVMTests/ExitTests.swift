import KVM
import Testing

/// Run pages as the kernel leaves them (`struct kvm_run` of `linux/kvm.h`: the reason at byte 8, its data from byte 32 on).
@Suite struct ExitTests {
    /// A vCPU whose run page holds an exit's reason and data.
    private func vcpu(reason: UInt8, _ data: [UInt8]) throws -> VCPU {
        let kernel = EmptyKernel()
        kernel.page = [8: [reason], 32: data]
        return try KVM(kernel: kernel).createVM().createVCPU(0)
    }

    /// An exit in plain text.
    private func describe(_ vcpu: borrowing VCPU) throws -> String {
        switch try vcpu.run() {
        case .mmioRead(let address, let data): "read \(address) \(data.count)"
        case .mmioWrite(let address, let data): "write \(address) \(data.count) \(data.bigEndian) \(data.littleEndian)"
        case .portRead(let port, let count, let data): "in \(port) \(count) \(data.count)"
        case .portWrite(let port, let count, let data): "out \(port) \(count) \(data.count) \(data.littleEndian)"
        case .paprHypercall(let call): "papr \(call.number) \(call[0]) \(call[8]) \(call[9])"
        case .halt: "halt"
        case .shutdown: "shutdown"
        case .interrupted: "interrupted"
        case .failedEntry(let reason): "failed entry \(reason)"
        case .internalError(let suberror): "internal error \(suberror)"
        case .systemEvent(let type): "system event \(type)"
        case .unknown(let reason): "unknown \(reason)"
        }
    }

    private static func little(_ value: UInt64, _ bytes: Int) -> [UInt8] {
        (0..<bytes).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    @Test(arguments: [
        // KVM_EXIT_MMIO: address, data, length, is_write.
        (6, little(0x1000, 8) + [1, 2, 3, 4, 0, 0, 0, 0] + little(4, 4) + [1], "write 4096 4 16909060 67305985"),
        (6, little(0x2000, 8) + little(0, 8) + little(2, 4) + [0], "read 8192 2"),
        // A length that no access has stays within the data.
        (6, little(0x2000, 8) + little(0, 8) + little(0xFFFF_FFFF, 4) + [0], "read 8192 8"),
        // KVM_EXIT_IO: direction, size, port, count, offset of the data.
        (2, [1, 1] + little(0x3F8, 2) + little(1, 4) + little(4096, 8), "out 1016 1 1 0"),
        (2, [0, 4] + little(0xCF8, 2) + little(2, 4) + little(4096, 8), "in 3320 2 8"),
        // Data outside the page are none.
        (2, [1, 1] + little(0x3F8, 2) + little(1, 4) + little(12288, 8), "unknown 2"),
        (2, [1, 4] + little(0x3F8, 2) + little(0xFFFF_FFFF, 4) + little(4096, 8), "unknown 2"),
        // KVM_EXIT_PAPR_HCALL: number, status, r4 to r12.
        (
            19, little(0x58, 8) + little(0, 8) + little(7, 8) + [UInt8](repeating: 0, count: 56) + little(9, 8),
            "papr 88 7 9 0"
        ),
        (5, [], "halt"), (8, [], "shutdown"), (10, [], "interrupted"), (9, little(3, 8), "failed entry 3"),
        (17, little(2, 4), "internal error 2"), (24, little(1, 4), "system event 1"), (200, [], "unknown 200"),
    ])
    func `an exit is what its run page says`(reason: UInt8, data: [UInt8], text: String) throws {
        let exit = try describe(try vcpu(reason: reason, data))
        #expect(exit == text)
    }

    @Test func `data given to an exit stay in the run page in the byte order asked for`() throws {
        let vcpu = try vcpu(reason: 6, Self.little(0x2000, 8) + Self.little(0, 8) + Self.little(4, 4) + [0])
        if case .mmioRead(_, let data) = try vcpu.run() { data.bigEndian = 0x0102_0304 }
        var bytes: [UInt8] = []
        if case .mmioRead(_, let data) = try vcpu.run() { bytes = (0..<5).map { data[$0] } }
        #expect(bytes == [1, 2, 3, 4, 0])
    }

    @Test func `a PAPR call's status and outputs stay in the run page, and no more of it changes`() throws {
        let vcpu = try vcpu(reason: 19, Self.little(0x58, 8))
        if case .paprHypercall(let call) = try vcpu.run() {
            call.status = UInt64(bitPattern: -2)
            call[0] = 5
            call[9] = 6
            call[-1] = 7
        }
        let exit = try describe(vcpu)
        #expect(exit == "papr 88 5 0 0")
    }

    @Test func `the immediate exit is the byte that the kernel reads`() throws {
        let kernel = EmptyKernel()
        kernel.page = [1: [1]]
        let vcpu = try KVM(kernel: kernel).createVM().createVCPU(0)
        let before = vcpu.exitsImmediately
        vcpu.exitsImmediately = false
        let after = vcpu.exitsImmediately
        #expect(before)
        #expect(!after)
    }
}
