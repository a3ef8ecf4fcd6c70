import Foundation
import PowerPC
import TestTools
import Testing

/// What the assembler of native code writes, as binutils' disassembler reads it.
struct X86AssemblerTests {
    typealias Emit = (inout X86Assembler) -> Void

    /// The names that objdump has for the registers, in 64, 32 and 8 bits.
    static let registers: [(HostRegister, long: String, word: String, byte: String)] = [
        (.rax, "rax", "eax", "al"), (.rcx, "rcx", "ecx", "cl"), (.rdx, "rdx", "edx", "dl"), (.rbx, "rbx", "ebx", "bl"),
        (.rbp, "rbp", "ebp", "bpl"), (.rsi, "rsi", "esi", "sil"), (.rdi, "rdi", "edi", "dil"),
        (.r8, "r8", "r8d", "r8b"), (.r9, "r9", "r9d", "r9b"), (.r10, "r10", "r10d", "r10b"),
        (.r11, "r11", "r11d", "r11b"), (.r12, "r12", "r12d", "r12b"), (.r13, "r13", "r13d", "r13b"),
        (.r14, "r14", "r14d", "r14b"), (.r15, "r15", "r15d", "r15b"),
    ]

    /// Places in memory: without and with an index, displacements of one byte and of four.
    static let places: [(HostMemory, String)] = [
        (HostMemory(.rax), "[rax+0x0]"), (HostMemory(.rbx, displacement: 127), "[rbx+0x7f]"),
        (HostMemory(.rbx, displacement: -128), "[rbx-0x80]"), (HostMemory(.rbp, displacement: 128), "[rbp+0x80]"),
        (HostMemory(.r13, displacement: -129), "[r13-0x81]"), (HostMemory(.r15, displacement: 4), "[r15+0x4]"),
        (HostMemory(.rax, index: .rcx), "[rax+rcx*1+0x0]"),
        (HostMemory(.rbp, index: .rax, displacement: 16), "[rbp+rax*1+0x10]"),
        (HostMemory(.rcx, index: .r12, shift: 3, displacement: 4096), "[rcx+r12*8+0x1000]"),
        (HostMemory(.r8, index: .r15, shift: 1, displacement: -4), "[r8+r15*2-0x4]"),
    ]

    static let conditions: [(HostCondition, String)] = [
        (.below, "b"), (.aboveOrEqual, "ae"), (.equal, "e"), (.notEqual, "ne"), (.belowOrEqual, "be"), (.above, "a"),
        (.less, "l"), (.greaterOrEqual, "ge"), (.lessOrEqual, "le"), (.greater, "g"),
    ]

    static let arithmetic: [(HostArithmetic, String)] = [
        (.add, "add"), (.or, "or"), (.addWithCarry, "adc"), (.and, "and"), (.subtract, "sub"), (.xor, "xor"),
        (.compare, "cmp"),
    ]

    static let shifts: [(HostShift, String)] = [
        (.rotateLeft, "rol"), (.rotateRight, "ror"), (.left, "shl"), (.right, "shr"), (.rightArithmetic, "sar"),
    ]

    static let unary: [(HostUnary, String)] = [
        (.not, "not"), (.negate, "neg"), (.multiply, "mul"), (.multiplySigned, "imul"), (.divide, "div"),
        (.divideSigned, "idiv"),
    ]

