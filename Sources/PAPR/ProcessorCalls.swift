public import GuestMemory
internal import Hypercalls
internal import ParavirtABI
public import VMM

/// A machine whose vCPUs are a partition's.
public protocol PartitionProcessorHost: AnyObject, SendableMetatype {
    /// The guest's RAM.
    var memory: GuestMemory { get }
    /// All vCPUs, also those that the guest has not started.
    var cpuCount: Int { get }
    /// What each vCPU shares with its hypervisor.
    var processorAreas: [ProcessorAreas] { get set }

    /// vCPU `number`, which is below ``cpuCount``.
    func partitionCPU(_ number: Int) -> any PSeriesCPU

    /// Remembers a prod for vCPU `number`, or wakes it where it ceded.
    func prod(_ number: Int)
    /// Takes back whether vCPU `number` was prodded since it last ceded.
    func takeProd(_ number: Int) -> Bool
    /// Lets other vCPUs go first, where that makes a difference.
    func confer(from number: Int)

    /// 64 random bits; nil where the host has none to give.
    func randomNumber() -> UInt64?
}

/// The areas of its memory that a guest shares with its hypervisor for one vCPU.
public struct ProcessorAreas: Equatable, Sendable {
    /// The real address of the virtual processor area, once it is registered.
    public fileprivate(set) var area: UInt64?
    /// The real address of the SLB shadow buffer.
    public fileprivate(set) var slbShadow: UInt64?
    /// The real address of the dispatch trace log.
    public fileprivate(set) var traceLog: UInt64?

    /// Nothing is shared.
    public init() {}
}

extension HypercallDispatcher where Host: PartitionProcessorHost {
    /// `H_CEDE`, `H_PROD`, `H_CONFER`, `H_REGISTER_VPA`, `H_SET_MODE`, `H_SET_SPRG0`, breakpoints, `H_RANDOM`.
    mutating func registerProcessors() {
        register(.cede) { host, frame in
            host.cede(frame.vcpu)
            return .success
        }
        register(.prod) { host, frame in
            guard let number = host.number(frame[0]) else { return .refusal(.parameter) }
            host.prod(number)
            return .success
        }
        register(.confer) { host, frame in
            let all = frame.width.truncate(.max)
            guard frame[0] == all || host.number(frame[0]) != nil else { return .refusal(.parameter) }
            host.confer(from: frame.vcpu)
            return .success
        }
        register(.registerVPA) { host, frame in host.registerArea(frame) }
        register(.setMode) { host, frame in host.setMode(frame) }
        register(.setSPRG0) { host, frame in
            host.partitionCPU(frame.vcpu).setSPRG0(frame[0])
            return .success
        }
        // A POWER8 has a watchpoint in DABR's place, which H_SET_MODE sets.
        register(.setDABR) { _, _ in .refusal(.hardware) }
        register(.setXDABR) { _, _ in .refusal(.hardware) }
        register(.random) { host, _ in
            guard let number = host.randomNumber() else { return .refusal(.hardware) }
            return .success(number)
        }
    }
}

extension PartitionProcessorHost {
    /// The vCPU that an argument names; nil where there is none.
    fileprivate func number(_ argument: UInt64) -> Int? {
        argument < UInt64(cpuCount) ? Int(argument) : nil
    }

    fileprivate func cede(_ number: Int) {
        let vcpu = partitionCPU(number)
        vcpu.cede()
        if takeProd(number) { vcpu.prod() } else { countYield(number, isYielding: true) }
    }

    /// Counts in vCPU `number`'s area that it stops or goes on: the count is odd while it does not execute.
    ///
    /// The machine calls it for a vCPU that ceded when it next hears of it.
    public func countYield(_ number: Int, isYielding: Bool) {
        guard let area = processorAreas[number].area else { return }
        let address = area + VirtualProcessorArea.yieldCountOffset
        guard let count = try? memory.load(UInt32.self, at: address), (count & 1 != 0) != isYielding else { return }
        try? memory.store(count &+ 1, at: address)
    }

