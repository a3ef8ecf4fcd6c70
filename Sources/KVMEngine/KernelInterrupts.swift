#if arch(powerpc64le)
    public import Devices
    public import KVM
    internal import Machines
    internal import PAPR

    /// The kernel's interrupt controller as that of a machine `pseries`: the same sources, and RTAS's calls by the same tokens.
    public final class KernelInterrupts: InterruptController {
        /// Called with what KVM says when it does not take an interrupt, by the thread whose device asks for one.
        var onFailure: (KVMError) -> Void = { _ in }
        private let xics: KernelXICS

        /// The RTAS calls that the kernel answers.
        private static let services: [(RTAS.Service, StaticString)] = [
            (.setXIVE, "ibm,set-xive"), (.getXIVE, "ibm,get-xive"), (.interruptOff, "ibm,int-off"),
            (.interruptOn, "ibm,int-on"),
        ]

        /// Gives `vm` a controller with all sources and no vCPUs yet.
        init(of vm: borrowing VM) throws(KVMError) {
            xics = try vm.createXICS()
            for (service, name) in Self.services { try xics.defineToken(service.rawValue, name: name) }
            for source in 0..<PSeriesMemoryMap.interruptSources {
                try xics.addSource(XICS.firstSource + source, isLevel: false)
            }
        }

        /// Makes a vCPU the server of its number.
        func add(_ processor: PAPRProcessor) throws(KVMError) { try processor.join(xics) }

        /// Passes a message on to the kernel; its end means nothing.
        public func setLevel(source: Int, asserted: Bool) {
            guard asserted else { return }
            do throws(KVMError) { try xics.setSource(source, asserted: true) } catch { onFailure(error) }
        }
    }
#endif
