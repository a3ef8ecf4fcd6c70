import PowerPC
import Testing

/// The returns from interrupts, MSR, and the delivery of interrupts from outside.
@Suite(.everyEngine) struct ReturnTests {
    @Test(arguments: [
        ("rfi", Number.srr0, Number.srr1), ("rfci", Number.csrr0, Number.csrr1),
        ("rfmci", Number.mcsrr0, Number.mcsrr1), ("rfdi", Number.dsrr0, Number.dsrr1),
    ])
    func `a return restores the address and MSR that its class saved`(text: String, address: Int, state: Int) throws {
        var machine = try Machine(text == "rfdi" ? .e500mc : .e500v2)
        machine.cpu.setSpecialRegister(address, to: 0x1_2347)
        machine.cpu.setSpecialRegister(state, to: MSR.pr | MSR.me | MSR.ce)
        try machine.load([], at: 0x1_2344)
        try machine.execute([text])
        #expect(machine.cpu.pc == 0x1_2344)
        #expect(machine.cpu.msr == MSR.pr | MSR.me | MSR.ce)
    }

    @Test func `mtmsr and mfmsr carry the bits that the core has`() throws {
        var machine = try Machine()
        try machine.execute([load(3, 0xFFFF_FFFF & ~(MSR.we | MSR.ds | MSR.is | MSR.pr)), "mtmsr r3", "mfmsr r4"])
        #expect(machine.cpu.register(4) == machine.cpu.msr)
        #expect(machine.cpu.msr & (MSR.ee | MSR.ce | MSR.me | MSR.spe) == MSR.ee | MSR.ce | MSR.me | MSR.spe)
        #expect(machine.cpu.msr & 0x8000_0000 == 0)
    }

    @Test(
        arguments: [("wrtee r3", MSR.ee), ("wrtee r0", 0), ("wrteei 1", MSR.ee), ("wrteei 0", 0)] as [(String, UInt32)])
    func `wrtee and wrteei change only EE`(text: String, enabled: UInt32) throws {
        for before in [MSR.me, MSR.me | MSR.ee] {
            var machine = try Machine(state: before)
            machine.cpu.setRegister(3, to: 0xFFFF_FFFF)
            machine.cpu.setRegister(0, to: 0xFFFF_FFFF & ~MSR.ee)
            try machine.execute([text])
            #expect(machine.cpu.msr == MSR.me | enabled)
        }
    }

    @Test func `an external interrupt waits for EE and comes before the next instruction`() throws {
        var machine = try Machine()
        machine.cpu.setPin(.external, asserted: true)
        try machine.load(["nop", "nop", "wrteei 1", "li r3,1"])
        _ = machine.run(10)
        #expect(machine.interrupt == .external)
        #expect(machine.spr(Number.srr0) == Machine.program + 12)
        #expect(machine.spr(Number.srr1) == MSR.ee)
        #expect(machine.cpu.register(3) == 0)
    }

    @Test func `rfi into a state with EE takes the interrupt that waits`() throws {
        var machine = try Machine()
        machine.cpu.setPin(.external, asserted: true)
        machine.cpu.setSpecialRegister(Number.srr0, to: 0x1_2344)
        machine.cpu.setSpecialRegister(Number.srr1, to: MSR.ee)
        try machine.execute(["rfi"], count: 3)
        #expect(machine.interrupt == .external)
        #expect(machine.spr(Number.srr0) == 0x1_2344)
    }

    @Test func `a critical interrupt saves to its own registers and clears EE and CE`() throws {
        var machine = try Machine(state: MSR.ce | MSR.ee | MSR.me)
        machine.cpu.setPin(.criticalInput, asserted: true)
        machine.cpu.setPin(.external, asserted: true)
        try machine.execute(["nop"])
        #expect(machine.interrupt == .criticalInput)
        #expect(machine.spr(Number.csrr0) == Machine.program)
        #expect(machine.spr(Number.csrr1) == MSR.ce | MSR.ee | MSR.me)
        #expect(machine.cpu.msr == MSR.me)
    }

    @Test func `a machine check from outside waits for ME`() throws {
        var machine = try Machine()
        machine.cpu.setPin(.machineCheck, asserted: true)
        try machine.execute(["nop", "nop"])
        #expect(machine.interrupt == nil)
        machine.cpu.setMachineState(MSR.me)
        // Nothing but the end of the slice makes the core look.
        try machine.execute(["nop"])
        #expect(machine.interrupt == .machineCheck)
    }

