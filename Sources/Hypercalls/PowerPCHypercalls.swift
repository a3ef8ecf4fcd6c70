public import ParavirtABI

/// What a PowerPC machine does for the calls of KVM's and ePAPR's families.
public protocol PowerPCHypercallHost: AnyObject, SendableMetatype {
    /// Whether guests may map the magic page.
    var offersMagicPage: Bool { get }

    /// Makes the page at `realAddress` and `effectiveAddress`, both page-aligned, the storage of vCPU `vcpu`'s
    /// supervisor registers, and tells which optional fields the page keeps. A second mapping replaces the first.
    func mapMagicPage(
        vcpu: Int, realAddress: UInt64, effectiveAddress: UInt64, flags: MagicPageFlags
    ) -> MagicPageFeatures

    /// Stops vCPU `vcpu` behind the call until it has an interrupt to take.
    func idle(vcpu: Int)
}

extension HypercallDispatcher where Host: PowerPCHypercallHost {
    /// The calls that Linux's `kvmppc_kvm_pv` answers, with the same registers: `KVM_HC_FEATURES`,
    /// `KVM_HC_PPC_MAP_MAGIC_PAGE`, `EV_IDLE`. Everything else gets `EV_UNIMPLEMENTED`.
    ///
    /// A machine adds its own with ``register(_:_:)``; one that has everything takes ``epapr()``.
    public static func powerPC() -> HypercallDispatcher {
        var dispatcher = HypercallDispatcher(.epapr)
        dispatcher.register(.kvmFeatures) { host, _ in
            let features: PowerPCFeatures = host.offersMagicPage ? .magicPage : []
            return .success(features.rawValue)
        }
        dispatcher.register(.kvmMapMagicPage) { host, frame in
            guard host.offersMagicPage else { return .unimplemented }
            let features = host.mapMagicPage(
                vcpu: frame.vcpu,
                realAddress: frame[0] & ~MagicPage.addressFlagMask,
                effectiveAddress: frame[1] & ~MagicPage.addressFlagMask,
                flags: MagicPageFlags(rawValue: frame[1] & MagicPage.addressFlagMask))
            return .success(features.rawValue)
        }
        dispatcher.register(.idle) { host, frame in
            host.idle(vcpu: frame.vcpu)
            return .success
        }
        return dispatcher
    }
}

/// A machine that answers every ePAPR call, as far as its processor has a meaning for it.
public protocol VirtualDeviceHypercallHost: PowerPCHypercallHost, ByteChannelHypercallHost, InterruptHypercallHost,
    DoorbellHypercallHost, MessageHypercallHost
{}

extension HypercallDispatcher where Host: VirtualDeviceHypercallHost {
    /// ``powerPC()`` with byte channels, the virtual interrupt controller, doorbells and processor messages.
    public static func virtualDevices() -> HypercallDispatcher {
        var dispatcher = powerPC()
        dispatcher.registerByteChannels()
        dispatcher.registerInterrupts()
        dispatcher.registerDoorbells()
        dispatcher.registerMessages()
        return dispatcher
    }
}

/// A machine that answers Freescale's calls of a single partition as well.
public protocol EPAPRHypercallHost: VirtualDeviceHypercallHost, PartitionHypercallHost {}

extension HypercallDispatcher where Host: EPAPRHypercallHost {
    /// ``virtualDevices()`` with partition calls.
    public static func epapr() -> HypercallDispatcher {
        var dispatcher = virtualDevices()
        dispatcher.registerPartitions()
        return dispatcher
    }
}
