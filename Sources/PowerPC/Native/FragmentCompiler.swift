/// Turns predecoded operations of a page into native code: a *fragment*, the operations that are reached from one of them
/// by falling through and by branches within the page.
///
/// Emitting an operation is also what tells whether it can be emitted, where it goes, and which registers it uses: the
/// fragment is found by emitting it into nothing, once, and then emitted for good with its busiest registers in host
/// registers.
///
/// Host registers: rbx the register block (plus ``bias``), rbp the data translations, r12 their tag, r13 the instructions
/// left, rax, rcx and rdx scratch, the others the guest's.
@safe
struct FragmentCompiler {
    /// What emitting an operation showed.
    enum Flow {
        /// The next operation follows.
        case next
        /// Something else follows.
        case ends
        /// Native code cannot carry it out; the interpreter has to.
        case unsupported
    }

    /// The register block's address in rbx points behind its start, so that one byte of displacement reaches it all.
    static let bias = 128
    /// What the host's flags tell of a condition field.
    struct Comparison {
        var field: UInt8
        var less: HostCondition
        var greater: HostCondition

        /// What holds if the bit `mask` of the field is set; nil for the summary overflow.
        func condition(_ mask: UInt8) -> HostCondition? {
            switch mask {
            case ConditionFields.less: less
            case ConditionFields.greater: greater
            case ConditionFields.equal: .equal
            default: nil
            }
        }
    }

    /// The most operations of a fragment.
    static let longest = 256
    /// The most bytes of a fragment: generous, and checked by the assembler all the same.
    static let largest = 128 << 10

    private static let allocatable: [HostRegister] = [.rsi, .rdi, .r8, .r9, .r10, .r11, .r14, .r15]

    private static let isIncluded: UInt8 = 1
    private static let isLeader: UInt8 = 2
    private static let isEntry: UInt8 = 4
    /// Native code cannot carry it out, which was found out already.
    private static let isForeign: UInt8 = 8

    /// A jump to a fragment's end, to be placed behind it.
    private struct Leave {
        var jump: Int
        var exit: UInt32
        /// Instructions to count on the way.
        var count: Int
    }

    var assembler: X86Assembler
    private let routines: NativeRoutines
    /// Bytes of a cache line of the core.
    let lineSize: UInt32
    /// The bits of MSR that the core has.
    let machineState: UInt32
    /// Whether there are other vCPUs.
    let sharesMemory: Bool
    /// Whether operations that were never executed are compiled, too.
    private let compilesEverything: Bool
    /// The operations of the page that is compiled; nil before the first.
    private var operations: UnsafeMutablePointer<MicroOperation>?
    /// Whether this is the emission that only looks.
    private var isLooking = true

    private var marks = [UInt8](repeating: 0, count: CodeCache.operationsPerPage)
    private var places = [Int](repeating: -1, count: CodeCache.operationsPerPage)
    /// The first and the last operation that may have marks.
    private var lowest = 0
    private var highest = 0
    private var pending: [Int] = []
    private var jumps: [(jump: Int, target: Int)] = []
    private var leaves: [Leave] = []
    /// The fragment's entries, as operations and places.
    private var entries: [(entry: Int, place: Int)] = []
    private var includedCount = 0

    /// How often the fragment uses each register, and whether it writes it. 33 is CTR, 34 LR.
    private var uses = [Int](repeating: 0, count: Guest.count)
    private var writes = [Bool](repeating: false, count: Guest.count)
    private var hosts = [HostRegister?](repeating: nil, count: Guest.count)
    /// The registers that the fragment keeps in host registers.
    private var kept: [UInt8] = []

    /// The operation that is being emitted.
    var number = 0
    /// The first operation that is not counted yet.
    private var counted = 0
    /// The comparison that the host's flags still tell, if the operation before made one.
    var compared: Comparison?

    init(
        assembler: X86Assembler, routines: NativeRoutines, model: CoreModel, sharesMemory: Bool,
        compilesEverything: Bool
    ) {
        self.assembler = assembler
        lineSize = model.cacheLineSize
        machineState = model.machineState
        self.sharesMemory = sharesMemory
        self.compilesEverything = compilesEverything
        self.routines = routines
    }

