internal import GuestMemory
internal import Hypercalls
internal import Machines
internal import PAPR
internal import ParavirtABI
internal import PowerPC
internal import VMM

/// Random calls on each of the four conventions, one after another on the same machines.
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
            // A byte chooses the convention; the machines' own paths to the dispatchers get their share.
            switch reader.byte() % 8 {
            case 0: callPowerPC(state, &reader)
            case 1: callX86(state, &reader)
            case 2: callS390X(state, &reader)
            case 3, 4, 5, 6: callPartition(state, &reader)
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
        let partition: PSeriesMachine
        let partitionCPUs: [FuzzPartitionCPU]
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
                let cpus = (0...Int(flags & 3)).map { FuzzPartitionCPU(index: $0) }
                partitionCPUs = cpus
                guard let table = HashedPageTable(order: 18) else { fatalError("the host has no memory") }
                partition = PSeriesMachine(
                    .init(cpuCount: cpus.count, time: .virtual, pageSizes: flags & 4 != 0 ? .power8 : .smallAndLarge),
                    memory: try GuestMemory(size: 1 << 20), pageTable: table, cpus: cpus,
                    console: FuzzConsole(Array("input\r\0".utf8)))
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

    /// A call of PAPR's, RTAS included, as a vCPU of the machine makes it.
    private func callPartition(_ machines: Machines, _ reader: inout InputReader) {
        let machine = machines.partition
        let flags = reader.byte()
        let vcpu = machines.partitionCPUs[Int(flags >> 4) % machines.partitionCPUs.count]
        var registers = registers(.papr, &reader)
        registers.values[11] = reader.value()
        // Indices of the page table and addresses of memory more often than chance would have them.
        for place in 4...7 where flags & 8 != 0 { registers.values[place] &= 0xF_FFFF }
        if flags & 6 == 6 { prepareRTAS(machine, &registers, &reader) }
        vcpu.registers = registers.values
        vcpu.is64Bit = flags & 1 == 0
        let isPrivileged = flags & 7 != 7
        if flags & 0xC == 0xC { machine.poll(at: UInt64(flags)) }
        machine.handle(.partitionCall(isPrivileged: isPrivileged), of: vcpu)
        var changes = 0
        while machine.takeTranslationChange() != nil { changes += 1 }
        check(changes <= 4, "a call changes at most four pages, not \(changes)")
        for number in 0..<32 where !(3...12).contains(number) {
            check(vcpu.registers[number] == registers.values[number], "a PAPR call leaves r\(number) alone")
        }
        let status = Int64(bitPattern: vcpu.registers[3])
        let isForwarded = isPrivileged && registers.values[3] == HypercallInstructions.paprForwardNumber
        check(
            isForwarded || PAPRStatus(rawValue: status) != nil, "r3 holds a status of PAPR, not \(status)")
        check(isPrivileged || status == PAPRStatus.privilege.rawValue, "no call is for user state")
        check(machine.nonvolatileMemory.count == PSeriesMemoryMap.nonvolatileMemorySize, "nvram keeps its size")
    }

    /// Puts a call of RTAS into memory, with a service two times of three.
    private func prepareRTAS(
        _ machine: PSeriesMachine, _ registers: inout FuzzRegisters, _ reader: inout InputReader
    ) {
        let choice = reader.byte()
        let services = RTAS.Service.allCases
        let token =
            choice % 3 == 0
            ? UInt32(truncatingIfNeeded: reader.value()) : services[Int(choice) % services.count].rawValue
        var words = [token, UInt32(choice >> 4), UInt32(reader.byte() % 12)]
        for _ in 0..<8 { words.append(UInt32(truncatingIfNeeded: reader.value())) }
        let address: UInt64 = choice & 8 == 0 ? 0x1000 : (1 << 20) - UInt64(choice)
        for (place, word) in words.enumerated() { try? machine.memory.store(word, at: address + 4 * UInt64(place)) }
        registers.values[3] = UInt64(Hypercall.rtas.number)
        registers.values[4] = address
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

/// A partition's vCPU that executes nothing.
@safe
private final class FuzzPartitionCPU: PSeriesCPU {
    let index: Int
    var registers = [UInt64](repeating: 0, count: 32)
    var is64Bit = true
    var interruptMode = InterruptMode()
    let offersAlternateInterrupts = true
    var now: UInt64 = 0
    private let word = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
    let signals: Signals

    init(index: Int) {
        self.index = index
        unsafe word.initialize(to: 0)
        unsafe signals = Signals(word: word)
    }

    deinit { unsafe word.deallocate() }

    func register(_ number: Int) -> UInt64 { registers[number] }
    func setRegister(_ number: Int, to value: UInt64) { registers[number] = value }
    func start(at pc: UInt64, r3: UInt64) {}
    func stop() {}
    func cede() {}
    func prod() {}
    func waitForInterrupt() {}
    func setSPRG0(_ value: UInt64) {}
    func mapMagicPage(realAddress: UInt64, effectiveAddress: UInt64, flags: UInt64) -> UInt64 { 3 }
    func beginSlice(instructions: UInt64, at tick: UInt64) { now = tick }
    func run() -> Exit { .idle }
    func completeRead(_ value: UInt64) {}
    func nextTimerEvent() -> UInt64? { nil }
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
