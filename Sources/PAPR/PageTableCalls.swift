public import GuestMemory
internal import Hypercalls
internal import ParavirtABI
public import PowerPC

/// A machine whose guest has a hashed page table in its hypervisor's memory.
public protocol PageTableHost: AnyObject, SendableMetatype {
    /// The guest's RAM.
    var memory: GuestMemory { get }
    /// The table.
    var pageTable: HashedPageTable { get }
    /// The page sizes that the guest may use.
    var pageSizes: HashPageSizes { get }

    /// Makes every vCPU drop what it keeps of a page, before the caller runs on.
    func translationChanged(_ change: TranslationChange)
}

extension HypercallDispatcher where Host: PageTableHost {
    private typealias Virtual = HashedPageEntry.Virtual
    private typealias Real = HashedPageEntry.Real

    /// `H_ENTER`, `H_REMOVE`, `H_BULK_REMOVE`, `H_READ`, `H_PROTECT`, `H_CLEAR_REF`, `H_CLEAR_MOD`.
    mutating func registerPageTable() {
        register(.enterPage) { host, frame in host.enterPage(frame) }
        register(.removePage) { host, frame in
            switch host.removePage(frame[1], flags: frame[0], condition: frame[2]) {
            case .failure(let status): return .refusal(status)
            case .success(let entry):
                var outputs = HypercallOutputs(entry.virtual)
                outputs.append(entry.real)
                return .success(outputs)
            }
        }
        register(.bulkRemovePages) { host, frame in host.bulkRemovePages(frame) }
        register(.readPages) { host, frame in
            guard var index = host.entryIndex(frame[1]) else { return .refusal(.parameter) }
            let count = frame[0] & PAPRPageFlags.four != 0 ? 4 : 1
            index &= ~(count - 1)
            var outputs = HypercallOutputs()
            for place in index..<index + count {
                let entry = host.pageTable[place]
                outputs.append(entry.virtual)
                outputs.append(entry.real)
            }
            return .success(outputs)
        }
        register(.protectPage) { host, frame in host.protectPage(frame) }
        register(.clearPageReferenced) { host, frame in host.clearMark(Real.referenced, of: frame[1]) }
        register(.clearPageChanged) { host, frame in host.clearMark(Real.changed, of: frame[1]) }
    }
}

/// What became of an entry that was to be removed.
private enum Removal {
    case success(HashedPageEntry)
    case failure(PAPRStatus)
}

extension PageTableHost {
    fileprivate typealias Virtual = HashedPageEntry.Virtual
    fileprivate typealias Real = HashedPageEntry.Real

    /// The guest's index of an entry; nil where the table has none.
    fileprivate func entryIndex(_ argument: UInt64) -> Int? {
        argument < UInt64(pageTable.count) ? Int(argument) : nil
    }

    /// Makes the vCPUs drop a page that `entry` mapped.
    private func drop(_ entry: HashedPageEntry, at index: Int) {
        guard entry.isValid else { return }
        let page = VirtualPage(entry, at: index, in: pageTable, sizes: pageSizes)
        translationChanged(page.map { .page($0) } ?? .everything)
    }

    fileprivate func enterPage(_ frame: HypercallFrame) -> HypercallResult {
        // Two bits are the hypervisor's.
        let entry = HashedPageEntry(virtual: frame[2] & ~0x60, real: frame[3])
        guard let encoding = pageSizes.encoding(of: entry) else { return .refusal(.parameter) }
        let size = UInt64(1) << UInt64(encoding.shift)
        let isMemory = memory.contains(entry.real & Real.page & ~(size - 1), count: size)
        let attributes = entry.real & Real.attributes
        // Memory is coherent and nothing else; what is not memory is not cached, and never written through.
        let isAllowed =
            isMemory
            ? attributes == Real.coherent
            : attributes & (Real.cacheInhibited | Real.writeThrough) == Real.cacheInhibited
        guard isAllowed, var index = entryIndex(frame[1]) else { return .refusal(.parameter) }
        if frame[0] & PAPRPageFlags.exact == 0 {
            let group = index & ~(HashedPageTable.groupSize - 1)
            guard
                let free = (group..<group + HashedPageTable.groupSize).first(where: { !pageTable[$0].isValid })
            else { return .refusal(.groupFull) }
            index = free
        } else if pageTable[index].isValid {
            return .refusal(.groupFull)
        }
        if frame[0] & PAPRPageFlags.zeroPage != 0, isMemory {
            let page = entry.real & Real.page & ~(size - 1)
            try? memory.clear(at: page, count: size)
        }
        pageTable.enter(entry, at: index)
        return .success(UInt64(index))
    }