    /// Registers of the guest that host registers can hold.
    enum Guest {
        static let ctr: UInt8 = 33
        static let lr: UInt8 = 34
        static let count = 35
    }

    // MARK: - A fragment

    /// Compiles the fragment that operation `entry` of the page begins, and puts its entries into the page. False when it
    /// cannot begin one.
    mutating func compile(_ operations: UnsafeMutablePointer<MicroOperation>, entry: Int) -> Bool {
        unsafe self.operations = operations
        guard find(from: entry) else { return false }
        allocate()
        let start = assembler.position
        emit()
        guard !assembler.isFull else {
            assembler.rewind(to: start)
            return false
        }
        for (entry, place) in entries {
            unsafe operations[entry] = MicroOperation(.native, immediate: UInt32(truncatingIfNeeded: place))
        }
        return true
    }

    private func operation(_ number: Int) -> MicroOperation {
        unsafe operations?[number] ?? MicroOperation(.undecoded)
    }

    /// Finds the operations of the fragment. False when it would be empty.
    private mutating func find(from entry: Int) -> Bool {
        for number in lowest...highest { marks[number] = 0 }
        (lowest, highest) = (entry, entry)
        for register in 0..<Guest.count {
            uses[register] = 0
            writes[register] = false
            hosts[register] = nil
        }
        kept.removeAll(keepingCapacity: true)
        includedCount = 0
        isLooking = true
        let start = assembler.position
        reach(entry, as: Self.isLeader | Self.isEntry)
        while let first = pending.popLast() {
            look(from: first)
            assembler.rewind(to: start)
        }
        // Without what the fragment was to begin with, the operations behind it are worth it all the same.
        return includedCount > 0
    }

    /// Marks operation `number` as one that is reached other than by falling through.
    private mutating func reach(_ number: Int, as mark: UInt8) {
        guard number < marks.count else { return }
        lowest = min(lowest, number)
        highest = max(highest, number)
        marks[number] |= mark
        if marks[number] & (Self.isIncluded | Self.isForeign) == 0 { pending.append(number) }
    }

    private mutating func look(from first: Int) {
        var next = first
        while next < marks.count, includedCount < Self.longest {
            if marks[next] & Self.isIncluded != 0 {
                marks[next] |= Self.isLeader
                return
            }
            guard marks[next] & Self.isForeign == 0, isDecoded(next) else { return }
            number = next
            highest = max(highest, next)
            switch emit(operation(next)) {
            case .unsupported:
                marks[next] |= Self.isForeign
                // The interpreter carries it out and goes on behind it. Only what was executed before is worth it.
                if next + 1 < marks.count, isDecoded(next + 1) {
                    reach(next + 1, as: Self.isLeader | Self.isEntry)
                }
                return
            case .next:
                include(next)
                next += 1
            case .ends:
                include(next)
                return
            }
        }
    }

    /// Whether operation `number` was executed before: only that is worth compiling.
    private func isDecoded(_ number: Int) -> Bool {
        if compilesEverything, operation(number).operation == .undecoded, let operations = unsafe operations {
            unsafe CodeCache.decode(operations, number: number)
        }
        switch operation(number).operation {
        case .undecoded, .pageEnd, .native: return false
        default: return true
        }
    }

    private mutating func include(_ number: Int) {
        marks[number] |= Self.isIncluded
        includedCount += 1
    }

    /// Gives host registers to the registers that are used most.
    private mutating func allocate() {
        for host in Self.allocatable {
            var (busiest, most) = (-1, 1)
            for register in 0..<Guest.count where uses[register] > most && hosts[register] == nil {
                (busiest, most) = (register, uses[register])
            }
            guard busiest >= 0 else { return }
            hosts[busiest] = host
            kept.append(UInt8(busiest))
        }
    }

    private mutating func emit() {
        isLooking = false
        jumps.removeAll(keepingCapacity: true)
        leaves.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
        compared = nil
        var falls = false
        for next in lowest...min(highest + 1, marks.count - 1)
        where marks[next] & Self.isIncluded != 0 || falls {
            number = next
            guard marks[next] & Self.isIncluded != 0 else {
                leave(to: next)
                falls = false
                continue
            }
            if marks[next] & Self.isLeader != 0 || !falls {
                if falls { count(next - counted) }
                counted = next
                compared = nil
            }
            places[next] = assembler.position
            falls = emit(operation(next)) == .next
        }
        if falls { leave(to: marks.count) }
        for (jump, target) in jumps { assembler.setTarget(of: jump, to: places[target]) }
        placeLeaves()
        placeEntries()
    }

