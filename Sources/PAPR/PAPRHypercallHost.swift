public import Hypercalls
internal import ParavirtABI

/// A machine that answers PAPR's calls: what a partition's guest asks of its hypervisor.
public protocol PAPRHypercallHost: PageTableHost, StorageHost, PartitionProcessorHost, PresentationHost, TerminalHost,
    RTASHost
{}

extension HypercallDispatcher where Host: PAPRHypercallHost {
    /// The page table, storage, vCPUs, interrupts, terminals and RTAS. Everything else gets `H_FUNCTION`, and everything
    /// gets `H_PRIVILEGE` from user state.
    ///
    /// Where KVM-PR answers some of these calls itself, the machine sees the others.
    public static func papr() -> HypercallDispatcher {
        var dispatcher = HypercallDispatcher(.papr)
        dispatcher.registerPageTable()
        dispatcher.registerStorage()
        dispatcher.registerProcessors()
        dispatcher.registerPresentation()
        dispatcher.registerTerminals()
        dispatcher.register(.rtas) { host, frame in
            RTAS.call(at: frame[0], vcpu: frame.vcpu, host)
        }
        return dispatcher
    }
}
