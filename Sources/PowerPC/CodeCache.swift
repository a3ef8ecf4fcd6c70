internal import CHost
internal import GuestMemory

/// Predecoded code, one array of operations for each 4 KiB page of RAM that was executed.
///
/// A page's operations are decoded one by one when they are first reached. A store to the page resets the operations
/// that it touches; after many stores the whole page is dropped, so that memory reused as data becomes fast again.
@safe
struct CodeCache {
    /// Operations of a page, and one more that leads to the next page.
    static let operationsPerPage = 1024

    /// What stands in front of a page's operations.
    @safe private struct Header {
        var host: UnsafeRawPointer
        var core: Cores
        /// The byte order of the code.
        var isLittleEndian: Bool
        var stores: UInt16
        /// Whether operations of the page begin native code.
        var hasNativeCode: Bool
        /// Where execution has to stop, on behalf of a debugger. A page with marks has no native code.
        var marks: CodeMarks?
    }

    /// Stores to a page before it is dropped.
    private static let storesBeforeDrop: UInt16 = 256

    /// The header, the operations, and for each operation how often a branch went there.
    private static let bytesPerPage = MemoryLayout<Header>.size + (operationsPerPage + 1) * 8 + operationsPerPage

    /// How many pages a chunk has that is mapped for them: the first is for small guests, the others have 4 MiB.
    private static func pages(ofChunk index: Int) -> Int { index == 0 ? 32 : (4 << 20) / bytesPerPage }

    let memory: GuestMemory
    /// The core whose instructions they are.
    private let core: Cores
    /// For each page of RAM its operations, or nil.
    private let pages: UnsafeMutablePointer<UnsafeMutablePointer<MicroOperation>?>
    private let pageCount: Int
    private var chunks: [UnsafeMutableRawPointer] = unsafe []
    /// Pages of the last chunk that are free.
    private var free = 0

    init(memory: GuestMemory, core: Cores) {
        self.memory = memory
        self.core = core
        pageCount = Int(memory.ram.size / GuestMemory.pageSize)
        guard let table = unsafe host_map_memory(pageCount * 8) else {
            fatalError("the host has no memory for a table of \(pageCount) code pages")
        }
        unsafe pages = table.bindMemory(to: UnsafeMutablePointer<MicroOperation>?.self, capacity: pageCount)
    }

    func release() {
        for page in 0..<pageCount {
            if let operations = unsafe pages[page] { unsafe Self.header(of: operations).pointee.marks?.release() }
        }
        unsafe host_unmap_memory(pages, pageCount * 8)
        for index in unsafe 0..<chunks.count {
            unsafe host_unmap_memory(chunks[index], Self.pages(ofChunk: index) * Self.bytesPerPage)
        }
    }

    /// The operations of RAM page `page`, which is marked as code from now on; `isNew` tells that it was not before.
    ///
    /// They are in one byte order at a time: who asks for the other one has to look up anew what it holds of the page.
    mutating func operations(
        ofPage page: Int, littleEndian: Bool = false, isNew: inout Bool
    ) -> UnsafeMutablePointer<MicroOperation>? {
        isNew = memory.markCode(page: page)
        if let operations = unsafe pages[page] {
            if unsafe Self.header(of: operations).pointee.isLittleEndian != littleEndian {
                _ = forget(page: page)
                unsafe Self.header(of: operations).pointee.isLittleEndian = littleEndian
            }
            return unsafe operations
        }
        guard let slot = unsafe allocate() else { return nil }
        let operations = unsafe (slot + MemoryLayout<Header>.size).bindMemory(
            to: MicroOperation.self, capacity: Self.operationsPerPage + 1)
        let host = unsafe UnsafeRawPointer(memory.ram.host + page * Int(GuestMemory.pageSize))
        unsafe slot.initializeMemory(
            as: Header.self,
            to: Header(
                host: host, core: core, isLittleEndian: littleEndian, stores: 0, hasNativeCode: false, marks: nil))
        unsafe (operations + Self.operationsPerPage).initialize(to: MicroOperation(.pageEnd))
        unsafe pages[page] = operations
        return unsafe operations
    }

    private mutating func allocate() -> UnsafeMutableRawPointer? {
        if free == 0 {
            let pages = Self.pages(ofChunk: unsafe chunks.count)
            guard let chunk = unsafe host_map_memory(pages * Self.bytesPerPage) else { return nil }
            if unsafe !chunks.isEmpty { unsafe host_advise_large_pages(chunk, pages * Self.bytesPerPage) }
            unsafe chunks.append(chunk)
            free = pages
        }
        free -= 1
        return unsafe chunks[chunks.count - 1] + free * Self.bytesPerPage
    }

    private static func header(of operations: UnsafeMutablePointer<MicroOperation>) -> UnsafeMutablePointer<Header> {
        unsafe (UnsafeMutableRawPointer(operations) - MemoryLayout<Header>.size)
            .assumingMemoryBound(to: Header.self)
    }

    /// Predecodes operation `number` of a page from the word in RAM.
    static func decode(_ operations: UnsafeMutablePointer<MicroOperation>, number: Int) {
        let word = unsafe word(operations, number: number)
        let stops = unsafe header(of: operations).pointee.marks?.stops(at: number, word: word) ?? false
        unsafe operations[number] = stops ? MicroOperation(.breakpoint) : decoded(operations, number: number)
    }

