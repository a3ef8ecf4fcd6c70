public import PowerPC
public import VMM

/// What can be logged, by QEMU's names where QEMU has the same.
public struct LogItems: OptionSet, Sendable {
    /// One bit an item.
    public let rawValue: UInt16

    /// Those items.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Interrupts as they are taken.
    public static let interrupts = LogItems(rawValue: 1)
    /// Instructions when they are first executed.
    public static let firstExecutions = LogItems(rawValue: 2)
    /// Changes of the TLB and of process IDs, and misses.
    public static let translation = LogItems(rawValue: 4)
    /// What the guest may ask for and does not get.
    public static let unimplemented = LogItems(rawValue: 8)
    /// What no guest should do.
    public static let guestErrors = LogItems(rawValue: 16)
    /// Hypercalls with arguments and results.
    public static let hypercalls = LogItems(rawValue: 32)
    /// Every instruction before it is executed.
    public static let execution = LogItems(rawValue: 64)
    /// The registers before every instruction.
    public static let registers = LogItems(rawValue: 128)

    /// One item of the table.
    public struct Row: Sendable {
        /// What `-d` calls it.
        public let name: StaticString
        /// The item.
        public let item: LogItems
        /// What it logs.
        public let meaning: StaticString
    }

    /// All items, as `-d help` lists them.
    public static let rows: [Row] = [
        Row(name: "in_asm", item: .firstExecutions, meaning: "instructions when they are first executed"),
        Row(name: "int", item: .interrupts, meaning: "interrupts and exceptions as they are taken"),
        Row(name: "exec", item: .execution, meaning: "every instruction before it is executed (slow)"),
        Row(name: "cpu", item: .registers, meaning: "the registers before every instruction (slow)"),
        Row(name: "mmu", item: .translation, meaning: "TLB writes, invalidations and misses, process IDs"),
        Row(name: "unimp", item: .unimplemented, meaning: "what the guest asks for and is not implemented"),
        Row(
            name: "guest_errors", item: .guestErrors,
            meaning: "illegal instructions, unknown registers, accesses to nothing"),
        Row(name: "hypercall", item: .hypercalls, meaning: "hypercalls with arguments and results"),
    ]

    /// Whether the items need every instruction to be executed by itself.
    public var needsSteps: Bool { !isDisjoint(with: [.execution, .registers]) }
}

/// Writes what a machine does as lines of text.
public final class ExecutionLog: MachineObserver {
    private let items: LogItems
    private let sink: any ByteSink
    private var text: [UInt8] = []

    /// Bytes that wait at most.
    private static let capacity = 1 << 14

    /// A log of those items.
    public init(_ items: LogItems, to sink: any ByteSink) {
        self.items = items
        self.sink = sink
    }

    /// Passes on what was logged.
    public func flush() {
        guard !text.isEmpty else { return }
        sink.write(text)
        text.removeAll(keepingCapacity: true)
    }

    private func line(_ vcpu: Int, _ content: String) {
        text += [UInt8]("vCPU \(vcpu): \(content)\n".utf8)
        if text.count >= Self.capacity { flush() }
    }

    // MARK: vCPUs

    /// Logs what a vCPU did.
    public func observe(_ event: CPUEvent, vcpu: Int, at tick: UInt64) {
        switch event {
        case .interrupt(let taken):
            if items.contains(.translation) { logMiss(taken, vcpu) }
            if items.contains(.interrupts) { line(vcpu, Self.text(taken)) }
        case .tlbWrite(let report):
            if items.contains(.translation) { line(vcpu, report.description) }
        case .tlbInvalidate(let operand):
            if items.contains(.translation) { line(vcpu, "tlbivax \(hexadecimal(operand))") }
        case .process(let number, let value):
            if items.contains(.translation) { line(vcpu, "pid\(number) is \(value)") }
        case .illegalInstruction(let word, let address):
            if items.contains(.guestErrors) {
                line(vcpu, "illegal instruction \(hexadecimal(word)) at \(hexadecimal(address))")
            }
        case .unknownRegister(let number, let address):
            if items.contains(.guestErrors) { line(vcpu, "no register \(number), named at \(hexadecimal(address))") }
        case .unimplemented(let facility, let address):
            if items.contains(.unimplemented) {
                line(vcpu, "\(facility.name): not implemented, wanted at \(hexadecimal(address))")
            }
        case .firstExecution(let word, let address):
            if items.contains(.firstExecutions) { line(vcpu, Self.assembly(word, at: address)) }
        case .waits: flush()
        case .wakes: break
        }
    }

    private func logMiss(_ taken: TakenInterrupt, _ vcpu: Int) {
        switch taken.interrupt {
        case .dataTLBMiss:
            line(vcpu, "no entry for data at \(hexadecimal(taken.dataAddress ?? 0))")
        case .instructionTLBMiss:
            line(vcpu, "no entry for code at \(hexadecimal(taken.savedPC))")
        default: break
        }
    }

    private static func text(_ taken: TakenInterrupt) -> String {
        var text =
            "\(taken.interrupt.name) interrupt at \(hexadecimal(taken.savedPC)) msr \(hexadecimal(taken.savedMSR))"
        if let syndrome = taken.syndrome { text += " esr \(hexadecimal(syndrome))" }
        if let address = taken.dataAddress { text += " dear \(hexadecimal(address))" }
        return text + " -> \(hexadecimal(taken.vector))"
    }

    private static func assembly(_ word: UInt32, at address: UInt32) -> String {
        "\(hexadecimal(address)): \(hexadecimal(word))  \(Disassembler.disassemble(word, at: address))"
    }

    /// Logs the instruction that a vCPU is about to execute.
    public func willExecute(_ vcpu: any DebuggableCPU) {
        if items.contains(.registers) { logRegisters(vcpu) }
        guard items.contains(.execution) else { return }
        let bytes = vcpu.debugRead(at: vcpu.pc, count: 4)
        guard bytes.count == 4 else { return }
        line(vcpu.index, Self.assembly(bytes.reduce(0) { $0 << 8 | UInt32($1) }, at: vcpu.pc))
    }

    private func logRegisters(_ vcpu: any DebuggableCPU) {
        var content = ""
        for register in vcpu.debugRegisters where register.group == .core {
            content += " \(register.name) \(hexadecimal(vcpu.value(of: register)))"
        }
        line(vcpu.index, "registers\(content)")
    }

    // MARK: The machine

    /// Logs what a machine answered.
    public func observe(_ exit: AnsweredExit) {
        if let call = exit.hypercall {
            let name = call.name.map { "\($0)" } ?? "unknown hypercall \(hexadecimal(call.token))"
            if items.contains(.hypercalls) {
                let arguments = call.arguments.map { hexadecimal($0, digits: 1) }
                var list = ""
                for (position, argument) in arguments.enumerated() { list += position == 0 ? argument : " \(argument)" }
                line(exit.vcpu, "\(name)(\(list)) = \(call.status), r4 \(hexadecimal(call.output))")
            }
            // EV_UNIMPLEMENTED.
            if items.contains(.unimplemented), call.status == 12 { line(exit.vcpu, "\(name): not implemented") }
        }
        guard items.contains(.guestErrors), exit.device == nil else { return }
        switch exit.exit {
        case .deviceRead(let address, let width):
            line(exit.vcpu, "load of \(width) bytes from \(hexadecimal(address, digits: 9)), where nothing is")
        case .deviceWrite(let address, let width, let value):
            line(
                exit.vcpu,
                "store of \(hexadecimal(value, digits: 2 * width)) to \(hexadecimal(address, digits: 9)),"
                    + " where nothing is")
        default: break
        }
    }
}
