internal import GuestMemory
internal import ParavirtABI

extension HypercallDispatcher where Host == X86Machine {
    /// The calls that Linux's `kvm_emulate_hypercall` answers. `KVM_HC_MMU_OP` is not among them: it is deprecated
    /// and gets -`KVM_ENOSYS`, like any number without a handler.
    public static func x86() -> HypercallDispatcher {
        var dispatcher = HypercallDispatcher(.x86)
        dispatcher.register(.kvmVAPICPollIRQ) { _, _ in .success }
        dispatcher.register(.kvmKickCPU) { machine, frame in machine.kickCPU(frame) }
        dispatcher.register(.kvmClockPairing) { machine, frame in machine.pairClocks(frame) }
        dispatcher.register(.kvmSendIPI) { machine, frame in machine.sendIPI(frame) }
        dispatcher.register(.kvmSchedYield) { machine, frame in machine.schedYield(frame) }
        dispatcher.register(.kvmMapGPARange) { machine, frame in machine.mapGPARange(frame) }
        return dispatcher
    }
}

extension X86Machine {
    /// `KVM_HC_KICK_CPU`: succeeds also where no vCPU has the id.
    fileprivate func kickCPU(_ frame: HypercallFrame) -> HypercallResult {
        guard features.contains(.unhalt) else { return .unimplemented }
        if let target = vcpu(apicID: UInt32(truncatingIfNeeded: frame[1])) {
            kick(target)
        }
        yield(frame.vcpu, toAPIC: frame[1])
        return .success
    }

    /// `KVM_HC_SCHED_YIELD`: a hint that always succeeds.
    fileprivate func schedYield(_ frame: HypercallFrame) -> HypercallResult {
        guard features.contains(.schedYield) else { return .unimplemented }
        yield(frame.vcpu, toAPIC: frame[0])
        return .success
    }

    private func yield(_ vcpu: Int, toAPIC id: UInt64) {
        guard let id = UInt32(exactly: id), let target = self.vcpu(apicID: id) else { return }
        yield(from: vcpu, to: target)
    }

    /// `KVM_HC_SEND_IPI`: two bitmap words, the second 64 (outside long mode 32) ids above the first.
    fileprivate func sendIPI(_ frame: HypercallFrame) -> HypercallResult {
        guard features.contains(.sendIPI) else { return .unimplemented }
        guard let interrupt = Interrupt(command: frame[3]) else { return .failure(.invalidArgument) }
        let lowest = UInt32(truncatingIfNeeded: frame[2])
        let upper = lowest &+ (frame.width == .bits64 ? 64 : 32)
        let delivered =
            send(interrupt, bitmap: frame[0], lowest: lowest) + send(interrupt, bitmap: frame[1], lowest: upper)
        return .success(UInt64(delivered))
    }

    /// Delivers to every vCPU whose id has a bit, counted from `lowest`, and tells how many accepted.
    private func send(_ interrupt: Interrupt, bitmap: UInt64, lowest: UInt32) -> Int {
        guard bitmap != 0 else { return 0 }
        var accepted = 0
        for index in vcpus.indices {
            let id = vcpus[index].apicID
            guard id >= lowest, id - lowest < 64, bitmap >> UInt64(id - lowest) & 1 != 0 else { continue }
            if deliver(interrupt, to: index) { accepted += 1 }
        }
        return accepted
    }

    /// `KVM_HC_CLOCK_PAIRING`: writes the whole structure or nothing.
    fileprivate func pairClocks(_ frame: HypercallFrame) -> HypercallResult {
        guard frame[1] == ClockPairing.wallClock, let reading = clock() else { return .failure(.notSupported) }
        let address = frame[0]
        guard unsafe memory.hostPointer(at: address, count: ClockPairing.size) != nil else {
            return .failure(.badAddress)
        }
        do throws(GuestMemoryError) {
            try memory.store(reading.seconds, at: address + ClockPairing.secondsOffset, order: .little)
            try memory.store(reading.nanoseconds, at: address + ClockPairing.nanosecondsOffset, order: .little)
            try memory.store(reading.counter, at: address + ClockPairing.counterOffset, order: .little)
            var offset = ClockPairing.flagsOffset
            while offset < ClockPairing.size {
                try memory.store(UInt32(0), at: address + offset, order: .little)
                offset += 4
            }
            return .success
        } catch {
            return .failure(.badAddress)
        }
    }

    /// `KVM_HC_MAP_GPA_RANGE`: the range is whole pages of memory, not empty, without overflow.
    fileprivate func mapGPARange(_ frame: HypercallFrame) -> HypercallResult {
        guard features.contains(.mapGPARange) else { return .unimplemented }
        let (address, count, attributes) = (frame[0], frame[1], frame[2])
        let first = address / GuestMemory.pageSize
        guard address.isMultiple(of: GuestMemory.pageSize), count > 0, first &+ count > first,
            attributes & GPARangeAttributes.reserved == 0,
            setPrivate(attributes & GPARangeAttributes.encrypted != 0, first: first, count: count)
        else { return .failure(.invalidArgument) }
        return .success
    }
}