    @Test func `a pin that is cleared before EE is set interrupts nobody`() throws {
        var machine = try Machine()
        machine.cpu.setPin(.external, asserted: true)
        machine.cpu.setPin(.external, asserted: false)
        try machine.execute(["wrteei 1", "nop", "nop"])
        #expect(machine.cpu.pc == Machine.program + 12)
    }

    @Test func `WE stops the core until an interrupt is taken`() throws {
        var machine = try Machine()
        try machine.load([load(3, MSR.we | MSR.ee), "mtmsr r3", "li r4,1"])
        guard case .idle = machine.run(100) else {
            Issue.record("not idle")
            return
        }
        #expect(machine.cpu.register(4) == 0)
        machine.cpu.setPin(.external, asserted: true)
        _ = machine.run(2)
        #expect(machine.interrupt == .external)
        #expect(machine.spr(Number.srr0) == Machine.program + 12)
        #expect(machine.spr(Number.srr1) & MSR.we != 0)
    }

    @Test func `EV_IDLE ends when an interrupt is pending, even a masked one`() throws {
        var machine = try Machine()
        machine.cpu.waitForInterrupt()
        try machine.load(["li r4,1"])
        guard case .idle = machine.run(100) else {
            Issue.record("not idle")
            return
        }
        machine.cpu.setPin(.external, asserted: true)
        _ = machine.run(1)
        #expect(machine.cpu.register(4) == 1)
        #expect(machine.interrupt == nil)
    }

    @Test func `the external proxy fetches the vector and puts it in EPR`() throws {
        var machine = try Machine(state: MSR.ee)
        machine.cpu.externalProxy = true
        machine.cpu.setPin(.external, asserted: true)
        try machine.load(["nop"])
        guard case .acknowledge = machine.run(1) else {
            Issue.record("no acknowledge")
            return
        }
        machine.cpu.setPin(.external, asserted: false)
        machine.cpu.completeAcknowledge(vector: 0x42)
        _ = machine.run(1)
        #expect(machine.interrupt == .external)
        #expect(machine.spr(Number.epr) == 0x42)
        #expect(machine.spr(Number.srr0) == Machine.program)
    }

    @Test func `DBCR0 asks for a reset`() throws {
        var machine = try Machine()
        try machine.load([load(3, 0x2000_0000), "mtspr \(Number.dbcr0),r3"])
        guard case .reset(.debugControl) = machine.run(10) else {
            Issue.record("no reset")
            return
        }
    }
}

@Suite(.everyEngine) struct HypercallTests {
    static let magic: UInt32 = 0x4B56_4D21

    struct Call: Sendable, CustomStringConvertible {
        let text: String
        let r0: UInt32
        let state: UInt32
        let answers: Bool
        /// The interrupt that it is instead of a hypercall.
        let interrupt: Interrupt?
        var description: String { "\(text), r0 \(hexadecimal(r0)), MSR \(hexadecimal(state)), answers: \(answers)" }
    }

    static let calls: [Call] = [
        Call(text: "sc 0", r0: magic, state: 0, answers: true, interrupt: nil),
        Call(text: "sc 0", r0: magic, state: MSR.pr, answers: true, interrupt: .systemCall),
        Call(text: "sc 0", r0: 1, state: 0, answers: true, interrupt: .systemCall),
        Call(text: "sc 1", r0: 1, state: 0, answers: true, interrupt: nil),
        Call(text: "sc 1", r0: magic, state: MSR.pr, answers: true, interrupt: .program),
        Call(text: "sc 0", r0: magic, state: 0, answers: false, interrupt: .systemCall),
        Call(text: "sc 0", r0: magic, state: MSR.pr, answers: false, interrupt: .systemCall),
        Call(text: "sc 1", r0: 1, state: 0, answers: false, interrupt: .systemCall),
    ]

    @Test(arguments: calls)
    func `only supervisor state makes hypercalls, and only where they are answered`(call: Call) throws {
        var machine = try Machine(state: call.state, answersHypercalls: call.answers)
        machine.cpu.setRegister(0, to: call.r0)
        try machine.load([call.text])
        let exit = machine.run(1)
        if let interrupt = call.interrupt {
            #expect(machine.interrupt == interrupt)
            #expect(machine.spr(Number.srr0) == Machine.program + (interrupt == .systemCall ? 4 : 0))
        } else if case .hypercall = exit {
            #expect(machine.cpu.pc == Machine.program + 4)
        } else {
            Issue.record("no hypercall but \(exit)")
        }
    }
}
