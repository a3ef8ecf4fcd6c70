/// The host's end of a machine's console.
///
/// vCPUs on threads of their own use ``send(_:)``, ``flush()`` and ``wake()``, one at a time; all else is for the thread
/// that runs the machine, and only ``wait(nanoseconds:)`` may go on while others do something.
public protocol HostConsole: AnyObject {
    /// Takes one byte from the guest. Buffers it; ``flush()`` passes it on.
    func send(_ byte: UInt8)

    /// Passes on what was sent. Returns after a bounded time even where nobody reads.
    func flush()

    /// The next byte of input, or nil when there is none now.
    func receive() -> UInt8?

    /// Whether a person types the input, and so waits for the guest.
    var isInteractive: Bool { get }

    /// Whether the user asked to end the run.
    var wantsToQuit: Bool { get }

    /// Sleeps until input, at most for `nanoseconds`; nil for as long as it takes.
    func wait(nanoseconds: UInt64?)

    /// Makes ``wait(nanoseconds:)`` return, now or when it is next called.
    func wake()
}

/// Recognizes in the console's output that a Linux kernel panicked.
///
/// `panic()` prints its message first, then a report, and at last either that it stays or that it is going to reboot.
/// The detector reports the panic at that last line, so that the report is complete.
public struct PanicDetector {
    private var message = TextMatcher("Kernel panic - not syncing")
    private var stay = TextMatcher("[ end Kernel panic")
    private var reboot = TextMatcher("Rebooting in ")

    private var isInLastLine = false

    /// Whether the kernel said that it panics.
    public private(set) var sawMessage = false
    /// Whether its report is complete, too.
    public private(set) var isComplete = false

    /// A detector that has seen nothing.
    public init() {}

    /// Looks at the next byte of output.
    public mutating func see(_ byte: UInt8) {
        if message.see(byte) { sawMessage = true }
        let stays = stay.see(byte)
        if reboot.see(byte) || stays { isInLastLine = sawMessage }
        if isInLastLine, byte == UInt8(ascii: "\n") { isComplete = true }
    }
}

/// Finds a text in a stream of bytes. The text's first byte occurs nowhere else in it.
@safe
private struct TextMatcher {
    private let text: StaticString
    private var matched = 0

    init(_ text: StaticString) { self.text = text }

    /// Looks at the next byte. True when it completes the text.
    mutating func see(_ byte: UInt8) -> Bool {
        // SAFETY: `matched` stays below the text's length.
        if unsafe byte == text.utf8Start[matched] {
            matched += 1
        } else {
            matched = unsafe byte == text.utf8Start[0] ? 1 : 0
        }
        guard matched == text.utf8CodeUnitCount else { return false }
        matched = 0
        return true
    }
}
