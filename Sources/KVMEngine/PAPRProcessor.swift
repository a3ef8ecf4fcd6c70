#if arch(powerpc64le)
    public import CKVM
    public import GuestMemory
    public import Hypercalls
    public import KVM
    public import ParavirtABI

    /// A vCPU of a PAPR guest under KVM-PR, with the registers of its hypercalls at hand.
    ///
    /// What other threads may do to it while it runs is to raise and clear its interrupt, and to ask it to come back.
    public final class PAPRProcessor {
        /// Why a run ended.
        public enum Event {
            /// The guest makes a PAPR call that the kernel does not answer, with this number.
            case hypercall(UInt64)
            /// The guest loads from where no memory is: ``completeRead(_:)`` gives it a value.
            case deviceRead(address: UInt64, width: Int)
            /// The guest stores to where no memory is.
            case deviceWrite(address: UInt64, width: Int, value: UInt64)
            /// Somebody asked it to come back, or its time is over.
            case interrupted
            /// The kernel cannot run it on.
            case failed(Failure)
        }

        /// Why the kernel cannot run a vCPU on.
        public enum Failure: CustomStringConvertible, Sendable {
            /// KVM fails.
            case kvm(KVMError)
            /// The kernel cannot emulate what the guest does, or finds the vCPU's state unsound.
            case internalError(suberror: UInt32)
            /// The kernel cannot enter the guest.
            case failedEntry(reason: UInt64)
            /// An exit of this number, which nothing here knows.
            case unknownExit(UInt32)

            /// One line that says what is wrong.
            public var description: String {
                switch self {
                case .kvm(let error): error.description
                case .internalError(let suberror): "KVM cannot run the guest on: internal error \(suberror)"
                case .failedEntry(let reason): "KVM cannot enter the guest, for reason 0x\(String(reason, radix: 16))"
                case .unknownExit(let reason): "KVM ends the guest's run with exit \(reason), which is none of PAPR"
                }
            }
        }

        /// Where code of the VMM's own lies in the guest's memory, and what it stores to when it is done.
        public struct Stub: Sendable {
            /// The address of ``size`` bytes of guest memory that the guest leaves alone.
            public let address: UInt64
            /// An address without memory.
            public let doneAddress: UInt64

            /// A stub at `address`, in a guest that has no memory at `doneAddress`.
            public init(address: UInt64, doneAddress: UInt64) {
                self.address = address
                self.doneAddress = doneAddress
            }

            /// Bytes that it takes.
            public static let size: UInt64 = 32

            /// `lis r0,"KV"; ori r0,r0,"M!"; sc; std r3,0(r9); b .`: one hypercall that the kernel answers itself.
            private static let code: [UInt32] = [0x3C00_4B56, 0x6000_4D21, 0x4400_0002, 0xF869_0000, 0x4800_0000]

            /// Puts the code into memory.
            public func write(to memory: GuestMemory) throws(GuestMemoryError) {
                for (index, word) in Self.code.enumerated() {
                    try memory.store(word, at: address &+ 4 &* UInt64(index))
                }
                if let host = unsafe memory.hostPointer(at: address, count: Self.size) {
                    unsafe ckvm_flush_code(host, Int(Self.size))
                }
            }
        }

        /// Its number.
        public let index: Int
        private let vcpu: VCPU
        private let stub: Stub?

        /// r3 to r12 of the call that is being answered.
        private var call = InlineArray<10, UInt64>(repeating: 0)
        /// How the answer reaches the guest.
        private var answer = Answer.none

        private enum Answer {
            /// There is none.
            case none
            /// In the run page: the kernel takes r3 to r12 from there.
            case page
            /// With all registers, because the run page has been used for something else since.
            case registers(kvm_regs)
        }

        private static let firstRegister = 3

        /// Makes vCPU `index` of `vm`, which stands still.
        ///
        /// - Parameters:
        ///   - hashTable: SDR1 as ``VCPU`` takes it for PAPR guests.
        ///   - stub: what ``kernelCall(_:_:_:)`` executes, where the guest has room for it.
        public init(_ index: Int, of vm: borrowing VM, hashTable: UInt64, stub: Stub?) throws(KVMError) {
            self.index = index
            self.stub = stub
            vcpu = try vm.createVCPU(index)
            try vcpu.enterPAPR(hashTable: hashTable)
        }

        /// Makes it a server of the kernel's interrupt controller.
        func join(_ xics: borrowing KernelXICS) throws(KVMError) { try xics.addServer(index, vcpu) }

        // MARK: State

        /// Sets where it goes on and how, with r3 to r5; every other register is 0.
        public func start(pc: UInt64, msr: UInt64, r3: UInt64, r4: UInt64 = 0, r5: UInt64 = 0) throws(KVMError) {
            var registers = kvm_regs()
            registers.pc = pc
            registers.msr = msr
            registers[gpr: 3] = r3
            registers[gpr: 4] = r4
            registers[gpr: 5] = r5
            answer = .none
            try vcpu.setRegisters(registers)
        }

        /// All registers, as far as they do not change with the answer to a call.
        public func registers() throws(KVMError) -> kvm_regs {
            if case .registers(let registers) = answer { return registers }
            return try vcpu.registers()
        }

        /// General register `number`, which costs nothing for r3 to r12 of a call that is being answered.
        public func generalRegister(_ number: Int) -> UInt64 {
            if case .none = answer { return ((try? vcpu.registers()) ?? kvm_regs())[gpr: number] }
            let place = number - Self.firstRegister
            if call.indices.contains(place) { return call[place] }
            return ((try? registers()) ?? kvm_regs())[gpr: number]
        }

        /// Sets general register `number`.
        public func setGeneralRegister(_ number: Int, to value: UInt64) {
            let place = number - Self.firstRegister
            if case .none = answer {
            } else if call.indices.contains(place) {
                call[place] = value
                return
            }
            guard var registers = try? registers() else { return }
            registers[gpr: number] = value
            try? keep(registers)
        }

        /// Sets registers without touching what a call is answered with.
        private func keep(_ registers: kvm_regs) throws(KVMError) {
            if case .registers = answer {
                answer = .registers(registers)
            } else {
                try vcpu.setRegisters(registers)
            }
        }

        /// Sets MSR[EE].
        public func enableInterrupts() throws(KVMError) {
            var registers = try registers()
            registers.msr |= 1 << 15
            try keep(registers)
        }

        /// Sets SPRG0.
        public func setSPRG0(_ value: UInt64) throws(KVMError) {
            var registers = try registers()
            registers.sprg0 = value
            try keep(registers)
        }

        /// Sets all registers. The answer to a call is lost.
        public func setRegisters(_ registers: kvm_regs) throws(KVMError) {
            for index in call.indices { call[index] = registers[gpr: Self.firstRegister + index] }
            if case .none = answer {
                try vcpu.setRegisters(registers)
            } else {
                answer = .registers(registers)
            }
        }

        /// The processor's version, which is the host's.
        public func version() throws(KVMError) -> UInt32 { try vcpu.specialRegisters().pvr }

        /// Whether interrupts switch to little-endian (LPCR[ILE]).
        public func setInterruptsLittleEndian(_ isLittle: Bool) throws(KVMError) {
            try vcpu.setValue(of: .lpcr, to: isLittle ? 1 << 25 : 0)
        }

        /// What the kernel has counted of it.
        public func statistics() -> [KVMStatistic] { (try? vcpu.statistics()) ?? [] }

        // MARK: Running

        /// Runs until the VMM is needed, with the answers to what the last run ended with.
        public func run() -> Event {
            do throws(KVMError) {
                try passAnswer()
                return try event()
            } catch {
                return .failed(.kvm(error))
            }
        }

        private func event() throws(KVMError) -> Event {
            try Self.run(vcpu, &call, &answer)
        }

        /// A function of its own, for an exit lives no longer than the access to the vCPU that it is an exit of.
        private static func run(
            _ vcpu: borrowing VCPU, _ call: inout InlineArray<10, UInt64>, _ answer: inout Answer
        ) throws(KVMError) -> Event {
            switch try vcpu.run() {
            case .paprHypercall(let hypercall):
                let number = hypercall.number
                call[0] = number
                for position in 0..<PAPRHypercall.registerCount { call[position + 1] = hypercall[position] }
                answer = .page
                return .hypercall(number)
            case .mmioRead(let address, let data):
                let width = data.count
                data.bigEndian = 0
                return .deviceRead(address: address, width: width)
            case .mmioWrite(let address, let data):
                return .deviceWrite(address: address, width: data.count, value: data.bigEndian)
            case .interrupted: return .interrupted
            case .internalError(let suberror): return .failed(.internalError(suberror: suberror))
            case .failedEntry(let reason): return .failed(.failedEntry(reason: reason))
            case .unknown(let reason): return .failed(.unknownExit(reason))
            default: return .failed(.unknownExit(0))
            }
        }

        private func passAnswer() throws(KVMError) {
            switch answer {
            case .none: return
            case .page:
                var outputs = InlineArray<9, UInt64>(repeating: 0)
                for position in outputs.indices { outputs[position] = call[position + 1] }
                vcpu.answerHypercall(status: call[0], outputs: outputs)
            case .registers(var registers):
                for index in call.indices { registers[gpr: Self.firstRegister + index] = call[index] }
                try vcpu.setRegisters(registers)
            }
            answer = .none
        }

        /// Gives the value that ``Event/deviceRead(address:width:)`` asked for.
        public func completeRead(_ value: UInt64) { vcpu.completeRead(value) }

        /// Makes runs of the calling thread end at ``leave(_:)``.
        public static func acceptKicks() throws(KVMError) -> Int32 { try VCPU.acceptKicks() }

        /// Makes the run on `thread` return, and every run until ``stay()``. Called by any thread.
        public func leave(_ thread: Int32) { vcpu.kick(thread: thread) }

        /// Takes ``leave(_:)`` back.
        public func stay() { vcpu.exitsImmediately = false }

        /// Makes every run return at once, until ``stay()``.
        public func leaveAtOnce() { vcpu.exitsImmediately = true }

        /// Makes a run on this thread return after that time, once.
        public func limitRun(nanoseconds: UInt64) throws(KVMError) { try vcpu.limitRun(nanoseconds: nanoseconds) }

        /// Takes the limit back.
        public func endLimit() { vcpu.endLimit() }

        /// Asserts or clears the external interrupt. Called by any thread.
        public func setExternalInterrupt(_ isAsserted: Bool) throws(KVMError) {
            try vcpu.setExternalInterrupt(isAsserted ? .level : .clear)
        }

        // MARK: The kernel's own calls

        /// What came of a call that the kernel answers.
        public struct KernelAnswer: Sendable {
            /// r3.
            public let status: UInt64
            /// r4.
            public let output: UInt64
        }

        /// Has the kernel answer one of its own hypercalls, as if the guest had made it; while a call of the guest is answered.
        ///
        /// A guest that calls by ``ParavirtABI/HypercallInstructions/paprForward`` reaches the VMM with KVM's own calls, too, and no
        /// ioctl carries them out. So the vCPU executes the stub. Nil where there is no stub, or the kernel does not come to its end.
        public func kernelCall(_ token: UInt32, _ first: UInt64, _ second: UInt64) throws(KVMError) -> KernelAnswer? {
            guard let stub else { return nil }
            let guest = try registers()
            var registers = guest
            registers.pc = stub.address
            registers.msr = MachineState.realMode
            registers[gpr: 3] = first
            registers[gpr: 4] = second
            registers[gpr: 9] = stub.doneAddress
            registers[gpr: 11] = UInt64(token)
            try vcpu.setRegisters(registers)
            if case .page = answer {
                // The kernel is going to take these from the run page.
                var outputs = InlineArray<9, UInt64>(repeating: 0)
                for position in outputs.indices { outputs[position] = registers[gpr: 4 + position] }
                vcpu.answerHypercall(status: registers[gpr: 3], outputs: outputs)
            }
            answer = .registers(guest)
            let isIdle = token == Hypercall.idle.token
            let wasAskedToLeave = vcpu.exitsImmediately
            defer { if wasAskedToLeave { vcpu.exitsImmediately = true } }
            for _ in 0..<Self.attempts {
                if !isIdle { vcpu.exitsImmediately = false }
                var place = InlineArray<10, UInt64>(repeating: 0)
                var ignored = Answer.none
                switch try Self.run(vcpu, &place, &ignored) {
                case .deviceWrite(stub.doneAddress, _, _):
                    let result = try vcpu.registers()
                    return KernelAnswer(status: result[gpr: 3], output: result[gpr: 4])
                case .interrupted:
                    // A guest has to expect that it wakes without a reason.
                    if isIdle { return KernelAnswer(status: 0, output: 0) }
                default:
                    return nil
                }
            }
            return nil
        }

        /// Answers the ePAPR call that is being answered if it is one whose effect is the kernel's alone to have: mapping the magic
        /// page, and waiting for an interrupt. False where it is another.
        public func answerByKernel(_ width: RegisterWidth) throws(KVMError) -> Bool {
            let frame = HypercallFrame(
                from: self, convention: .epapr, vcpu: index, isPrivileged: true, width: width)
            guard frame.index == Hypercall.kvmMapMagicPage.index || frame.index == Hypercall.idle.index,
                let result = try kernelCall(UInt32(truncatingIfNeeded: frame.number), frame[0], frame[1])
            else { return false }
            setRegister(3, to: result.status)
            setRegister(4, to: result.output)
            return true
        }

        /// How often a call that does not wait is tried when signals interrupt it.
        private static let attempts = 100
    }

    extension PAPRProcessor: CallRegisters {
        /// Register `index` of an ePAPR call that came as a PAPR call: r3 to r11, where r3's argument is in r12.
        public func register(_ index: Int) -> UInt64 {
            switch index {
            case 3: call[12 - Self.firstRegister]
            case 4...11: call[index - Self.firstRegister]
            default: 0
            }
        }

        /// Sets register `index`, r3 to r11, of the answer.
        public func setRegister(_ index: Int, to value: UInt64) {
            guard (3...11).contains(index) else { return }
            call[index - Self.firstRegister] = value
        }
    }
#endif
