internal import CHost

/// Where native code stopped, as it tells the interpreter in ``RegisterBlock/exit``: a kind, and an operation of the page
/// in ``RegisterBlock/operations``.
struct NativeExit {
    /// Why native code stopped.
    enum Kind: UInt32 {
        /// The operation is for the interpreter.
        case interpret = 0
        /// A branch went to the operation, and it is time to look at timers and interrupts.
        case expired = 1
        /// A branch went to the operation, of which there is no native code.
        case arrived = 2
    }

    let raw: UInt32

    var kind: Kind { Kind(rawValue: raw >> 16) ?? .interpret }
    var number: Int { Int(raw & 0xFFFF) }

    private static func encode(_ kind: Kind, _ number: Int) -> UInt32 {
        kind.rawValue << 16 | UInt32(truncatingIfNeeded: number) & 0xFFFF
    }

    static func interpret(_ number: Int) -> UInt32 { encode(.interpret, number) }
    static func expired(_ number: Int) -> UInt32 { encode(.expired, number) }
    static func arrived(_ number: Int) -> UInt32 { encode(.arrived, number) }
}

/// The places in the code buffer of what all fragments share.
struct NativeRoutines {
    /// Called from outside: saves the host's registers and goes to a fragment's entry.
    var enter = 0
    /// Goes back to who called ``enter``.
    var exit = 0
    /// Branches to the effective address in eax from operation edx, everything before which is counted and written back.
    var go = 0
    /// The same, and LR becomes the address behind the operation.
    var linkAndGo = 0
    /// Goes on at operation edx of the page: in its native code, or in the interpreter where it has none yet.
    var arrive = 0
    /// The first free place.
    var end = 0
}

/// Host memory for one vCPU's native code: mapped twice, once to write and once to execute, so that no address is both.
///
/// It has to be made before the process enters its sandbox, which allows no executable mappings.
@safe
public final class NativeCodeMemory {
    /// Bytes of each mapping.
    public static let size = 32 << 20

    let writable: UnsafeMutablePointer<UInt8>
    let executable: UnsafeMutableRawPointer

    /// How often a branch goes to an operation before it is compiled.
    let threshold: UInt8

    /// Maps the memory; nil where the host refuses it, or where this build has no code to put there.
    ///
    /// - Parameter compilesEverything: whether whatever is reached is compiled at once, for tests; otherwise what was
    ///   reached often is.
    public init?(compilesEverything: Bool = false) {
        threshold = compilesEverything ? 1 : NativeCode.threshold
        guard NativeCode.isSupported else { return nil }
        var views = unsafe host_code_memory()
        guard unsafe host_map_code(Self.size, &views) != 0 else { return nil }
        guard let writable = unsafe views.writable, let executable = unsafe views.executable else { return nil }
        unsafe self.writable = writable.bindMemory(to: UInt8.self, capacity: Self.size)
        unsafe self.executable = executable
    }

    deinit {
        unsafe host_unmap_code(Self.size, host_code_memory(writable: writable, executable: executable))
    }
}

/// A vCPU's native code: fragments of the pages that it executes most.
///
/// Operations that a fragment begins with become ``Operation/native`` in their page. The interpreter that comes to one
/// enters the fragment; native code goes from fragment to fragment by itself, until it meets something that only the
/// interpreter can do, or it is time to look at timers and interrupts. Instructions are counted, and time is looked at, in
/// the very places where the interpreter does, so that both execute a guest alike to the last instruction.
///
/// Fragments depend on what their page's words were when they were compiled. So all of a page's fragments are forgotten
/// when any word of it changes.
@safe
struct NativeCode {
    /// Whether this build has native code.
    static var isSupported: Bool {
        #if arch(x86_64)
            true
        #else
            false
        #endif
    }

    /// How often a branch goes to an operation before it is compiled.
    static let threshold: UInt8 = 30

    private let memory: NativeCodeMemory
    private let routines: NativeRoutines
    private var compiler: FragmentCompiler
    /// Whether the buffer is full: then the vCPU's pages have to forget their fragments.
    private(set) var isFull = false

    /// - Parameters:
    ///   - model: what core it is.
    ///   - sharesMemory: whether there are other vCPUs.
    init(_ memory: NativeCodeMemory, _ model: CoreModel, sharesMemory: Bool) {
        self.memory = memory
        var assembler = unsafe X86Assembler(buffer: memory.writable, capacity: NativeCodeMemory.size)
        routines = NativeRoutines(&assembler)
        compiler = FragmentCompiler(
            assembler: assembler, routines: routines, model: model, sharesMemory: sharesMemory,
            compilesEverything: memory.threshold == 1)
    }

    /// Compiles the fragment that operation `number` begins. False when nothing came of it.
    mutating func compile(_ operations: UnsafeMutablePointer<MicroOperation>, number: Int) -> Bool {
        guard compiler.assembler.capacity - compiler.assembler.position >= FragmentCompiler.largest else {
            isFull = true
            return false
        }
        return unsafe compiler.compile(operations, entry: number)
    }

    /// Starts over with an empty buffer. No page may have fragments any more.
    mutating func removeAll() {
        compiler.assembler.rewind(to: routines.end)
        isFull = false
    }

    /// The way into the code.
    var entry: NativeEntry {
        unsafe NativeEntry(base: memory.executable, enter: routines.enter, threshold: memory.threshold)
    }
}

/// The way into a vCPU's native code.
@safe
struct NativeEntry {
    private typealias Enter =
        @convention(c) (
            UnsafeMutableRawPointer, UnsafeRawPointer, UnsafeRawPointer, UInt64, Int
        ) -> Int

