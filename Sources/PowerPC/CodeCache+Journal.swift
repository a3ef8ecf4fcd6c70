internal import GuestMemory

/// A vCPU's fast translations of stores, which may not lead to pages of which somebody holds predecoded code.
protocol StoreTranslations {
    /// Makes writes to the host page at `host` leave the fast path, wherever it is mapped. Whether any did not already.
    func denyWrites(toHostPage host: UInt) -> Bool

    /// Makes all writes leave the fast path once, and tells each host page whose writes did not already.
    func denyAllWrites(_ tell: (UInt) -> Void)
}

extension DataTranslations: StoreTranslations {}
extension Book3SDataTranslations: StoreTranslations {}

extension CodeCache {
    /// Catches up with what others did to pages of which vCPU `index` holds code or fast translations. True when it holds
    /// less code than before.
    ///
    /// A vCPU that wrote to a page through a fast translation which it had from before the page became code says so: who
    /// predecoded the page may have done that before the write.
    func readJournal(from position: inout UInt64, by index: Int, stores: some StoreTranslations) -> Bool {
        let journal = memory.codeJournal
        var forgets = false
        while position < journal.count {
            guard let event = journal.event(position) else {
                forgetAll()
                forgets = true
                position = journal.count
                stores.denyAllWrites { host in
                    // The magic page is no part of RAM, and may lie below it.
                    let page = Int(bitPattern: host &- hostPage(0)) / Int(GuestMemory.pageSize)
                    guard page >= 0, memory.contains(UInt64(page) * GuestMemory.pageSize, count: 1) else { return }
                    if memory.isCode(page: page) { journal.append(.written(page: page), by: index) }
                }
                break
            }
            position += 1
            switch event {
            case .written(let page):
                if forget(page: page) { forgets = true }
            case .becameCode(let page):
                if stores.denyWrites(toHostPage: hostPage(page)) { journal.append(.written(page: page), by: index) }
            }
        }
        return forgets
    }

    /// Where the host has page `page` of RAM.
    func hostPage(_ page: Int) -> UInt {
        unsafe UInt(bitPattern: memory.ram.host) + UInt(page) * UInt(GuestMemory.pageSize)
    }
}
