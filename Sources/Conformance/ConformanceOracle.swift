public import GuestMemory
internal import Devices
internal import Hypercalls
internal import Machines
internal import ParavirtABI
internal import PowerPC
internal import VMM

/// What answers the cases' calls as this project does: a dispatcher, and a machine behind it that remembers.
public final class ConformanceOracle {
    private enum Machine {
        /// What the kernel's hypervisor offers on Book3S.
        case kernel(KernelHost)
        /// The machine that PAPR guests have, and the kernel for what only it can carry out.
        case papr(PSeriesMachine, KernelHost)
    }

    private let machine: Machine
    private var counts = HypercallCounts()

    /// The oracle of a kind of guest.
    public init(_ guest: ConformanceGuest) throws(GuestMemoryError) {
        guard guest.isPAPR else {
            machine = .kernel(KernelHost())
            return
        }
        let memory = try GuestMemory(size: PSeriesMemoryMap.minimumRAM)
        let order = HashedPageTable.order(forMemory: memory.ram.size)
        guard let table = HashedPageTable(order: order) else {
            throw .hostOutOfMemory(1 << UInt64(order))
        }
        // It does not execute: its calls are made by the guest under test.
        let vcpu = SoftwareBook3SCPU(
            index: 0, memory: memory, pageTable: table, time: .virtual, sharesMemory: false)
        let board = PSeriesMachine(
            .init(cpuCount: 1, time: .virtual), memory: memory, pageTable: table, cpus: [vcpu], console: NoConsole())
        machine = .papr(board, KernelHost())
    }

    /// Whether the machine interrupts the guest.
    var isInterruptPending: Bool {
        switch machine {
        case .kernel: false
        case .papr(let host, _): host.mpic.isInterruptPending(cpu: 0)
        }
    }

    /// Answers the call in `registers`, which was made in supervisor state.
    func answer<Registers: CallRegisters>(_ registers: inout Registers, width: RegisterWidth) {
        switch machine {
        case .kernel(let host): Self.answer(&registers, width, by: Self.kernelDispatcher, host, &counts)
        case .papr(let host, let kernel):
            let frame = HypercallFrame(
                from: registers, convention: .epapr, vcpu: 0, isPrivileged: true, width: width)
            if let index = frame.index, Self.kernelHandles(Hypercall.all[index]) {
                Self.answer(&registers, width, by: Self.kernelDispatcher, kernel, &counts)
            } else {
                Self.answer(&registers, width, by: Self.dispatcher, host, &counts)
            }
        }
    }

    private static func answer<Registers: CallRegisters, Host>(
        _ registers: inout Registers, _ width: RegisterWidth, by dispatcher: HypercallDispatcher<Host>, _ host: Host,
        _ counts: inout HypercallCounts
    ) {
        _ = dispatcher.call(&registers, vcpu: 0, isPrivileged: true, width: width, host: host, counts: &counts)
    }

    /// Whether the kernel carries a call out itself.
    static func kernelHandles(_ call: Hypercall) -> Bool { kernelDispatcher.handles(call) }

    private static let kernelDispatcher = HypercallDispatcher<KernelHost>.powerPC()
    private static let dispatcher = HypercallDispatcher<PSeriesMachine>.virtualDevices()
}

/// The machine of the kernel's answers: it offers what KVM-PR on Book3S does.
private final class KernelHost: PowerPCHypercallHost {
    let offersMagicPage = true

    func mapMagicPage(
        vcpu: Int, realAddress: UInt64, effectiveAddress: UInt64, flags: MagicPageFlags
    ) -> MagicPageFeatures {
        [.segmentRegisters, .mas0ToSPRG7]
    }

    func idle(vcpu: Int) {}
}

/// A console that nobody looks at.
private final class NoConsole: HostConsole {
    let isInteractive = false
    let wantsToQuit = false
    func send(_ byte: UInt8) {}
    func flush() {}
    func receive() -> UInt8? { nil }
    func wait(nanoseconds: UInt64?) {}
    func wake() {}
}
