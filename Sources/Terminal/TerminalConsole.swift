internal import CHost
public import VMM

/// The guest's console on the process's standard input and output, with Ctrl-A as the escape key where a person types the
/// input.
///
/// | keys           | meaning |
/// |----------------|---------|
/// | Ctrl-A x       | quit |
/// | Ctrl-A c       | show the vCPUs' state |
/// | Ctrl-A h       | help |
/// | Ctrl-A Ctrl-A  | send Ctrl-A |
///
/// A terminal is in raw mode only between ``attach()`` and ``detach()``; signals that end the process restore it.
public final class TerminalConsole: HostConsole {
    private static let standardInput: Int32 = 0
    private static let standardOutput: Int32 = 1
    private static let standardError: Int32 = 2
    private static let escape: UInt8 = 1
    private static let capacity = 4096
    /// What reading gives where there is nothing yet, `-EAGAIN`.
    private static let tryAgain = -11
    /// Nanoseconds between two looks at whether an idle guest takes input now, at first and at most.
    private static let doze: ClosedRange<UInt64> = 100_000...10_000_000

    /// Whether a person types the input.
    public let isInteractive: Bool
    /// A descriptor whose input also ends ``wait(nanoseconds:)``, or -1.
    public var otherInput: Int32 = -1
    private var output: [UInt8] = []
    private var input: [UInt8] = []
    private var inputPosition = 0
    private var escaped = false
    private var inputEnded = false
    /// Whether the guest took input, or wanted to, since it last waited.
    private var inputWanted = false
    private var doze = TerminalConsole.doze.lowerBound
    private var outputFailed = false
    /// The reader did not take anything for so long that the guest does not wait for it any more.
    private var outputStalled = false

    private var quitRequested = false
    /// Answers Ctrl-A c.
    public var showState: () -> Void = {}

    /// What ends a wait in another thread, or -1.
    private let waker: Int32

    /// A console.
    ///
    /// - Parameters:
    ///   - isShared: whether ``wake()`` is going to be called.
    ///   - isInteractive: whether a person types the input; nil for whether it is a terminal.
    public init(isShared: Bool, isInteractive: Bool? = nil) {
        self.isInteractive = isInteractive ?? (host_is_terminal(Self.standardInput) != 0)
        waker = isShared ? host_waker_open() : -1
        output.reserveCapacity(Self.capacity)
        host_unblock_signals()
    }

    deinit { if waker >= 0 { host_waker_close(waker) } }

    /// Descriptors besides standard input and output.
    public var descriptors: [Int32] { waker >= 0 ? [waker] : [] }

    // MARK: Output

    /// Buffers a byte of output.
    public func send(_ byte: UInt8) {
        output.append(byte)
        if output.count.isMultiple(of: Self.capacity) { flush() }
    }

    /// Writes what is buffered, as far as the reader takes it.
    public func flush() {
        var sent = 0
        while sent < output.count, !outputFailed {
            guard host_takes_output(Self.standardOutput, outputStalled ? 0 : 100) != 0 else {
                outputStalled = true
                break
            }
            outputStalled = false
            let written = unsafe output.withUnsafeBytes { bytes -> Int in
                guard let base = bytes.baseAddress else { return 0 }
                return unsafe host_write_some(Self.standardOutput, base + sent, min(bytes.count - sent, 512))
            }
            if written > 0 {
                sent += written
            } else if written < 0 {
                // Nobody will ever read it; the guest runs on.
                outputFailed = true
            }
        }
        // A reader that stopped reading loses output rather than memory growing without bound.
        if sent == output.count || outputFailed || output.count > 64 * Self.capacity {
            output.removeAll(keepingCapacity: true)
        } else {
            output.removeFirst(sent)
        }
    }

    // MARK: Input

    /// Looks for the escape keys also while the guest takes no input, so that no guest can keep the user from leaving.
    public var wantsToQuit: Bool {
        if isInteractive { refill() }
        return quitRequested
    }

    /// The next byte of input.
    public func receive() -> UInt8? {
        inputWanted = true
        doze = Self.doze.lowerBound
        if inputPosition == input.count { refill() }
        guard inputPosition < input.count else { return nil }
        defer { inputPosition += 1 }
        return input[inputPosition]
    }

    /// Adds what there is to ``input``. A terminal is read even when nobody takes the keys, of which the last are lost.
    private func refill() {
        if inputPosition == input.count {
            input.removeAll(keepingCapacity: true)
            inputPosition = 0
        }
        guard !inputEnded, isInteractive || input.isEmpty, host_has_input(Self.standardInput) != 0 else { return }
        var keys = [UInt8](repeating: 0, count: 256)
        let count = unsafe keys.withUnsafeMutableBytes { bytes -> Int in
            guard let base = bytes.baseAddress else { return 0 }
            return unsafe host_read(Self.standardInput, base, bytes.count)
        }
        if count == 0 || (count < 0 && count != Self.tryAgain) { inputEnded = true }
        for key in keys.prefix(max(count, 0)) {
            guard let byte = isInteractive ? unescaped(key) : key else { continue }
            if input.count < Self.capacity { input.append(byte) }
        }
    }

    /// The key, unless it is an escape key or belongs to one.
    private func unescaped(_ key: UInt8) -> UInt8? {
        guard escaped else {
            escaped = key == Self.escape
            return escaped ? nil : key
        }
        escaped = false
        switch key {
        case UInt8(ascii: "x"): quitRequested = true
        case UInt8(ascii: "c"): showState()
        case Self.escape: return key
        default: help()
        }
        return nil
    }

    /// Sleeps until input, of which what the guest has not taken does not count.
    public func wait(nanoseconds: UInt64?) {
        if inputPosition < input.count || !inputWanted && !isInteractive && !inputEnded {
            // There may be input that the guest does not take: waiting for it would be no waiting.
            sleep(for: -1, min(nanoseconds ?? .max, doze))
            doze = min(2 * doze, Self.doze.upperBound)
        } else {
            // At the end of input there is nothing to wait for but time.
            sleep(for: inputEnded ? -1 : Self.standardInput, nanoseconds ?? .max)
        }
        inputWanted = false
        if waker >= 0 { host_waker_reset(waker) }
    }

    /// Sleeps until input of a descriptor or of a debugger, or until somebody wakes the console.
    private func sleep(for descriptor: Int32, _ nanoseconds: UInt64) {
        let descriptors = [descriptor, waker, otherInput]
        unsafe host_wait_readable(descriptors, 3, nanoseconds)
    }

    /// Ends a wait in another thread.
    public func wake() { if waker >= 0 { host_waker_wake(waker) } }

    private func help() {
        note("Ctrl-A x quits, Ctrl-A c shows the vCPUs' state, Ctrl-A Ctrl-A sends Ctrl-A")
    }

    /// Prints a line of ours between the guest's.
    private func note(_ line: String) {
        let bytes = [UInt8]("\r\nparavane: \(line)\r\n".utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe host_write(Self.standardError, $0.baseAddress!, $0.count) }
    }

    // MARK: The terminal

    /// Puts the terminal into raw mode.
    public func attach() {
        guard isInteractive else { return }
        host_terminal_make_raw()
    }

    /// Passes on the last output and gives the terminal back as it was.
    public func detach() {
        flush()
        host_terminal_restore()
    }
}
