import GuestMemory
import PowerPC
import Testing

/// What the floating-point unit does beside arithmetic: availability, enabled exceptions, devices; and properties of the
/// arithmetic that need no oracle.
@Suite struct FloatingPointTests {
    private func machine(_ state: UInt32 = MSR.fp, status: UInt32 = 0) throws -> Machine {
        var machine = try Machine(.e500mc, state: state)
        machine.cpu.setFloatingPointStatus(status)
        machine.cpu.setFloatingPointRegister(1, to: 0x3FF0_0000_0000_0000)
        machine.cpu.setFloatingPointRegister(2, to: 0)
        machine.cpu.setFloatingPointRegister(3, to: 0x7FF0_0000_0000_0001)
        machine.cpu.setFloatingPointRegister(4, to: 0x7FEF_FFFF_FFFF_FFFF)
        machine.cpu.setFloatingPointRegister(5, to: 0x0010_0000_0000_0001)
        machine.cpu.setFloatingPointRegister(6, to: 0x4008_0000_0000_0000)
        machine.cpu.setFloatingPointRegister(7, to: 0x1234_5678_9ABC_DEF0)
        return machine
    }

    @Test(
        arguments: [
            "fadd f7,f1,f2", "lfs f7,0(r9)", "stfdx f7,r0,r9", "mffs f7", "mtfsfi 7,0", "fmr f7,f1", "fcmpu cr1,f1,f2",
            "mcrfs cr1,0",
        ], [0, MSR.pr])
    func `an instruction of the unit interrupts while MSR[FP] is 0`(text: String, state: UInt32) throws {
        var machine = try machine(state)
        try machine.execute([text])
        #expect(machine.interrupt == .floatingPointUnavailable)
        #expect(machine.spr(Number.srr0) == Machine.program)
        #expect(machine.cpu.floatingPointRegister(7) == 0x1234_5678_9ABC_DEF0)
        #expect(machine.cpu.msr & MSR.fp == 0)
    }

    @Test(arguments: ["fadd f7,f1,f2", "lfd f7,0(r9)", "stfiwx f7,r0,r9", "mffs f7"])
    func `the e500v2 has no such instruction`(text: String) throws {
        var machine = try Machine(.e500v2, state: MSR.fp)
        try machine.execute([text])
        #expect(machine.interrupt == .program)
        #expect(machine.spr(Number.esr) == 0x0800_0000)
    }

    static let exceptions: [(text: String, enable: UInt32, raised: UInt32, writes: Bool)] = [
        ("fadd f7,f1,f3", FPSCR.ve, FPSCR.vx | FPSCR.vxsnan, false),
        ("fdiv f7,f1,f2", FPSCR.ze, FPSCR.zx, false),
        ("fmul f7,f4,f4", FPSCR.oe, FPSCR.ox | FPSCR.xx, true),
        ("fmul f7,f5,f5", FPSCR.ue, FPSCR.ux | FPSCR.xx, true),
        ("fdiv f7,f1,f6", FPSCR.xe, FPSCR.xx, true),
        ("fctiw f7,f4", FPSCR.ve, FPSCR.vx | FPSCR.vxcvi, false),
    ]

    @Test(arguments: exceptions, [0, MSR.fe0, MSR.fe1, MSR.fe0 | MSR.fe1])
    func `an enabled exception interrupts unless FE0 and FE1 are 0`(
        exception: (text: String, enable: UInt32, raised: UInt32, writes: Bool), state: UInt32
    ) throws {
        var machine = try machine(MSR.fp | state, status: exception.enable)
        try machine.execute([exception.text])
        #expect(machine.interrupt == (state == 0 ? nil : .program))
        if state != 0 {
            #expect(machine.spr(Number.esr) == 0x0100_0000)
            #expect(machine.spr(Number.srr0) == Machine.program)
        }
        let bits = FPSCR.exceptions | FPSCR.fex | FPSCR.fx | FPSCR.vx
        #expect(machine.cpu.floatingPointStatus & bits == exception.raised | FPSCR.fex | FPSCR.fx)
        #expect((machine.cpu.floatingPointRegister(7) != 0x1234_5678_9ABC_DEF0) == exception.writes)
    }

