/// What `KVM_HC_FEATURES` returns in r4 on PowerPC: `KVM_FEATURE_*` of `arch/powerpc/include/uapi/asm/kvm_para.h`.
public struct PowerPCFeatures: OptionSet, Sendable {
    /// The bits of r4.
    public let rawValue: UInt64

    /// The features with these bits.
    @inlinable
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// `KVM_FEATURE_MAGIC_PAGE`, bit 1.
    @inlinable public static var magicPage: PowerPCFeatures { PowerPCFeatures(rawValue: 1 << 1) }
}

/// What CPUID 0x40000001 returns in eax on x86, as far as hypercalls depend on it: `KVM_FEATURE_*` of
/// `arch/x86/include/uapi/asm/kvm_para.h`.
public struct X86Features: OptionSet, Sendable {
    /// The bits of eax.
    public let rawValue: UInt32

    /// The features with these bits.
    @inlinable
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// `KVM_FEATURE_PV_UNHALT`, bit 7: `KVM_HC_KICK_CPU` works.
    @inlinable public static var unhalt: X86Features { X86Features(rawValue: 1 << 7) }
    /// `KVM_FEATURE_PV_SEND_IPI`, bit 11: `KVM_HC_SEND_IPI` works.
    @inlinable public static var sendIPI: X86Features { X86Features(rawValue: 1 << 11) }
    /// `KVM_FEATURE_PV_SCHED_YIELD`, bit 13: `KVM_HC_SCHED_YIELD` works.
    @inlinable public static var schedYield: X86Features { X86Features(rawValue: 1 << 13) }
    /// `KVM_FEATURE_HC_MAP_GPA_RANGE`, bit 16: `KVM_HC_MAP_GPA_RANGE` works.
    @inlinable public static var mapGPARange: X86Features { X86Features(rawValue: 1 << 16) }
    /// Every feature that brings a hypercall with it.
    @inlinable public static var all: X86Features { [.unhalt, .sendIPI, .schedYield, .mapGPARange] }
}

/// `struct kvm_clock_pairing` of `arch/x86/include/uapi/asm/kvm_para.h`, little-endian; offsets and sizes are bytes.
public enum ClockPairing {
    /// Seconds of the host's clock, signed, 8 bytes.
    @inlinable public static var secondsOffset: UInt64 { 0 }
    /// Nanoseconds of the second, signed, 8 bytes.
    @inlinable public static var nanosecondsOffset: UInt64 { 8 }
    /// The guest's time-stamp counter at that instant, 8 bytes.
    @inlinable public static var counterOffset: UInt64 { 16 }
    /// Always zero so far, 4 bytes.
    @inlinable public static var flagsOffset: UInt64 { 24 }
    /// Bytes of the structure; those after the flags are zero.
    @inlinable public static var size: UInt64 { 64 }
    /// `KVM_CLOCK_PAIRING_WALLCLOCK`, the one clock that there is.
    @inlinable public static var wallClock: UInt64 { 0 }
}

/// The attributes of `KVM_HC_MAP_GPA_RANGE`: `KVM_MAP_GPA_RANGE_*`.
public enum GPARangeAttributes {
    /// Bits 3:0, the page size that the guest would like: 0 is 4 KiB, 1 is 2 MiB, 2 is 1 GiB.
    @inlinable public static var pageSizeMask: UInt64 { 0xF }
    /// Bit 4, `KVM_MAP_GPA_RANGE_ENCRYPTED`: private to the guest.
    @inlinable public static var encrypted: UInt64 { 1 << 4 }
    /// The bits that must be zero.
    @inlinable public static var reserved: UInt64 { ~0x1F }
}
