import Testing

import GuestMemory
import PowerPC

/// MSR, returns, byte order, 32-bit mode, timers and the magic page of the 64-bit core.
@Suite struct Book3SStateTests {
    // MARK: - MSR

    @Test func `rfid goes to SRR0 with the state in SRR1, but for ME`() throws {
        var machine = try ServerMachine()
        machine.cpu.setSpecialRegister(ServerNumber.srr0, to: 0x3_0003)
        machine.cpu.setSpecialRegister(ServerNumber.srr1, to: MSR64.sf | MSR64.fp | MSR64.ri)
        try machine.load(["b 0"], at: 0x3_0000)
        try machine.execute("rfid")
        #expect(machine.cpu.pc == 0x3_0000)
        #expect(machine.cpu.msr == MSR64.sf | MSR64.fp | MSR64.ri | MSR64.me)
    }

    @Test func `problem state comes with translation and interrupts`() throws {
        var machine = try ServerMachine()
        machine.cpu.setSpecialRegister(ServerNumber.srr1, to: MSR64.sf | MSR64.pr)
        try machine.load(["rfid"])
        machine.run(1)
        // There is no segment to fetch from, so SRR1 has the state.
        let forced = MSR64.pr | MSR64.ee | MSR64.ir | MSR64.dr
        machine.run(1)
        #expect(machine.spr(ServerNumber.srr1) & forced == forced)
    }

    @Test func `mtmsrd with L=1 writes EE and RI alone`() throws {
        var machine = try ServerMachine()
        machine.cpu.setRegister(3, to: .max)
        try machine.execute("mtmsrd r3,1")
        #expect(machine.cpu.msr == ServerMachine.state | MSR64.ee | MSR64.ri)
    }

    @Test func `mtmsrd does not write ME and LE`() throws {
        var machine = try ServerMachine()
        machine.cpu.setRegister(3, to: MSR64.sf | MSR64.fp | MSR64.le)
        try machine.execute("mtmsrd r3,0")
        #expect(machine.cpu.msr == ServerMachine.state | MSR64.fp)
    }

    @Test func `mtmsr leaves the upper word`() throws {
        var machine = try ServerMachine()
        machine.cpu.setRegister(3, to: MSR64.fp)
        try machine.execute("mtmsr r3,0")
        #expect(machine.cpu.msr == ServerMachine.state | MSR64.fp)
    }

    @Test func `hypervisor state and transactions do not exist`() throws {
        var machine = try ServerMachine()
        machine.cpu.setRegister(3, to: ~(MSR64.pr | MSR64.ir | MSR64.dr))
        try machine.execute("mtmsrd r3,0", "mfmsr r4")
        #expect(machine.cpu.register(4) & (1 << 60 | 3 << 33 | 1 << 32) == 0)
    }

    // MARK: - Byte order

    @Test(arguments: [false, true])
    func `loads and stores have the byte order of MSR`(littleEndian: Bool) throws {
        var machine = try ServerMachine(littleEndian: littleEndian)
        try machine.memory.write([1, 2, 3, 4, 5, 6, 7, 8, 9], at: ServerMachine.data)
        machine.cpu.setRegister(4, to: ServerMachine.data)
        try machine.execute(
            "ld r5,0(r4)", "lwz r6,4(r4)", "lhz r7,2(r4)", "lhbrx r8,r0,r4", "ldbrx r9,r0,r4", "addi r10,r4,1",
            "ldx r11,r0,r10", "std r5,16(r4)", "stwbrx r6,r10,r0", "stdbrx r5,r0,r10")
        #expect(machine.cpu.register(5) == (littleEndian ? 0x0807_0605_0403_0201 : 0x0102_0304_0506_0708))
        #expect(machine.cpu.register(6) == (littleEndian ? 0x0807_0605 : 0x0506_0708))
        #expect(machine.cpu.register(7) == (littleEndian ? 0x0403 : 0x0304))
        #expect(machine.cpu.register(8) == (littleEndian ? 0x0102 : 0x0201))
        #expect(machine.cpu.register(9) == (littleEndian ? 0x0102_0304_0506_0708 : 0x0807_0605_0403_0201))
        #expect(machine.cpu.register(11) == (littleEndian ? 0x0908_0706_0504_0302 : 0x0203_0405_0607_0809))
        #expect(try machine.memory.read(at: ServerMachine.data + 16, count: 8) == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(try machine.memory.read(at: ServerMachine.data + 1, count: 8) == [8, 7, 6, 5, 4, 3, 2, 1])
    }