    @Test(arguments: ["mtfsb1 3", "mtfsf 255,f7", "mtfsfi 0,1"])
    func `a move that makes an enabled exception interrupts`(text: String) throws {
        var machine = try machine(MSR.fp | MSR.fe0, status: FPSCR.oe)
        machine.cpu.setFloatingPointRegister(7, to: UInt64(FPSCR.ox | FPSCR.oe))
        try machine.execute([text])
        #expect(machine.interrupt == .program)
        #expect(machine.cpu.floatingPointStatus & (FPSCR.fex | FPSCR.ox) == FPSCR.fex | FPSCR.ox)
    }

    @Test func `an exception that stays set does not interrupt the next instruction`() throws {
        var machine = try machine(MSR.fp | MSR.fe0, status: FPSCR.oe | FPSCR.ox)
        try machine.execute(["fadd f7,f1,f1", "fmr f8,f7", "mtfsb0 3", "li r3,1"])
        #expect(machine.interrupt == nil)
        #expect(machine.cpu.register(3) == 1)
    }

    @Test(
        arguments: [
            ("lfs f7,0(r9)", 4, 0x3FC0_0000, 0x3FF8_0000_0000_0000), ("lfsux f7,r9,r8", 4, 1, 0x36A0_0000_0000_0000),
            ("lfdu f7,0(r9)", 8, 0x0123_4567_89AB_CDEF, 0x0123_4567_89AB_CDEF),
        ] as [(String, Int, UInt64, UInt64)])
    func `a load from a device takes the device's value`(
        text: String, width: Int, value: UInt64, loaded: UInt64
    ) throws {
        var machine = try machine()
        machine.cpu.setRegister(9, to: 0x3000_0000)
        machine.cpu.setRegister(8, to: 0)
        try machine.map(Machine.Mapping(effective: 0x3000_0000, real: 0xF_E000_0000))
        try machine.load([text])
        machine.cpu.setPC(Machine.program)
        guard case .deviceRead(0xF_E000_0000, width) = machine.run(10) else {
            Issue.record("no exit")
            return
        }
        machine.cpu.completeRead(value)
        #expect(machine.cpu.floatingPointRegister(7) == loaded)
        #expect(machine.cpu.pc == Machine.program + 4)
    }

    @Test(
        arguments: [
            ("stfs f1,0(r9)", 4, 0x3F80_0000), ("stfdux f7,r9,r8", 8, 0x1234_5678_9ABC_DEF0),
            ("stfiwx f7,r0,r9", 4, 0x9ABC_DEF0),
        ] as [(String, Int, UInt64)])
    func `a store to a device gives it the value`(text: String, width: Int, value: UInt64) throws {
        var machine = try machine()
        machine.cpu.setRegister(9, to: 0x3000_0000)
        machine.cpu.setRegister(8, to: 0)
        try machine.map(Machine.Mapping(effective: 0x3000_0000, real: 0xF_E000_0000))
        try machine.load([text])
        machine.cpu.setPC(Machine.program)
        guard case .deviceWrite(0xF_E000_0000, width, value) = machine.run(10) else {
            Issue.record("no exit")
            return
        }
    }

    // MARK: Properties of the arithmetic

    /// An operation of two numbers, of a format and with all rounding modes.
    private static func operate(
        _ operation: Int, _ a: UInt64, _ b: UInt64, _ c: UInt64, _ control: FloatControl
    ) -> FloatResult {
        switch operation {
        case 0: SoftFloat.add(a, b, subtracting: false, control)
        case 1: SoftFloat.multiply(a, b, control)
        case 2: SoftFloat.divide(a, b, control)
        case 3: SoftFloat.squareRoot(a, control)
        case 4: SoftFloat.round(a, control)
        default: SoftFloat.multiplyAdd(a, c, b, [], control)
        }
    }