    fileprivate func removePage(_ argument: UInt64, flags: UInt64, condition: UInt64) -> Removal {
        guard let index = entryIndex(argument) else { return .failure(.parameter) }
        let virtual = pageTable[index].virtual
        guard virtual & Virtual.valid != 0,
            flags & PAPRPageFlags.compare == 0 || virtual & ~0x7F == condition,
            flags & PAPRPageFlags.andCondition == 0 || virtual & condition == 0
        else { return .failure(.notFound) }
        let entry = pageTable.remove(index)
        drop(entry, at: index)
        return .success(entry)
    }

    fileprivate func bulkRemovePages(_ frame: HypercallFrame) -> HypercallResult {
        // What the call has not come to stays as it was.
        var values = InlineArray<8, UInt64>(repeating: 0)
        for position in 0..<8 { values[position] = frame[position] }
        let status = bulkRemove(&values)
        var outputs = HypercallOutputs()
        for position in 0..<8 { outputs.append(values[position]) }
        return status == .success ? .success(outputs) : .refusal(status, outputs)
    }

    /// Carries the requests out in order and writes the answers in their place, until one ends the list or is wrong.
    private func bulkRemove(_ values: inout InlineArray<8, UInt64>) -> PAPRStatus {
        for position in stride(from: 0, to: 8, by: 2) {
            let request = values[position]
            let kind = request >> 62
            if kind == BulkRemove.end { break }
            guard kind == BulkRemove.request else { return .parameter }
            let asked = request & (BulkRemove.index | BulkRemove.flags)
            let answer = asked | BulkRemove.response << 62
            guard request & BulkRemove.flags != BulkRemove.flags else {
                values[position] = answer | BulkRemove.wrong << 60
                return .parameter
            }
            var flags: UInt64 = 0
            if request & BulkRemove.compare != 0 { flags |= PAPRPageFlags.compare }
            if request & BulkRemove.andCondition != 0 { flags |= PAPRPageFlags.andCondition }
            switch removePage(request & BulkRemove.index, flags: flags, condition: values[position + 1]) {
            case .success(let entry):
                values[position] = answer | (entry.real & (Real.referenced | Real.changed)) << 51
            case .failure(.notFound):
                values[position] = answer | BulkRemove.notFound << 60
            case .failure(let status):
                values[position] = answer | BulkRemove.wrong << 60
                return status
            }
        }
        return .success
    }

    fileprivate func protectPage(_ frame: HypercallFrame) -> HypercallResult {
        guard let index = entryIndex(frame[1]) else { return .refusal(.parameter) }
        let entry = pageTable[index]
        guard entry.isValid, frame[0] & PAPRPageFlags.compare == 0 || entry.virtual & ~0x7F == frame[2] else {
            return .refusal(.notFound)
        }
        let flags = frame[0]
        let set =
            flags << 55 & Real.protectionHigh | flags << 48 & Real.keyHigh
            | flags & (Real.protection | Real.noExecute | Real.keyLow)
        let all = Real.protectionHigh | Real.keyHigh | Real.protection | Real.noExecute | Real.keyLow
        pageTable.changeReal(of: index, set: set, clear: all)
        drop(entry, at: index)
        return .success
    }

    fileprivate func clearMark(_ mark: UInt64, of argument: UInt64) -> HypercallResult {
        guard let index = entryIndex(argument) else { return .refusal(.parameter) }
        let entry = pageTable[index]
        guard entry.isValid else { return .refusal(.notFound) }
        let old = pageTable.changeReal(of: index, set: 0, clear: mark)
        drop(entry, at: index)
        return .success(old)
    }
}

/// The doublewords of `H_BULK_REMOVE`.
private enum BulkRemove {
    /// What bits 63 and 62 of a request say.
    static let request: UInt64 = 1
    static let response: UInt64 = 2
    static let end: UInt64 = 3
    /// What bits 61 and 60 of an answer say.
    static let notFound: UInt64 = 1
    static let wrong: UInt64 = 2
    static let compare: UInt64 = 0x0200_0000_0000_0000
    static let andCondition: UInt64 = 0x0100_0000_0000_0000
    static let flags = compare | andCondition
    static let index: UInt64 = 0x00FF_FFFF_FFFF_FFFF
}
