internal import GuestMemory
internal import Hypercalls
internal import Machines
internal import ParavirtABI
internal import PowerPC
internal import VMM

/// Random calls on each of the three conventions, one after another on the same machines.
final class HypercallTarget: FuzzTarget {
    let casesPerInput = 100

    private let powerPC = HypercallDispatcher<E500Machine>.powerPC()
    private let x86 = HypercallDispatcher<X86Machine>.x86()
    private let s390x = HypercallDispatcher<S390Machine>.s390x()

    func generate(_ random: inout FuzzRandom) -> [UInt8] {
        random.bytes(casesPerInput * 40)
    }

    func run(_ input: [UInt8]) {
        var reader = InputReader(input)
        var machines: Machines? = nil
        var calls = 0
        while calls < casesPerInput, !reader.isAtEnd {
            let state = machines ?? Machines(&reader)
            machines = state
            // Three bits choose the convention; the machine's own path to the dispatcher gets its share.
            switch reader.byte() % 4 {
            case 0: callPowerPC(state, &reader)
            case 1: callX86(state, &reader)
            case 2: callS390X(state, &reader)
            default: callMachine(state, &reader)
            }
            calls += 1
        }
    }

    /// One machine of each architecture.
    private final class Machines {
        let e500: E500Machine
        let x86: X86Machine
        let s390x: S390Machine
        var counts = HypercallCounts()

        init(_ reader: inout InputReader) {
            let flags = reader.byte()
            do {
                e500 = try E500Machine(
                    .init(
                        memorySize: 1 << 20, cpuCount: Int(flags & 3) + 1, time: .virtual, answersHypercalls: true,
                        offersMagicPage: flags & 4 != 0, board: flags & 8 != 0 ? .hypervisor : .ppce500),
                    console: FuzzConsole([]))
                let hasClock = flags & 8 != 0
                x86 = X86Machine(
                    apicIDs: [0, 1, 63, 64, 0x7FFF_FFFF, UInt32.max], memory: try GuestMemory(size: 1 << 16),
                    features: flags & 16 != 0 ? .all : []
                ) { hasClock ? X86Machine.ClockReading(seconds: .max, nanoseconds: 999_999_999, counter: .max) : nil }
            } catch {
                fatalError("the host has no memory: \(error)")
            }
            s390x = S390Machine()
            for number in 0..<UInt64(flags >> 5) {
                s390x.addQueue(subchannel: SubchannelID(number: UInt16(number / 2)), number: number % 2)
            }
        }
    }

    /// A number that is a call of the convention two times of three.
    private func number(_ convention: CallingConvention, _ reader: inout InputReader) -> UInt64 {
        let choice = reader.byte()
        guard choice % 3 != 0 else { return reader.value() }
        let call = Hypercall.all[Int(reader.byte()) % Hypercall.count]
        guard convention == .epapr else { return UInt64(call.number) }
        return UInt64(call.family.vendor?.token(UInt16(truncatingIfNeeded: call.number)) ?? 0)
    }

    /// Registers with a call in them.
    private func registers(_ convention: CallingConvention, _ reader: inout InputReader) -> FuzzRegisters {
        var registers = FuzzRegisters()
        for position in 0..<convention.argumentCount {
            registers.values[convention.argumentRegister(position)] = reader.value()
        }
        registers.values[convention.numberRegister] = number(convention, &reader)
        return registers
    }

    private func callPowerPC(_ machines: Machines, _ reader: inout InputReader) {
        let flags = reader.byte()
        var registers = registers(.epapr, &reader)
        let before = registers
        let outcome = powerPC.call(
            &registers, vcpu: Int(flags >> 4) % machines.e500.cpus.count, isPrivileged: flags & 1 == 0,
            width: flags & 2 == 0 ? .bits32 : .bits64, host: machines.e500, counts: &machines.counts)
        // ePAPR: r3 to r11 are volatile, everything else stays.
        registers.checkUnchanged(since: before, except: 3...11)
        if outcome == .resume {
            check(registers.values[3] <= 13, "r3 holds an ePAPR status, not \(registers.values[3])")
        } else {
            check(outcome == .notAHypercall && flags & 1 != 0, "a privileged ePAPR call has a result")
            registers.checkUnchanged(since: before, except: 99...99)
        }
    }

