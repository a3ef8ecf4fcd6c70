internal import CHost

/// Constants of the tags of 64-bit translations: the effective address of a page of 4 KiB.
enum Book3STag {
    /// A tag that no access has, for it is not the address of a page.
    static let none: UInt64 = 1
    static let page: UInt64 = ~0xFFF
}

/// Which translations hold: one array for each combination of these, and a change of state needs no flush.
struct Book3SMode: Equatable {
    /// MSR[PR], MSR[IR] or MSR[DR], and MSR[SF].
    let index: Int

    static let count = 8

    init(problemState: Bool, relocated: Bool, is64Bit: Bool) {
        index = (problemState ? 1 : 0) | (relocated ? 2 : 0) | (is64Bit ? 4 : 0)
    }

    static func isRelocated(_ index: Int) -> Bool { index & 2 != 0 }
}

/// Which entries of an array are in use, so that forgetting all takes only as long as filling them did.
@safe
private struct UsedSlots {
    /// The count, and the slots.
    private let base: UnsafeMutablePointer<UInt32>
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
        unsafe base = .allocate(capacity: capacity + 1)
        unsafe base.initialize(repeating: 0, count: capacity + 1)
    }

    func release() { unsafe base.deallocate() }

    var count: Int {
        get { unsafe Int(base[0]) }
        nonmutating set { unsafe base[0] = UInt32(truncatingIfNeeded: newValue) }
    }

    subscript(_ position: Int) -> Int {
        get { unsafe Int(base[1 + position]) }
        nonmutating set { unsafe base[1 + position] = UInt32(truncatingIfNeeded: newValue) }
    }

    /// Notes a slot that was not in use.
    func append(_ slot: Int) {
        guard count < capacity else { return }
        self[count] = slot
        count += 1
    }
}

/// Recent translations of data pages to host memory.
///
/// An entry covers 4 KiB whatever the guest's page is. An access is direct when its last byte has the tag of the entry of
/// its first one: then it is within the page, aligned or not. Without ``MSR64/sf`` addresses have 32 bits, and no tag
/// has more, so that an address with other bits set takes the slow road, where they are cut off.
@safe
struct Book3SDataTranslations {
    @safe struct Entry: BitwiseCopyable {
        /// Tag of reads, ``Book3STag/none`` where they are not direct.
        var read: UInt64
        /// The same for writes.
        var write: UInt64
        /// What to add to an effective address to get the host address.
        var offset: UInt
        /// Whether the slot is in the list of used ones.
        var isListed: UInt

        static let free = Entry(read: Book3STag.none, write: Book3STag.none, offset: 0, isListed: 0)
    }

    static let count = 1024

    private let base: UnsafeMutablePointer<Entry>
    private let used: UsedSlots

    init() {
        unsafe base = .allocate(capacity: Book3SMode.count * Self.count)
        unsafe base.initialize(repeating: .free, count: Book3SMode.count * Self.count)
        used = UsedSlots(capacity: Book3SMode.count * Self.count)
    }

    func release() {
        unsafe base.deallocate()
        used.release()
    }

    /// The array of one mode.
    func array(_ mode: Int) -> Book3SDataArray {
        unsafe Book3SDataArray(base: base + (mode & (Book3SMode.count - 1)) * Self.count)
    }

    @inline(__always)
    fileprivate static func slot(_ effective: UInt64) -> Int { Int(truncatingIfNeeded: effective >> 12) & (count - 1) }

    /// Puts a translation into the array of `mode`.
    func set(_ effective: UInt64, mode: Int, read: Bool, write: Bool, host: UInt) {
        let tag = effective & Book3STag.page
        let slot = mode * Self.count + Self.slot(effective)
        if unsafe base[slot].isListed == 0 { used.append(slot) }
        unsafe base[slot] = Entry(
            read: read ? tag : Book3STag.none, write: write ? tag : Book3STag.none,
            offset: host &- UInt(tag), isListed: 1)
    }

    /// Forgets everything.
    func flush() {
        for position in 0..<used.count { unsafe base[used[position]] = .free }
        used.count = 0
    }

    /// Forgets the translated pages whose addresses `mask` and `value` describe.
    func flush(matching value: UInt64, mask: UInt64) { flush(unless: { $0 & mask != value }) }

    /// Forgets the translated pages of which `isTranslated` says that they are not any more.
    func flush(unless isTranslated: (UInt64) -> Bool) {
        forEachUsed { slot in
            guard Book3SMode.isRelocated(slot / Self.count) else { return true }
            let tag = unsafe base[slot].read != Book3STag.none ? base[slot].read : base[slot].write
            return isTranslated(tag)
        }
    }

    /// Forgets the page of `effective` in all modes with translation.
    func flush(page effective: UInt64) {
        let tag = effective & Book3STag.page
        for mode in 0..<Book3SMode.count where Book3SMode.isRelocated(mode) {
            let slot = mode * Self.count + Self.slot(effective)
            if unsafe base[slot].read == tag { unsafe base[slot].read = Book3STag.none }
            if unsafe base[slot].write == tag { unsafe base[slot].write = Book3STag.none }
        }
    }

