internal import FlatMachines
internal import GuestMemory
internal import Hypercalls
internal import ParavirtABI

/// The privileged instructions that this machine has. In supervisor state any other is an operation exception.
private enum Privileged: UInt16 {
    case setSystemMask = 0x80
    case loadPSW = 0x82
    case diagnose = 0x83
    case storeThenAnd = 0xAC
    case storeThenOr = 0xAD
    case signalProcessor = 0xAE
    case loadControl31 = 0xB7
    case storeControl31 = 0xB6
    case storeCPUID = 0xB202
    case setPrefix = 0xB210
    case storePrefix = 0xB211
    case storeCPUAddress = 0xB212
    case serviceCall = 0xB220
    case loadPSWExtended = 0xB2B2
    case storeControl = 0xEB25
    case loadControl = 0xEB2F
}

/// One instruction, taken apart as far as the ones here need it.
private struct Instruction {
    /// The bytes from the most significant one on.
    let bits: UInt64

    /// Which privileged one it is.
    var privileged: Privileged? {
        let first = UInt16(truncatingIfNeeded: bits >> 56)
        return switch first {
        case 0xB2: Privileged(rawValue: UInt16(truncatingIfNeeded: bits >> 48))
        case 0xEB: Privileged(rawValue: 0xEB00 | UInt16(truncatingIfNeeded: bits >> 16 & 0xFF))
        default: Privileged(rawValue: first)
        }
    }

    /// Bits 8–11 and 12–15, and for two-register formats 24–27 and 28–31.
    var first: Int { Int(bits >> 52 & 15) }
    var third: Int { Int(bits >> 48 & 15) }
    var registers: (Int, Int) { (Int(bits >> 36 & 15), Int(bits >> 32 & 15)) }
    /// The immediate byte.
    var immediate: UInt64 { bits >> 48 & 0xFF }

    /// The address of base and 12-bit displacement, not yet cut to the addressing mode.
    func address(_ engine: UnicornEngine) -> UInt64 {
        let base = Int(bits >> 44 & 15)
        return (base == 0 ? 0 : engine[base]) &+ (bits >> 32 & 0xFFF)
    }

    /// The address of base and 20-bit displacement.
    func longAddress(_ engine: UnicornEngine) -> UInt64 {
        let high = Int64(Int8(truncatingIfNeeded: bits >> 24))
        return address(engine) &+ UInt64(bitPattern: high << 12)
    }
}

extension UnicornS390Machine {
    /// Unicorn went no further than the present instruction of `cpu`: a privileged one, or one that does not exist.
    func emulate(_ cpu: UnicornS390CPU) {
        var bits: UInt64 = 0
        for offset in 0..<UInt64(6) {
            let byte = cpu.load(UInt8.self, at: (cpu.instruction &+ offset) & cpu.addressMask) ?? 0
            bits |= UInt64(byte) << (56 - 8 * offset)
        }
        let instruction = Instruction(bits: bits)
        guard let privileged = instruction.privileged else { return interrupt(cpu, .operation) }
        guard cpu.isPrivileged || privileged == .diagnose else { return interrupt(cpu, .privilegedOperation) }
        if let check = carryOut(privileged, instruction, cpu) { return interrupt(cpu, check) }
    }