    @Test func `moves are what was asked for`() throws {
        var cases: [(String, Emit)] = []
        for (target, long, word, byte) in Self.registers {
            cases.append(("mov \(word),0x80000001", { $0.move(target, constant: 0x8000_0001) }))
            cases.append(("bswap \(word)", { $0.swapBytes(target) }))
            cases.append(("ror \(word.half),0x8", { $0.swapHalfwordBytes(target) }))
            for (source, sourceLong, sourceWord, sourceByte) in Self.registers {
                cases.append(("mov \(word),\(sourceWord)", { $0.move(target, source) }))
                cases.append(("mov \(long),\(sourceLong)", { $0.move(target, source, .bits64) }))
                cases.append(("movzx \(word),\(sourceByte)", { $0.zeroExtendByte(target, source) }))
                cases.append(("movsx \(word),\(sourceByte)", { $0.signExtendByte(target, source) }))
                cases.append(("movzx \(word),\(sourceWord.half)", { $0.zeroExtendHalfword(target, source) }))
                cases.append(("movsx \(word),\(sourceWord.half)", { $0.signExtendHalfword(target, source) }))
                cases.append(("movsxd \(long),\(sourceWord)", { $0.signExtendWord(target, source) }))
            }
            for (place, text) in Self.places {
                cases.append(("mov \(word),DWORD PTR \(text)", { $0.move(target, place) }))
                cases.append(("mov \(long),QWORD PTR \(text)", { $0.move(target, place, .bits64) }))
                cases.append(("mov DWORD PTR \(text),\(word)", { $0.move(place, target) }))
                cases.append(("mov QWORD PTR \(text),\(long)", { $0.move(place, target, .bits64) }))
                cases.append(("mov BYTE PTR \(text),\(byte)", { $0.moveByte(place, target) }))
                cases.append(("mov WORD PTR \(text),\(word.half)", { $0.moveHalfword(place, target) }))
                cases.append(("movzx \(word),BYTE PTR \(text)", { $0.zeroExtendByte(target, place) }))
                cases.append(("movzx \(word),WORD PTR \(text)", { $0.zeroExtendHalfword(target, place) }))
                cases.append(("lea \(word),\(text)", { $0.loadAddress(target, place) }))
                cases.append(("lea \(long),\(text)", { $0.loadAddress(target, place, .bits64) }))
                cases.append(("or \(byte),BYTE PTR \(text)", { $0.orByte(target, place) }))
                cases.append(("lock cmpxchg DWORD PTR \(text),\(word)", { $0.compareAndExchange(place, target) }))
            }
            for (condition, name) in Self.conditions {
                cases.append(("set\(name) \(byte)", { $0.set(target, to: condition) }))
                cases.append(("cmov\(name) \(word),ecx", { $0.move(target, .rcx, if: condition) }))
                cases.append(
                    (
                        "cmov\(name) \(word),DWORD PTR \(Self.places[2].1)",
                        {
                            $0.move(target, Self.places[2].0, if: condition)
                        }
                    ))
            }
        }
        for (place, text) in Self.places {
            cases.append(("mov DWORD PTR \(text),0x12345678", { $0.move(place, constant: 0x1234_5678) }))
        }
        try check(cases)
    }

    @Test func `arithmetic is what was asked for`() throws {
        var cases: [(String, Emit)] = []
        for (target, long, word, byte) in Self.registers {
            for (operation, name) in Self.arithmetic {
                cases.append(("\(name) \(word),r9d", { $0.arithmetic(operation, target, .r9) }))
                cases.append(("\(name) \(long),rsi", { $0.arithmetic(operation, target, .rsi, .bits64) }))
                cases.append(("\(name) \(word),0x7f", { $0.arithmetic(operation, target, constant: 127) }))
                cases.append(("\(name) \(word),0xfffffff8", { $0.arithmetic(operation, target, constant: ~7) }))
                cases.append(
                    ("\(name) \(long),0xfffffffffffffff8", { $0.arithmetic(operation, target, constant: ~7, .bits64) }))
                cases.append(("\(name) \(word),0x12345", { $0.arithmetic(operation, target, constant: 0x12345) }))
                for (place, text) in Self.places {
                    cases.append(("\(name) \(word),DWORD PTR \(text)", { $0.arithmetic(operation, target, place) }))
                    cases.append(
                        ("\(name) \(long),QWORD PTR \(text)", { $0.arithmetic(operation, target, place, .bits64) }))
                }
            }
            for (operation, name) in Self.shifts {
                cases.append(("\(name) \(word),0x1f", { $0.shift(operation, target, by: 31) }))
                cases.append(("\(name) \(word),cl", { $0.shiftByCL(operation, target) }))
                cases.append(("\(name) \(long),cl", { $0.shiftByCL(operation, target, .bits64) }))
            }
            for (operation, name) in Self.unary {
                cases.append(("\(name) \(word)", { $0.unary(operation, target) }))
                cases.append(("\(name) \(long)", { $0.unary(operation, target, .bits64) }))
            }
            cases.append(("test \(word),r10d", { $0.test(target, .r10) }))
            cases.append(("test \(long),rcx", { $0.test(target, .rcx, .bits64) }))
            cases.append(("test \(byte),0x3", { $0.testByte(target, mask: 3) }))
            cases.append(("imul \(word),r11d", { $0.multiply(target, .r11) }))
            cases.append(("imul \(word),edi,0xfffffffe", { $0.multiply(target, .rdi, constant: ~1) }))
            cases.append(("bsr \(word),edx", { $0.highestBit(target, .rdx) }))
        }
        for (place, text) in Self.places {
            cases.append(("cmp BYTE PTR \(text),0x2", { $0.compareByte(place, constant: 2) }))
            cases.append(("test BYTE PTR \(text),0x8", { $0.testByte(place, mask: 8) }))
            cases.append(("bt DWORD PTR \(text),0x0", { $0.carryFromBit0(place) }))
            for (operation, name) in Self.arithmetic {
                cases.append(
                    ("\(name) DWORD PTR \(text),0x1", { $0.arithmetic(operation, place, constant: 1) }))
                cases.append(
                    ("\(name) QWORD PTR \(text),0x1", { $0.arithmetic(operation, place, constant: 1, .bits64) }))
            }
        }
        cases.append(("stc", { $0.setCarry() }))
        cases.append(("cdq", { $0.extendSignToEDX() }))
        cases.append(("mfence", { $0.fence() }))
        try check(cases)
    }