    @Test(arguments: 0..<6, [FloatFormat.double, .single])
    func `FR tells that the magnitude is larger than toward zero`(operation: Int, format: FloatFormat) {
        var random = Random(seed: UInt64(31 + operation))
        var increased = 0
        for number in 0..<40_000 {
            let (a, b, c) = operands(&random)
            let mode = RoundingMode.allCases[number % 4]
            let result = Self.operate(operation, a, b, c, FloatControl(format, mode))
            let truncated = Self.operate(operation, a, b, c, FloatControl(format, .towardZero))
            let isLarger = result.bits & ~(1 << 63) > truncated.bits & ~(1 << 63)
            #expect((result.rounding & FPSCR.fr != 0) == isLarger, "\(hex(a)) \(hex(b)) \(hex(c)) \(mode)")
            if isLarger { increased += 1 }
        }
        print("FR of operation \(operation): \(increased) of 40000 results increased")
    }

    private func operands(_ random: inout Random) -> (UInt64, UInt64, UInt64) {
        (
            FloatingPointCases.operand(&random), FloatingPointCases.operand(&random),
            FloatingPointCases.operand(&random)
        )
    }

    @Test func `a negative multiply-add is the multiply-add with its sign changed, in every mode`() {
        var random = Random(seed: 41)
        for number in 0..<100_000 {
            let (a, b, c) = operands(&random)
            let control = FloatControl(number % 8 < 4 ? .double : .single, RoundingMode.allCases[number % 4])
            for subtracting in [SoftFloat.Combination(), .subtracting] {
                let plain = SoftFloat.multiplyAdd(a, c, b, subtracting, control)
                let negative = SoftFloat.multiplyAdd(a, c, b, subtracting.union(.negating), control)
                let isNaN = plain.bits & ~(1 << 63) > 0x7FF0_0000_0000_0000
                #expect(negative.bits == plain.bits ^ (isNaN ? 0 : 1 << 63))
                #expect(negative.raised == plain.raised && negative.rounding == plain.rounding)
            }
        }
    }

    /// The host's own arithmetic rounds to nearest; its NaNs have other payloads.
    @Test func `results are those of the host's hardware`() {
        var random = Random(seed: 51)
        let control = FloatControl(.double)
        var compared = 0
        for _ in 0..<200_000 {
            let (a, b, _) = operands(&random)
            let (x, y) = (Double(bitPattern: a), Double(bitPattern: b))
            let pairs: [(FloatResult, Double)] = [
                (SoftFloat.add(a, b, subtracting: false, control), x + y),
                (SoftFloat.add(a, b, subtracting: true, control), x - y), (SoftFloat.multiply(a, b, control), x * y),
                (SoftFloat.divide(a, b, control), x / y), (SoftFloat.squareRoot(a, control), x.squareRoot()),
            ]
            for (ours, theirs) in pairs {
                compared += 1
                let isNaN = ours.bits & ~(1 << 63) > 0x7FF0_0000_0000_0000
                #expect(isNaN ? theirs.isNaN : ours.bits == theirs.bitPattern, "\(x) \(y)")
            }
            let single = SoftFloat.single(fromDouble: SoftFloat.round(a, FloatControl(.single)).bits)
            #expect(x.isNaN || single == Float(x).bitPattern)
        }
        print("host: \(compared) results compared with the host's arithmetic, seed 51")
    }

    @Test func `conversions between the formats and back keep every single number`() {
        var random = Random(seed: 61)
        for number in 0..<200_000 {
            let word = number < 0x2000 ? UInt32(number) &* 0x0008_0001 : random.word()
            let double = SoftFloat.double(fromSingle: word)
            #expect(SoftFloat.single(fromDouble: double) == word)
            let value = Float(bitPattern: word)
            if !value.isNaN { #expect(double == Double(value).bitPattern) }
        }
    }
}