    @Test(arguments: [false, true])
    func `quadwords have the more significant half in the even register`(littleEndian: Bool) throws {
        var machine = try ServerMachine(littleEndian: littleEndian)
        try machine.memory.write((1...16).map { UInt8($0) }, at: ServerMachine.data)
        machine.cpu.setRegister(4, to: ServerMachine.data)
        try machine.execute("lq r6,0(r4)", "stq r6,16(r4)", "lqarx r8,r0,r4", "stqcx. r8,r0,r4")
        #expect(machine.cpu.register(6) == (littleEndian ? 0x100F_0E0D_0C0B_0A09 : 0x0102_0304_0506_0708))
        #expect(machine.cpu.register(7) == (littleEndian ? 0x0807_0605_0403_0201 : 0x090A_0B0C_0D0E_0F10))
        #expect(machine.cpu.register(8) == machine.cpu.register(6))
        #expect(machine.cpu.conditionRegister >> 28 == 2)
        #expect(try machine.memory.read(at: ServerMachine.data + 16, count: 16) == (1...16).map { UInt8($0) })
    }

    @Test(arguments: [false, true])
    func `accesses may cross pages`(littleEndian: Bool) throws {
        var machine = try ServerMachine(littleEndian: littleEndian)
        let address = ServerMachine.data + 0xFFD
        try machine.memory.write([1, 2, 3, 4, 5, 6, 7, 8], at: address)
        machine.cpu.setRegister(4, to: address)
        try machine.execute("ldx r5,r0,r4", "stdx r5,r4,r6", "ldx r5,r0,r4")
        #expect(machine.cpu.register(5) == (littleEndian ? 0x0807_0605_0403_0201 : 0x0102_0304_0506_0708))
    }

    @Test func `code changes its byte order by rfid`() throws {
        var machine = try ServerMachine()
        try machine.load(["rfid"])
        for (number, word) in assemble("li r3,5; b 0").enumerated() {
            try machine.memory.store(word, at: ServerMachine.program + 0x20 + UInt64(number) * 4, order: .little)
        }
        machine.cpu.setSpecialRegister(ServerNumber.srr0, to: ServerMachine.program + 0x20)
        machine.cpu.setSpecialRegister(ServerNumber.srr1, to: MSR64.sf | MSR64.le)
        machine.run(10)
        #expect(machine.cpu.register(3) == 5)
        #expect(machine.cpu.msr & MSR64.le != 0)
    }

    @Test(arguments: ["lmw r30,0(r4)", "stmw r30,0(r4)", "lswi r30,r4,4", "stswi r30,r4,4"])
    func `multiples and strings raise an alignment interrupt in little-endian mode`(text: String) throws {
        var machine = try ServerMachine(littleEndian: true)
        machine.cpu.setRegister(4, to: ServerMachine.data)
        try machine.execute(text)
        #expect(machine.interrupt == .alignment)
        #expect(machine.spr(ServerNumber.dar) == ServerMachine.data)
    }

    @Test func `multiples and strings exist in big-endian mode`() throws {
        var machine = try ServerMachine()
        try machine.memory.write([1, 2, 3, 4, 5, 6, 7, 8], at: ServerMachine.data)
        machine.cpu.setRegister(4, to: ServerMachine.data)
        try machine.execute("lmw r30,0(r4)", "lswi r5,r4,6", "stmw r30,8(r4)", "stswi r5,r4,3")
        #expect(machine.cpu.register(31) == 0x0506_0708)
        #expect(machine.cpu.register(6) == 0x0506_0000)
        #expect(try machine.doubleword(ServerMachine.data + 8) == 0x0102_0304_0506_0708)
    }

