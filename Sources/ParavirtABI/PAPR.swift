/// The status in r3 after a PAPR hypercall, as far as this project answers with it.
///
/// Source: Linux `arch/powerpc/include/asm/hvcall.h`.
public enum PAPRStatus: Int64, CaseIterable, Sendable {
    /// `H_SUCCESS`: done.
    case success = 0
    /// `H_HARDWARE`: the hypervisor failed.
    case hardware = -1
    /// `H_FUNCTION`: there is no such call.
    case function = -2
    /// `H_PRIVILEGE`: the caller may not do this.
    case privilege = -3
    /// `H_PARAMETER`: an argument, often the first, is out of range.
    case parameter = -4
    /// `H_PTEG_FULL`: the group of the page table has no free entry.
    case groupFull = -6
    /// `H_NOT_FOUND`: the entry is not valid, or not the one that was meant.
    case notFound = -7
    /// `H_RESERVED_DABR`: the breakpoint's address is the hypervisor's.
    case reservedBreakpoint = -8
    /// `H_RESOURCE`: what the call needs is in use, or missing.
    case resource = -16
    /// `H_P2`: the second argument is out of range.
    case parameter2 = -55
    /// `H_P3`: the third.
    case parameter3 = -56
    /// `H_P4`: the fourth.
    case parameter4 = -57
    /// `H_UNSUPPORTED_FLAG`: the call exists, this flag of it does not.
    case unsupportedFlag = -256

    /// The constant's name in the header.
    public var name: StaticString {
        switch self {
        case .success: "H_SUCCESS"
        case .hardware: "H_HARDWARE"
        case .function: "H_FUNCTION"
        case .privilege: "H_PRIVILEGE"
        case .parameter: "H_PARAMETER"
        case .groupFull: "H_PTEG_FULL"
        case .notFound: "H_NOT_FOUND"
        case .reservedBreakpoint: "H_RESERVED_DABR"
        case .resource: "H_RESOURCE"
        case .parameter2: "H_P2"
        case .parameter3: "H_P3"
        case .parameter4: "H_P4"
        case .unsupportedFlag: "H_UNSUPPORTED_FLAG_START"
        }
    }
}

/// The flags of the page table's calls, in bits of r4.
public enum PAPRPageFlags {
    /// `H_EXACT`: the entry of exactly that index.
    @inlinable public static var exact: UInt64 { 1 << 39 }
    /// `H_ZERO_PAGE`: clear the page first.
    @inlinable public static var zeroPage: UInt64 { 1 << 15 }
    /// `H_COPY_PAGE`: copy the page from another first.
    @inlinable public static var copyPage: UInt64 { 1 << 14 }
    /// `H_ICACHE_SYNCHRONIZE`, `H_ICACHE_INVALIDATE`: what was written there may be executed.
    @inlinable public static var instructionCache: UInt64 { 3 << 22 }
    /// `H_AVPN`: compare AVPN.
    @inlinable public static var compare: UInt64 { 1 << 32 }
    /// `H_ANDCOND`: the bits of the third argument must be clear in the first doubleword.
    @inlinable public static var andCondition: UInt64 { 1 << 33 }
    /// `H_READ_4`: four entries.
    @inlinable public static var four: UInt64 { 1 << 37 }
}

/// What r4 of `H_REGISTER_VPA` asks for, in its bits 47 to 45.
public enum PAPRAreaRequest: UInt64, CaseIterable, Sendable {
    /// Registers the virtual processor area.
    case registerVPA = 1
    /// Registers the dispatch trace log.
    case registerTraceLog = 2
    /// Registers the SLB shadow buffer.
    case registerSLBShadow = 3
    /// Withdraws the virtual processor area.
    case withdrawVPA = 5
    /// Withdraws the dispatch trace log.
    case withdrawTraceLog = 6
    /// Withdraws the SLB shadow buffer.
    case withdrawSLBShadow = 7

    /// The whole of r4.
    @inlinable public var flags: UInt64 { rawValue << 45 }
}

/// What r5 of `H_SET_MODE` names.
public enum PAPRModeResource: UInt64, CaseIterable, Sendable {
    /// CIABR: the instruction breakpoint.
    case breakpoint = 1
    /// DAWR0 and DAWRX0: the data watchpoint.
    case watchpoint = 2
    /// AIL: where interrupts are taken.
    case interruptLocation = 3
    /// ILE: in which byte order.
    case interruptEndian = 4
}

/// Offsets into a virtual processor area, `struct lppaca` of Linux `arch/powerpc/include/asm/lppaca.h`: big-endian always.
public enum VirtualProcessorArea {
    /// Bytes of the area, 2 bytes; of the SLB shadow buffer and the trace log, which have it at the same place, 4 bytes.
    @inlinable public static var sizeOffset: UInt64 { 4 }
    /// How often the vCPU was dispatched and ceded, 4 bytes: odd while it does not execute.
    @inlinable public static var yieldCountOffset: UInt64 { 0x100 }
    /// The least that the area may have.
    @inlinable public static var minimumSize: UInt64 { 640 }
    /// What no area may cross a multiple of.
    @inlinable public static var boundary: UInt64 { 4096 }
}
