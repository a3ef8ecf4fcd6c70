/// Who defined a hypercall number: the namespaces of the table.
///
/// A family's numbers are contiguous, so that a number becomes a table index by subtraction; PAPR's are not, and are looked up.
public enum HypercallFamily: UInt8, CaseIterable, Sendable {
    /// KVM's generic calls, `include/uapi/linux/kvm_para.h`. Vendor 42 on PowerPC, the bare number on x86.
    case kvm
    /// The services of ePAPR 1.1 chapter 7. Vendor 1, PowerPC only.
    case epapr
    /// Freescale's partition services, Linux `arch/powerpc/include/asm/fsl_hcalls.h`. Vendor 2, PowerPC only.
    ///
    /// Freescale's own hypervisor has two more, 19 and 20, which set and get a device's DMA attributes; Linux does
    /// not know them and they are no rows here.
    case freescale
    /// The subcodes of the s390x instruction `diag 0x500`, Linux `Documentation/virt/kvm/s390/s390-diag.rst`.
    case diagnose500
    /// PAPR's calls, Linux `arch/powerpc/include/asm/hvcall.h`: those that a guest of a machine like ours has a use for. The
    /// number stands alone, in a register of its own. PowerPC only.
    case papr

    /// The short name that tables use.
    public var name: StaticString {
        switch self {
        case .kvm: "KVM"
        case .epapr: "ePAPR"
        case .freescale: "Freescale"
        case .diagnose500: "diag 0x500"
        case .papr: "PAPR"
        }
    }

    /// The lowest number of the family.
    @inlinable public var firstNumber: UInt32 {
        switch self {
        case .kvm, .epapr, .freescale: 1
        case .diagnose500: 0
        case .papr: 4
        }
    }

    /// How many numbers the family has.
    @inlinable public var count: Int {
        switch self {
        case .kvm: 12
        case .epapr: 16
        case .freescale: 18
        case .diagnose500: 5
        case .papr: 50
        }
    }

    /// The table index of ``firstNumber``.
    @inlinable public var tableStart: Int {
        switch self {
        case .kvm: 0
        case .epapr: 12
        case .freescale: 28
        case .diagnose500: 46
        case .papr: 51
        }
    }

    /// The vendor whose tokens carry the family's numbers; nil where a number stands alone.
    @inlinable public var vendor: HypercallVendor? {
        switch self {
        case .kvm: .kvm
        case .epapr: .epapr
        case .freescale: .freescale
        case .diagnose500, .papr: nil
        }
    }

    /// The table index of `number`, or nil where the family has no such number.
    @inlinable
    public func index(of number: UInt64) -> Int? {
        if self == .papr { return Hypercall.paprPlace(of: number).map { tableStart + $0 } }
        let first = UInt64(firstNumber)
        guard number >= first, number - first < UInt64(count) else { return nil }
        return tableStart + Int(number - first)
    }
}

/// The upper half of an ePAPR hypercall token: who defined the number in the lower half.
///
/// Source: `arch/powerpc/include/uapi/asm/epapr_hcalls.h`.
public enum HypercallVendor: UInt16, CaseIterable, Sendable {
    /// For private use.
    case local = 0
    /// The ePAPR standard itself.
    case epapr = 1
    /// Freescale Semiconductor.
    case freescale = 2
    /// IBM.
    case ibm = 3
    /// Green Hills Software.
    case greenHills = 4
    /// Enea.
    case enea = 5
    /// Wind River Systems.
    case windRiver = 6
    /// Applied Micro Circuits.
    case appliedMicro = 7
    /// KVM.
    case kvm = 42

    /// The constant's name in Linux's header.
    public var name: StaticString {
        switch self {
        case .local: "EV_LOCAL_VENDOR_ID"
        case .epapr: "EV_EPAPR_VENDOR_ID"
        case .freescale: "EV_FSL_VENDOR_ID"
        case .ibm: "EV_IBM_VENDOR_ID"
        case .greenHills: "EV_GHS_VENDOR_ID"
        case .enea: "EV_ENEA_VENDOR_ID"
        case .windRiver: "EV_WR_VENDOR_ID"
        case .appliedMicro: "EV_AMCC_VENDOR_ID"
        case .kvm: "EV_KVM_VENDOR_ID"
        }
    }

    /// The value of r11 that asks this vendor's call `number`.
    @inlinable
    public func token(_ number: UInt16) -> UInt32 {
        UInt32(rawValue) << 16 | UInt32(number)
    }
}