    /// Carries out the instruction and goes past it; or what it ends in, with nothing done.
    private func carryOut(
        _ privileged: Privileged, _ instruction: Instruction, _ cpu: UnicornS390CPU
    ) -> S390ProgramCheck? {
        let engine = cpu.engine
        let address = instruction.address(engine) & cpu.addressMask
        let next = (cpu.instruction &+ cpu.length) & cpu.addressMask
        switch privileged {
        case .diagnose:
            if let check = diagnose(cpu, code: address & 0xFFFF) { return check }
        case .loadPSWExtended:
            return loadPSW(cpu, at: address)
        case .loadPSW:
            guard address & 7 == 0 else { return .specification }
            guard let short = cpu.load(UInt64.self, at: address) else { return .addressing }
            // The short form has a bit in bit 12 that the long one lacks, and the address in its second half.
            cpu.start(mask: (short & ~0x7FFF_FFFF) & ~(1 << 51), at: short & 0x7FFF_FFFF)
            return nil
        case .setSystemMask:
            guard let byte = cpu.load(UInt8.self, at: address) else { return .addressing }
            cpu.setSystemMask(UInt64(byte))
        case .storeThenAnd, .storeThenOr:
            let old = cpu.mask >> 56
            guard cpu.store(UInt8(truncatingIfNeeded: old), at: address) else { return .addressing }
            cpu.setSystemMask(
                privileged == .storeThenAnd ? old & instruction.immediate : old | instruction.immediate)
        case .signalProcessor:
            // Done before the order, which may be one for this CPU: to go on elsewhere, or not at all.
            cpu.instruction = next
            cpu.setCondition(0)
            let condition = signal(cpu, instruction, order: address & 0xFF)
            if condition != 0 { cpu.setCondition(condition) }
            return nil
        case .loadControl, .storeControl, .loadControl31, .storeControl31:
            if let check = moveControl(privileged, instruction, cpu) { return check }
        case .storeCPUID:
            guard address & 7 == 0 else { return .specification }
            guard cpu.store(UInt64(0xFF00_0000_2827_8000), at: address) else { return .addressing }
        case .setPrefix:
            guard address & 3 == 0 else { return .specification }
            guard let prefix = cpu.load(UInt32.self, at: address), setPrefix(cpu, UInt64(prefix)) else {
                return .addressing
            }
        case .storePrefix:
            guard address & 3 == 0 else { return .specification }
            guard cpu.store(UInt32(truncatingIfNeeded: cpu.prefix), at: address) else { return .addressing }
        case .storeCPUAddress:
            guard address & 1 == 0 else { return .specification }
            guard cpu.store(UInt16(truncatingIfNeeded: cpu.index), at: address) else { return .addressing }
        case .serviceCall:
            let (command, block) = instruction.registers
            let place = engine[block] & cpu.addressMask
            if let check = board.service(
                command: UInt32(truncatingIfNeeded: engine[command]), block: cpu.absolute(place))
            {
                return check
            }
            cpu.signalService(UInt32(truncatingIfNeeded: place))
            cpu.setCondition(0)
        }
        cpu.instruction = next
        return nil
    }

    private func loadPSW(_ cpu: UnicornS390CPU, at address: UInt64) -> S390ProgramCheck? {
        guard address & 7 == 0 else { return .specification }
        guard let mask = cpu.load(UInt64.self, at: address), let target = cpu.load(UInt64.self, at: address &+ 8)
        else { return .addressing }
        cpu.start(mask: mask, at: target)
        return nil
    }

    /// DIAGNOSE: hypercalls, and the yields 0x44 and 0x9C.
    private func diagnose(_ cpu: UnicornS390CPU, code: UInt64) -> S390ProgramCheck? {
        guard code == 0x500 else {
            guard cpu.isPrivileged else { return .privilegedOperation }
            return code == 0x44 || code == 0x9C ? nil : .specification
        }
        var registers = EngineRegisters(engine: cpu.engine)
        switch board.call(&registers, cpu: cpu.index, isPrivileged: cpu.isPrivileged) {
        case .resume, .notAHypercall: return nil
        case .programInterruption(.privilegedOperation): return .privilegedOperation
        case .programInterruption(.specification): return .specification
        }
    }

    private func setPrefix(_ cpu: UnicornS390CPU, _ prefix: UInt64) -> Bool {
        do {
            return try cpu.setPrefix(prefix & 0x7FFF_E000)
        } catch {
            if case .failed(let code) = error { end(.engine(code: code, at: cpu.instruction), cpu) }
            return false
        }
    }

