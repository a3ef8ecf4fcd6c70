import GuestMemory
import PowerPC
import Testing

/// Processor doorbells (`msgsnd`, `msgclr`) and `wait` of the e500mc.
@Suite struct DoorbellTests {
    static let broadcast: UInt32 = 0x0400_0000
    static let critical: UInt32 = 1 << 27

    private func machine(state: UInt32, processor: UInt32 = 3, sharesMemory: Bool = false) throws -> Machine {
        var machine = try Machine(.e500mc, state: state, sharesMemory: sharesMemory)
        machine.cpu.setSpecialRegister(286, to: processor)
        return machine
    }

    @Test(
        arguments: [
            (3, MSR.ee, Interrupt.doorbell), (3 | critical, MSR.ce, .criticalDoorbell), (3, MSR.ce, nil),
            (3 | critical, MSR.ee, nil), (4, MSR.ee | MSR.ce, nil), (4 | broadcast, MSR.ee, .doorbell),
            (4 | broadcast | critical, MSR.ce, .criticalDoorbell), (3 | 2 << 27, MSR.ee | MSR.ce, nil),
            (3 | 31 << 27, MSR.ee | MSR.ce, nil),
        ] as [(UInt32, UInt32, Interrupt?)])
    func `a message interrupts the processor that it is for`(
        operand: UInt32, state: UInt32, interrupt: Interrupt?
    ) throws {
        var machine = try machine(state: state)
        machine.cpu.setRegister(5, to: operand)
        try machine.execute(["msgsnd r5", "li r6,1"])
        #expect(machine.interrupt == interrupt)
        // It comes between two instructions.
        #expect(machine.cpu.register(6) == (interrupt == nil ? 1 : 0))
    }

    @Test func `a masked message waits, and interrupts once`() throws {
        var machine = try machine(state: 0)
        machine.cpu.setRegister(5, to: 3)
        try machine.execute(["msgsnd r5", "li r6,1", "wrteei 1"])
        #expect(machine.interrupt == .doorbell)
        #expect(machine.spr(Number.srr0) == Machine.program + 12)
        #expect(machine.spr(Number.srr1) == MSR.ee)
        try machine.execute(["wrteei 1", "li r7,1"])
        #expect(machine.interrupt == nil)
        #expect(machine.cpu.register(7) == 1)
    }

    @Test func `msgclr takes back what has not interrupted yet`() throws {
        var machine = try machine(state: 0)
        machine.cpu.setRegister(5, to: 3)
        machine.cpu.setRegister(6, to: 3 | Self.critical)
        try machine.execute(["msgsnd r5", "msgsnd r6", "msgclr r5", "wrteei 1"])
        #expect(machine.interrupt == nil)
        machine.cpu.setMachineState(MSR.ce)
        _ = machine.run(10)
        #expect(machine.interrupt == .criticalDoorbell)
    }

    @Test func `a message leaves the guest where there are other vCPUs`() throws {
        var machine = try machine(state: MSR.ee, sharesMemory: true)
        machine.cpu.setRegister(5, to: 3)
        try machine.load(["msgsnd r5"])
        guard case .message(operand: 3) = machine.run(1) else {
            Issue.record("no exit")
            return
        }
        #expect(machine.cpu.pc == Machine.program + 4)
        machine.cpu.receiveMessage(operand: 3)
        _ = machine.run(1)
        #expect(machine.interrupt == .doorbell)
    }

    @Test(arguments: ["msgsnd r5", "msgclr r5", "rfdi", "tlbilx 0,r0,r5"])
    func `user state has no use of it`(text: String) throws {
        var machine = try machine(state: MSR.pr)
        try machine.execute([text])
        #expect(machine.interrupt == .program)
        #expect(machine.spr(Number.esr) == 0x0400_0000)
    }

    @Test(arguments: [0, MSR.pr])
    func `wait idles until an interrupt is taken`(state: UInt32) throws {
        var machine = try machine(state: MSR.ee | state)
        try machine.load(["wait 0", "li r6,1"])
        guard case .idle = machine.run(10) else {
            Issue.record("it does not idle")
            return
        }
        machine.cpu.receiveMessage(operand: 3)
        _ = machine.run(1)
        #expect(machine.interrupt == .doorbell)
        #expect(machine.spr(Number.srr0) == Machine.program + 4)
    }

    @Test func `wait for anything but an interrupt goes on`() throws {
        var machine = try machine(state: MSR.ee)
        try machine.execute(["wait 1", "wait 2", "li r6,1"])
        #expect(machine.cpu.register(6) == 1)
    }
}
