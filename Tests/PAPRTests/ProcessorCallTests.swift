import Devices
import GuestMemory
import Hypercalls
import Machines
import PAPR
import ParavirtABI
import PowerPC
import Testing
import VMM

@Suite struct ProcessorCallTests {
    @Test(arguments: Hypercall.paprCalls)
    func `no call is for user state`(call: Hypercall) throws {
        let partition = try Partition()
        #expect(partition.status(call, isPrivileged: false) == .privilege)
        #expect(partition.machine.outcome == nil)
        #expect(partition.machine.hypercallCounts.refusals(of: call, .failure(.notPermitted)) == 1)
    }

    @Test(arguments: [0, 1, 3, 5, 0xEFFC, 0xF003, 0x1_0000_0004, UInt64.max])
    func `an unknown number is no function`(number: UInt64) throws {
        let partition = try Partition()
        #expect(partition.call(number: number, []).status == PAPRStatus.function.rawValue)
        #expect(partition.machine.hypercallCounts.unknown == 1)
    }

    @Test func `in 32-bit mode the upper halves of registers do not count`() throws {
        let partition = try Partition()
        partition.cpus[0].is64Bit = false
        #expect(partition.call(number: 0xDEAD_BEEF_0000_0024, [0x1_2345_6789]).status == 0)
        #expect(partition.cpus[0].sprg0 == 0x2345_6789)
    }

    // MARK: Waiting

    @Test func `a vCPU that cedes waits`() throws {
        let partition = try Partition()
        #expect(partition.status(.cede) == .success)
        #expect(partition.cpus[0].events.last == "cede")
    }

    @Test func `a prod wakes, and is remembered for a vCPU that does not wait`() throws {
        let partition = try Partition()
        #expect(partition.status(.prod, 1) == .success)
        #expect(partition.cpus[1].events == ["prod"])
        #expect(partition.status(.cede, vcpu: 1) == .success)
        #expect(partition.cpus[1].events == ["prod", "cede", "prod"])
        #expect(partition.status(.cede, vcpu: 1) == .success)
        #expect(partition.cpus[1].events.last == "cede")
    }

    @Test(arguments: [2, 0xFFFF_FFFF, UInt64.max])
    func `nobody prods a vCPU that does not exist`(number: UInt64) throws {
        #expect(try Partition().status(.prod, number) == .parameter)
    }

    @Test(arguments: [(UInt64(0), PAPRStatus.success), (1, .success), (.max, .success), (2, .parameter)])
    func `time can be given to a vCPU or to all`(number: UInt64, status: PAPRStatus) throws {
        #expect(try Partition().status(.confer, number, 0) == status)
    }

    @Test func `all are 32 ones in a narrow mode`() throws {
        let partition = try Partition()
        partition.cpus[0].is64Bit = false
        #expect(partition.status(.confer, 0xFFFF_FFFF, 0) == .success)
        partition.cpus[0].is64Bit = true
        #expect(partition.status(.confer, 0xFFFF_FFFF, 0) == .parameter)
    }

