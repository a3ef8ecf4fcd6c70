extension Hypercall {
    private static func papr(
        _ number: UInt32, _ name: StaticString, _ purpose: StaticString, _ signature: Signature?,
        status: Status = .active,
        source: StaticString = "LoPAPR 1.1 chapter 14; Linux arch/powerpc/include/asm/hvcall.h"
    ) -> Hypercall {
        Hypercall(.papr, number, name, on: .powerPC, purpose, signature, status: status, source: source)
    }

    /// The calls that KVM adds to PAPR's.
    private static let kvmSource: StaticString =
        "Linux arch/powerpc/include/asm/hvcall.h; QEMU docs/specs/ppc-spapr-hcalls"

    private static let entryIndex = Parameter(.value, "the entry's index in the page table")
    private static let oldEntry = [
        Parameter(.value, "the entry's first doubleword, before"), Parameter(.value, "the entry's second, before"),
    ]

    // MARK: The page table

    /// `H_REMOVE`.
    public static let removePage = papr(
        0x04, "H_REMOVE", "Removes an entry of the page table.",
        Signature(
            [
                Parameter(.flags, "compare with AVPN, or with its complement's bits; all"), entryIndex,
                Parameter(.value, "AVPN, or the bits to compare"),
            ], returns: oldEntry))

    /// `H_ENTER`.
    public static let enterPage = papr(
        0x08, "H_ENTER", "Enters a page into a group of the page table.",
        Signature(
            [
                Parameter(.flags, "exactly there, or anywhere in the group"), entryIndex,
                Parameter(.value, "the entry's first doubleword"), Parameter(.value, "the entry's second"),
            ], returns: [Parameter(.value, "the index that it got")]))

    /// `H_READ`.
    public static let readPages = papr(
        0x0C, "H_READ", "Reads one entry of the page table, or four.",
        Signature(
            [Parameter(.flags, "four"), entryIndex],
            returns: [
                Parameter(.value, "the first entry's first doubleword"), Parameter(.value, "its second"),
                Parameter(.value, "the second entry's"), Parameter(.value, "the second entry's"),
                Parameter(.value, "the third entry's"), Parameter(.value, "the third entry's"),
                Parameter(.value, "the fourth entry's"), Parameter(.value, "the fourth entry's"),
            ]))

    /// `H_CLEAR_MOD`.
    public static let clearPageChanged = papr(
        0x10, "H_CLEAR_MOD", "Clears the C bit of an entry of the page table.",
        Signature(
            [Parameter(.flags, "none"), entryIndex], returns: [Parameter(.value, "the second doubleword, before")]))

    /// `H_CLEAR_REF`.
    public static let clearPageReferenced = papr(
        0x14, "H_CLEAR_REF", "Clears the R bit of an entry of the page table.",
        Signature(
            [Parameter(.flags, "none"), entryIndex], returns: [Parameter(.value, "the second doubleword, before")]))

    /// `H_PROTECT`.
    public static let protectPage = papr(
        0x18, "H_PROTECT", "Changes the protection of an entry of the page table.",
        Signature([
            Parameter(.flags, "compare with AVPN; PP, N and key"), entryIndex, Parameter(.value, "AVPN"),
        ]))

    /// `H_GET_TCE`.
    public static let getTCE = papr(
        0x1C, "H_GET_TCE", "Reads an entry of a DMA window.",
        Signature(
            [Parameter(.handle, "the window's LIOBN"), Parameter(.value, "the device's address")],
            returns: [Parameter(.value, "the entry")]))

    /// `H_PUT_TCE`.
    public static let putTCE = papr(
        0x20, "H_PUT_TCE", "Writes an entry of a DMA window.",
        Signature([
            Parameter(.handle, "the window's LIOBN"), Parameter(.value, "the device's address"),
            Parameter(.value, "the entry"),
        ]))

    /// `H_SET_SPRG0`.
    public static let setSPRG0 = papr(
        0x24, "H_SET_SPRG0", "Sets the calling vCPU's SPRG0.", Signature([Parameter(.value, "the value")]))

    /// `H_SET_DABR`.
    public static let setDABR = papr(
        0x28, "H_SET_DABR", "Sets the calling vCPU's data address breakpoint.",
        Signature([Parameter(.effectiveAddress, "the address, and what accesses count")]))

    /// `H_PAGE_INIT`.
    public static let initializePage = papr(
        0x2C, "H_PAGE_INIT", "Clears a page or copies it from another.",
        Signature([
            Parameter(.flags, "clear, copy; caches and attributes are no concern here"),
            Parameter(.realAddress, "the page"), Parameter(.realAddress, "the page to copy from"),
        ]))

    // MARK: Storage without translation

    /// `H_LOGICAL_CI_LOAD`.
    public static let logicalLoad = papr(
        0x3C, "H_LOGICAL_CI_LOAD", "Loads from a real address, around the caches.",
        Signature(
            [Parameter(.count, "bytes: 1, 2, 4 or 8"), Parameter(.realAddress, "the address")],
            returns: [Parameter(.value, "what is there")]))

    /// `H_LOGICAL_CI_STORE`.
    public static let logicalStore = papr(
        0x40, "H_LOGICAL_CI_STORE", "Stores to a real address, around the caches.",
        Signature([
            Parameter(.count, "bytes: 1, 2, 4 or 8"), Parameter(.realAddress, "the address"),
            Parameter(.value, "the value"),
        ]))

    /// `H_LOGICAL_CACHE_LOAD`.
    public static let logicalCacheLoad = papr(
        0x44, "H_LOGICAL_CACHE_LOAD", "Loads from a real address, through the caches.",
        Signature(
            [Parameter(.count, "bytes: 1, 2, 4 or 8"), Parameter(.realAddress, "the address")],
            returns: [Parameter(.value, "what is there")]))

    /// `H_LOGICAL_CACHE_STORE`.
    public static let logicalCacheStore = papr(
        0x48, "H_LOGICAL_CACHE_STORE", "Stores to a real address, through the caches.",
        Signature([
            Parameter(.count, "bytes: 1, 2, 4 or 8"), Parameter(.realAddress, "the address"),
            Parameter(.value, "the value"),
        ]))

    /// `H_LOGICAL_ICBI`.
    public static let logicalICBI = papr(
        0x4C, "H_LOGICAL_ICBI", "Invalidates a block of the instruction cache by its real address.",
        Signature([Parameter(.realAddress, "the address")]))

    /// `H_LOGICAL_DCBF`.
    public static let logicalDCBF = papr(
        0x50, "H_LOGICAL_DCBF", "Flushes a block of the data cache by its real address.",
        Signature([Parameter(.realAddress, "the address")]))

    // MARK: Terminals

    /// `H_GET_TERM_CHAR`.
    public static let getTerminalCharacters = papr(
        0x54, "H_GET_TERM_CHAR", "Takes up to 16 bytes from a virtual terminal.",
        Signature(
            [Parameter(.handle, "the terminal, as its node's reg")],
            returns: [Parameter(.count, "bytes"), Parameter(.data, "bytes 0–7"), Parameter(.data, "bytes 8–15")]))

    /// `H_PUT_TERM_CHAR`.
    public static let putTerminalCharacters = papr(
        0x58, "H_PUT_TERM_CHAR", "Sends up to 16 bytes to a virtual terminal.",
        Signature([
            Parameter(.handle, "the terminal, as its node's reg"), Parameter(.count, "bytes, at most 16"),
            Parameter(.data, "bytes 0–7"), Parameter(.data, "bytes 8–15"),
        ]))

    // MARK: Interrupts

    /// `H_EOI`.
    public static let endInterrupt = papr(
        0x64, "H_EOI", "Ends an interrupt's service and restores the vCPU's priority.",
        Signature([Parameter(.value, "the XIRR: the priority above the source")]))

    /// `H_CPPR`.
    public static let setPriority = papr(
        0x68, "H_CPPR", "Sets the priority below which the vCPU takes interrupts.",
        Signature([Parameter(.value, "the priority; 0 takes none, 255 all")]))

    /// `H_IPI`.
    public static let sendIPI = papr(
        0x6C, "H_IPI", "Sets the priority of a vCPU's interprocessor interrupt.",
        Signature([Parameter(.value, "the vCPU's server number"), Parameter(.value, "the priority; 255 requests none")])
    )

    /// `H_IPOLL`.
    public static let pollInterrupt = papr(
        0x70, "H_IPOLL", "Reads a vCPU's pending interrupt without acknowledging it.",
        Signature(
            [Parameter(.value, "the vCPU's server number")],
            returns: [Parameter(.value, "the XIRR"), Parameter(.value, "the MFRR")]))

    /// `H_XIRR`.
    public static let acknowledgeInterrupt = papr(
        0x74, "H_XIRR", "Acknowledges the vCPU's pending interrupt.",
        Signature(returns: [Parameter(.value, "the XIRR: the former priority above the source; source 0 is none")]))

    // MARK: vCPUs

    /// `H_REGISTER_VPA`.
    public static let registerVPA = papr(
        0xDC, "H_REGISTER_VPA", "Registers or withdraws an area that a vCPU shares with its hypervisor.",
        Signature([
            Parameter(.flags, "which area, and whether it is withdrawn"), Parameter(.value, "the vCPU's number"),
            Parameter(.realAddress, "the area"),
        ]))

    /// `H_CEDE`.
    public static let cede = papr(
        0xE0, "H_CEDE", "Enables interrupts and waits for one, or for H_PROD.", Signature())

    /// `H_CONFER`.
    public static let confer = papr(
        0xE4, "H_CONFER", "Gives the caller's time to a vCPU that was preempted.",
        Signature([
            Parameter(.value, "the vCPU's number, or -1 for all"),
            Parameter(.value, "its yield count as the caller saw it"),
        ]))

    /// `H_PROD`.
    public static let prod = papr(
        0xE8, "H_PROD", "Wakes a vCPU that ceded.", Signature([Parameter(.value, "the vCPU's number")]))

    /// `H_GET_PPP`.
    public static let getPerformanceParameters = papr(
        0xEC, "H_GET_PPP", "Tells how much of the processors the partition is entitled to.", nil)

    /// `H_PIC`.
    public static let poolIdleCount = papr(0xF8, "H_PIC", "Tells how much of the processor pool idles.", nil)

    /// `H_BULK_REMOVE`.
    public static let bulkRemovePages = papr(
        0x124, "H_BULK_REMOVE", "Removes up to four entries of the page table.",
        Signature(
            [
                Parameter(.value, "the first request: kind, flags and index"), Parameter(.value, "its AVPN"),
                Parameter(.value, "the second request"), Parameter(.value, "its AVPN"),
                Parameter(.value, "the third request"), Parameter(.value, "its AVPN"),
                Parameter(.value, "the fourth request"), Parameter(.value, "its AVPN"),
            ],
            returns: [
                Parameter(.value, "the first answer: kind, code, R and C"), Parameter(.value, "unchanged"),
                Parameter(.value, "the second answer"), Parameter(.value, "unchanged"),
                Parameter(.value, "the third answer"), Parameter(.value, "unchanged"),
                Parameter(.value, "the fourth answer"), Parameter(.value, "unchanged"),
            ]))

    /// `H_SET_XDABR`.
    public static let setXDABR = papr(
        0x134, "H_SET_XDABR", "Sets the calling vCPU's data address breakpoint and its extension.",
        Signature([
            Parameter(.effectiveAddress, "the address, and what accesses count"),
            Parameter(.flags, "the states that count"),
        ]))

    /// `H_STUFF_TCE`.
    public static let stuffTCE = papr(0x138, "H_STUFF_TCE", "Writes one value to entries of a DMA window.", nil)

    /// `H_PUT_TCE_INDIRECT`.
    public static let putTCEIndirect = papr(
        0x13C, "H_PUT_TCE_INDIRECT", "Writes a list of entries of a DMA window.", nil)

    /// `H_GET_CPU_CHARACTERISTICS`.
    public static let getCPUCharacteristics = papr(
        0x1C8, "H_GET_CPU_CHARACTERISTICS", "Tells which of the processor's weaknesses are mended.", nil)

    /// `H_JOIN`.
    public static let join = papr(0x298, "H_JOIN", "Waits until all vCPUs but one have joined.", nil)

    /// `H_GET_EM_PARMS`.
    public static let getEnergyParameters = papr(
        0x2B8, "H_GET_EM_PARMS", "Reads parameters of the energy management.", nil)

    /// `H_HOME_NODE_ASSOCIATIVITY`.
    public static let homeNodeAssociativity = papr(
        0x2EC, "H_HOME_NODE_ASSOCIATIVITY", "Tells where in the host's topology a vCPU lives.", nil)

    /// `H_XIRR_X`.
    public static let acknowledgeInterruptTimed = papr(
        0x2FC, "H_XIRR_X", "Acknowledges the vCPU's pending interrupt, and tells when it came.",
        Signature(
            returns: [
                Parameter(.value, "the XIRR"), Parameter(.value, "the timebase at its arrival: here, now"),
            ]))

    /// `H_RANDOM`.
    public static let random = papr(
        0x300, "H_RANDOM", "Gives a random number of 64 bits.",
        Signature(returns: [Parameter(.value, "the number")]))

    /// `H_SET_MODE`.
    public static let setMode = papr(
        0x31C, "H_SET_MODE", "Sets a resource of the processor's mode, such as the byte order of interrupts.",
        Signature([
            Parameter(.flags, "the value"), Parameter(.value, "the resource"), Parameter(.value, "its first argument"),
            Parameter(.value, "its second"),
        ]))

    /// `H_BLOCK_REMOVE`.
    public static let blockRemovePages = papr(
        0x328, "H_BLOCK_REMOVE", "Removes entries of the page table that map pages of one block.", nil)

    /// `H_CLEAR_HPT`.
    public static let clearPageTable = papr(0x358, "H_CLEAR_HPT", "Empties the page table.", nil)

    /// `H_RESIZE_HPT_PREPARE`.
    public static let preparePageTableResize = papr(
        0x36C, "H_RESIZE_HPT_PREPARE", "Begins to make a page table of another size.", nil)

    /// `H_RESIZE_HPT_COMMIT`.
    public static let commitPageTableResize = papr(
        0x370, "H_RESIZE_HPT_COMMIT", "Changes to the page table of another size.", nil)

    /// `H_REGISTER_PROC_TBL`.
    public static let registerProcessTable = papr(
        0x37C, "H_REGISTER_PROC_TBL", "Registers the process table of POWER9's radix translation.", nil)

    /// `H_SIGNAL_SYS_RESET`.
    public static let signalSystemReset = papr(
        0x380, "H_SIGNAL_SYS_RESET", "Sends a system reset interrupt to vCPUs.", nil)

    /// `KVMPPC_H_RTAS`.
    public static let rtas = papr(
        0xF000, "KVMPPC_H_RTAS", "Makes a call to the run-time abstraction services.",
        Signature([Parameter(.realAddress, "the argument buffer")]), source: kvmSource)

    /// `KVMPPC_H_LOGICAL_MEMOP`.
    public static let logicalMemoryOperation = papr(
        0xF001, "KVMPPC_H_LOGICAL_MEMOP", "Copies or inverts memory by real addresses, for firmware.", nil,
        source: kvmSource)

    /// `KVMPPC_H_CAS`.
    public static let clientArchitectureSupport = papr(
        0xF002, "KVMPPC_H_CAS", "Negotiates options for firmware.", nil, source: kvmSource)

    /// The family ``HypercallFamily/papr``, ascending.
    public static let paprCalls = [
        removePage, enterPage, readPages, clearPageChanged, clearPageReferenced, protectPage, getTCE, putTCE, setSPRG0,
        setDABR, initializePage, logicalLoad, logicalStore, logicalCacheLoad, logicalCacheStore, logicalICBI,
        logicalDCBF, getTerminalCharacters, putTerminalCharacters, endInterrupt, setPriority, sendIPI, pollInterrupt,
        acknowledgeInterrupt, registerVPA, cede, confer, prod, getPerformanceParameters, poolIdleCount,
        bulkRemovePages, setXDABR, stuffTCE, putTCEIndirect, getCPUCharacteristics, join, getEnergyParameters,
        homeNodeAssociativity, acknowledgeInterruptTimed, random, setMode, blockRemovePages, clearPageTable,
        preparePageTableResize, commitPageTableResize, registerProcessTable, signalSystemReset, rtas,
        logicalMemoryOperation, clientArchitectureSupport,
    ]

    /// The place in ``paprCalls`` of the call of that number; nil where there is none.
    @usableFromInline static func paprPlace(of number: UInt64) -> Int? {
        var (low, high) = (0, paprNumbers.count)
        while low < high {
            let middle = (low + high) / 2
            if paprNumbers[middle] < number { low = middle + 1 } else { high = middle }
        }
        return low < paprNumbers.count && paprNumbers[low] == number ? low : nil
    }

    private static let paprNumbers = paprCalls.map { UInt64($0.number) }
}
