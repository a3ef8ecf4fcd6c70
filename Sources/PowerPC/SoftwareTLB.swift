internal import CHost

/// Recent translations of data pages to host memory, one direct-mapped array a privilege state and address space.
///
/// A hit is one compare: the tag holds the effective page and the process IDs, and a page whose accesses need more than
/// a host pointer (a device, a little-endian page, a store to a page with predecoded code) has no tag at all.
@safe
struct DataTranslations {
    struct Entry: BitwiseCopyable {
        /// Tag of reads, ``SoftwareTLB/noTag`` where they are not direct.
        var read: UInt64
        /// The same for writes.
        var write: UInt64
        /// What to add to an effective address to get the host address.
        var offset: UInt
        private var padding: UInt = 0

        init(read: UInt64, write: UInt64, offset: UInt) {
            self.read = read
            self.write = write
            self.offset = offset
        }
    }

    static let count = 1024

    // For native code, which reads entries by their layout.
    static let entryShift: UInt8 = 5
    static let readOffset: Int32 = 0
    static let writeOffset: Int32 = 8
    static let offsetOffset: Int32 = 16

    /// One array for each of the four combinations of MSR[PR] and the address space.
    let base: UnsafeMutablePointer<Entry>

    init() {
        unsafe base = .allocate(capacity: 4 * Self.count)
        flush()
    }

    func release() { unsafe base.deallocate() }

    /// The array of one mode (0–3).
    func array(_ mode: Int) -> DataTranslationArray { unsafe DataTranslationArray(base: base + mode * Self.count) }

    /// Forgets everything.
    func flush() {
        unsafe base.update(
            repeating: Entry(read: SoftwareTLB.noTag, write: SoftwareTLB.noTag, offset: 0), count: 4 * Self.count)
    }

    /// Forgets the page of `effective` in all modes and processes.
    func flush(page effective: UInt32) {
        let slot = Int(effective >> 12) & (Self.count - 1)
        for mode in 0..<4 {
            unsafe base[mode * Self.count + slot].read = SoftwareTLB.noTag
            unsafe base[mode * Self.count + slot].write = SoftwareTLB.noTag
        }
    }

    /// Makes writes to the host page at `host` leave the fast path, wherever it is mapped. Whether any did not already.
    func denyWrites(toHostPage host: UInt) -> Bool {
        var found = false
        for index in 0..<4 * Self.count where unsafe base[index].write != SoftwareTLB.noTag {
            let page = UInt(truncatingIfNeeded: unsafe base[index].write) & 0xFFFF_F000
            if unsafe base[index].offset &+ page == host {
                unsafe base[index].write = SoftwareTLB.noTag
                found = true
            }
        }
        return found
    }

    /// Makes all writes leave the fast path once, and tells each host page whose writes did not already.
    func denyAllWrites(_ tell: (UInt) -> Void) {
        for index in 0..<4 * Self.count where unsafe base[index].write != SoftwareTLB.noTag {
            unsafe tell(base[index].offset &+ UInt(truncatingIfNeeded: base[index].write) & 0xFFFF_F000)
            unsafe base[index].write = SoftwareTLB.noTag
        }
    }
}

/// The data translations of one privilege state and address space.
@safe
struct DataTranslationArray {
    let base: UnsafeMutablePointer<DataTranslations.Entry>

    subscript(_ effective: UInt32) -> DataTranslations.Entry {
        @inline(__always) get { unsafe base[Int(effective >> 12) & (DataTranslations.count - 1)] }
        nonmutating set { unsafe base[Int(effective >> 12) & (DataTranslations.count - 1)] = newValue }
    }
}

/// Constants of the translation tags.
enum SoftwareTLB {
    /// A tag that no access has.
    static let noTag: UInt64 = 0

    /// Set in every real tag, so that ``noTag`` matches none.
    static let present: UInt64 = 1 << 63

    /// The part of a tag that stands for the three process IDs.
    static func context(_ pid0: UInt32, _ pid1: UInt32, _ pid2: UInt32) -> UInt64 {
        present | UInt64(pid0 & 0xFF) << 32 | UInt64(pid1 & 0xFF) << 40 | UInt64(pid2 & 0xFF) << 48
    }
}

/// Recent translations of code pages to their predecoded operations.
@safe
struct CodeTranslations {
    @safe struct Entry: BitwiseCopyable {
        var tag: UInt64
        var operations: UnsafeMutablePointer<MicroOperation>?
    }

    static let count = 1024

    // For native code, which reads entries by their layout.
    static let entryShift: UInt8 = 4
    static let tagOffset: Int32 = 0
    static let operationsOffset: Int32 = 8

    let base: UnsafeMutablePointer<Entry>

    init() {
        unsafe base = .allocate(capacity: 4 * Self.count)
        flush()
    }

    func release() { unsafe base.deallocate() }

    func array(_ mode: Int) -> CodeTranslationArray { unsafe CodeTranslationArray(base: base + mode * Self.count) }

    func flush() {
        unsafe base.update(repeating: Entry(tag: SoftwareTLB.noTag, operations: nil), count: 4 * Self.count)
    }

    func flush(page effective: UInt32) {
        let slot = Int(effective >> 12) & (Self.count - 1)
        for mode in 0..<4 { unsafe base[mode * Self.count + slot].tag = SoftwareTLB.noTag }
    }
}

/// The code translations of one privilege state and address space.
@safe
struct CodeTranslationArray {
    let base: UnsafeMutablePointer<CodeTranslations.Entry>

    /// The predecoded page of `effective`, if its tag is `tag`.
    @inline(__always)
    func lookup(_ effective: UInt32, tag: UInt64) -> UnsafeMutablePointer<MicroOperation>? {
        let entry = unsafe base[Int(effective >> 12) & (CodeTranslations.count - 1)]
        return unsafe entry.tag == tag ? entry.operations : nil
    }

    func set(_ effective: UInt32, tag: UInt64, operations: UnsafeMutablePointer<MicroOperation>) {
        unsafe base[Int(effective >> 12) & (CodeTranslations.count - 1)] =
            CodeTranslations.Entry(tag: tag, operations: operations)
    }
}