    private let base: UnsafeRawPointer
    private let enter: Int
    /// How often a branch goes to an operation before it is compiled.
    let threshold: UInt8

    fileprivate init(base: UnsafeRawPointer, enter: Int, threshold: UInt8) {
        unsafe self.base = base
        self.enter = enter
        self.threshold = threshold
    }

    /// Executes native code from the place `entry` on. The instructions that are left, of `remaining`; what else changed is
    /// in the register block.
    @inline(__always)
    func run(
        _ registers: UnsafeMutableRawPointer, entry: UInt32, translations: UnsafePointer<DataTranslations.Entry>,
        context: UInt64, remaining: Int
    ) -> Int {
        // SAFETY: the buffer has a routine of this type at `enter`; entries are places in the buffer.
        let function = unsafe unsafeBitCast(base + enter, to: Enter.self)
        return unsafe function(
            registers + FragmentCompiler.bias, base + Int(entry), translations, context, remaining)
    }
}

extension NativeRoutines {
    /// Writes the routines, for the calling convention of System V on x86-64.
    init(_ assembler: inout X86Assembler) {
        func block(_ offset: Int) -> HostMemory {
            HostMemory(.rbx, displacement: Int32(truncatingIfNeeded: offset - FragmentCompiler.bias))
        }
        let saved: [HostRegister] = [.rbx, .rbp, .r12, .r13, .r14, .r15]

        enter = assembler.position
        for register in saved { assembler.push(register) }
        assembler.move(.rbx, .rdi, .bits64)
        assembler.move(.rbp, .rdx, .bits64)
        assembler.move(.r12, .rcx, .bits64)
        assembler.move(.r13, .r8, .bits64)
        assembler.jump(to: .rsi)

        exit = assembler.position
        assembler.move(.rax, .r13, .bits64)
        for register in saved.reversed() { assembler.pop(register) }
        assembler.ret()

        // Nothing of the guest is in host registers here. First the look into the code translations.
        func findPage() -> Int {
            assembler.move(.rcx, .rax)
            assembler.shift(.right, .rcx, by: 12 - CodeTranslations.entryShift)
            assembler.arithmetic(
                .and, .rcx, constant: UInt32(CodeTranslations.count - 1) << UInt32(CodeTranslations.entryShift))
            assembler.arithmetic(.add, .rcx, block(RegisterBlock.codes), .bits64)
            assembler.move(.rsi, .rax)
            assembler.arithmetic(.and, .rsi, constant: ~0xFFF)
            assembler.move(.rdi, .rsi)
            assembler.arithmetic(.or, .rsi, block(RegisterBlock.codeContext), .bits64)
            assembler.arithmetic(
                .compare, .rsi, HostMemory(.rcx, displacement: CodeTranslations.tagOffset), .bits64)
            return assembler.jump(if: .notEqual)
        }
        /// Goes on at operation edx, or stops in front of it.
        func stop(_ kind: NativeExit.Kind) {
            if kind.rawValue != 0 { assembler.arithmetic(.or, .rdx, constant: kind.rawValue << 16) }
            assembler.move(block(RegisterBlock.exit), .rdx)
            assembler.jump(to: exit)
        }
        func goOn() {
            assembler.move(.rcx, HostMemory(.rcx, displacement: CodeTranslations.operationsOffset), .bits64)
            assembler.move(block(RegisterBlock.operations), .rcx, .bits64)
            assembler.move(block(RegisterBlock.page), .rdi)
            assembler.move(.rdx, .rax)
            assembler.arithmetic(.and, .rdx, constant: 0xFFC)
            assembler.loadAddress(.rcx, HostMemory(.rcx, index: .rdx, shift: 1), .bits64)
            assembler.shift(.right, .rdx, by: 2)
            assembler.arithmetic(.subtract, .r13, constant: 1, .bits64)
            let expired = assembler.jump(if: .lessOrEqual)
            enterOperation()
            assembler.setTarget(of: expired, to: assembler.position)
            stop(.expired)
        }
        /// Goes on at operation edx, which is at rcx.
        func enterOperation() {
            assembler.compareByte(HostMemory(.rcx), constant: Operation.native.rawValue)
            let foreign = assembler.jump(if: .notEqual)
            assembler.move(.rcx, HostMemory(.rcx, displacement: MicroOperation.immediateOffset))
            assembler.loadAddress(.rax, ofPlace: 0)
            assembler.arithmetic(.add, .rax, .rcx, .bits64)
            assembler.jump(to: .rax)
            assembler.setTarget(of: foreign, to: assembler.position)
            stop(.arrived)
        }

        go = assembler.position
        let missed = findPage()
        goOn()
        let miss = assembler.position
        stop(.interpret)
        assembler.setTarget(of: missed, to: miss)

        linkAndGo = assembler.position
        assembler.setTarget(of: findPage(), to: miss)
        // LR: the page that is left, plus the operation's offset and 4.
        assembler.move(.rsi, block(RegisterBlock.page))
        assembler.loadAddress(.rsi, HostMemory(.rsi, index: .rdx, shift: 2, displacement: 4))
        assembler.move(block(RegisterBlock.lr), .rsi)
        goOn()

        arrive = assembler.position
        assembler.move(.rcx, block(RegisterBlock.operations), .bits64)
        assembler.loadAddress(.rcx, HostMemory(.rcx, index: .rdx, shift: 3), .bits64)
        enterOperation()

        end = assembler.position
    }
}
