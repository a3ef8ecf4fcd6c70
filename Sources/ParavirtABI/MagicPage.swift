/// The page that KVM shares with a PowerPC guest: `struct kvm_vcpu_arch_shared` of
/// `arch/powerpc/include/uapi/asm/kvm_para.h`.
///
/// Offsets and widths are bytes. Fields lie in the byte order of the guest's interrupts; in a big-endian page the low
/// word of an 8-byte field is at its offset + 4.
public enum MagicPage {
    /// Bytes of the structure.
    @inlinable public static var size: Int { 0xF0 }

    /// Bytes of the page, whatever the guest's own page size is.
    @inlinable public static var pageSize: Int { 4096 }

    /// The effective and real address that Linux maps the page at: -4096.
    @inlinable public static var linuxAddress: UInt64 { 0xFFFF_FFFF_FFFF_F000 }

    /// The low 12 bits of `KVM_HC_PPC_MAP_MAGIC_PAGE`'s addresses: flags in the effective one, ignored in the real one.
    @inlinable public static var addressFlagMask: UInt64 { 0xFFF }

    /// One member of the structure.
    public struct Field: Sendable {
        /// The member's name in the header.
        public let name: StaticString
        /// Bytes from the page's start to the first element.
        public let offset: Int
        /// Bytes of one element: 4 or 8.
        public let width: Int
        /// Elements: 1 except for ``sr``.
        public let count: Int

        @inlinable
        init(_ name: StaticString, _ offset: Int, _ width: Int, count: Int = 1) {
            self.name = name
            self.offset = offset
            self.width = width
            self.count = count
        }

        /// Bytes from the page's start to element `index`.
        @inlinable
        public func offset(_ index: Int) -> Int {
            offset + index * width
        }

        /// For the guest's own use.
        @inlinable public static var scratch1: Field { Field("scratch1", 0x00, 8) }
        /// For the guest's own use.
        @inlinable public static var scratch2: Field { Field("scratch2", 0x08, 8) }
        /// For the guest's own use.
        @inlinable public static var scratch3: Field { Field("scratch3", 0x10, 8) }
        /// No interrupt is delivered to supervisor state while this equals r1.
        @inlinable public static var critical: Field { Field("critical", 0x18, 8) }
        /// SPRG0.
        @inlinable public static var sprg0: Field { Field("sprg0", 0x20, 8) }
        /// SPRG1.
        @inlinable public static var sprg1: Field { Field("sprg1", 0x28, 8) }
        /// SPRG2.
        @inlinable public static var sprg2: Field { Field("sprg2", 0x30, 8) }
        /// SPRG3.
        @inlinable public static var sprg3: Field { Field("sprg3", 0x38, 8) }
        /// SRR0.
        @inlinable public static var srr0: Field { Field("srr0", 0x40, 8) }
        /// SRR1.
        @inlinable public static var srr1: Field { Field("srr1", 0x48, 8) }
        /// DAR; DEAR on BookE.
        @inlinable public static var dar: Field { Field("dar", 0x50, 8) }
        /// MSR.
        @inlinable public static var msr: Field { Field("msr", 0x58, 8) }
        /// DSISR.
        @inlinable public static var dsisr: Field { Field("dsisr", 0x60, 4) }
        /// Not zero while an interrupt waits for MSR.EE.
        @inlinable public static var intPending: Field { Field("int_pending", 0x64, 4) }
        /// The sixteen segment registers of 32-bit Book3S, with ``MagicPageFeatures/segmentRegisters``.
        @inlinable public static var sr: Field { Field("sr", 0x68, 4, count: 16) }
        /// MAS0; this and all that follow come with ``MagicPageFeatures/mas0ToSPRG7``.
        @inlinable public static var mas0: Field { Field("mas0", 0xA8, 4) }
        /// MAS1.
        @inlinable public static var mas1: Field { Field("mas1", 0xAC, 4) }
        /// MAS7 in the upper and MAS3 in the lower word.
        @inlinable public static var mas73: Field { Field("mas7_3", 0xB0, 8) }
        /// MAS2.
        @inlinable public static var mas2: Field { Field("mas2", 0xB8, 8) }
        /// MAS4.
        @inlinable public static var mas4: Field { Field("mas4", 0xC0, 4) }
        /// MAS6.
        @inlinable public static var mas6: Field { Field("mas6", 0xC4, 4) }
        /// ESR.
        @inlinable public static var esr: Field { Field("esr", 0xC8, 4) }
        /// PIR.
        @inlinable public static var pir: Field { Field("pir", 0xCC, 4) }
        /// SPRG4.
        @inlinable public static var sprg4: Field { Field("sprg4", 0xD0, 8) }
        /// SPRG5.
        @inlinable public static var sprg5: Field { Field("sprg5", 0xD8, 8) }
        /// SPRG6.
        @inlinable public static var sprg6: Field { Field("sprg6", 0xE0, 8) }
        /// SPRG7.
        @inlinable public static var sprg7: Field { Field("sprg7", 0xE8, 8) }
    }

    /// Every field, in the order of the structure.
    public static let fields: [Field] = [
        .scratch1, .scratch2, .scratch3, .critical, .sprg0, .sprg1, .sprg2, .sprg3, .srr0, .srr1, .dar, .msr, .dsisr,
        .intPending, .sr, .mas0, .mas1, .mas73, .mas2, .mas4, .mas6, .esr, .pir, .sprg4, .sprg5, .sprg6, .sprg7,
    ]
}

/// What `KVM_HC_PPC_MAP_MAGIC_PAGE` returns in r4: which optional fields the page keeps, `KVM_MAGIC_FEAT_*`.
public struct MagicPageFeatures: OptionSet, Sendable {
    /// The bits of r4.
    public let rawValue: UInt64

    /// The features with these bits.
    @inlinable
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// `KVM_MAGIC_FEAT_SR`: ``MagicPage/Field/sr``.
    @inlinable public static var segmentRegisters: MagicPageFeatures { MagicPageFeatures(rawValue: 1 << 0) }
    /// `KVM_MAGIC_FEAT_MAS0_TO_SPRG7`: everything from ``MagicPage/Field/mas0`` on.
    @inlinable public static var mas0ToSPRG7: MagicPageFeatures { MagicPageFeatures(rawValue: 1 << 1) }
}

/// What a guest says in the low bits of the effective address of `KVM_HC_PPC_MAP_MAGIC_PAGE`: `MAGIC_PAGE_FLAG_*`.
public struct MagicPageFlags: OptionSet, Sendable {
    /// The low 12 bits of r4.
    public let rawValue: UInt64

    /// The flags with these bits.
    @inlinable
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// `MAGIC_PAGE_FLAG_NOT_MAPPED_NX`: the guest does not map its own code no-execute. Without it the host must let
    /// supervisor code run from no-execute pages.
    @inlinable public static var notMappedNX: MagicPageFlags { MagicPageFlags(rawValue: 1 << 0) }
}