    // MARK: - 32-bit mode

    @Test func `addresses have 32 bits without SF`() throws {
        var machine = try ServerMachine()
        try machine.set(ServerMachine.data, 0x1111_2222_3333_4444)
        machine.cpu.setMachineState(MSR64.me)
        machine.cpu.setRegister(4, to: 0xFFFF_FFFF_0000_0000 | ServerMachine.data)
        try machine.execute("lwz r3,0(r4)", "stw r3,8(r4)", "lwz r5,8(r4)")
        #expect(machine.cpu.register(3) == 0x1111_2222)
        #expect(machine.cpu.register(5) == 0x1111_2222)
    }

    @Test func `an address with upper bits does not meet the translation of 64-bit mode`() throws {
        var machine = try ServerMachine()
        machine.cpu.setRegister(4, to: 0xC000_0000_0000_0000 | ServerMachine.data)
        try machine.set(ServerMachine.data, 7)
        try machine.execute("ld r3,0(r4)", "mfmsr r5", "rldicl r5,r5,0,32", "mtmsrd r5,0", "ld r6,0(r4)")
        #expect(machine.cpu.register(6) == 7)
        #expect(machine.cpu.msr & MSR64.sf == 0)
    }

    @Test func `results are recorded from their lower words without SF`() throws {
        var machine = try ServerMachine()
        machine.cpu.setMachineState(MSR64.me)
        machine.cpu.setRegister(4, to: 0x1_8000_0000)
        machine.cpu.setRegister(5, to: 0x8000_0000)
        try machine.execute("addco. r3,r4,r5")
        #expect(machine.cpu.register(3) == 0x2_0000_0000)
        #expect(machine.cpu.conditionRegister >> 28 == 3)
        #expect(machine.cpu.xer == 0xE000_0000)
    }

    @Test func `the upper halves of products of words are there`() throws {
        var machine = try ServerMachine()
        machine.cpu.setRegister(4, to: 7)
        machine.cpu.setRegister(5, to: 0xAAAA_AAAB)
        try machine.execute("mulhwu r6,r4,r5", "mulhw r7,r4,r5")
        #expect(machine.cpu.register(6) == 4)
        #expect(machine.cpu.register(7) & 0xFFFF_FFFF == 0xFFFF_FFFD)
    }

    @Test func `branches count and go in 32 bits without SF`() throws {
        var machine = try ServerMachine()
        machine.cpu.setMachineState(MSR64.me)
        machine.cpu.setCountRegister(0xFFFF_FFFF_0000_0002)
        machine.cpu.setLinkRegister(0xFFFF_FFFF_0000_0000 | 0x3_0000)
        try machine.load(["addi r4,r4,1", "b 0"], at: 0x3_0000)
        try machine.execute("addi r3,r3,1", "bc 16,0,-4", "bclr 20,0")
        #expect(machine.cpu.register(3) == 2)
        #expect(machine.cpu.register(4) == 1)
        #expect(machine.cpu.pc == 0x3_0004)
    }

    // MARK: - Decrementer and interrupts

    @Test func `the decrementer interrupts for as long as it is negative`() throws {
        var machine = try ServerMachine(state: MSR64.ee)
        machine.cpu.setSpecialRegister(ServerNumber.dec, to: 10)
        try machine.load(["b 0"])
        machine.run(100)
        #expect(machine.interrupt == .decrementer)
        #expect(machine.spr(ServerNumber.srr1) == ServerMachine.state | MSR64.ee)
        #expect(machine.cpu.counters.serverInterrupts(.decrementer) == 1)
        #expect(Int32(truncatingIfNeeded: machine.spr(ServerNumber.dec)) < 0)
        // It is still negative when interrupts are enabled again.
        machine.cpu.setMachineState(ServerMachine.state | MSR64.ee)
        machine.run(10)
        #expect(machine.cpu.counters.serverInterrupts(.decrementer) == 2)
        machine.cpu.setSpecialRegister(ServerNumber.dec, to: 0x7FFF_FFFF)
        machine.cpu.setMachineState(ServerMachine.state | MSR64.ee)
        machine.run(10)
        #expect(machine.cpu.counters.serverInterrupts(.decrementer) == 2)
    }

