internal import Devices
internal import GuestMemory
internal import Hypercalls
public import ParavirtABI
internal import PowerPC
internal import VMM

extension Hypercall {
    /// Whether some convention's dispatcher has a handler for the call. Asked of the dispatchers themselves, so that no
    /// list can disagree with them.
    public var isHandled: Bool {
        Coverage.shared.handled[index]
    }
}

/// Which rows the dispatchers answer.
private struct Coverage: Sendable {
    static let shared = Coverage()
    let handled: [Bool]

    init() {
        let epapr = HypercallDispatcher<NoPowerPCMachine>.epapr()
        let papr = HypercallDispatcher<NoPartition>.papr()
        let x86 = HypercallDispatcher<X86Machine>.x86()
        let s390x = HypercallDispatcher<S390Machine>.s390x()
        handled = Hypercall.all.map {
            epapr.handles($0) || papr.handles($0) || x86.handles($0) || s390x.handles($0)
        }
    }
}
/// A host to build a dispatcher for; there are no instances.
private final class NoPowerPCMachine: EPAPRHypercallHost {
    let offersMagicPage = false
    let interruptCount = 0
    let ipiCount = 0
    let cpuCount = 0
    let memory: GuestMemory

    private init(memory: GuestMemory) { self.memory = memory }

    func mapMagicPage(
        vcpu: Int, realAddress: UInt64, effectiveAddress: UInt64, flags: MagicPageFlags
    ) -> MagicPageFeatures { [] }
    func idle(vcpu: Int) {}

    func byteChannelLevels(of handle: UInt32) -> (receivable: Int, sendable: Int)? { nil }
    func send(_ data: ByteChannelData, into handle: UInt32) -> Int { 0 }
    func receive(from handle: UInt32, atMost limit: Int) -> ByteChannelData { ByteChannelData() }

    func configuration(ofInterrupt number: Int) -> InterruptConfiguration {
        InterruptConfiguration(isActiveHigh: false, isLevelSensitive: false, priority: 0, destination: 0)
    }
    func configureInterrupt(_ number: Int, _ configuration: InterruptConfiguration) {}
    func isInterruptMasked(_ number: Int) -> Bool { true }
    func maskInterrupt(_ number: Int, _ isMasked: Bool) {}
    func isInterruptActive(_ number: Int) -> Bool { false }
    func acknowledgeInterrupt(vcpu: Int) -> UInt32? { nil }
    func endInterrupt(_ number: Int, vcpu: Int) -> Bool { false }
    func sendIPI(_ ipi: Int, to vcpus: UInt32) {}
    func taskPriority(vcpu: Int) -> UInt32 { 0 }
    func setTaskPriority(_ priority: UInt32, vcpu: Int) {}

    func ringDoorbell(_ handle: UInt32) -> Bool { false }

    let takesProcessorMessages = false
    func send(_ message: ProcessorMessage) {}

    func requestStop() {}
    func requestRestart() {}
    func treeProperty(path: [UInt8], name: [UInt8]) -> [UInt8]? { nil }
    func setTreeProperty(path: [UInt8], name: [UInt8], value: [UInt8]) -> TreePropertyChange { .noNode }
}

/// A partition to build a dispatcher for; there are no instances.
private final class NoPartition: PAPRHypercallHost {
    let memory: GuestMemory
    let pageTable: HashedPageTable
    let pageSizes = HashPageSizes.power8
    let cpuCount = 0
    var processorAreas: [ProcessorAreas] = []
    let interruptController = XICS(cpuCount: 0, sourceCount: 0)
    var nonvolatileMemory: [UInt8] = []
    var timeOfDay: UInt64 = 0
    private let vcpu: any PSeriesCPU

    private init(memory: GuestMemory, pageTable: HashedPageTable, vcpu: any PSeriesCPU) {
        self.memory = memory
        self.pageTable = pageTable
        self.vcpu = vcpu
    }

    func translationChanged(_ change: TranslationChange) {}
    func partitionCPU(_ number: Int) -> any PSeriesCPU { vcpu }
    func prod(_ number: Int) {}
    func takeProd(_ number: Int) -> Bool { false }
    func confer(from number: Int) {}
    func randomNumber() -> UInt64? { nil }
    func timebase(of number: Int) -> UInt64 { 0 }
    func terminal(_ unit: UInt64) -> VirtualTerminal? { nil }
    func isStopped(_ number: Int) -> Bool { false }
    func start(_ number: Int, at pc: UInt64, r3: UInt64, like caller: Int) {}
    func stop(_ number: Int) {}
    func requestPowerOff() {}
    func requestReset() {}
    func reportPanic() {}
}