    /// Ends the fragment's code in front of an operation that is not part of it, into which execution falls.
    private mutating func leave(to next: Int) {
        if next < marks.count, operation(next).operation == .native {
            count(next - counted)
            writeBack()
            assembler.jump(to: Int(operation(next).immediate))
        } else if next < marks.count, marks[next] & Self.isForeign == 0 {
            // It may be compiled when it is reached often.
            leave(assembler.jump(), NativeExit.arrived(next), counting: next - counted)
        } else {
            leave(assembler.jump(), NativeExit.interpret(next), counting: next - counted)
        }
    }

    /// What the jumps to the fragment's ends go to.
    private mutating func placeLeaves() {
        var previous: (leave: Leave, place: Int)?
        for leave in leaves {
            if let previous, previous.leave.exit == leave.exit, previous.leave.count == leave.count {
                assembler.setTarget(of: leave.jump, to: previous.place)
                continue
            }
            let place = assembler.position
            previous = (leave, place)
            assembler.setTarget(of: leave.jump, to: place)
            count(leave.count)
            writeBack()
            if NativeExit(raw: leave.exit).kind == .arrived {
                // What had no native code when this was compiled may have some by now.
                assembler.move(.rdx, constant: UInt32(truncatingIfNeeded: NativeExit(raw: leave.exit).number))
                assembler.jump(to: routines.arrive)
            } else {
                assembler.move(block(RegisterBlock.exit), constant: leave.exit)
                assembler.jump(to: routines.exit)
            }
        }
    }

    /// The ways in: each loads the registers that the fragment keeps in host registers.
    private mutating func placeEntries() {
        for entry in lowest...highest
        where marks[entry] & (Self.isEntry | Self.isIncluded) == Self.isEntry | Self.isIncluded {
            let place = assembler.position
            for register in kept {
                guard let host = hosts[Int(register)] else { continue }
                assembler.move(host, guest(register))
            }
            assembler.jump(to: places[entry])
            entries.append((entry, place))
        }
    }

    // MARK: - What emitting uses

    /// Whether there is such an operation in the page.
    func isInPage(_ number: Int) -> Bool { marks.indices.contains(number) }

    /// A place in the register block.
    func block(_ offset: Int) -> HostMemory {
        HostMemory(.rbx, displacement: Int32(truncatingIfNeeded: offset - Self.bias))
    }

    /// The place of a guest register in the register block.
    private func guest(_ register: UInt8) -> HostMemory {
        switch register {
        case Guest.ctr: block(RegisterBlock.ctr)
        case Guest.lr: block(RegisterBlock.lr)
        default: block(RegisterBlock.gpr + 4 * Int(register))
        }
    }

    /// Loads a guest register into a scratch register. Changes no flags.
    mutating func load(_ target: HostRegister, _ register: UInt8) {
        uses[Int(register)] += 1
        if register == MicroOperation.zeroRegister {
            assembler.move(target, constant: 0)
        } else if let host = hosts[Int(register)] {
            assembler.move(target, host)
        } else {
            assembler.move(target, guest(register))
        }
    }

    /// Loads a guest register plus a constant into a scratch register. Changes no flags.
    mutating func load(_ target: HostRegister, _ register: UInt8, plus constant: UInt32) {
        uses[Int(register)] += 1
        if register == MicroOperation.zeroRegister {
            assembler.move(target, constant: constant)
        } else if let host = hosts[Int(register)] {
            assembler.loadAddress(target, HostMemory(host, displacement: Int32(bitPattern: constant)))
        } else {
            assembler.move(target, guest(register))
            if constant != 0 {
                assembler.loadAddress(target, HostMemory(target, displacement: Int32(bitPattern: constant)))
            }
        }
    }