    @Test func `ePAPR's idle waits without enabling interrupts`() throws {
        let partition = try Partition()
        partition.cpus[0].registers[11] = UInt64(try #require(Hypercall.idle.token))
        partition.machine.handle(.hypercall, of: partition.cpus[0])
        #expect(partition.cpus[0].registers[3] == 0)
        #expect(partition.cpus[0].events.last == "wait")
    }

    // MARK: Shared areas

    private static func area(_ partition: Partition, at address: UInt64, size: UInt64 = 640) throws {
        try partition.memory.store(UInt16(truncatingIfNeeded: size), at: address + 4)
    }

    @Test func `the areas are registered in order, and withdrawn in reverse`() throws {
        let partition = try Partition()
        try Self.area(partition, at: 0x10_0000)
        try partition.memory.store(UInt32(0x10), at: 0x10_1004)
        try partition.memory.store(UInt32(0x1000), at: 0x10_2004)
        func request(_ request: PAPRAreaRequest, _ address: UInt64 = 0) -> PAPRStatus? {
            partition.status(.registerVPA, request.flags, 1, address)
        }
        #expect(request(.registerSLBShadow, 0x10_1000) == .resource)
        #expect(request(.registerTraceLog, 0x10_2000) == .resource)
        #expect(request(.registerVPA, 0x10_0000) == .success)
        #expect(request(.registerSLBShadow, 0x10_1000) == .success)
        #expect(request(.withdrawVPA) == .resource)
        #expect(request(.registerTraceLog, 0x10_2000) == .success)
        #expect(request(.withdrawSLBShadow) == .success)
        #expect(request(.withdrawVPA) == .resource)
        #expect(request(.withdrawTraceLog) == .success)
        #expect(request(.withdrawVPA) == .success)
        #expect(partition.machine.processorAreas[1] == partition.machine.processorAreas[0])
    }

    /// What is registered where, with which size, and the answer.
    static let areas: [(request: PAPRAreaRequest, address: UInt64, size: UInt64, status: PAPRStatus)] = [
        (.registerVPA, 0, 640, .hardware), (.registerVPA, 0x10_0040, 640, .parameter),
        (.registerVPA, 0x10_0000, 639, .parameter), (.registerVPA, 0x10_0E00, 640, .parameter),
        (.registerVPA, Partition.memorySize, 640, .parameter), (.registerVPA, .max & ~127, 640, .parameter),
        (.registerVPA, Partition.memorySize - 0x80, 640, .parameter),
        (.registerSLBShadow, 0, 0x10, .hardware), (.registerSLBShadow, 0x10_0000, 7, .parameter),
        (.registerSLBShadow, 0x10_0F80, 0x81, .parameter), (.registerSLBShadow, .max, 8, .parameter),
        (.registerTraceLog, 0, 48, .hardware), (.registerTraceLog, 0x10_0000, 47, .parameter),
        (.registerTraceLog, 0x10_0000, 0xFFFF_FFFF, .parameter), (.registerTraceLog, .max - 8, 48, .parameter),
    ]

    @Test(arguments: areas)
    func `an area that is none is refused`(
        request: PAPRAreaRequest, address: UInt64, size: UInt64, status: PAPRStatus
    ) throws {
        let partition = try Partition()
        try Self.area(partition, at: 0x20_0000)
        partition.call(.registerVPA, PAPRAreaRequest.registerVPA.flags, 0, 0x20_0000)
        if request == .registerVPA {
            try? partition.memory.store(UInt16(truncatingIfNeeded: size), at: address &+ 4)
        } else {
            try? partition.memory.store(UInt32(truncatingIfNeeded: size), at: address &+ 4)
        }
        #expect(partition.status(.registerVPA, request.flags, 0, address) == status)
    }

    private static let unknownRequests: [UInt64] = [0, 4 << 45, 1 << 45 | 1, 9 << 45, .max]

    @Test(arguments: unknownRequests)
    func `a request that PAPR does not have is refused`(flags: UInt64) throws {
        let partition = try Partition()
        try Self.area(partition, at: 0x10_0000)
        #expect(partition.status(.registerVPA, flags, 0, 0x10_0000) == .parameter)
    }

    @Test func `an area of a vCPU that does not exist is refused`() throws {
        let partition = try Partition()
        try Self.area(partition, at: 0x10_0000)
        #expect(partition.status(.registerVPA, PAPRAreaRequest.registerVPA.flags, 2, 0x10_0000) == .parameter)
    }

    @Test func `the yield count is odd while a vCPU cedes`() throws {
        let partition = try Partition()
        try Self.area(partition, at: 0x10_0000)
        partition.call(.registerVPA, PAPRAreaRequest.registerVPA.flags, 0, 0x10_0000)
        func count() throws -> UInt32 { try partition.memory.load(UInt32.self, at: 0x10_0100) }
        partition.call(.cede)
        #expect(try count() == 1)
        partition.call(.setPriority, 0xFF)
        #expect(try count() == 2)
        partition.call(.setPriority, 0xFF)
        #expect(try count() == 2)
    }

    // MARK: Mode

    @Test func `interrupts become little-endian on every vCPU`() throws {
        let partition = try Partition()
        #expect(partition.status(.setMode, 1, 4, 0, 0) == .success)
        #expect(partition.cpus.allSatisfy { $0.interruptMode.isLittleEndian })
        #expect(partition.status(.setMode, 0, 4, 0, 0) == .success)
        #expect(partition.cpus.allSatisfy { !$0.interruptMode.isLittleEndian })
    }

    @Test(arguments: [UInt64(0), 2, 3])
    func `interrupts move on every vCPU`(location: UInt64) throws {
        let partition = try Partition()
        #expect(partition.status(.setMode, location, 3, 0, 0) == .success)
        #expect(partition.cpus.allSatisfy { $0.interruptMode.alternateLocation == UInt8(location) })
    }

    /// Arguments of H_SET_MODE and the answer.
    static let modes: [([UInt64], PAPRStatus)] = [
        ([2, 4, 0, 0], .unsupportedFlag), ([.max, 4, 0, 0], .unsupportedFlag), ([1, 4, 1, 0], .parameter3),
        ([1, 4, 0, 1], .parameter4), ([1, 3, 0, 0], .unsupportedFlag), ([4, 3, 0, 0], .unsupportedFlag),
        ([3, 3, 1, 0], .parameter3), ([3, 3, 0, 1], .parameter4), ([0, 0, 0, 0], .parameter2),
        ([0, 5, 0, 0], .parameter2), ([0, .max, 0, 0], .parameter2), ([0, 1, 0x1000, 0], .success),
        ([1, 1, 0, 0], .unsupportedFlag), ([0, 1, 0, 1], .parameter4), ([0, 1, 3, 0], .parameter3),
        ([0, 2, 0x1000, 3], .success), ([1, 2, 0, 0], .unsupportedFlag), ([0, 2, 0, 4], .parameter4),
    ]

    @Test(arguments: modes)
    func `a mode has its arguments`(arguments: [UInt64], status: PAPRStatus) throws {
        let answer = try Partition().call(number: UInt64(Hypercall.setMode.number), arguments)
        #expect(PAPRStatus(rawValue: answer.status) == status)
    }

    @Test func `a vCPU without other places for interrupts is not moved`() throws {
        let partition = try Partition()
        partition.cpus[0].offersAlternateInterrupts = false
        #expect(partition.status(.setMode, 3, 3, 0, 0) == .unsupportedFlag)
        #expect(partition.status(.setMode, 0, 3, 0, 0) == .success)
    }

    @Test func `breakpoints reach the calling vCPU`() throws {
        let partition = try Partition()
        partition.call(.setMode, 0, 2, 0x1_2345_6780, 0x1B, vcpu: 1)
        partition.call(.setMode, 0, 1, 0x1_2345_6783 & ~3 | 2, 0, vcpu: 1)
        #expect(partition.cpus[1].watchpoint?.address == 0x1_2345_6780)
        #expect(partition.cpus[1].watchpoint?.control == 0x1B)
        #expect(partition.cpus[1].breakpoint == 0x1_2345_6782)
        #expect(partition.cpus[0].breakpoint == nil)
        #expect(partition.status(.setDABR, 0) == .hardware)
        #expect(partition.status(.setXDABR, 0, 3) == .hardware)
    }

    @Test func `SPRG0 is the calling vCPU's`() throws {
        let partition = try Partition()
        #expect(partition.status(.setSPRG0, 0x1234_5678_9ABC_DEF0, vcpu: 1) == .success)
        #expect(partition.cpus[1].sprg0 == 0x1234_5678_9ABC_DEF0)
        #expect(partition.cpus[0].sprg0 == nil)
    }

    @Test func `random numbers differ, and in virtual time repeat`() throws {
        let first = try Partition()
        let second = try Partition()
        let numbers = (0..<10).map { _ in first.call(.random).outputs[0] }
        #expect(Set(numbers).count == 10)
        #expect((0..<10).map { _ in second.call(.random).outputs[0] } == numbers)
        let real = try Partition(time: .host(frequency: 512_000_000))
        #expect(real.call(.random).status == 0)
        #expect(real.call(.random).outputs[0] != real.call(.random).outputs[0])
    }

    // MARK: ePAPR

    @Test func `a call of ePAPR may come as a call of PAPR, with its first argument in r12`() throws {
        let partition = try Partition()
        let cpu = partition.cpus[0]
        cpu.registers[3] = HypercallInstructions.paprForwardNumber
        cpu.registers[4] = 0xFFFF_FFFF_FFFF_F001
        cpu.registers[11] = UInt64(try #require(Hypercall.kvmMapMagicPage.token))
        cpu.registers[12] = 0xFFFF_FFFF_FFFF_F000
        partition.machine.handle(.partitionCall(isPrivileged: true), of: cpu)
        #expect(cpu.registers[3] == 0)
        #expect(cpu.registers[4] == 3)
        #expect(cpu.magicPage?.real == 0xFFFF_FFFF_FFFF_F000)
        #expect(cpu.magicPage?.effective == 0xFFFF_FFFF_FFFF_F000)
        #expect(cpu.magicPage?.flags == 1)
    }

    @Test func `a call that the machine does not have is not implemented`() throws {
        let partition = try Partition()
        partition.cpus[0].registers[11] = UInt64(try #require(Hypercall.partitionGetStatus.token))
        partition.machine.handle(.hypercall, of: partition.cpus[0])
        #expect(partition.cpus[0].registers[3] == 12)
    }
}
