import GuestMemory
import Hypercalls
import ParavirtABI
import Testing

@Suite struct X86HypercallTests {
    private let dispatcher = HypercallDispatcher<X86Machine>.x86()

    /// rax after a call in supervisor state.
    private func call(
        _ call: Hypercall, _ arguments: UInt64..., on machine: X86Machine, width: RegisterWidth = .bits64
    ) -> Int64 {
        var registers = TestRegisters([rax: UInt64(call.number)])
        for (index, value) in zip([rbx, rcx, rdx, rsi], arguments) { registers.setRegister(index, to: value) }
        let outcome = dispatcher.call(&registers, width: width, host: machine)
        #expect(outcome == .resume)
        return Int64(bitPattern: registers[rax])
    }

    @Test func `polling for interrupts succeeds`() throws {
        #expect(call(.kvmVAPICPollIRQ, on: try makeX86Machine()) == 0)
    }

    @Test(arguments: [Hypercall.kvmMMUOp, .kvmFeatures, .kvmMapMagicPage, .kvmMIPSExitVM])
    func `a call that x86 does not carry out answers -1000`(other: Hypercall) throws {
        #expect(call(other, on: try makeX86Machine()) == -1000)
    }

    @Test(arguments: [0, 13, 0x2A_0001, UInt64.max])
    func `an unknown number answers -1000`(number: UInt64) throws {
        var registers = TestRegisters([rax: number])
        let outcome = dispatcher.call(&registers, host: try makeX86Machine())
        let (result, written) = (registers[rax], registers.written)
        #expect(outcome == .resume)
        #expect(Int64(bitPattern: result) == -1000)
        #expect(written == [rax])
    }

    @Test func `outside long mode the answer is 32 bits wide`() throws {
        var registers = TestRegisters([rax: 13])
        _ = dispatcher.call(&registers, width: .bits32, host: try makeX86Machine())
        let result = registers[rax]
        #expect(result == UInt64(UInt32(bitPattern: -1000)))
    }

    @Test func `outside long mode the upper half of rax is no part of the number`() throws {
        var registers = TestRegisters([rax: 0xFFFF_FFFF_0000_0001])
        _ = dispatcher.call(&registers, width: .bits32, host: try makeX86Machine())
        let result = registers[rax]
        #expect(result == 0)
    }

    @Test func `in long mode the upper half of rax is part of the number`() throws {
        var registers = TestRegisters([rax: 0xFFFF_FFFF_0000_0001])
        _ = dispatcher.call(&registers, width: .bits64, host: try makeX86Machine())
        let result = registers[rax]
        #expect(Int64(bitPattern: result) == -1000)
    }

    @Test(arguments: [1, 9, 99] as [UInt64])
    func `user state gets -1 whatever it asks`(number: UInt64) throws {
        var registers = TestRegisters([rax: number])
        let outcome = dispatcher.call(&registers, isPrivileged: false, host: try makeX86Machine())
        let (result, written) = (registers[rax], registers.written)
        #expect(outcome == .resume)
        #expect(Int64(bitPattern: result) == -1)
        #expect(written == [rax])
    }

    // MARK: Kick and yield

    @Test func `a kick wakes the halted vCPU with the id`() throws {
        let machine = try makeX86Machine(apicIDs: [0, 4, 8])
        machine.halt(1)
        machine.halt(2)
        #expect(call(.kvmKickCPU, 0, 8, on: machine) == 0)
        #expect(machine.vcpus.map(\.isHalted) == [false, true, false])
    }

    @Test func `a kick before HLT ends that HLT`() throws {
        let machine = try makeX86Machine()
        #expect(call(.kvmKickCPU, 0, 1, on: machine) == 0)
        machine.halt(1)
        #expect(!machine.vcpus[1].isHalted)
        machine.halt(1)
        #expect(machine.vcpus[1].isHalted)
    }

    @Test func `a kick of nobody succeeds`() throws {
        #expect(call(.kvmKickCPU, 0, 77, on: try makeX86Machine()) == 0)
    }

    @Test func `a yield names the vCPU to run next, once`() throws {
        let machine = try makeX86Machine()
        #expect(call(.kvmSchedYield, 2, on: machine) == 0)
        #expect(machine.takeYieldTarget() == 2)
        #expect(machine.takeYieldTarget() == nil)
    }

    @Test(arguments: [0, 3, 99, 0x1_0000_0002] as [UInt64])
    func `a yield to itself, to a halted vCPU or to nobody is no yield`(id: UInt64) throws {
        let machine = try makeX86Machine()
        machine.halt(3)
        #expect(call(.kvmSchedYield, id, on: machine) == 0)
        #expect(machine.takeYieldTarget() == nil)
    }

    // MARK: Interprocessor interrupts

    @Test func `an IPI reaches the vCPUs with a bit and counts them`() throws {
        let machine = try makeX86Machine(apicIDs: [0, 1, 5, 70])
        machine.halt(2)
        // Ids count from 1: bit 0 is id 1, bit 4 id 5, bit 5 of the upper word id 70.
        #expect(call(.kvmSendIPI, 0b1_0001, 1 << 5, 1, 0x40FD, on: machine) == 3)
        #expect((0..<4).map { machine.vcpus[$0].takeVector() } == [nil, 0xFD, 0xFD, 0xFD])
        #expect(!machine.vcpus[2].isHalted)
    }

    @Test func `outside long mode the upper word starts 32 ids up`() throws {
        let machine = try makeX86Machine(apicIDs: [0, 33])
        #expect(call(.kvmSendIPI, 1, 0b10, 0, 0x30, on: machine, width: .bits32) == 2)
        #expect(machine.vcpus[1].takeVector() == 0x30)
    }