    /// Combines a scratch register with a guest register.
    mutating func combine(_ operation: HostArithmetic, _ target: HostRegister, _ register: UInt8) {
        uses[Int(register)] += 1
        if register == MicroOperation.zeroRegister {
            assembler.arithmetic(operation, target, constant: 0)
        } else if let host = hosts[Int(register)] {
            assembler.arithmetic(operation, target, host)
        } else {
            assembler.arithmetic(operation, target, guest(register))
        }
    }

    /// Stores a scratch register into a guest register. Changes no flags.
    mutating func store(_ source: HostRegister, _ register: UInt8) {
        uses[Int(register)] += 1
        writes[Int(register)] = true
        if let host = hosts[Int(register)] {
            assembler.move(host, source)
        } else {
            assembler.move(guest(register), source)
        }
    }

    /// Counts instructions.
    private mutating func count(_ instructions: Int) {
        if instructions > 0 {
            assembler.arithmetic(.subtract, .r13, constant: UInt32(truncatingIfNeeded: instructions), .bits64)
        }
    }

    /// Brings what the fragment writes back into the register block.
    private mutating func writeBack() {
        for register in kept where writes[Int(register)] {
            guard let host = hosts[Int(register)] else { continue }
            assembler.move(guest(register), host)
        }
    }

    private mutating func leave(_ jump: Int, _ exit: UInt32, counting instructions: Int) {
        guard !isLooking else { return }
        leaves.append(Leave(jump: jump, exit: exit, count: instructions))
    }

    /// Lets the interpreter carry the current operation out where `jump` is taken.
    mutating func giveUp(_ jump: Int) {
        leave(jump, NativeExit.interpret(number), counting: number - counted)
    }

    /// A way around what follows, taken unless the condition holds: see ``land(_:)``.
    mutating func skip(unless condition: HostCondition?) -> Int? {
        condition.map { assembler.jump(if: $0.inverted) }
    }

    mutating func land(_ skip: Int?) {
        if let skip { assembler.setTarget(of: skip, to: assembler.position) }
    }

    /// Branches within the page, always or if a condition holds.
    mutating func branch(by delta: UInt32, if condition: HostCondition? = nil) {
        let target = number + Int(Int32(bitPattern: delta))
        guard marks.indices.contains(target) else { return }
        if isLooking {
            if isDecoded(target) { reach(target, as: Self.isLeader) }
            return
        }
        let skipped = skip(unless: condition)
        count(number - counted + 1)
        leave(assembler.jump(if: .lessOrEqual), NativeExit.expired(target), counting: 0)
        if marks[target] & Self.isIncluded != 0 {
            jumps.append((assembler.jump(), target))
        } else if operation(target).operation == .native {
            writeBack()
            assembler.jump(to: Int(operation(target).immediate))
        } else {
            leave(assembler.jump(), NativeExit.arrived(target), counting: 0)
        }
        land(skipped)
    }

    /// What a branch out of the page goes to.
    enum FarTarget {
        case displacement(UInt32)
        case lr
        case ctr
    }

    /// Branches out of the page, always or if a condition holds.
    mutating func branchFar(to target: FarTarget, links: Bool = false, if condition: HostCondition? = nil) {
        if isLooking {
            if links, number + 1 < marks.count, isDecoded(number + 1) {
                reach(number + 1, as: Self.isLeader | Self.isEntry)
            }
            return
        }
        let skipped = skip(unless: condition)
        count(number - counted)
        writeBack()
        switch target {
        case .displacement(let displacement):
            assembler.move(.rax, block(RegisterBlock.page))
            assembler.arithmetic(
                .add, .rax, constant: UInt32(truncatingIfNeeded: number * 4) &+ displacement)
        case .lr:
            assembler.move(.rax, guest(Guest.lr))
            assembler.arithmetic(.and, .rax, constant: ~3)
        case .ctr:
            assembler.move(.rax, guest(Guest.ctr))
            assembler.arithmetic(.and, .rax, constant: ~3)
        }
        assembler.move(.rdx, constant: UInt32(truncatingIfNeeded: number))
        assembler.jump(to: links ? routines.linkAndGo : routines.go)
        land(skipped)
    }

    /// Marks the operation behind a call within the page: the call returns to it.
    mutating func expectReturn() {
        if isLooking, number + 1 < marks.count, isDecoded(number + 1) {
            reach(number + 1, as: Self.isLeader | Self.isEntry)
        }
    }
}
