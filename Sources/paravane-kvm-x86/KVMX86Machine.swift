#if arch(x86_64)
    import CKVM
    import CHost
    import FlatMachines
    import GuestMemory
    import Hypercalls
    import KVM

    /// A flat x86 machine whose vCPUs the host's KVM executes, and whose hypercalls it answers. They take turns on the caller's
    /// thread: KVM keeps what wakes a vCPU until its turn.
    final class KVMX86Machine {
        /// Nanoseconds of a turn, which a vCPU that halts spends waiting.
        private static let turn: UInt64 = 2_000_000

        private let board: X86Board
        private let kvm: KVM
        private let vm: VM
        private let vcpus: [KVMX86VCPU]

        /// A machine whose vCPUs start at `entry`. Its guest is in the board's memory already.
        init(_ board: X86Board, entry: UInt64) throws(KVMError) {
            self.board = board
            kvm = try KVM()
            var vm = try kvm.createVM()
            try vm.setMemory(slot: 0, at: 0, board.memory)
            try vm.createInterruptControllers()
            var vcpus: [KVMX86VCPU] = []
            for index in board.machine.vcpus.indices {
                let vcpu = try vm.createVCPU(index)
                try kvm.offerCPUID(to: vcpu, apicID: UInt8(truncatingIfNeeded: index))
                try vcpu.startFlat(entry: entry, stack: 0, root: X86Board.startTables)
                var registers = try vcpu.registers()
                registers.rdi = UInt64(index)
                registers.rsi = UInt64(board.machine.vcpus.count)
                try vcpu.setRegisters(registers)
                try vcpu.makeRunnable()
                vcpus.append(KVMX86VCPU(vcpu))
            }
            self.vm = vm
            self.vcpus = vcpus
        }

        /// Runs until the end, at most for `nanoseconds`.
        func run(nanoseconds: UInt64) throws(KVMError) -> FlatOutcome {
            let end = host_monotonic_nanoseconds() &+ nanoseconds
            while host_monotonic_nanoseconds() < end {
                for index in vcpus.indices {
                    try vcpus[index].vcpu.limitRun(nanoseconds: Self.turn)
                    while board.outcome == nil, try step(vcpus[index].vcpu, index) {}
                    vcpus[index].vcpu.endLimit()
                    if let outcome = board.outcome { return outcome }
                }
            }
            return .timeout
        }

        /// One stretch of execution. Whether the vCPU's turn goes on.
        private func step(_ vcpu: borrowing VCPU, _ index: Int) throws(KVMError) -> Bool {
            switch try vcpu.run() {
            case .portWrite(let port, let count, let data):
                let width = data.count / max(count, 1)
                for item in 0..<count {
                    var value: UInt32 = 0
                    for byte in (0..<min(width, 4)).reversed() {
                        value = value << 8 | UInt32(data[item * width + byte])
                    }
                    board.write(port: port, value)
                }
                return true
            case .portRead(let port, _, let data):
                for byte in 0..<data.count {
                    data[byte] = UInt8(truncatingIfNeeded: board.read(port: port) >> UInt32(8 * (byte & 3)))
                }
                return true
            case .mmioRead(_, let data):
                for byte in 0..<data.count { data[byte] = 0xFF }
                return true
            case .interrupted: return false
            case .shutdown: return end(.tripleFault(vector: 8, at: try vcpu.registers().rip), index)
            case .failedEntry(let reason):
                return end(.engine(code: UInt32(truncatingIfNeeded: reason), at: try vcpu.registers().rip), index)
            case .internalError(let suberror): return end(.engine(code: suberror, at: try vcpu.registers().rip), index)
            case .systemEvent(let kind): return end(.engine(code: kind, at: try vcpu.registers().rip), index)
            case .unknown(let reason): return end(.engine(code: reason, at: try vcpu.registers().rip), index)
            default: return true  // a store to nowhere
            }
        }

        private func end(_ crash: FlatCrash, _ index: Int) -> Bool {
            board.end(.crash(crash, vcpu: index))
            return false
        }
    }

    /// A vCPU that an array can hold.
    private final class KVMX86VCPU {
        let vcpu: VCPU

        init(_ vcpu: consuming VCPU) {
            self.vcpu = vcpu
        }
    }
#endif
