import Foundation
import PowerPC
import TestTools

/// Runs cases in qemu-ppc, all in one process. `Oracle/runner.S` is the program that does it there.
struct QEMURunner {
    private let qemu: Tool
    private let compiler: Tool

    init() throws {
        qemu = try Tool(named: "qemu-ppc")
        compiler = try Tool(named: "powerpc-linux-gnu-gcc")
    }

    /// The outcomes of all cases, by a QEMU that has the processor `model`.
    func run(_ corpus: Corpus, model: String) throws -> [Outcome] {
        try withTemporaryFolder { folder in
            let program = folder.appendingPathComponent("runner")
            guard let source = Bundle.module.url(forResource: "runner", withExtension: "S", subdirectory: "Oracle")
            else {
                throw ToolError.notOnPath("runner.S")
            }
            let built = try compiler.run([
                "-nostdlib", "-static", "-Wl,-Ttext=0x1000,-Tdata=0x2000,--build-id=none,-z,max-page-size=4096",
                source.path, "-o", program.path,
            ])
            guard built.status == 0 else { throw ToolError.failed("powerpc-linux-gnu-gcc", built) }
            let result = try qemu.run(["-cpu", model, program.path], input: [UInt8](Self.input(corpus)))
            guard result.status == 0 else { throw ToolError.failed("qemu-ppc", result) }
            return Self.outcomes(corpus, result.output)
        }
    }

    private static func input(_ corpus: Corpus) -> Data {
        let image = corpus.image
        var data = Data(capacity: image.count * 4 + corpus.cases.count * 420)
        append(UInt32(image.count * 4), to: &data)
        for word in image { append(word, to: &data) }
        for current in corpus.cases {
            append(corpus.codes[current.code].address - UInt32(CaseLayout.preamble.count * 4), to: &data)
            append(current.window == nil ? 0 : 1, to: &data)
            let registers = current.registers
            for value in registers.gpr + [registers.cr, registers.xer, registers.lr, registers.ctr] {
                append(value, to: &data)
            }
            if let window = current.window { data.append(contentsOf: window) }
        }
        return data
    }

    private static func outcomes(_ corpus: Corpus, _ output: [UInt8]) -> [Outcome] {
        var position = 0
        func word() -> UInt32 {
            defer { position += 4 }
            return output[position..<position + 4].reduce(0) { $0 << 8 | UInt32($1) }
        }
        var outcomes: [Outcome] = []
        for current in corpus.cases {
            // A QEMU that died has left less.
            guard position + 36 * 4 + (current.window == nil ? 0 : CaseLayout.windowSize) <= output.count else { break }
            var registers = Registers()
            for number in 0..<32 { registers.gpr[number] = word() }
            registers.cr = word()
            registers.xer = word()
            registers.lr = word()
            registers.ctr = word()
            var outcome = Outcome(registers: registers)
            if current.window != nil {
                outcome.window = Array(output[position..<position + CaseLayout.windowSize])
                position += CaseLayout.windowSize
            }
            outcomes.append(outcome)
        }
        return outcomes
    }
}