    /// LCTL, LCTLG, STCTL and STCTG.
    private func moveControl(
        _ privileged: Privileged, _ instruction: Instruction, _ cpu: UnicornS390CPU
    ) -> S390ProgramCheck? {
        let isLong = privileged == .loadControl || privileged == .storeControl
        let isLoad = privileged == .loadControl || privileged == .loadControl31
        let size: UInt64 = isLong ? 8 : 4
        var address = (isLong ? instruction.longAddress(cpu.engine) : instruction.address(cpu.engine)) & cpu.addressMask
        guard address & (size - 1) == 0 else { return .specification }
        var number = instruction.first
        while true {
            switch (isLoad, isLong) {
            case (true, true):
                guard let value = cpu.load(UInt64.self, at: address) else { return .addressing }
                cpu.control[number] = value
            case (true, false):
                guard let value = cpu.load(UInt32.self, at: address) else { return .addressing }
                cpu.control[number] = cpu.control[number] & ~0xFFFF_FFFF | UInt64(value)
            case (false, true):
                guard cpu.store(cpu.control[number], at: address) else { return .addressing }
            case (false, false):
                guard cpu.store(UInt32(truncatingIfNeeded: cpu.control[number]), at: address) else {
                    return .addressing
                }
            }
            if number == instruction.third { return nil }
            number = (number + 1) & 15
            address = (address &+ size) & cpu.addressMask
        }
    }

    /// SIGNAL PROCESSOR: the condition code.
    private func signal(_ cpu: UnicornS390CPU, _ instruction: Instruction, order: UInt64) -> UInt64 {
        let number = cpu.engine[instruction.third] & 0xFFFF
        guard number < UInt64(cpus.count) else { return 3 }
        let target = cpus[Int(number)]
        let parameter = cpu.engine[instruction.first | 1]

        func refuse(_ status: UInt64) -> UInt64 {
            cpu.engine[instruction.first] = cpu.engine[instruction.first] & ~0xFFFF_FFFF | status
            return 1
        }
        switch order {
        case SignalOrder.sense:
            var status: UInt64 = target.isOperating ? 0 : SignalStatus.stopped
            if target.externalCall != nil { status |= SignalStatus.externalCallPending }
            return status == 0 ? 0 : refuse(status)
        case SignalOrder.externalCall:
            return target.call(from: cpu.index) ? refuse(SignalStatus.externalCallPending) : 0
        case SignalOrder.emergencySignal: target.signalEmergency(from: cpu.index)
        case SignalOrder.start: target.start(mask: target.mask, at: target.instruction)
        case SignalOrder.stop: target.stop()
        case SignalOrder.restart: target.restart()
        case SignalOrder.initialReset:
            target.reset(initial: true)
            _ = setPrefix(target, 0)
        case SignalOrder.reset: target.reset(initial: false)
        case SignalOrder.setPrefix:
            guard !target.isOperating else { return refuse(SignalStatus.incorrectState) }
            return setPrefix(target, parameter) ? 0 : refuse(SignalStatus.invalidParameter)
        default: return refuse(SignalStatus.invalidOrder)
        }
        return 0
    }
}

/// Orders of SIGNAL PROCESSOR.
private enum SignalOrder {
    static let sense: UInt64 = 1
    static let externalCall: UInt64 = 2
    static let emergencySignal: UInt64 = 3
    static let start: UInt64 = 4
    static let stop: UInt64 = 5
    static let restart: UInt64 = 6
    static let initialReset: UInt64 = 11
    static let reset: UInt64 = 12
    static let setPrefix: UInt64 = 13
}

/// What SIGNAL PROCESSOR answers with condition code 1.
private enum SignalStatus {
    static let stopped: UInt64 = 0x40
    static let externalCallPending: UInt64 = 0x80
    static let invalidParameter: UInt64 = 0x100
    static let incorrectState: UInt64 = 0x200
    static let invalidOrder: UInt64 = 0x2
}