    /// Keeps the used slots for which `keeps` says so.
    private func forEachUsed(_ keeps: (Int) -> Bool) {
        var kept = 0
        for position in 0..<used.count {
            let slot = used[position]
            if keeps(slot) {
                used[kept] = slot
                kept += 1
            } else {
                unsafe base[slot] = .free
            }
        }
        used.count = kept
    }

    /// Makes writes to the host page at `host` leave the fast path, wherever it is mapped. Whether any did not already.
    func denyWrites(toHostPage host: UInt) -> Bool {
        var found = false
        for position in 0..<used.count {
            let slot = used[position]
            guard unsafe base[slot].write != Book3STag.none else { continue }
            if unsafe base[slot].offset &+ UInt(base[slot].write) == host {
                unsafe base[slot].write = Book3STag.none
                found = true
            }
        }
        return found
    }

    /// Makes all writes leave the fast path once, and tells each host page whose writes did not already.
    func denyAllWrites(_ tell: (UInt) -> Void) {
        for position in 0..<used.count {
            let slot = used[position]
            guard unsafe base[slot].write != Book3STag.none else { continue }
            unsafe tell(base[slot].offset &+ UInt(base[slot].write))
            unsafe base[slot].write = Book3STag.none
        }
    }
}

/// The data translations of one mode.
@safe
struct Book3SDataArray {
    let base: UnsafeMutablePointer<Book3SDataTranslations.Entry>

    subscript(_ effective: UInt64) -> Book3SDataTranslations.Entry {
        @inline(__always) get { unsafe base[Book3SDataTranslations.slot(effective)] }
    }
}

/// What a direct access needs: the translations of the current mode, and the byte order.
struct Book3SDirectAccess {
    let array: Book3SDataArray
    let isLittleEndian: Bool
}

/// Recent translations of code pages to their predecoded operations.
@safe
struct Book3SCodeTranslations {
    @safe struct Entry: BitwiseCopyable {
        var tag: UInt64
        var operations: UnsafeMutablePointer<MicroOperation>?
    }

    static let count = 1024

    private let base: UnsafeMutablePointer<Entry>
    private let used: UsedSlots

    init() {
        unsafe base = .allocate(capacity: Book3SMode.count * Self.count)
        unsafe base.initialize(
            repeating: Entry(tag: Book3STag.none, operations: nil), count: Book3SMode.count * Self.count)
        used = UsedSlots(capacity: Book3SMode.count * Self.count)
    }

    func release() {
        unsafe base.deallocate()
        used.release()
    }

    func array(_ mode: Int) -> Book3SCodeArray {
        unsafe Book3SCodeArray(base: base + (mode & (Book3SMode.count - 1)) * Self.count)
    }

    @inline(__always)
    fileprivate static func slot(_ effective: UInt64) -> Int { Int(truncatingIfNeeded: effective >> 12) & (count - 1) }

    func set(_ effective: UInt64, mode: Int, operations: UnsafeMutablePointer<MicroOperation>) {
        let slot = mode * Self.count + Self.slot(effective)
        if unsafe base[slot].operations == nil { used.append(slot) }
        unsafe base[slot] = Entry(tag: effective & Book3STag.page, operations: operations)
    }

    func flush() {
        for position in 0..<used.count { unsafe base[used[position]] = Entry(tag: Book3STag.none, operations: nil) }
        used.count = 0
    }

    /// Forgets the translated pages whose addresses `mask` and `value` describe.
    func flush(matching value: UInt64, mask: UInt64) { flush(unless: { $0 & mask != value }) }

    /// Forgets the translated pages of which `isTranslated` says that they are not any more.
    func flush(unless isTranslated: (UInt64) -> Bool) {
        var kept = 0
        for position in 0..<used.count {
            let slot = used[position]
            if unsafe !Book3SMode.isRelocated(slot / Self.count) || isTranslated(base[slot].tag) {
                used[kept] = slot
                kept += 1
            } else {
                unsafe base[slot] = Entry(tag: Book3STag.none, operations: nil)
            }
        }
        used.count = kept
    }

    /// Forgets the page of `effective` in all modes with translation.
    func flush(page effective: UInt64) {
        let tag = effective & Book3STag.page
        for mode in 0..<Book3SMode.count where Book3SMode.isRelocated(mode) {
            let slot = mode * Self.count + Self.slot(effective)
            if unsafe base[slot].tag == tag { unsafe base[slot].tag = Book3STag.none }
        }
    }
}

/// The code translations of one mode.
@safe
struct Book3SCodeArray {
    let base: UnsafeMutablePointer<Book3SCodeTranslations.Entry>

    /// The predecoded page of `effective`, if it is known.
    @inline(__always)
    func lookup(_ effective: UInt64) -> UnsafeMutablePointer<MicroOperation>? {
        let entry = unsafe base[Book3SCodeTranslations.slot(effective)]
        return unsafe entry.tag == effective & Book3STag.page ? entry.operations : nil
    }
}
