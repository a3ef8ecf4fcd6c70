internal import CKVM

extension VM {
    /// Whether KVM-PR runs this VM: of PowerPC's kinds it alone has hypercalls of its own.
    public func isPR() throws(KVMError) -> Bool {
        try check(.pvInfo) != 0
    }

    /// How guests make hypercalls that the kernel answers (`KVM_PPC_GET_PVINFO`).
    public func pvInfo() throws(KVMError) -> PVInfo {
        var info = kvm_ppc_pvinfo()
        try descriptor.request(.getPVInfo, &info)
        return PVInfo(
            hasIdle: info.flags & UInt32(KVM_PPC_PVINFO_FLAGS_EV_IDLE) != 0,
            words: [
                UInt32(bigEndian: info.hcall.0), UInt32(bigEndian: info.hcall.1), UInt32(bigEndian: info.hcall.2),
                UInt32(bigEndian: info.hcall.3),
            ])
    }

    /// The segment and page sizes of hashed page tables (`KVM_PPC_GET_SMMU_INFO`). The answer is complete once a vCPU is
    /// there.
    public func smmuInfo() throws(KVMError) -> SMMUInfo {
        var info = kvm_ppc_smmu_info()
        try descriptor.request(.getSMMUInfo, &info)
        var sizes: [SMMUInfo.SegmentPageSize] = []
        // SAFETY: the arrays of C are as long as the tuples that Swift makes of them.
        unsafe withUnsafePointer(to: info.sps) { tuple in
            let count = Int(KVM_PPC_PAGE_SIZES_MAX_SZ)
            unsafe tuple.withMemoryRebound(to: kvm_ppc_one_seg_page_size.self, capacity: count) { entries in
                for index in 0..<count where unsafe entries[index].page_shift != 0 {
                    var entry = unsafe entries[index]
                    var pages: [SMMUInfo.Page] = []
                    unsafe withUnsafePointer(to: &entry.enc) { tuple in
                        unsafe tuple.withMemoryRebound(to: kvm_ppc_one_page_size.self, capacity: count) { encodings in
                            for place in 0..<count where unsafe encodings[place].page_shift != 0 {
                                pages.append(
                                    unsafe SMMUInfo.Page(
                                        shift: encodings[place].page_shift, encoding: encodings[place].pte_enc))
                            }
                        }
                    }
                    sizes.append(
                        SMMUInfo.SegmentPageSize(shift: entry.page_shift, slbEncoding: entry.slb_enc, pages: pages))
                }
            }
        }
        return SMMUInfo(
            hasTerabyteSegments: info.flags & UInt64(KVM_PPC_1T_SEGMENTS) != 0, slbSize: info.slb_size,
            segmentPageSizes: sizes)
    }
}

/// How guests make hypercalls that the kernel answers.
public struct PVInfo: Sendable {
    /// Whether the kernel answers `EV_IDLE`.
    public let hasIdle: Bool
    /// The four instruction words for `hcall-instructions`.
    public let words: [UInt32]
}

/// What the host's MMU offers to guests that translate by hashed page table.
public struct SMMUInfo: Sendable {
    /// A page size as the base of a segment.
    public struct SegmentPageSize: Sendable {
        /// The logarithm of the page size.
        public let shift: UInt32
        /// Its code in an SLB entry.
        public let slbEncoding: UInt32
        /// The pages that such a segment can have.
        public let pages: [Page]
    }

    /// A page size in a segment.
    public struct Page: Sendable {
        /// The logarithm of the page size.
        public let shift: UInt32
        /// Its code in a page table entry.
        public let encoding: UInt32
    }

    /// Whether there are segments of 1 TiB.
    public let hasTerabyteSegments: Bool
    /// Entries of the SLB.
    public let slbSize: UInt32
    /// The page sizes of segments.
    public let segmentPageSizes: [SegmentPageSize]
}