    private func callX86(_ machines: Machines, _ reader: inout InputReader) {
        let flags = reader.byte()
        var registers = registers(.x86, &reader)
        let before = registers
        let width = flags & 2 == 0 ? RegisterWidth.bits32 : .bits64
        let vcpu = Int(flags >> 4) % machines.x86.vcpus.count
        let outcome = x86.call(
            &registers, vcpu: vcpu, isPrivileged: flags & 1 == 0, width: width, host: machines.x86,
            counts: &machines.counts)
        check(outcome == .resume, "an x86 call always has a result")
        registers.checkUnchanged(since: before, except: 0...0)
        let result = registers.values[0]
        let value = width == .bits32 ? Int64(Int32(truncatingIfNeeded: result)) : Int64(bitPattern: result)
        check(width == .bits64 || result >> 32 == 0, "outside long mode rax is 32 bits wide")
        check(value >= -1000 && value < 1000, "rax holds an error or a count, not \(value)")
        switch flags & 0xC {
        case 4: machines.x86.halt(vcpu)
        case 8: _ = machines.x86.takeYieldTarget()
        case 12: _ = machines.x86.vcpus[vcpu].takeVector()
        default: break
        }
    }

    private func callS390X(_ machines: Machines, _ reader: inout InputReader) {
        let flags = reader.byte()
        var registers = registers(.s390x, &reader)
        let before = registers
        let outcome = s390x.call(
            &registers, vcpu: 0, isPrivileged: flags & 1 == 0, width: flags & 2 == 0 ? .bits32 : .bits64,
            host: machines.s390x, counts: &machines.counts)
        registers.checkUnchanged(since: before, except: outcome == .resume ? 2...2 : 99...99)
        check(outcome == .resume || outcome != .notAHypercall, "diag 0x500 is a hypercall or an exception")
        if flags & 4 != 0, !machines.s390x.queues.isEmpty {
            _ = machines.s390x.takeNotifications(Int(flags >> 4) % machines.s390x.queues.count)
        }
    }

    /// The call as a vCPU of the machine makes it.
    private func callMachine(_ machines: Machines, _ reader: inout InputReader) {
        let machine = machines.e500
        let vcpu = machine.cpus[Int(reader.byte()) % machine.cpus.count]
        let registers = registers(.epapr, &reader)
        for number in 0..<32 { vcpu.setRegister(number, to: UInt32(truncatingIfNeeded: registers.values[number])) }
        machine.handle(.hypercall, of: vcpu)
        for number in 0..<32 where !(3...11).contains(number) {
            check(
                vcpu.register(number) == UInt32(truncatingIfNeeded: registers.values[number]),
                "an ePAPR call leaves r\(number) alone")
        }
        check(vcpu.register(3) <= 13, "r3 holds an ePAPR status, not \(vcpu.register(3))")
    }
}

/// Registers of any architecture.
private struct FuzzRegisters: CallRegisters {
    var values = [UInt64](repeating: 0x5555_5555_5555_5555, count: 32)

    func register(_ index: Int) -> UInt64 { values[index] }
    mutating func setRegister(_ index: Int, to value: UInt64) { values[index] = value }

    func checkUnchanged(since before: FuzzRegisters, except changed: ClosedRange<Int>) {
        for number in values.indices where !changed.contains(number) {
            check(values[number] == before.values[number], "the call leaves register \(number) alone")
        }
    }
}

/// A console whose input is part of the fuzzer's.
final class FuzzConsole: HostConsole {
    private var input: [UInt8]
    /// Bytes that the guest sent.
    private(set) var sent = 0
    let isInteractive = true
    let wantsToQuit = false

    init(_ input: [UInt8]) { self.input = input }

    func feed(_ bytes: [UInt8]) { input = bytes }
    func send(_ byte: UInt8) { sent &+= 1 }
    func flush() {}
    func receive() -> UInt8? { input.popLast() }
    func wait(nanoseconds: UInt64?) {}
    func wake() {}
}