    @Test func `control goes where it was sent`() throws {
        var cases: [(String, Emit)] = []
        for (register, long, _, _) in Self.registers {
            cases.append(("push \(long)", { $0.push(register) }))
            cases.append(("pop \(long)", { $0.pop(register) }))
            cases.append(("jmp \(long)", { $0.jump(to: register) }))
            cases.append(("lea \(long),[rip+TO] # 0x10", { $0.loadAddress(register, ofPlace: 16) }))
        }
        for (condition, name) in Self.conditions {
            cases.append(("j\(name) 0x1234", { $0.setTarget(of: $0.jump(if: condition), to: 0x1234) }))
        }
        cases.append(("jmp 0x20", { $0.jump(to: 32) }))
        cases.append(("jmp 0x1234", { $0.setTarget(of: $0.jump(), to: 0x1234) }))
        cases.append(("ret", { $0.ret() }))
        try check(cases)
    }

    @Test(arguments: 0..<24)
    func `nothing is written beyond the buffer`(capacity: Int) {
        let result = assemble(room: 64, capacity: capacity) { assembler in
            for _ in 0..<8 { assembler.move(HostMemory(.r13, index: .r15, displacement: 4096), .r8, .bits64) }
        }
        #expect(result.isFull)
        #expect(result.bytes[capacity...].allSatisfy { $0 == 0xA5 })
    }

    // MARK: Tools

    /// Emits every case, and compares what objdump makes of the whole with the expected texts.
    private func check(_ cases: [(String, Emit)]) throws {
        let result = assemble(room: 1 << 20, capacity: 1 << 20) { assembler in
            for (_, emit) in cases { emit(&assembler) }
        }
        #expect(!result.isFull)
        let texts = try disassemble(Array(result.bytes[..<result.position]))
        try #require(texts.count == cases.count)
        for (text, (expected, _)) in zip(texts, cases) { #expect(text == expected) }
        print("x86 assembler: \(cases.count) instructions")
    }

    /// What is in `room` bytes of 0xA5 when an assembler was let write the first `capacity` of them.
    private func assemble(
        room: Int, capacity: Int, _ emit: Emit
    ) -> (bytes: [UInt8], position: Int, isFull: Bool) {
        var bytes = [UInt8](repeating: 0xA5, count: room)
        return unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return ([], 0, false) }
            var assembler = unsafe X86Assembler(buffer: base, capacity: capacity)
            emit(&assembler)
            return unsafe (Array(buffer), assembler.position, assembler.isFull)
        }
    }

    private func disassemble(_ code: [UInt8]) throws -> [String] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("paravane-\(UUID().uuidString).bin")
        try Data(code).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let options = ["-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", "--no-show-raw-insn", "-w"]
        let result = try Tool(named: "objdump").run(options + [file.path])
        try #require(result.status == 0)
        return String(decoding: result.output, as: UTF8.self).split(separator: "\n").compactMap { line in
            // "   1a:	mov    eax,ecx"
            let fields = line.split(separator: "\t", maxSplits: 1)
            guard fields.count == 2, fields[0].hasSuffix(":") else { return nil }
            let words = fields[1].split(separator: " ").joined(separator: " ")
            // A distance depends on where the instruction is; what it leads to is in the comment.
            guard let relative = words.range(of: "[rip"), let end = words.range(of: "]") else { return words }
            return words.replacingCharacters(in: relative.upperBound..<end.lowerBound, with: "+TO")
        }
    }
}

extension String {
    /// The name of the lower half of the 32-bit register with this name.
    fileprivate var half: String { hasPrefix("r") ? String(dropLast()) + "w" : String(dropFirst()) }
}