    fileprivate func registerArea(_ frame: HypercallFrame) -> HypercallResult {
        // The request is in bits 47 to 45 and nothing else.
        guard let request = PAPRAreaRequest(rawValue: frame[0] >> 45), request.flags == frame[0],
            let number = number(frame[1])
        else { return .refusal(.parameter) }
        let address = frame[2]
        // All three areas have their sizes there, in two bytes or four.
        let sizeAddress = address &+ VirtualProcessorArea.sizeOffset
        switch request {
        case .registerVPA:
            guard address != 0 else { return .refusal(.hardware) }
            guard address.isMultiple(of: 128),
                isArea(
                    address, of: (try? memory.load(UInt16.self, at: sizeAddress)).map(UInt64.init),
                    minimum: VirtualProcessorArea.minimumSize)
            else { return .refusal(.parameter) }
            processorAreas[number].area = address
        case .registerSLBShadow, .registerTraceLog:
            guard address != 0 else { return .refusal(.hardware) }
            let size = (try? memory.load(UInt32.self, at: sizeAddress)).map(UInt64.init)
            let isLog = request == .registerTraceLog
            guard let size, size >= (isLog ? 48 : 8), memory.contains(address, count: size),
                isLog || isArea(address, of: size, minimum: 8)
            else { return .refusal(.parameter) }
            guard processorAreas[number].area != nil else { return .refusal(.resource) }
            if isLog { processorAreas[number].traceLog = address } else { processorAreas[number].slbShadow = address }
        case .withdrawVPA:
            // The other two hang on it.
            guard processorAreas[number].slbShadow == nil, processorAreas[number].traceLog == nil else {
                return .refusal(.resource)
            }
            processorAreas[number].area = nil
        case .withdrawSLBShadow: processorAreas[number].slbShadow = nil
        case .withdrawTraceLog: processorAreas[number].traceLog = nil
        }
        return .success
    }

    private func isArea(_ address: UInt64, of size: UInt64?, minimum: UInt64) -> Bool {
        guard let size, size >= minimum, memory.contains(address, count: size) else { return false }
        let boundary = VirtualProcessorArea.boundary
        return address / boundary == (address + size - 1) / boundary
    }

    fileprivate func setMode(_ frame: HypercallFrame) -> HypercallResult {
        let (flags, first, second) = (frame[0], frame[2], frame[3])
        let caller = partitionCPU(frame.vcpu)
        switch PAPRModeResource(rawValue: frame[1]) {
        case .interruptEndian:
            guard first == 0 else { return .refusal(.parameter3) }
            guard second == 0 else { return .refusal(.parameter4) }
            guard flags <= 1 else { return .refusal(.unsupportedFlag) }
            changeInterruptMode { $0.isLittleEndian = flags == 1 }
            return .success
        case .interruptLocation:
            guard first == 0 else { return .refusal(.parameter3) }
            guard second == 0 else { return .refusal(.parameter4) }
            guard flags == 0 || caller.offersAlternateInterrupts && (flags == 2 || flags == 3) else {
                return .refusal(.unsupportedFlag)
            }
            changeInterruptMode { $0.alternateLocation = UInt8(truncatingIfNeeded: flags) }
            return .success
        case .breakpoint:
            guard flags == 0 else { return .refusal(.unsupportedFlag) }
            guard second == 0 else { return .refusal(.parameter4) }
            // The hypervisor's own instructions are no business of the guest's.
            guard first & 3 != 3 else { return .refusal(.parameter3) }
            return caller.setBreakpoint(first) ? .success : .refusal(.parameter2)
        case .watchpoint:
            guard flags == 0 else { return .refusal(.unsupportedFlag) }
            guard second & 4 == 0 else { return .refusal(.parameter4) }
            return caller.setWatchpoint(address: first, control: second) ? .success : .refusal(.parameter2)
        case nil:
            return .refusal(.parameter2)
        }
    }

    /// How interrupts are taken is the partition's, not a vCPU's.
    private func changeInterruptMode(_ change: (inout InterruptMode) -> Void) {
        for number in 0..<cpuCount {
            let vcpu = partitionCPU(number)
            var mode = vcpu.interruptMode
            change(&mode)
            vcpu.interruptMode = mode
        }
    }
}