    @Test func `an external interrupt waits for EE, and comes first`() throws {
        var machine = try ServerMachine()
        machine.cpu.signals.setPin(.external, asserted: true)
        machine.cpu.setSpecialRegister(ServerNumber.dec, to: 0xFFFF_FFFF)
        machine.cpu.setRegister(3, to: MSR64.ee)
        try machine.execute("nop", "mtmsrd r3,1", "nop")
        #expect(machine.interrupt == .external)
        #expect(machine.spr(ServerNumber.srr0) == ServerMachine.program + 8)
    }

    @Test func `a message to the own thread rings the doorbell once`() throws {
        var machine = try ServerMachine(state: MSR64.ee)
        machine.cpu.setRegister(3, to: 5 << 27)
        try machine.execute("msgsndp r3", "nop")
        #expect(machine.interrupt == .doorbell)
        machine.cpu.setMachineState(ServerMachine.state | MSR64.ee)
        machine.run(10)
        #expect(machine.cpu.counters.serverInterrupts(.doorbell) == 1)
    }

    @Test func `a ceded vCPU goes on with an interrupt or when it is prodded`() throws {
        var machine = try ServerMachine()
        try machine.load(["b 0"])
        machine.cpu.cede()
        guard case .idle = machine.run(5) else {
            Issue.record("it executes")
            return
        }
        machine.cpu.prod()
        // Whoever sleeps for it looks at the signals.
        #expect(machine.cpu.signals.hasNews)
        guard case .sliceEnd = machine.run(5) else {
            Issue.record("it does not execute")
            return
        }
        machine.cpu.cede()
        machine.cpu.signals.setPin(.external, asserted: true)
        machine.run(5)
        #expect(machine.interrupt == .external)
    }

    @Test func `a prod from before the vCPU ceded does not end its halt`() throws {
        var machine = try ServerMachine()
        try machine.load(["b 0"])
        machine.cpu.prod()
        machine.cpu.cede()
        guard case .idle = machine.run(5) else {
            Issue.record("it executes")
            return
        }
    }

