public import GuestMemory
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
        /// Everything.
        case full(E500Machine)
    }

    private let machine: Machine
    private var counts = HypercallCounts()

    /// The oracle of a kind of guest.
    public init(_ guest: ConformanceGuest) throws(GuestMemoryError) {
        guard guest.isPAPR else {
            machine = .kernel(KernelHost())
            return
        }
        machine = .full(
            try E500Machine(
                .init(
                    memorySize: 64 << 20, cpuCount: 1, time: .virtual, answersHypercalls: true, offersMagicPage: true,
                    board: .hypervisor),
                console: NoConsole()))
    }

    /// Answers the call in `registers`, which was made in supervisor state.
    func answer<Registers: CallRegisters>(_ registers: inout Registers, width: RegisterWidth) {
        switch machine {
        case .kernel(let host):
            _ = Self.kernelDispatcher.call(
                &registers, vcpu: 0, isPrivileged: true, width: width, host: host, counts: &counts)
        case .full(let host):
            _ = Self.dispatcher.call(
                &registers, vcpu: 0, isPrivileged: true, width: width, host: host, counts: &counts)
        }
    }

    /// Whether the kernel carries a call out itself.
    static func kernelHandles(_ call: Hypercall) -> Bool { kernelDispatcher.handles(call) }

    private static let kernelDispatcher = HypercallDispatcher<KernelHost>.powerPC()
    private static let dispatcher = HypercallDispatcher<E500Machine>.epapr()
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
