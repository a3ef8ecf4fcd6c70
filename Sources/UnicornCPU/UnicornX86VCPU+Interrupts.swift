internal import CUnicornCPU
internal import FlatMachines
internal import GuestMemory

/// Exceptions and interrupts, as 64-bit mode delivers them (AMD64 manual, volume 2, chapter 8).
///
/// Unicorn tells no error codes. The one of a page fault is found by looking at the tables, without whether the access was a
/// store; the others are 0. Non-maskable interrupts nest.
extension UnicornX86VCPU {
    /// A code segment's descriptor, as far as it matters.
    struct CodeSegment {
        let is64Bit: Bool
        let privilege: UInt64
    }

    /// Goes to the handler of `vector`, or ends the run where there is none.
    ///
    /// - Parameter isFromProgram: whether the program caused it; then an interrupt instruction needs a gate for its state.
    func deliver(_ vector: UInt8, isFromProgram: Bool) {
        guard let target = gate(vector), mayUse(target, vector, isFromProgram: isFromProgram),
            let segment = codeSegment(target.selector), segment.is64Bit, segment.privilege == 0,
            var stack = stack(for: target)
        else { return crash(.tripleFault(vector: vector, at: instruction)) }
        var words = [
            engine[ucpu_ss], engine[4], engine[ucpu_flags], engine[ucpu_cs] & 0xFFFF, instruction,
        ]
        if Vector.hasErrorCode(vector), isFromProgram {
            words.append(vector == Vector.pageFault ? pageFaultCode : 0)
        }
        for word in words {
            stack &-= 8
            guard store(word, at: stack) else { return crash(.tripleFault(vector: vector, at: instruction)) }
        }
        let wasPrivileged = isPrivileged
        if !wasPrivileged || codeSegment(engine[ucpu_cs])?.is64Bit != true { engine.enterSupervisor() }
        var flags = engine[ucpu_flags] & ~(Flags.trap | Flags.nestedTask | Flags.resume)
        if target.masksInterrupts { flags &= ~Flags.interrupts }
        engine[ucpu_flags] = flags
        engine[ucpu_cs] = target.selector & ~3
        if !wasPrivileged { engine[ucpu_ss] = 0 }
        engine[4] = stack
        instruction = target.address
    }

    /// What a gate of the interrupt table says.
    private struct Gate {
        let address: UInt64
        let selector: UInt64
        let stack: UInt64
        let privilege: UInt64
        let masksInterrupts: Bool
    }

    private func gate(_ vector: UInt8) -> Gate? {
        let table = engine[ucpu_idt]
        let offset = UInt64(vector) * 16
        guard offset + 15 <= UInt64(table.limit), let low = load(at: table.base &+ offset),
            let high = load(at: table.base &+ offset &+ 8)
        else { return nil }
        let type = low >> 40 & 0x1F
        guard low >> 47 & 1 != 0, type == 0xE || type == 0xF else { return nil }
        return Gate(
            address: low & 0xFFFF | low >> 32 & 0xFFFF_0000 | high << 32, selector: low >> 16 & 0xFFFF,
            stack: low >> 32 & 7, privilege: low >> 45 & 3, masksInterrupts: type == 0xE)
    }

    private func mayUse(_ gate: Gate, _ vector: UInt8, isFromProgram: Bool) -> Bool {
        guard isFromProgram, gate.privilege < engine[ucpu_cs] & 3 else { return true }
        // Unicorn does not tell an exception from an interrupt instruction, but has gone past the latter.
        let isInstruction =
            vector == Vector.breakpoint || vector == Vector.overflow
            || byte(at: instruction &- 2) == 0xCD && byte(at: instruction &- 1) == vector
        return !isInstruction
    }

    /// The stack of a handler: its own, the supervisor's, or the one that is in use.
    private func stack(for gate: Gate) -> UInt64? {
        let task = engine[ucpu_task].base
        if gate.stack != 0 { return load(at: task &+ 28 &+ 8 * gate.stack) }
        if !isPrivileged { return load(at: task &+ 4) }
        return engine[4] & ~15
    }

    /// The descriptor of `selector`, or nil where it is of no code segment.
    func codeSegment(_ selector: UInt64) -> CodeSegment? {
        let table = engine[ucpu_gdt]
        let offset = selector & 0xFFF8
        guard offset != 0, selector & 4 == 0, offset + 7 <= UInt64(table.limit),
            let descriptor = load(at: table.base &+ offset), descriptor >> 43 & 3 == 3, descriptor >> 47 & 1 != 0
        else { return nil }
        return CodeSegment(is64Bit: descriptor >> 53 & 1 != 0, privilege: descriptor >> 45 & 3)
    }

    private var pageFaultCode: UInt64 {
        (translate(engine[ucpu_cr2]) == nil ? 0 : 1) | (isPrivileged ? 0 : 4)
    }

    // MARK: Memory as the guest's supervisor sees it

    func byte(at address: UInt64) -> UInt8? {
        translate(address).flatMap { try? board.memory.load(UInt8.self, at: $0, order: .little) }
    }

    private func load(at address: UInt64) -> UInt64? {
        guard address & 0xFFF <= 0xFF8 else {
            var value: UInt64 = 0
            for index in (0..<UInt64(8)).reversed() {
                guard let byte = byte(at: address &+ index) else { return nil }
                value = value << 8 | UInt64(byte)
            }
            return value
        }
        return translate(address).flatMap { try? board.memory.load(UInt64.self, at: $0, order: .little) }
    }

    private func store(_ value: UInt64, at address: UInt64) -> Bool {
        for index in 0..<UInt64(8) {
            guard let place = translate(address &+ index),
                (try? board.memory.store(UInt8(truncatingIfNeeded: value >> (8 * index)), at: place)) != nil
            else { return false }
        }
        return true
    }

    /// The physical address of a linear one, through four levels of tables; nil where a table says no.
    func translate(_ linear: UInt64) -> UInt64? {
        guard engine[ucpu_cr0] & ControlRegister.paging != 0 else { return linear }
        let addressMask: UInt64 = 0x000F_FFFF_FFFF_F000
        var table = engine[ucpu_cr3] & addressMask
        for shift in [UInt64(39), 30, 21, 12] {
            let place = table + 8 * (linear >> shift & 0x1FF)
            guard let entry = try? board.memory.load(UInt64.self, at: place, order: .little), entry & 1 != 0 else {
                return nil
            }
            let isPage = shift == 12 || shift < 39 && entry & 1 << 7 != 0
            if isPage {
                let offset = UInt64(1) << shift - 1
                return entry & addressMask & ~offset | linear & offset
            }
            table = entry & addressMask
        }
        return nil
    }
}
