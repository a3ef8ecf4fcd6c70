public import GDBRemote
internal import GuestMemory
internal import PowerPC
public import VMM

/// A machine as a debugger sees it: a thread a vCPU.
public final class MachineTarget: DebugTarget {
    let machine: any DebuggableMachine
    private let cpus: [any DebuggableCPU]
    private let coreRegisters: [DebugRegister]
    /// What the user asked for by `monitor`, until somebody carries it out.
    var request: Request?
    /// What vCPUs do, for those who look at the list of threads.
    var isIdle: [Bool]

    enum Request {
        case reset, quit
    }

    /// The registers of every vCPU.
    public let registers: [RegisterDescription]

    /// The machine's vCPUs as threads.
    public init(_ machine: any DebuggableMachine) {
        self.machine = machine
        cpus = machine.debuggableCPUs
        coreRegisters = cpus.first?.debugRegisters ?? []
        isIdle = [Bool](repeating: false, count: cpus.count)
        registers = coreRegisters.map { register in
            RegisterDescription(
                name: register.name, bits: register.bits, feature: Self.feature(register.group),
                isCodeAddress: register.isCodeAddress)
        }
    }

    private static func feature(_ group: DebugRegister.Group) -> RegisterDescription.Feature {
        switch group {
        case .core: .core
        case .floatingPoint: .floatingPoint
        case .special: .special
        }
    }

    /// All vCPUs, also those that the guest has not started.
    public var threadCount: Int { max(cpus.count, 1) }

    /// Whether the guest has started a vCPU.
    func isStarted(_ thread: Int) -> Bool { machine.runningCPUs.contains { $0.index == thread } }

    /// The vCPU, and what it does.
    public func describe(thread: Int) -> String {
        let activity: StaticString =
            !isStarted(thread) ? "not started" : isIdle.indices.contains(thread) && isIdle[thread] ? "idle" : "running"
        return "vCPU \(thread), \(activity)"
    }

    /// A register's value.
    public func readRegister(_ number: Int, thread: Int) -> UInt64 {
        guard cpus.indices.contains(thread), coreRegisters.indices.contains(number) else { return 0 }
        return cpus[thread].value(of: coreRegisters[number])
    }

    /// Sets a register.
    public func writeRegister(_ number: Int, to value: UInt64, thread: Int) -> Bool {
        guard cpus.indices.contains(thread), coreRegisters.indices.contains(number) else { return false }
        return cpus[thread].setValue(of: coreRegisters[number], to: value)
    }

    /// Reads RAM, by the vCPU's translations or by real addresses.
    public func readMemory(at address: UInt64, count: Int, thread: Int, isPhysical: Bool) -> [UInt8] {
        if isPhysical {
            let size = machine.memory.ram.size
            guard address < size else { return [] }
            return (try? machine.memory.read(at: address, count: Int(min(UInt64(max(count, 0)), size - address)))) ?? []
        }
        guard cpus.indices.contains(thread), let effective = UInt32(exactly: address) else { return [] }
        return cpus[thread].debugRead(at: effective, count: count)
    }

    /// Writes RAM.
    public func writeMemory(_ bytes: [UInt8], at address: UInt64, thread: Int, isPhysical: Bool) -> Bool {
        if isPhysical { return (try? machine.memory.write(bytes, at: address)) != nil }
        guard cpus.indices.contains(thread), let effective = UInt32(exactly: address) else { return false }
        return cpus[thread].debugWrite(bytes, at: effective)
    }

    /// Sets breakpoints and watchpoints of all vCPUs.
    public func setStops(_ stops: [DebugStop]) -> Bool {
        var breakpoints: [UInt32] = []
        var watchpoints: [Watchpoint] = []
        for stop in stops {
            guard let address = UInt32(exactly: stop.address) else { return false }
            switch stop.kind {
            case .software, .hardware:
                guard address.isMultiple(of: 4) else { return false }
                breakpoints.append(address)
            case .write, .read, .access:
                guard let length = UInt32(exactly: stop.length), length > 0, length <= 1 << 20 else { return false }
                watchpoints.append(Watchpoint(Self.kind(stop.kind), address: address, length: length))
            }
        }
        for vcpu in cpus {
            vcpu.setBreakpoints(breakpoints)
            vcpu.setWatchpoints(watchpoints)
        }
        return true
    }

    private static func kind(_ kind: DebugStop.Kind) -> Watchpoint.Kind {
        switch kind {
        case .read: .read
        case .access: .access
        case .write, .software, .hardware: .write
        }
    }

    // MARK: Commands of the user's

    /// Carries out `monitor …`.
    public func monitor(_ command: [UInt8]) -> String {
        let words = command.split(separator: UInt8(ascii: " ")).map { [UInt8]($0) }
        func isWord(_ number: Int, _ text: StaticString) -> Bool {
            guard words.indices.contains(number) else { return false }
            return text.withUTF8Buffer { unsafe words[number].elementsEqual($0) }
        }
        if isWord(0, "info"), words.count >= 2 {
            let chosen = words.count > 2 ? Self.decimal(words[2]) : 0
            guard words.count <= 3, let chosen, cpus.indices.contains(chosen) else { return "there is no such vCPU\n" }
            if isWord(1, "tlb") { return translations(of: chosen) }
            if isWord(1, "registers") { return allRegisters(of: chosen) }
        } else if isWord(0, "reset"), words.count == 1 {
            request = .reset
            return "the machine is reset\n"
        } else if isWord(0, "quit"), words.count == 1 {
            request = .quit
            return ""
        }
        return """
            info registers [vCPU]   all registers of a vCPU
            info tlb [vCPU]         its valid TLB entries
            reset                   reset the machine
            quit                    end the run

            """
    }

    private static func decimal(_ digits: [UInt8]) -> Int? {
        guard (1...4).contains(digits.count) else { return nil }
        var value = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return value
    }

    private func translations(of thread: Int) -> String {
        var text = ""
        for report in cpus[thread].translations() { text += "\(report.description)\n" }
        return text
    }

    private func allRegisters(of thread: Int) -> String {
        var text = ""
        for (number, register) in coreRegisters.enumerated() {
            let padding = String(repeating: " ", count: max(9 - register.name.utf8.count, 1))
            text += "\(register.name)\(padding)\(hexadecimal(cpus[thread].value(of: register)))"
            text += number % 4 == 3 || number == coreRegisters.count - 1 ? "\n" : "  "
        }
        return text
    }
}
