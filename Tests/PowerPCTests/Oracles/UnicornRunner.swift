import CUnicorn
import PowerPC

/// Runs cases in Unicorn, one call a case.
///
/// Its processor is the default of 32-bit PowerPC, a 7457: one without BookE's TLB, because without page tables
/// it addresses memory directly.
@safe
final class UnicornRunner {
    /// What Unicorn answered to a call.
    struct Failure: Error, CustomStringConvertible {
        let call: String
        let code: UInt32

        var description: String { "unicorn: \(call) failed with \(code)" }
    }

    /// Rows that the processor does not have.
    static let lacking: Set<String> = ["isel"]

    /// Sets XER from r0 and goes on at CTR: through its interface Unicorn neither sets nor shows XER's SO, OV and CA.
    private static let entry: UInt32 = 0x1100
    /// Behind what a case returns to: r0 is in memory and XER in r0.
    private static let end: UInt32 = CaseLayout.finished + 8
    /// Where the preamble of a case finds r0 and CTR, and where r0 is afterwards.
    private static let (gpr0, ctr, result): (UInt32, UInt32, UInt32) = (0x2008, 0x2094, 0x2010)

    private let engine: OpaquePointer
    private let corpus: Corpus

    init(_ corpus: Corpus, state: UInt32) throws {
        self.corpus = corpus
        var opened: OpaquePointer?
        let mode = UC_MODE_PPC32.rawValue | UInt32(bitPattern: Int32(UC_MODE_BIG_ENDIAN.rawValue))
        let status = unsafe uc_open(UC_ARCH_PPC, uc_mode(rawValue: mode), &opened)
        guard status == UC_ERR_OK, let opened = unsafe opened else {
            throw Failure(call: "uc_open", code: status.rawValue)
        }
        unsafe engine = opened
        try check("uc_mem_map", unsafe uc_mem_map(engine, 0, 0x3000, UC_PROT_ALL.rawValue))
        try check(
            "uc_mem_map",
            unsafe uc_mem_map(engine, UInt64(CaseLayout.code), Int(CaseLayout.codeSize), UC_PROT_ALL.rawValue))
        try check("uc_mem_map", unsafe uc_mem_map(engine, UInt64(CaseLayout.data), 0x2000, UC_PROT_ALL.rawValue))
        try write(corpus.image, at: CaseLayout.code)
        try write(assemble("mtxer r0; bcctr 20,0"), at: Self.entry)
        try write(assemble("stw r0,0x2010(r0); mfxer r0; nop"), at: CaseLayout.finished)
        try write(state, to: UC_PPC_REG_MSR)
    }

    deinit { unsafe uc_close(engine) }

    /// The outcome of one case.
    func run(_ number: Int) throws -> Outcome {
        let current = corpus.cases[number]
        try write(current.registers.xer, to: UC_PPC_REG_0)
        try write([current.registers.gpr[0]], at: Self.gpr0)
        try write([current.registers.ctr], at: Self.ctr)
        for register in 1..<32 {
            try write(current.registers.gpr[register], to: uc_ppc_reg(UC_PPC_REG_0.rawValue + UInt32(register)))
        }
        try write(current.registers.cr, to: UC_PPC_REG_CR)
        try write(current.registers.lr, to: UC_PPC_REG_LR)
        let entry = corpus.codes[current.code].address - UInt32(CaseLayout.preamble.count * 4)
        try write(entry, to: UC_PPC_REG_CTR)
        if let window = current.window { try write(window, at: CaseLayout.window) }
        let status = unsafe uc_emu_start(engine, UInt64(Self.entry), UInt64(Self.end), 0, 0)
        try check("uc_emu_start", status)
        var registers = Registers()
        registers.gpr[0] = try read(4, at: Self.result).reduce(0) { $0 << 8 | UInt32($1) }
        for register in 1..<32 {
            registers.gpr[register] = try read(uc_ppc_reg(UC_PPC_REG_0.rawValue + UInt32(register)))
        }
        registers.cr = try read(UC_PPC_REG_CR)
        registers.lr = try read(UC_PPC_REG_LR)
        registers.ctr = try read(UC_PPC_REG_CTR)
        registers.xer = try read(UC_PPC_REG_0)
        var outcome = Outcome(registers: registers)
        if current.window != nil {
            outcome.window = try read(CaseLayout.windowSize, at: CaseLayout.window)
        }
        return outcome
    }

    private func read(_ count: Int, at address: UInt32) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try check("uc_mem_read", unsafe uc_mem_read(engine, UInt64(address), &bytes, count))
        return bytes
    }

    private func write(_ words: [UInt32], at address: UInt32) throws {
        try write([UInt8](bigEndian(words)), at: address)
    }

    private func write(_ bytes: [UInt8], at address: UInt32) throws {
        try check("uc_mem_write", unsafe uc_mem_write(engine, UInt64(address), bytes, bytes.count))
    }

    private func write(_ value: UInt32, to register: uc_ppc_reg) throws {
        var value = value
        try check("uc_reg_write", unsafe uc_reg_write(engine, Int32(register.rawValue), &value))
    }

    private func read(_ register: uc_ppc_reg) throws -> UInt32 {
        var value: UInt32 = 0
        try check("uc_reg_read", unsafe uc_reg_read(engine, Int32(register.rawValue), &value))
        return value
    }

    private func check(_ call: String, _ status: uc_err) throws {
        if status != UC_ERR_OK { throw Failure(call: call, code: status.rawValue) }
    }
}