    @Test func `vCPUs are taken most urgent vector first`() throws {
        let machine = try makeX86Machine()
        for vector in [0x31, 0xF0, 0x80] as [UInt64] { _ = call(.kvmSendIPI, 1, 0, 0, vector, on: machine) }
        #expect((0..<4).map { _ in machine.vcpus[0].takeVector() } == [0xF0, 0x80, 0x31, nil])
    }

    @Test(arguments: [0x800, 0x4_0000, 0x8_0000, 0xC_0000] as [UInt64])
    func `a command that names its own destination is invalid`(bits: UInt64) throws {
        #expect(call(.kvmSendIPI, 1, 0, 0, 0x30 | bits, on: try makeX86Machine()) == -22)
    }

    @Test func `a disabled APIC takes no vector but takes an NMI`() throws {
        let machine = try makeX86Machine()
        machine.vcpus[1].isAPICEnabled = false
        #expect(call(.kvmSendIPI, 0b10, 0, 0, 0x30, on: machine) == 0)
        #expect(call(.kvmSendIPI, 0b10, 0, 0, 0x400, on: machine) == 1)
        #expect(machine.vcpus[1].hasPendingNMI)
    }

    @Test func `a deasserted level is not delivered`() throws {
        #expect(call(.kvmSendIPI, 1, 0, 0, 0x8030, on: try makeX86Machine()) == 0)
        #expect(call(.kvmSendIPI, 1, 0, 0, 0xC030, on: try makeX86Machine()) == 1)
    }

    @Test func `an INIT and a start-up wait for the vCPU`() throws {
        let machine = try makeX86Machine()
        #expect(call(.kvmSendIPI, 0b10, 0, 0, 0x4500, on: machine) == 1)
        #expect(call(.kvmSendIPI, 0b10, 0, 0, 0x4699, on: machine) == 1)
        #expect(machine.vcpus[1].hasPendingINIT)
        #expect(machine.vcpus[1].pendingStartup == 0x99)
    }

    @Test func `a bitmap beyond the highest id delivers nothing`() throws {
        #expect(call(.kvmSendIPI, .max, .max, 0x1000, 0x30, on: try makeX86Machine()) == 0)
    }

    @Test func `the upper word's ids wrap at 32 bits, as KVM's do`() throws {
        let machine = try makeX86Machine(apicIDs: [47, 48])
        #expect(call(.kvmSendIPI, .max, 1, 0xFFFF_FFF0, 0x30, on: machine) == 1)
        #expect(machine.vcpus[1].takeVector() == 0x30)
    }

    // MARK: Clock

    @Test func `clock pairing writes the whole structure`() throws {
        let machine = try makeX86Machine()
        try machine.memory.write([UInt8](repeating: 0xFF, count: 80), at: 0x1000)
        #expect(call(.kvmClockPairing, 0x1000, 0, on: machine) == 0)
        #expect(try machine.memory.load(Int64.self, at: 0x1000, order: .little) == 1_000_000_007)
        #expect(try machine.memory.load(Int64.self, at: 0x1008, order: .little) == 999_999_999)
        #expect(try machine.memory.load(UInt64.self, at: 0x1010, order: .little) == 0x1122_3344_5566_7788)
        #expect(try machine.memory.read(at: 0x1018, count: 40) == [UInt8](repeating: 0, count: 40))
        #expect(try machine.memory.load(UInt64.self, at: 0x1040, order: .little) == .max)
    }

    @Test func `clock pairing knows one clock`() throws {
        #expect(call(.kvmClockPairing, 0x1000, 1, on: try makeX86Machine()) == -95)
    }

    @Test func `clock pairing is not supported without a clock`() throws {
        let machine = try makeX86Machine { nil }
        #expect(call(.kvmClockPairing, 0x1000, 0, on: machine) == -95)
    }

    @Test(arguments: [0xF_FFC1, 0x10_0000, UInt64.max, UInt64.max - 63])
    func `clock pairing outside memory is a bad address and writes nothing`(address: UInt64) throws {
        let machine = try makeX86Machine()
        #expect(call(.kvmClockPairing, address, 0, on: machine) == -14)
        #expect(try machine.memory.load(UInt64.self, at: 0xF_FFF8) == 0)
    }

    // MARK: Private pages

    @Test func `pages become private and shared again`() throws {
        let machine = try makeX86Machine()
        #expect(call(.kvmMapGPARange, 0x3000, 70, 0x10, on: machine) == 0)
        #expect((0..<256).filter { machine.privatePages.contains($0) } == Array(3..<73))
        #expect(call(.kvmMapGPARange, 0x4000, 68, 0, on: machine) == 0)
        #expect((0..<256).filter { machine.privatePages.contains($0) } == [3, 72])
    }

    @Test(
        arguments: [
            (0x3001, 1, 0), (0x3000, 0, 0), (0x3000, UInt64.max, 0), (0xFFFF_FFFF_FFFF_F000, 1, 0), (0x3000, 1, 0x20),
            (0x3000, 1, 1 << 63), (0xF_F000, 2, 0), (0x10_0000, 1, 0),
        ] as [(UInt64, UInt64, UInt64)])
    func `a range that is not whole pages of memory is invalid`(address: UInt64, count: UInt64, bits: UInt64) throws {
        #expect(call(.kvmMapGPARange, address, count, bits, on: try makeX86Machine()) == -22)
    }

    @Test(arguments: [Hypercall.kvmKickCPU, .kvmSendIPI, .kvmSchedYield, .kvmMapGPARange])
    func `a call whose feature is not offered does not exist`(other: Hypercall) throws {
        #expect(call(other, 0, 1, on: try makeX86Machine(features: [])) == -1000)
    }
}
