internal import CUnicornCPU
internal import FlatMachines
internal import GuestMemory
internal import Hypercalls
internal import ParavirtABI

/// One vCPU of a flat x86 machine.
///
/// Unicorn executes instructions and leaves everything else: exceptions and interrupts are delivered here
/// (`UnicornX86VCPU+Interrupts.swift`), as 64-bit mode has them.
final class UnicornX86VCPU: UnicornDevices {
    let index: Int
    let board: X86Board
    let engine: UnicornEngine
    /// The next instruction.
    var instruction: UInt64
    /// Whether it waits in HLT.
    private var isWaiting = false
    /// Whether an INIT stopped it for good: there is no real mode for it to start again in.
    private var isStopped = false

    init(_ index: Int, board: X86Board, entry: UInt64) throws(UnicornError) {
        self.index = index
        self.board = board
        instruction = entry
        engine = try UnicornEngine(ucpu_x86_64)
        engine.devices = self
        try engine.map(board.memory, from: 0, size: board.memory.ram.size, at: 0)
        try engine.mapDevice(at: X86Board.localAPIC)
        engine[ucpu_gdt] = ucpu_table(base: board.descriptorTable, limit: board.descriptorTableSize - 1, selector: 0)
        engine[ucpu_cr4] = ControlRegister.physicalAddressExtension
        engine[ucpu_cr3] = X86Board.startTables
        engine[ucpu_cr0] = ControlRegister.paging | ControlRegister.start
        engine[ucpu_cs] = UInt64(X86Board.codeSelector)
        engine[ucpu_ss] = UInt64(X86Board.dataSelector)
        engine[ucpu_flags] = Flags.fixed
        engine[7] = UInt64(index)  // rdi
        engine[6] = UInt64(board.machine.vcpus.count)  // rsi
        try engine.keepSupervisor()
    }

    /// Whether it can execute.
    var isReady: Bool { !isWaiting && !isStopped }

    /// Whether the guest is in supervisor state.
    var isPrivileged: Bool { engine[ucpu_cs] & 3 == 0 }

    /// Ends HLT when something has come that ends it. To be called after everything that other vCPUs do.
    func wakeUp() {
        guard isWaiting else { return }
        let state = board.machine.vcpus[index]
        guard !state.isHalted else { return }
        if !state.hasPendingEvent || state.hasPendingNMI || state.hasPendingINIT || acceptsInterrupts {
            isWaiting = false
        } else if state.isKicked {
            // An interrupt that it does not take, and a wake-up behind that.
            board.machine.halt(index)
            isWaiting = false
        }
    }

    private var acceptsInterrupts: Bool { engine[ucpu_flags] & Flags.interrupts != 0 }

    /// Takes what waits and runs. Whether it would go on at once.
    func run(blocks: UInt32) -> Bool {
        takePending()
        guard isReady, board.outcome == nil else { return false }
        let end = engine.run(from: instruction, blocks: blocks)
        instruction = engine[ucpu_pc]
        switch end {
        case .slice: return false
        case .halt:
            isWaiting = true
            board.machine.halt(index)
            wakeUp()
            return isReady
        case .interrupt(let vector): deliver(UInt8(truncatingIfNeeded: vector), isFromProgram: true)
        case .invalid:
            if !callHypervisor() { deliver(Vector.invalidOpcode, isFromProgram: true) }
        case .unmapped(let address): miss(address)
        case .failure(let code): crash(.engine(code: code, at: instruction))
        }
        return true
    }

    /// An access to `address` found nothing: no page, which Unicorn does not tell from a page of no memory.
    private func miss(_ address: UInt64) {
        guard translate(address) == nil else { return crash(.unmapped(address: address, at: instruction)) }
        engine[ucpu_cr2] = address
        deliver(Vector.pageFault, isFromProgram: true)
    }

    /// Ends the machine's run.
    func crash(_ crash: FlatCrash) {
        board.end(.crash(crash, vcpu: index))
    }

    private func takePending() {
        let state = board.machine.vcpus[index]
        guard state.hasPendingEvent else { return }
        board.machine.vcpus[index].hasPendingSMI = false
        if state.pendingStartup != nil {
            crash(.unsupported(.startup, at: instruction))
        } else if state.hasPendingINIT {
            board.machine.vcpus[index].hasPendingINIT = false
            isStopped = true
        } else if state.hasPendingNMI {
            board.machine.vcpus[index].hasPendingNMI = false
            deliver(Vector.nonmaskable, isFromProgram: false)
        } else if acceptsInterrupts, !isBehindSTI, let vector = board.machine.vcpus[index].takeVector() {
            deliver(vector, isFromProgram: false)
        }
    }

    /// Whether the instruction before was STI, after which one more executes without an interrupt: the HLT of an idle loop.
    private var isBehindSTI: Bool { byte(at: instruction &- 1) == 0xFB }

    /// Carries a hypercall out, if the next instruction is one.
    private func callHypervisor() -> Bool {
        guard byte(at: instruction) == 0x0F, byte(at: instruction &+ 1) == 0x01,
            let form = byte(at: instruction &+ 2), form == 0xC1 || form == 0xD9
        else { return false }
        var registers = EngineRegisters(engine: engine)
        board.call(
            &registers, vcpu: index, isPrivileged: isPrivileged,
            width: codeSegment(engine[ucpu_cs])?.is64Bit == true ? .bits64 : .bits32)
        instruction &+= 3
        return true
    }

    // MARK: UnicornDevices

    func readPort(_ port: UInt32) -> UInt32 { board.read(port: UInt16(truncatingIfNeeded: port)) }
    func writePort(_ port: UInt32, _ value: UInt32) { board.write(port: UInt16(truncatingIfNeeded: port), value) }
    func cpuid(_ leaf: UInt32) -> InlineArray<4, UInt32> { board.cpuid(leaf, vcpu: index) }
    func readDevice(_ offset: UInt64) -> UInt64 { UInt64(board.readLocalAPIC(offset, vcpu: index)) }
    func writeDevice(_ offset: UInt64, _ value: UInt64) {
        board.writeLocalAPIC(offset, UInt32(truncatingIfNeeded: value), vcpu: index)
    }
}

/// An engine's registers, as calls read and write them.
struct EngineRegisters: CallRegisters {
    let engine: UnicornEngine

    func register(_ index: Int) -> UInt64 { engine[index] }
    func setRegister(_ index: Int, to value: UInt64) { engine[index] = value }
}

/// Bits of CR0 and CR4.
enum ControlRegister {
    static let paging: UInt64 = 1 << 31
    /// Protected mode, with the coprocessor and write protection.
    static let start: UInt64 = 1 << 16 | 1 << 5 | 1 << 4 | 1 << 1 | 1
    static let physicalAddressExtension: UInt64 = 1 << 5
}

/// Bits of RFLAGS.
enum Flags {
    static let fixed: UInt64 = 1 << 1
    static let trap: UInt64 = 1 << 8
    static let interrupts: UInt64 = 1 << 9
    static let nestedTask: UInt64 = 1 << 14
    static let resume: UInt64 = 1 << 16
}

/// Vectors of exceptions.
enum Vector {
    static let nonmaskable: UInt8 = 2
    static let breakpoint: UInt8 = 3
    static let overflow: UInt8 = 4
    static let invalidOpcode: UInt8 = 6
    static let pageFault: UInt8 = 14

    /// Whether the exception pushes an error code.
    static func hasErrorCode(_ vector: UInt8) -> Bool {
        switch vector {
        case 8, 10...14, 17, 21: true
        default: false
        }
    }
}
