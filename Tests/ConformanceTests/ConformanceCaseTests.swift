import Conformance
import GuestMemory
import ParavirtABI
import Testing

/// What a case accepts, with a kernel that is played here: the answers of Linux's `kvmppc_kvm_pv`.
@Suite struct ConformanceCaseTests {
    /// r11 of the calls that the kernel carries out, and what it answers in r4.
    private static let answers: [UInt32: UInt64] = [0x2A_0003: 2, 0x2A_0004: 3, 0x1_0010: 0]

    /// What the kernel makes of a case that ends behind a hypercall.
    private func answer(_ one: ConformanceCase, codeAddress: UInt64) -> RecordOutput {
        let input = one.input
        var registers = input.registers
        registers[0] = 0x4B56_4D21
        let token = UInt32(truncatingIfNeeded: registers[11])
        registers[3] = Self.answers[token] == nil ? 12 : 0
        registers[4] = Self.answers[token] ?? 0
        return RecordOutput(
            vector: 0x700, msr: input.msr, cr: input.cr, lr: input.lr, ctr: input.ctr, xer: input.xer,
            pc: codeAddress + 4 * UInt64(input.code.count - 1), registers: registers)
    }

    /// All cases of a guest.
    private static func all(_ guest: ConformanceGuest) -> [ConformanceCase] {
        ConformanceCase.all(guest, sequence: guest.isPAPR ? .paprForwardNested : .systemCallMagic)
    }

    /// The cases that are hypercalls which the kernel answers, from supervisor state.
    private static func calls(_ guest: ConformanceGuest) -> [ConformanceCase] {
        all(guest).filter { one in one.input.code.contains(0x4400_0002) && one.input.msr & 0x4000 == 0 }
    }

    @Test(arguments: [ConformanceGuest.kernel64, .kernel32]) func `the kernel's answers are accepted`(
        guest: ConformanceGuest
    ) throws {
        let calls = Self.calls(guest)
        #expect(calls.count > 40)
        let oracle = try ConformanceOracle(guest)
        for one in calls {
            let result = one.result(answer(one, codeAddress: 0x1_0280), codeAddress: 0x1_0280, oracle: oracle)
            #expect(result.wrong + result.volatile == [], "\(one.name)")
        }
    }

    @Test(arguments: 0..<32) func `another value in any register is seen`(register: Int) throws {
        let oracle = try ConformanceOracle(.kernel64)
        for one in Self.calls(.kernel64) {
            var output = answer(one, codeAddress: 0x1_0280)
            output.registers[register] ^= 1 << 40
            let result = one.result(output, codeAddress: 0x1_0280, oracle: oracle)
            #expect(result.wrong.count == 1, "\(one.name)")
        }
    }

    @Test func `another end or place is wrong, another volatile register is told apart`() throws {
        let oracle = try ConformanceOracle(.kernel64)
        let one = try #require(Self.calls(.kernel64).first)
        let changes: [(isVolatile: Bool, change: (inout RecordOutput) -> Void)] = [
            (false, { $0.vector = 0xC00 }), (false, { $0.pc += 4 }), (true, { $0.cr ^= 1 }), (true, { $0.lr ^= 1 }),
            (true, { $0.ctr ^= 1 }), (true, { $0.xer ^= 1 }),
        ]
        for (isVolatile, change) in changes {
            var output = answer(one, codeAddress: 0x1_0280)
            change(&output)
            let result = one.result(output, codeAddress: 0x1_0280, oracle: oracle)
            #expect(result.wrong.count == (isVolatile ? 0 : 1))
            #expect(result.volatile.count == (isVolatile ? 1 : 0))
        }
    }

    @Test func `nothing is volatile where there is no hypercall`() throws {
        let oracle = try ConformanceOracle(.kernel64)
        let one = try #require(Self.all(.kernel64).last)
        var output = answer(one, codeAddress: 0x1_0280)
        output.registers = one.input.registers
        output.registers[4] = 1
        #expect(one.result(output, codeAddress: 0x1_0280, oracle: oracle).wrong == [])
        output.ctr = 0
        #expect(
            one.result(output, codeAddress: 0x1_0280, oracle: oracle).wrong == ["CTR is 0x0 instead of 0x5060708"])
    }

    @Test func `a PAPR guest's calls have a story: what one sends another receives`() throws {
        let oracle = try ConformanceOracle(.papr64)
        var words: [UInt64: UInt64] = [:]
        for one in Self.all(.papr64) where one.input.code.contains(0x7C00_0268) {
            // With the input as output each register that the answer changes is told.
            let output = RecordOutput(
                vector: 0x700, msr: one.input.msr, cr: one.input.cr, lr: one.input.lr, ctr: one.input.ctr,
                xer: one.input.xer, pc: 0x1_0280 + 4 * UInt64(one.input.code.count - 1), registers: one.input.registers)
            let wrong = one.result(output, codeAddress: 0x1_0280, oracle: oracle).wrong
            if one.name == "nine are received" {
                #expect(wrong.contains { $0.hasPrefix("r5 is") && $0.hasSuffix("instead of 0x70617261") })
                #expect(wrong.contains { $0.hasPrefix("r6 is") && $0.hasSuffix("instead of 0x76616e65") })
            }
            words[one.input.registers[11], default: 0] += 1
        }
        #expect(words.count > 40)
    }

    @Test(arguments: ConformanceGuest.allCases) func `every case fits its record and has a name of its own`(
        guest: ConformanceGuest
    ) {
        let cases = Self.all(guest)
        #expect(cases.allSatisfy { $0.input.code.count <= Recorder.codeWords })
        #expect(Set(cases.map(\.name)).count == cases.count)
    }
}
