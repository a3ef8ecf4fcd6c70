import Foundation
import PowerPC
import TestTools

/// The byte order of code and data.
enum ByteOrder: CaseIterable, Sendable {
    case little, big
}

/// Runs cases in QEMU's POWER8, all in one process. `Oracle/runner64.S` is the program that does it there.
struct WideQEMURunner {
    private let qemu: Tool
    private let compiler: Tool
    private let order: ByteOrder

    init(_ order: ByteOrder) throws {
        qemu = try Tool(named: order == .little ? "qemu-ppc64le" : "qemu-ppc64")
        compiler = try Tool(named: "powerpc64le-linux-gnu-gcc")
        self.order = order
    }

    /// The outcomes of all cases.
    func run(_ corpus: WideCorpus) throws -> [WideOutcome] {
        try withTemporaryFolder { folder in
            let program = folder.appendingPathComponent("runner")
            guard let source = Bundle.module.url(forResource: "runner64", withExtension: "S", subdirectory: "Oracle")
            else {
                throw ToolError.notOnPath("runner64.S")
            }
            let built = try compiler.run([
                order == .little ? "-mlittle" : "-mbig", "-mabi=elfv2", "-nostdlib", "-static",
                "-Wl,-Ttext=0x1000,-Tdata=0x2000,--build-id=none,-z,max-page-size=4096", source.path, "-o",
                program.path,
            ])
            guard built.status == 0 else { throw ToolError.failed("powerpc64le-linux-gnu-gcc", built) }
            let result = try qemu.run(["-cpu", "power8", program.path], input: input(corpus))
            // A signal ends it early; then there are fewer outcomes than cases.
            return outcomes(corpus, result.output)
        }
    }

    private func input(_ corpus: WideCorpus) -> [UInt8] {
        let image = corpus.image
        var bytes: [UInt8] = []
        bytes.reserveCapacity(image.count * 4 + corpus.cases.count * (WideState.count * 8 + 8 + CaseLayout.windowSize))
        func append<Value: FixedWidthInteger>(_ value: Value) {
            let ordered = order == .little ? value.littleEndian : value.bigEndian
            unsafe withUnsafeBytes(of: ordered) { unsafe bytes.append(contentsOf: $0) }
        }
        append(UInt64(image.count * 4))
        for word in image { append(word) }
        for current in corpus.cases {
            append(UInt64(corpus.codes[current.code].address) - UInt64(WideCorpus.preamble.count * 4))
            for value in current.state.doublewords { append(value) }
            bytes += current.window
        }
        return bytes
    }

    private func outcomes(_ corpus: WideCorpus, _ output: [UInt8]) -> [WideOutcome] {
        let size = WideState.count * 8 + CaseLayout.windowSize
        return (0..<min(corpus.cases.count, output.count / size)).map { number in
            var state = WideState()
            unsafe output.withUnsafeBytes { bytes in
                for index in 0..<WideState.count {
                    let value = unsafe bytes.loadUnaligned(fromByteOffset: number * size + index * 8, as: UInt64.self)
                    state[index] = order == .little ? UInt64(littleEndian: value) : UInt64(bigEndian: value)
                }
            }
            let window = number * size + WideState.count * 8
            return WideOutcome(state: state, window: Array(output[window..<window + CaseLayout.windowSize]))
        }
    }
}