    /// Word `number` of the page whose operations these are.
    static func word(_ operations: UnsafeMutablePointer<MicroOperation>, number: Int) -> UInt32 {
        let header = unsafe header(of: operations)
        let word = unsafe host_load_u32(header.pointee.host + number * 4)
        return unsafe header.pointee.isLittleEndian ? UInt32(littleEndian: word) : UInt32(bigEndian: word)
    }

    /// What operation `number` of a page is when it is no native code.
    static func decoded(_ operations: UnsafeMutablePointer<MicroOperation>, number: Int) -> MicroOperation {
        unsafe Decoder.decode(
            word(operations, number: number), offset: UInt32(number) * 4, core: header(of: operations).pointee.core)
    }

    // MARK: - Native code

    /// For each operation of a page how often a branch went there.
    @inline(__always)
    static func heat(of operations: UnsafeMutablePointer<MicroOperation>) -> UnsafeMutablePointer<UInt8> {
        unsafe UnsafeMutableRawPointer(operations + operationsPerPage + 1).assumingMemoryBound(to: UInt8.self)
    }

    /// Notes that operations of the page begin native code.
    static func noteNativeCode(_ operations: UnsafeMutablePointer<MicroOperation>) {
        unsafe header(of: operations).pointee.hasNativeCode = true
    }

    /// Forgets the native code of a page.
    private static func forgetNativeCode(_ operations: UnsafeMutablePointer<MicroOperation>) {
        guard unsafe header(of: operations).pointee.hasNativeCode else { return }
        unsafe header(of: operations).pointee.hasNativeCode = false
        for number in 0..<operationsPerPage where unsafe operations[number].operation == .native {
            unsafe operations[number] = MicroOperation(.undecoded)
        }
        unsafe heat(of: operations).update(repeating: 0, count: operationsPerPage)
    }

    /// Forgets the native code of all pages.
    func forgetNativeCode() {
        for page in 0..<pageCount {
            if let operations = unsafe pages[page] { unsafe Self.forgetNativeCode(operations) }
        }
    }

    // MARK: - Changes

    /// Notes a store of `count` bytes at real address `address` by this vCPU. True when the page was dropped, after
    /// which nothing may go on executing in it without looking it up again.
    func noteStore(at address: UInt64, count: Int) -> Bool {
        let page = Int(address / GuestMemory.pageSize)
        guard let operations = unsafe pages[page] else { return false }
        let header = unsafe Self.header(of: operations)
        unsafe header.pointee.stores += 1
        if unsafe header.pointee.stores >= Self.storesBeforeDrop {
            drop(page: page)
            return true
        }
        unsafe Self.forgetNativeCode(operations)
        let offset = Int(address % GuestMemory.pageSize)
        for number in offset / 4...min((offset + count - 1) / 4, Self.operationsPerPage - 1) {
            unsafe operations[number] = MicroOperation(.undecoded)
            unsafe Self.heat(of: operations)[number] = 0
        }
        return false
    }

    /// Forgets the operations of RAM page `page`, which is no longer marked as code.
    func drop(page: Int) {
        memory.unmarkCode(page: page)
        _ = forget(page: page)
    }

    /// Forgets the operations of RAM page `page` because somebody else wrote to it. False where there are none.
    func forget(page: Int) -> Bool {
        guard let operations = unsafe pages[page] else { return false }
        unsafe operations.update(repeating: MicroOperation(.undecoded), count: Self.operationsPerPage)
        unsafe Self.heat(of: operations).update(repeating: 0, count: Self.operationsPerPage)
        unsafe Self.header(of: operations).pointee.stores = 0
        unsafe Self.header(of: operations).pointee.hasNativeCode = false
        return true
    }

    /// Forgets the operations of all pages.
    func forgetAll() {
        for page in 0..<pageCount where unsafe pages[page] != nil { _ = forget(page: page) }
    }

    // MARK: Marks

    /// The marks of a page, or nil where nothing stops in it.
    static func marks(of operations: UnsafeMutablePointer<MicroOperation>) -> CodeMarks? {
        unsafe header(of: operations).pointee.marks
    }

    /// The marks of a page, made where it had none.
    static func makeMarks(
        of operations: UnsafeMutablePointer<MicroOperation>, stopsAtUnseen: Bool
    ) -> CodeMarks {
        if let marks = unsafe header(of: operations).pointee.marks { return marks }
        let marks = CodeMarks(stopsAtUnseen: stopsAtUnseen)
        unsafe header(of: operations).pointee.marks = marks
        unsafe header(of: operations).pointee.hasNativeCode = false
        // Whatever was decoded before was not asked about.
        unsafe operations.update(repeating: MicroOperation(.undecoded), count: operationsPerPage)
        return marks
    }

    /// Takes all breakpoints away.
    func clearBreakpoints() {
        for page in 0..<pageCount {
            guard let operations = unsafe pages[page], let marks = unsafe Self.marks(of: operations) else { continue }
            for number in 0..<Self.operationsPerPage where marks.hasBreakpoint(number) {
                marks.clearBreakpoint(number)
                unsafe operations[number] = MicroOperation(.undecoded)
            }
        }
    }
}
