#if arch(powerpc64le)
    internal import CKVM
    internal import GuestMemory
    public import KVM
    internal import ParavirtABI

    /// Runs the recorder under KVM-PR and compares.
    public enum ConformanceRun {
        /// Which processor the guest has.
        public enum Processor: Sendable {
            /// The host's own, in 64-bit mode.
            case host64
            /// A 750, which is a 32-bit processor.
            case g3

            /// Whether its registers have 64 bits.
            public var is64Bit: Bool { self == .host64 }
            /// Its processor version; nil for the host's.
            var version: UInt32? { self == .g3 ? 0x0008_4202 : nil }
        }

        /// Why there is no result.
        public enum Failure: Error, CustomStringConvertible {
            /// KVM fails.
            case kvm(KVMError)
            /// The host's KVM is not KVM-PR.
            case notPR
            /// The guest's memory cannot be had, or is too small.
            case memory
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
                case .otherSequence: "the kernel's hypercall instructions are not lis, ori, sc, nop"
                case .unexpectedExit(let exit): "the guest did not get to its end: \(exit)"
                }
            }
        }

        /// Bytes of the guest's memory.
        private static let memorySize: UInt64 = 4 << 20
        /// How long the guest may take.
        private static let limit: UInt64 = 60_000_000_000

        /// Runs all cases in one guest. What came of each, in the order of the cases.
        public static func run(
            _ recorder: Recorder, _ cases: [ConformanceCase], on processor: Processor
        ) throws(Failure) -> [ConformanceResult] {
            let memory: GuestMemory
            do throws(GuestMemoryError) {
                memory = try GuestMemory(size: memorySize)
                try recorder.load(cases.map { $0.input }, into: memory)
            } catch {
                throw .memory
            }
            let ending: Ending
            do throws(KVMError) {
                ending = try execute(recorder, memory, on: processor)
            } catch {
                throw .kvm(error)
            }
            switch ending {
            case .done: break
            case .notPR: throw .notPR
            case .otherSequence: throw .otherSequence
            case .unexpected(let exit): throw .unexpectedExit(exit)
            }
            do throws(GuestMemoryError) {
                var results: [ConformanceResult] = []
                for (index, one) in cases.enumerated() {
                    let output = try recorder.output(index, in: memory)
                    results.append(one.result(output, codeAddress: recorder.codeAddress(index)))
                }
                return results
            } catch {
                throw .memory
            }
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
            _ recorder: Recorder, _ memory: GuestMemory, on processor: Processor
        ) throws(KVMError) -> Ending {
            let kvm = try KVM()
            var vm = try kvm.createVM(.powerPCPR)
            guard try vm.isPR() else { return .notPR }
            guard try vm.pvInfo().words == ConformanceCase.sequence else { return .otherSequence }
            try vm.setMemory(slot: 0, at: 0, memory)
            let vcpu = try vm.createVCPU(0)
            if let version = processor.version {
                var special = try vcpu.specialRegisters()
                special.pvr = version
                try vcpu.setSpecialRegisters(special)
            } else {
                // The same, but for the effect of setting it: the vCPU becomes one of that processor.
                try vcpu.setSpecialRegisters(try vcpu.specialRegisters())
            }
            if processor.is64Bit { try vcpu.setValue(of: .hior, to: 0) }
            var registers = try vcpu.registers()
            registers.pc = recorder.entry
            registers.msr = ConformanceCase.supervisorState(is64Bit: processor.is64Bit)
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

        private static func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
    }
#endif
