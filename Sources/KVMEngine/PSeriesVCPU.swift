#if arch(powerpc64le)
    internal import CHost
    internal import CKVM
    internal import GuestMemory
    internal import Hypercalls
    public import KVM
    internal import Machines
    internal import ParavirtABI
    public import PowerPC
    public import VMM

    /// A vCPU of the machine `pseries` that KVM-PR runs.
    ///
    /// The kernel answers what it can of PAPR's calls; the others arrive as ``PowerPC/Exit/partitionCall(isPrivileged:)``. An
    /// interrupt that others assert while the vCPU runs reaches the kernel from ``noticeSignals()``.
    @safe
    public final class PSeriesVCPU: PSeriesCPU {
        /// The vCPU's number.
        public let index: Int
        /// Its interrupt input, and what else may be asked of it while it runs.
        public let signals: Signals
        /// Why the kernel cannot run it on, once it cannot.
        public var failure: PAPRProcessor.Failure? { locked { lastFailure } }
        /// How often its runs ended, by reason.
        public private(set) var exits = Exits()

        /// Why runs of a vCPU ended, counted.
        public struct Exits: Sendable {
            /// PAPR's calls, and those of ePAPR that come as such.
            public var hypercalls: UInt64 = 0
            /// Accesses to addresses without memory.
            public var deviceAccesses: UInt64 = 0
            /// Signals.
            public var interruptions: UInt64 = 0

            /// None.
            public init() {}
        }

        private let processor: PAPRProcessor
        private let time: TimeSource
        /// The words of ``signals`` and of the thread that runs it, 0 until one does.
        private let words: UnsafeMutablePointer<UInt64>
        private var threadWord: UnsafeMutablePointer<UInt64> { unsafe words + 1 }
        /// Whether it stands still until somebody starts it.
        public private(set) var standsStill = true
        /// Protects the following, which the vCPU's own thread passes on to the kernel without the machine's lock.
        private let lock: OpaquePointer
        /// What the kernel has been told of the interrupt input.
        private var isAsserted = false
        /// Whether it waits for an interrupt before it executes on.
        private var isIdle = false
        private var wantedMode = InterruptMode()
        private var toldMode = InterruptMode()
        private var lastFailure: PAPRProcessor.Failure?

        /// How it takes interrupts, once it runs on.
        public var interruptMode: InterruptMode {
            get { locked { wantedMode } }
            set {
                let isNew = locked {
                    defer { wantedMode = newValue }
                    return wantedMode != newValue
                }
                // The kernel would wait with it until the vCPU comes back.
                if isNew { leave() }
            }
        }

        private func locked<Result>(_ body: () -> Result) -> Result {
            unsafe host_lock_acquire(lock)
            defer { unsafe host_lock_release(lock) }
            return body()
        }

        /// Nil where the host has no memory for it.
        init?(_ processor: PAPRProcessor, time: TimeSource) {
            guard let lock = unsafe host_lock_create() else { return nil }
            unsafe self.lock = lock
            self.processor = processor
            self.time = time
            index = processor.index
            unsafe words = .allocate(capacity: 2)
            unsafe words.initialize(repeating: 0, count: 2)
            signals = unsafe Signals(word: words)
        }

        deinit {
            unsafe host_lock_destroy(lock)
            unsafe words.deallocate()
        }

        // MARK: Running

        /// The machine's time in ticks.
        public var now: UInt64 { time.hostTicks ?? 0 }
        /// Nothing: the kernel lets it run until it needs the machine.
        public func beginSlice(instructions: UInt64, at tick: UInt64) {}
        /// Nothing: the kernel has its timers.
        public func nextTimerEvent() -> UInt64? { nil }
        /// Nothing happens by itself but input, which ends the wait for it.
        public var pollInterval: UInt64 { 10_000_000 }

        /// Runs until the machine is needed.
        public func run() -> Exit {
            if failure != nil { return .crash(.checkstop) }
            do throws(KVMError) {
                try prepare()
            } catch {
                return fail(.kvm(error))
            }
            if standsStill { return .idle }
            if signals.wantsLeave { return .sliceEnd }
            let waits = locked {
                defer { isIdle = false }
                return isIdle
            }
            if waits {
                _ = try? processor.kernelCall(Hypercall.idle.token ?? 0, 0, 0)
            }
            switch processor.run() {
            case .hypercall:
                exits.hypercalls &+= 1
                // From user state the kernel does not pass calls on.
                return .partitionCall(isPrivileged: true)
            case .deviceRead(let address, let width):
                exits.deviceAccesses &+= 1
                return .deviceRead(address: address, width: width)
            case .deviceWrite(let address, let width, let value):
                exits.deviceAccesses &+= 1
                return .deviceWrite(address: address, width: width, value: value)
            case .interrupted:
                exits.interruptions &+= 1
                return .sliceEnd
            case .failed(let failure):
                return fail(failure)
            }
        }

        private func fail(_ failure: PAPRProcessor.Failure) -> Exit {
            note(failure)
            return .crash(.checkstop)
        }

        private func note(_ failure: PAPRProcessor.Failure) { locked { lastFailure = failure } }

        /// What has to be done by the thread that runs the vCPU, before it does.
        private func prepare() throws(KVMError) {
            if thread == nil {
                let number = try PAPRProcessor.acceptKicks()
                unsafe host_store_release_u64(threadWord, UInt64(UInt32(bitPattern: number)))
            }
            signals.acknowledge()
            try passInterrupt()
            try passMode()
        }

        private func passInterrupt() throws(KVMError) {
            unsafe host_lock_acquire(lock)
            defer { unsafe host_lock_release(lock) }
            let wanted = signals.isAsserted(.external)
            guard wanted != isAsserted else { return }
            isAsserted = wanted
            try processor.setExternalInterrupt(wanted)
        }

        private func passMode() throws(KVMError) {
            let mode = interruptMode
            guard toldMode != mode else { return }
            toldMode = mode
            try processor.setInterruptsLittleEndian(mode.isLittleEndian)
        }

        /// The thread that runs it; nil before the first run.
        private var thread: Int32? {
            let word = unsafe host_load_acquire_u64(threadWord)
            return word == 0 ? nil : Int32(bitPattern: UInt32(truncatingIfNeeded: word))
        }

        /// Makes it come back.
        public func leave() {
            signals.leave()
            if let thread { processor.leave(thread) } else { processor.leaveAtOnce() }
        }

        /// Lets it run again.
        public func stay() {
            signals.stay()
            processor.stay()
        }

        /// Passes the interrupt input on to the kernel.
        public func noticeSignals() {
            do throws(KVMError) { try passInterrupt() } catch { give(up: error) }
        }

        /// Ends its run, now that KVM does not do what the guest needs.
        func give(up error: KVMError) {
            note(.kvm(error))
            leave()
        }

        // MARK: For the machine

        /// General-purpose register `number`.
        public func register(_ number: Int) -> UInt64 { processor.generalRegister(number) }
        /// Sets general-purpose register `number`.
        public func setRegister(_ number: Int, to value: UInt64) { processor.setGeneralRegister(number, to: value) }
        /// Whether MSR[SF] is set.
        public var is64Bit: Bool { ((try? processor.registers())?.msr ?? 0) >> 63 == 1 }

        /// Puts it at the start of a program.
        public func start(at pc: UInt64, r3: UInt64) {
            do throws(KVMError) {
                try processor.start(pc: pc, msr: MachineState.realMode, r3: r3)
            } catch {
                note(.kvm(error))
            }
            standsStill = false
            signals.notify()
        }

        /// Makes it stand still.
        public func stop() { standsStill = true }

        /// Gives a device's value.
        public func completeRead(_ value: UInt64) { processor.completeRead(value) }

        /// There is no other than the one at 0.
        public var offersAlternateInterrupts: Bool { false }

        /// Makes it halt, once it runs on, until an interrupt is pending: by the kernel's own `EV_IDLE`.
        public func waitForInterrupt() { locked { isIdle = true } }

        /// Sets MSR[EE] and halts: for a host whose kernel does not answer `H_CEDE`.
        public func cede() {
            try? processor.enableInterrupts()
            waitForInterrupt()
        }

        /// Ends a halt, also one that has not begun.
        public func prod() {
            locked { isIdle = false }
            leave()
        }

        /// Has the kernel map the magic page.
        public func mapMagicPage(realAddress: UInt64, effectiveAddress: UInt64, flags: UInt64) -> UInt64 {
            do throws(KVMError) {
                try passMode()
                let token = Hypercall.kvmMapMagicPage.token ?? 0
                return try processor.kernelCall(token, realAddress, effectiveAddress | flags)?.output ?? 0
            } catch {
                note(.kvm(error))
                return 0
            }
        }

        /// Sets SPRG0.
        public func setSPRG0(_ value: UInt64) { try? processor.setSPRG0(value) }

        /// Its registers, for a person to look at while it does not run.
        public var state: [(name: String, value: UInt64)] {
            guard let registers = try? processor.registers() else { return [] }
            var state: [(name: String, value: UInt64)] = [
                ("pc  ", registers.pc), ("msr ", registers.msr), ("lr  ", registers.lr), ("ctr ", registers.ctr),
                ("cr  ", registers.cr), ("srr0", registers.srr0), ("srr1", registers.srr1), ("xer ", registers.xer),
            ]
            for number in 0..<32 {
                state.append((number < 10 ? "r\(number)  " : "r\(number) ", registers[gpr: number]))
            }
            return state
        }

        /// What the kernel has counted of it.
        public var statistics: [KVMStatistic] { processor.statistics() }
    }
#endif