    @Test func `a vCPU that is started again has nothing left of what it did before`() throws {
        var machine = try ServerMachine()
        for number in [3, 13, 153, 256, 272, 275, 815] { machine.cpu.setSpecialRegister(number, to: 0x55) }
        machine.cpu.setVectorRegister(40, to: Vector128(1, 2))
        machine.cpu.setFloatingPointStatus(1)
        machine.cpu.mapMagicPage(real: 0xFFFF_FFFF_FFFF_F000, effective: 0xFFFF_FFFF_FFFF_F000)
        machine.cpu.signals.acknowledge()
        machine.cpu.start(at: ServerMachine.program, r3: 7)
        #expect(
            [3, 13, 153, 256, 272, 275, 815].map { machine.cpu.specialRegister($0) } == Array(repeating: 0, count: 7))
        #expect(machine.cpu.vectorRegister(40) == .zero)
        #expect(machine.cpu.floatingPointStatus == 0)
        #expect(machine.cpu.specialRegister(287) == 0x004D_0200)
        #expect(machine.cpu.msr == ServerMachine.state)
        // Whoever sleeps for it looks at the signals.
        #expect(machine.cpu.signals.hasNews)
    }

    // MARK: - Special-purpose registers

    @Test func `problem state changes the bits of AMR that UAMOR gives it`() throws {
        var machine = try ServerMachine()
        machine.addSegment()
        machine.map(0x1_0000, to: ServerMachine.program)
        machine.cpu.setSpecialRegister(29, to: 0x1111_0000_0000_0000)
        machine.cpu.setSpecialRegister(157, to: 0xF00F_0000_0000_0000)
        try machine.load(["mtspr 13,r3", "mfspr r4,13"])
        machine.cpu.setRegister(3, to: 0x2222_2222_2222_2222)
        machine.cpu.setMachineState(ServerMachine.state | MSR64.pr)
        machine.cpu.setPC(ServerMachine.mapped + ServerMachine.program)
        machine.run(5)
        #expect(machine.cpu.register(4) == 0x2112_0000_0000_0000)
    }

    @Test func `a register has the bits that it has, by either of its numbers`() throws {
        var machine = try ServerMachine()
        machine.cpu.setRegister(3, to: .max)
        try machine.execute("mtspr 3,r3", "mfspr r4,17", "mtspr 771,r3", "mfspr r5,787")
        #expect(machine.cpu.register(4) == 0x01FF_FFFF)
        #expect(machine.cpu.register(5) == 0xFFFF_FFFF)
    }

    @Test func `a store across two pages changes the code in the second one`() throws {
        var machine = try ServerMachine()
        machine.cpu.setRegister(3, to: UInt64(assemble("li r5,7")[0]))
        machine.cpu.setRegister(4, to: ServerMachine.program)
        try machine.load(["nop", "std r3,-4(r4)", "b -8"])
        machine.run(10)
        #expect(machine.cpu.register(5) == 7)
        #expect(try machine.doubleword(ServerMachine.program - 4) == machine.cpu.register(3))
    }

    @Test func `the timebase counts instructions in virtual time`() throws {
        var machine = try ServerMachine()
        try machine.execute("mfspr r3,268", "nop", "nop", "mftb r4,268")
        #expect(machine.cpu.register(4) - machine.cpu.register(3) == 3)
    }

    // MARK: - Segments

    @Test func `segments read as they were written, and translate until they are invalid`() throws {
        var machine = try ServerMachine()
        machine.map(0x2_0000, to: ServerMachine.data)
        try machine.set(ServerMachine.data, 0x77)
        machine.cpu.setRegister(4, to: ServerMachine.segment << 12 | 0x400)
        machine.cpu.setRegister(5, to: ServerMachine.mapped | 1 << 27 | 3)
        machine.cpu.setRegister(6, to: 3)
        machine.cpu.setRegister(7, to: ServerMachine.mapped | ServerMachine.data)
        machine.cpu.setRegister(11, to: ServerMachine.state | MSR64.dr)
        try machine.execute(
            "slbmte r4,r5", "slbmfee r8,r6", "slbmfev r9,r6", "slbfee. r12,r7", "mtmsrd r11,0", "ld r10,0(r7)",
            "slbie r7", "ld r3,0(r7)")
        #expect(machine.cpu.register(8) == ServerMachine.mapped | 1 << 27)
        #expect(machine.cpu.register(9) == ServerMachine.segment << 12 | 0x400)
        #expect(machine.cpu.register(12) == machine.cpu.register(9))
        #expect(machine.cpu.conditionRegister >> 28 == 2)
        #expect(machine.cpu.register(10) == 0x77)
        #expect(machine.interrupt == .dataSegment)
    }

    @Test func `slbia spares the first entry`() throws {
        var machine = try ServerMachine()
        machine.addSegment(0)
        _ = machine.cpu.segments.moveTo(rs: 0x5000, rb: 0x1000_0000 | 1 << 27 | 1)
        try machine.execute("slbia 0")
        #expect(machine.cpu.segments.entries[0].isValid)
        #expect(!machine.cpu.segments.entries[1].isValid)
    }

    @Test func `a changed page is seen once it is dropped`() throws {
        var machine = try ServerMachine()
        machine.addSegment()
        machine.map(0x2_0000, to: 0x2_0000)
        try machine.set(0x2_0000, 1)
        try machine.set(0x3_0000, 2)
        machine.cpu.setMachineState(ServerMachine.state | MSR64.dr)
        machine.cpu.setRegister(4, to: ServerMachine.mapped | 0x2_0000)
        try machine.load(["ld r5,0(r4)", "ld r6,0(r4)"])
        machine.run(1)
        #expect(machine.cpu.register(5) == 1)
        let index = Int((ServerMachine.segment ^ 0x20) & 0x7FF) * 8
        let old = machine.table.remove(index)
        machine.cpu.drop(.page(try #require(VirtualPage(old, at: index, in: machine.table, sizes: .power8))))
        machine.map(0x2_0000, to: 0x3_0000)
        machine.cpu.setPC(ServerMachine.program + 4)
        machine.run(5)
        #expect(machine.cpu.register(6) == 2)
    }

    // MARK: - Magic page

    @Test(arguments: [false, true])
    func `the magic page is the storage of supervisor registers in the byte order of interrupts`(
        littleEndian: Bool
    ) throws {
        var machine = try ServerMachine(littleEndian: littleEndian)
        machine.cpu.setSpecialRegister(ServerNumber.sprg0, to: 0x0102_0304_0506_0708)
        machine.cpu.mapMagicPage(real: 0xFFFF_FFFF_FFFF_F000, effective: 0xFFFF_FFFF_FFFF_F000)
        try machine.execute("ld r3,-4064(r0)", "ld r4,-4008(r0)", "li r5,99", "std r5,-4040(r0)", "mfspr r6,275")
        #expect(machine.cpu.register(3) == 0x0102_0304_0506_0708)
        #expect(machine.cpu.register(4) == machine.cpu.msr)
        #expect(machine.cpu.register(6) == 99)
    }

    @Test func `the magic page is there with 32-bit addresses and with translation`() throws {
        for state in [MSR64.me, ServerMachine.state | MSR64.dr] {
            var machine = try ServerMachine()
            machine.cpu.setSpecialRegister(ServerNumber.sprg0, to: 0x55)
            machine.cpu.mapMagicPage(real: 0xFFFF_FFFF_FFFF_F000, effective: 0xFFFF_FFFF_FFFF_F000)
            machine.cpu.setMachineState(state)
            try machine.execute("ld r3,-4064(r0)")
            #expect(machine.cpu.register(3) == 0x55)
        }
    }

    @Test func `problem state does not see the magic page`() throws {
        var machine = try ServerMachine()
        machine.addSegment()
        machine.map(0x1_0000, to: ServerMachine.program)
        machine.cpu.mapMagicPage(real: 0xFFFF_FFFF_FFFF_F000, effective: 0xFFFF_FFFF_FFFF_F000)
        try machine.load(["ld r3,-4064(r0)"])
        machine.cpu.setMachineState(ServerMachine.state | MSR64.pr)
        machine.cpu.setPC(ServerMachine.mapped + ServerMachine.program)
        machine.run(2)
        #expect(machine.interrupt == .dataSegment)
    }

    @Test func `a plain store of EE enables interrupts, unless critical equals r1`() throws {
        var machine = try ServerMachine()
        machine.cpu.mapMagicPage(real: 0xFFFF_FFFF_FFFF_F000, effective: 0xFFFF_FFFF_FFFF_F000)
        machine.cpu.signals.setPin(.external, asserted: true)
        machine.cpu.setRegister(1, to: 0x1234)
        machine.cpu.setRegister(3, to: ServerMachine.state | MSR64.ee)
        try machine.execute("std r1,-4072(r0)", "std r3,-4008(r0)", "lwz r4,-3996(r0)")
        #expect(machine.cpu.pc == ServerMachine.program + 12)
        #expect(machine.cpu.register(4) == 1)
        machine.cpu.setRegister(1, to: 0x4321)
        machine.run(5)
        #expect(machine.interrupt == .external)
    }
}
