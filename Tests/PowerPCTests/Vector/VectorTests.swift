import Foundation
import PowerPC
import Testing

/// What no run of QEMU says about vectors: estimates by their functions, and properties of results.
@Suite struct VectorTests {
    private static let available = MSR64.fp | MSR64.vec | MSR64.vsx

    private func words(_ vector: Vector128) -> [UInt32] {
        [vector.high >> 32, vector.high, vector.low >> 32, vector.low].map { UInt32(truncatingIfNeeded: $0) }
    }

    private func vector(_ words: [UInt32]) -> Vector128 {
        Vector128(UInt64(words[0]) << 32 | UInt64(words[1]), UInt64(words[2]) << 32 | UInt64(words[3]))
    }

    @Test func `the power of two is right to single precision`() throws {
        var random = Random(seed: 61)
        var machine = try ServerMachine(state: Self.available)
        for _ in 0..<500 {
            let inputs = (0..<4).map { _ in Float(Double(random.below(1 << 30)) / Double(1 << 22) - 128) }
            machine.cpu.setVectorRegister(33, to: vector(inputs.map(\.bitPattern)))
            machine.cpu.setPC(ServerMachine.program)
            try machine.execute("vexptefp r2,r1")
            for (input, word) in zip(inputs, words(machine.cpu.vectorRegister(34))) {
                let expected = exp2(Double(input))
                let result = Double(Float(bitPattern: word))
                #expect(abs(result - expected) <= max(expected / 0x1p23, 0x1p-149), "2^\(input)")
            }
        }
    }

    @Test func `the logarithm is right to single precision`() throws {
        var random = Random(seed: 62)
        var machine = try ServerMachine(state: Self.available)
        for _ in 0..<500 {
            let inputs = (0..<4).map { _ in Float(bitPattern: 1 + random.word() % 0x7F7F_FFFF) }
            machine.cpu.setVectorRegister(33, to: vector(inputs.map(\.bitPattern)))
            machine.cpu.setPC(ServerMachine.program)
            try machine.execute("vlogefp r2,r1")
            for (input, word) in zip(inputs, words(machine.cpu.vectorRegister(34))) {
                let expected = log2(Double(input))
                let result = Double(Float(bitPattern: word))
                #expect(abs(result - expected) <= max(abs(expected) / 0x1p23, 0x1p-50), "log2 \(input)")
            }
        }
    }

    static let specialEstimates: [(text: String, input: UInt32, result: UInt32)] = [
        ("vexptefp r2,r1", 0x7F80_0000, 0x7F80_0000), ("vexptefp r2,r1", 0xFF80_0000, 0),
        ("vexptefp r2,r1", 0x8000_0000, 0x3F80_0000), ("vexptefp r2,r1", 0x7FA0_0001, 0x7FE0_0001),
        ("vlogefp r2,r1", 0x7F80_0000, 0x7F80_0000), ("vlogefp r2,r1", 0, 0xFF80_0000),
        ("vlogefp r2,r1", 0xBF80_0000, 0x7FC0_0000), ("vlogefp r2,r1", 0x3F80_0000, 0),
        ("vlogefp r2,r1", 0x8000_0000, 0xFF80_0000),
    ]

    @Test(arguments: specialEstimates)
    func `estimates of special numbers are what the ISA's tables say`(
        estimate: (text: String, input: UInt32, result: UInt32)
    ) throws {
        var machine = try ServerMachine(state: Self.available)
        machine.cpu.setVectorRegister(33, to: vector([UInt32](repeating: estimate.input, count: 4)))
        try machine.execute(estimate.text)
        #expect(words(machine.cpu.vectorRegister(34)) == [UInt32](repeating: estimate.result, count: 4))
    }

    @Test(arguments: UInt64(0)..<4)
    func `negative multiply-adds round before they negate, in every mode`(mode: UInt64) throws {
        var random = Random(seed: 63)
        var machine = try ServerMachine(state: Self.available)
        for _ in 0..<1000 {
            // Of moderate size, so that no result is a NaN.
            let operands = (0..<3).map { _ in
                let halves = (0..<2).map { _ in
                    random.next() & 0x800F_FFFF_FFFF_FFFF | UInt64(1023 - 20 + random.below(40)) << 52
                }
                return Vector128(halves[0], halves[1])
            }
            for (number, operand) in operands.enumerated() { machine.cpu.setVectorRegister(number, to: operand) }
            machine.cpu.setVectorRegister(3, to: operands[0])
            machine.cpu.setFloatingPointStatus(mode)
            machine.cpu.setPC(ServerMachine.program)
            try machine.execute("xvmaddadp f0,f1,f2; xvnmaddadp f3,f1,f2")
            let (sum, negated) = (machine.cpu.vectorRegister(0), machine.cpu.vectorRegister(3))
            #expect(sum.high ^ 1 << 63 == negated.high && sum.low ^ 1 << 63 == negated.low)
        }
    }

    @Test(arguments: [false, true])
    func `an enabled exception of one element leaves the vector as it is`(isEnabled: Bool) throws {
        var machine = try ServerMachine(state: Self.available)
        let (numbers, divisors) = (Vector128(0x3FF0 << 48, 0x4000 << 48), Vector128(0, 0x4000 << 48))
        machine.cpu.setVectorRegister(1, to: numbers)
        machine.cpu.setVectorRegister(2, to: divisors)
        machine.cpu.setVectorRegister(3, to: Vector128(1, 2))
        machine.cpu.setFloatingPointStatus(isEnabled ? UInt64(FPSCR.ze) : 0)
        try machine.execute("xvdivdp f3,f1,f2")
        #expect(machine.cpu.floatingPointStatus & UInt64(FPSCR.zx | FPSCR.fx) == UInt64(FPSCR.zx | FPSCR.fx))
        #expect(
            machine.cpu.vectorRegister(3) == (isEnabled ? Vector128(1, 2) : Vector128(0x7FF0 << 48, 0x3FF0 << 48)))
    }

    @Test(arguments: [false, true])
    func `a conditional store of a quadword succeeds with its reservation`(isLittleEndian: Bool) throws {
        var machine = try ServerMachine(littleEndian: isLittleEndian)
        try machine.set(ServerMachine.data, 0x1111)
        try machine.set(ServerMachine.data + 8, 0x2222)
        machine.cpu.setRegister(5, to: ServerMachine.data)
        try machine.execute("lqarx r6,0,r5; addi r8,r6,1; addi r9,r7,1; stqcx. r8,0,r5")
        #expect(machine.cpu.conditionRegister >> 28 & 2 == 2)
        // The even register is the more significant half.
        #expect(machine.cpu.register(6) == (isLittleEndian ? 0x2222 : 0x1111))
        #expect(try machine.doubleword(ServerMachine.data) == 0x1112)
        #expect(try machine.doubleword(ServerMachine.data + 8) == 0x2223)
    }
}
