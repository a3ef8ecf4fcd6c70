/// Words of a page at which execution has to leave the interpreter's loop: breakpoints, and with a log of first
/// executions every word that was not seen yet.
///
/// A page has marks only while somebody wants to stop in it. The predecoder asks them when it decodes a word.
@safe
struct CodeMarks {
    /// What is known of each word, and whether words that were not seen stop.
    private let words: UnsafeMutablePointer<UInt64>

    private static let count = CodeCache.operationsPerPage
    private static let breakpoint: UInt64 = 1 << 33
    private static let seen: UInt64 = 1 << 32

    /// Marks of a page in which nothing was seen.
    init(stopsAtUnseen: Bool) {
        unsafe words = .allocate(capacity: Self.count + 1)
        unsafe words.initialize(repeating: 0, count: Self.count + 1)
        unsafe words[Self.count] = stopsAtUnseen ? 1 : 0
    }

    func release() { unsafe words.deallocate() }

    private var stopsAtUnseen: Bool { unsafe words[Self.count] != 0 }

    /// Whether execution stops at word `number`, which is now `word`.
    func stops(at number: Int, word: UInt32) -> Bool {
        unsafe hasBreakpoint(number) || stopsAtUnseen && words[number] != Self.seen | UInt64(word)
    }

    /// Whether word `number` (0–1023) has a breakpoint.
    func hasBreakpoint(_ number: Int) -> Bool { unsafe words[number] & Self.breakpoint != 0 }

    /// Puts a breakpoint at word `number`.
    func setBreakpoint(_ number: Int) { unsafe words[number] |= Self.breakpoint }

    /// Takes the breakpoint at word `number` away.
    func clearBreakpoint(_ number: Int) { unsafe words[number] &= ~Self.breakpoint }

    /// Notes that `word` was seen as word `number`. False where that is nothing new.
    func see(_ word: UInt32, number: Int) -> Bool {
        let before = unsafe words[number]
        unsafe words[number] = before & Self.breakpoint | Self.seen | UInt64(word)
        return unsafe words[number] != before
    }
}
