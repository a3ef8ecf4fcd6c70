#if arch(powerpc64le)
    internal import CKVM
    internal import GuestMemory
    internal import Hypercalls
    public import KVM
    internal import KVMEngine
    internal import ParavirtABI

    /// Runs the recorder under KVM-PR and compares.
    public enum ConformanceRun {
        /// Why there is no result.
        public enum Failure: Error, CustomStringConvertible {
            /// KVM fails.
            case kvm(KVMError)
            /// The host's KVM is not KVM-PR.
            case notPR
            /// The guest's memory cannot be had, or is too small.
            case memory
            /// The guest's bytes are in another order than those of the guest that was asked for.
            case otherOrder
            /// The hypercall instructions of the kernel are not the ones that are known.
            case otherSequence
            /// The guest did not get to its end.
            case unexpectedExit(String)

            /// One line that says what is wrong.
            public var description: String {
                switch self {
                case .kvm(let error): error.description
                case .notPR: "the KVM of this host is not KVM-PR"
                case .memory: "there is no memory for the guest"
                case .otherOrder: "the guest's file is one of the other byte order"
                case .otherSequence: "the kernel's hypercall instructions are not lis, ori, sc, nop"
                case .unexpectedExit(let exit): "the guest did not get to its end: \(exit)"
                }
            }
        }

        /// A case and what came of it.
        public struct Line: Sendable {
            /// What was tried.
            public let name: String
            /// What came of it.
            public let result: ConformanceResult
        }

        /// Bytes of the guest's memory.
        private static let memorySize: UInt64 = 4 << 20
        /// Where the code lies that makes calls for the VMM: behind the records.
        private static let stub = PAPRProcessor.Stub(address: 0x38_0000, doneAddress: 0x0900_0000)
        /// How long the guest may take.
        private static let limit: UInt64 = 60_000_000_000

        /// Runs all cases in one guest. What came of each, in their order.
        public static func run(_ recorder: Recorder, as guest: ConformanceGuest) throws(Failure) -> [Line] {
            guard recorder.order == guest.order else { throw .otherOrder }
            let sequence: HypercallInstructions
            do throws(KVMError) {
                sequence = try hypercallInstructions(guest)
            } catch {
                throw .kvm(error)
            }
            let cases = ConformanceCase.all(guest, sequence: sequence)
            let memory: GuestMemory
            let answers: ConformanceOracle
            let expectations: ConformanceOracle
            do throws(GuestMemoryError) {
                memory = try GuestMemory(size: memorySize)
                try recorder.load(cases.map { $0.input }, into: memory)
                try stub.write(to: memory)
                answers = try ConformanceOracle(guest)
                expectations = try ConformanceOracle(guest)
            } catch {
                throw .memory
            }
            let ending: Ending
            do throws(KVMError) {
                ending = try execute(recorder, memory, guest, answers)
            } catch {
                throw .kvm(error)
            }
            switch ending {
            case .done: break
            case .notPR: throw .notPR
            case .otherSequence: throw .otherSequence
            case .unexpected(let exit): throw .unexpectedExit(exit)
            }
            var lines: [Line] = []
            for (index, one) in cases.enumerated() {
                let output: RecordOutput
                do throws(GuestMemoryError) {
                    output = try recorder.output(index, in: memory)
                } catch {
                    throw .memory
                }
                let result = one.result(output, codeAddress: recorder.codeAddress(index), oracle: expectations)
                lines.append(Line(name: one.name, result: result))
            }
            return lines
        }

        /// What a guest's tree would say that hypercalls are.
        private static func hypercallInstructions(_ guest: ConformanceGuest) throws(KVMError) -> HypercallInstructions {
            guard guest.isPAPR else { return .systemCallMagic }
            return try SystemCall1.works(on: try KVM()) ? .paprForward : .paprForwardNested
        }

        /// How the guest ended.
        private enum Ending {
            case done
            case notPR
            case otherSequence
            case unexpected(String)
        }

        /// Runs the guest to its end.
        private static func execute(
            _ recorder: Recorder, _ memory: GuestMemory, _ guest: ConformanceGuest, _ answers: ConformanceOracle
        ) throws(KVMError) -> Ending {
            let kvm = try KVM()
            var vm = try kvm.createVM(.powerPCPR)
            guard try vm.isPR() else { return .notPR }
            let words = HypercallInstructions.systemCallMagic.words
            guard try vm.pvInfo().words == words.indices.map({ words[$0] }) else { return .otherSequence }
            try vm.setMemory(slot: 0, at: 0, memory)
            if guest.isPAPR { return try executePAPR(recorder, guest, vm, answers) }

            let vcpu = try vm.createVCPU(0)
            // Setting it, also to what it is, makes the vCPU one of that processor.
            var special = try vcpu.specialRegisters()
            if guest == .kernel32 { special.pvr = Self.g3 }
            try vcpu.setSpecialRegisters(special)
            if guest.is64Bit { try vcpu.setValue(of: .hior, to: 0) }
            var registers = try vcpu.registers()
            registers.pc = recorder.entry
            registers.msr = guest.supervisorState
            try vcpu.setRegisters(registers)

            try vcpu.limitRun(nanoseconds: limit)
            defer { vcpu.endLimit() }
            switch try vcpu.run() {
            case .mmioWrite(recorder.doneAddress, _): return .done
            case .mmioWrite(let address, _): return .unexpected("it stored to \(hex(address))")
            case .mmioRead(let address, _): return .unexpected("it loaded from \(hex(address))")
            case .paprHypercall(let call): return .unexpected("it made PAPR call \(call.number)")
            case .interrupted: return .unexpected("its time was over at \(hex(try vcpu.registers().pc))")
            case .internalError(let suberror): return .unexpected("KVM cannot go on, suberror \(suberror)")
            case .failedEntry(let reason): return .unexpected("KVM cannot enter it, reason \(hex(reason))")
            case .unknown(let reason): return .unexpected("KVM exit \(reason)")
            default:
                return .unexpected("an exit of another processor")
            }
        }

        /// The processor version of a 750.
        private static let g3: UInt32 = 0x0008_4202

        /// Runs a PAPR guest to its end, and answers the ePAPR calls that it makes as PAPR calls.
        private static func executePAPR(
            _ recorder: Recorder, _ guest: ConformanceGuest, _ vm: borrowing VM, _ answers: ConformanceOracle
        ) throws(KVMError) -> Ending {
            let processor = try PAPRProcessor(0, of: vm, hashTable: 0, stub: stub)
            try processor.setInterruptsLittleEndian(guest.order == .little)
            try processor.start(pc: recorder.entry, msr: guest.supervisorState, r3: 0)
            try processor.limitRun(nanoseconds: limit)
            defer { processor.endLimit() }
            var isAsserted = false
            while true {
                switch processor.run() {
                case .hypercall(HypercallInstructions.paprForwardNumber):
                    try answers.answer(processor)
                    if answers.isInterruptPending != isAsserted {
                        isAsserted.toggle()
                        try processor.setExternalInterrupt(isAsserted)
                    }
                case .hypercall(let number): return .unexpected("it made PAPR call \(hex(number))")
                case .deviceWrite(recorder.doneAddress, _, _): return .done
                case .deviceWrite(let address, _, _): return .unexpected("it stored to \(hex(address))")
                case .deviceRead(let address, _): return .unexpected("it loaded from \(hex(address))")
                case .interrupted: return .unexpected("its time was over at \(hex(try processor.registers().pc))")
                case .failed(let failure): return .unexpected(failure.description)
                }
            }
        }

        private static func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
    }

    extension ConformanceOracle {
        /// Answers the call that `processor` made; those that the kernel has to carry out go there.
        fileprivate func answer(_ processor: PAPRProcessor) throws(KVMError) {
            let width: RegisterWidth = try processor.registers().msr >> 63 == 1 ? .bits64 : .bits32
            if try processor.answerByKernel(width) { return }
            var registers = processor
            answer(&registers, width: width)
        }
    }
#endif
