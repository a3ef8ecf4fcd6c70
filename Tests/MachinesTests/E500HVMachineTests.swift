import Devices
import GuestMemory
import Machines
import ParavirtABI
import PowerPC
import Testing
import VMM

/// The machine in which everything is a hypercall.
@Suite struct E500HVMachineTests {
    private typealias Channel = E500MemoryMap.ByteChannel

    private func start(_ guest: TestMachine) throws {
        guest.machine.start(
            try E500BootLayout(
                entry: 0, kernel: AddressRange(base: 0, size: 4096), initrdSize: nil, memorySize: 64 << 20,
                board: .hypervisor))
    }

    @Test(arguments: [0, 15, 64, 255, 256, 259, 260, 263] as [UInt32])
    func `every interrupt starts masked, for vCPU 0, and no vCPU holds any back`(interrupt: UInt32) throws {
        let guest = try TestMachine(board: .hypervisor)
        #expect(guest.call(.intGetMask, interrupt)[1] == 1)
        #expect(guest.call(.intGetConfig, interrupt)[3] == 0)
        #expect((0...1).map { guest.call(.intGetTaskPriority, vcpu: $0)[1] } == [0, 0])
    }

    @Test func `an IPI's vector is its number without anything set up`() throws {
        let guest = try TestMachine(board: .hypervisor)
        #expect(guest.call(.intSetConfig, 257, 0, 5, 0)[0] == 0)
        #expect(guest.call(.intSetMask, 257, 0)[0] == 0)
        #expect(guest.call(.intSendIPI, 1, 2)[0] == 0)
        #expect(guest.call(.intIACK, vcpu: 1)[1] == 257)
    }

    @Test func `a vCPU acknowledges an interrupt as it takes it`() throws {
        let guest = try TestMachine(board: .hypervisor)
        try start(guest)
        guest.enable(Channel.console.receiveInterrupt)
        guest.console.input = [0x61]
        guest.machine.poll(at: 0)
        guest.machine.handle(.acknowledge, of: guest.machine.cpus[0])
        #expect(guest.call(.intIACK)[1] == 0xFFFF)
        #expect(guest.call(.intEOI, UInt32(Channel.console.receiveInterrupt))[0] == 0)
    }

    @Test func `an access to any address outside RAM finds nothing`() throws {
        let guest = try TestMachine(board: .hypervisor)
        for address in [E500MemoryMap.ccsr.base + E500MemoryMap.CCSR.mpic.base, E500MemoryMap.spinTable.base] {
            guest.machine.handle(.deviceWrite(address: address, width: 4, value: 0), of: guest.machine.cpus[0])
        }
        #expect(guest.machine.unclaimedAccesses == 2)
    }

    @Test func `a vCPU starts when its entry in RAM is completed`() throws {
        let guest = try TestMachine(cpuCount: 3, board: .hypervisor)
        try start(guest)
        let entry = MemorySpinTable.entry(2, from: E500HVMemoryMap.spinTable(memorySize: 64 << 20).base)
        #expect(guest.machine.nextDeviceEvent() == 400_000)
        guest.machine.poll(at: 1000)
        #expect(guest.machine.runningCPUs.map(\.index) == [0])
        #expect(guest.machine.nextDeviceEvent() == 401_000)
        try guest.machine.memory.store(UInt32(0x1234), at: entry + 12)
        try guest.machine.memory.store(UInt32(9), at: entry + 0x14)
        try guest.machine.memory.store(UInt32(0x10_0040), at: entry + 4)
        guest.machine.poll(at: 2000)
        #expect(guest.machine.runningCPUs.map(\.index) == [0, 2])
        let started = guest.machine.cpus[2]
        #expect(started.core.pc == 0x10_0040)
        #expect(started.register(3) == 0x1234)
        #expect(started.register(7) == 64 << 20)
    }

    @Test func `the loader keeps away from the spin table`() {
        #expect(throws: E500BootError.self) {
            try E500BootLayout(
                entry: 0, kernel: AddressRange(base: 0, size: 4096), initrdSize: 38 << 20, memorySize: 64 << 20,
                board: .hypervisor)
        }
    }

    // MARK: Processor messages

    /// A message, and what it raises on each of three vCPUs.
    struct Message: Sendable {
        let operand: UInt32
        let status: UInt32
        let rings: [String]
    }

    @Test(arguments: [
        Message(operand: 0x0000_0001, status: 0, rings: ["", "doorbell", ""]),
        Message(operand: 0x0800_0002, status: 0, rings: ["", "", "critical"]),
        Message(operand: 0x0400_0007, status: 0, rings: ["doorbell", "doorbell", "doorbell"]),
        Message(operand: 0x0C00_0000, status: 0, rings: ["critical", "critical", "critical"]),
        Message(operand: 0x0000_0007, status: 0, rings: ["", "", ""]),
        Message(operand: 0x1000_0001, status: 8, rings: ["", "", ""]),
        Message(operand: 0x0001_0001, status: 8, rings: ["", "", ""]),
    ])
    func `EV_MSGSND rings whom msgsnd rings`(message: Message) throws {
        let guest = try TestMachine(cpuCount: 3, board: .hypervisor)
        try start(guest)
        // Each vCPU executes at 0: lis r9,2; ori r9,r9,0x8000; mtmsr r9 (CE and EE); b . Handlers are there, too.
        for (number, word) in [0x3D20_0002, 0x6129_8000, 0x7D20_0124, 0x4800_0000 as UInt32].enumerated() {
            try guest.machine.memory.store(word, at: UInt64(number) * 4)
        }
        for cpu in 1...2 {
            let table = E500HVMemoryMap.spinTable(memorySize: 64 << 20).base
            try guest.machine.memory.store(UInt64(0), at: MemorySpinTable.entry(cpu, from: table))
        }
        guest.machine.poll(at: 0)
        #expect(guest.call(.messageSend, message.operand)[0] == message.status)
        let rings = guest.machine.cpus.map { cpu in
            cpu.beginSlice(instructions: 20, at: 0)
            _ = cpu.run()
            let counters = cpu.core.counters
            #expect(counters.interrupts(.doorbell) + counters.interrupts(.criticalDoorbell) <= 1)
            return counters.interrupts(.doorbell) > 0
                ? "doorbell" : counters.interrupts(.criticalDoorbell) > 0 ? "critical" : ""
        }
        #expect(rings == message.rings)
    }

    @Test(arguments: E500Board.allCases) func `an e500v2 has no processor messages on either board`(
        board: E500Board
    ) throws {
        #expect(try TestMachine(board: board, core: .e500v2).call(.messageSend, 0)[0] == 12)
        #expect(try TestMachine(board: board, core: .e500mc).call(.messageSend, 0)[0] == 0)
    }
}
