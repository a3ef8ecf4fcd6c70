internal import CHost
internal import Foundation
internal import VMM

/// The guest's console on the process's standard input and output, with Ctrl-A as the escape key where the input is a
/// terminal.
///
/// | keys           | meaning |
/// |----------------|---------|
/// | Ctrl-A x       | quit |
/// | Ctrl-A c       | show the vCPUs' state |
/// | Ctrl-A h       | help |
/// | Ctrl-A Ctrl-A  | send Ctrl-A |
///
/// A terminal is in raw mode only between ``attach()`` and ``detach()``; signals that end the process restore it.
final class TerminalConsole: HostConsole {
    private static let escape: UInt8 = 1
    private static let capacity = 4096
    /// Nanoseconds between two looks at whether an idle guest takes input now, at first and at most.
    private static let doze: ClosedRange<UInt64> = 100_000...10_000_000

    let isInteractive = isatty(STDIN_FILENO) == 1
    /// A descriptor whose input also ends ``wait(nanoseconds:)``, or -1.
    var otherInput: Int32 = -1
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
    var showState: () -> Void = {}

    /// What ends a wait in another thread, or -1.
    private let waker: Int32

    /// A console.
    ///
    /// - Parameter isShared: whether ``wake()`` is going to be called.
    init(isShared: Bool) {
        waker = isShared ? host_waker_open() : -1
        output.reserveCapacity(Self.capacity)
        // A reader that goes away is an error of write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        TerminalMode.unblockSignals()
    }

    deinit { if waker >= 0 { host_waker_close(waker) } }

    /// Descriptors besides standard input and output.
    var descriptors: [Int32] { waker >= 0 ? [waker] : [] }

    // MARK: Output

    func send(_ byte: UInt8) {
        output.append(byte)
        if output.count.isMultiple(of: Self.capacity) { flush() }
    }

    func flush() {
        var sent = 0
        while sent < output.count, !outputFailed {
            var descriptor = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
            guard unsafe poll(&descriptor, 1, outputStalled ? 0 : 100) > 0 else {
                outputStalled = true
                break
            }
            outputStalled = false
            let written = unsafe output.withUnsafeBytes { bytes in
                unsafe write(STDOUT_FILENO, bytes.baseAddress! + sent, min(bytes.count - sent, 512))
            }
            if written > 0 {
                sent += written
            } else if written < 0, errno != EINTR, errno != EAGAIN {
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
    var wantsToQuit: Bool {
        if isInteractive { refill() }
        return quitRequested
    }

    func receive() -> UInt8? {
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
        guard !inputEnded, isInteractive || input.isEmpty, hasInput(milliseconds: 0) else { return }
        var keys = [UInt8](repeating: 0, count: 256)
        let count = unsafe keys.withUnsafeMutableBytes { unsafe read(STDIN_FILENO, $0.baseAddress!, $0.count) }
        if count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN) { inputEnded = true }
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

    private func hasInput(milliseconds: Int32) -> Bool {
        var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&descriptor, 1, milliseconds) > 0
    }

    func wait(nanoseconds: UInt64?) {
        if inputPosition < input.count || !inputWanted && !isInteractive && !inputEnded {
            // There may be input that the guest does not take: waiting for it would be no waiting.
            sleep(for: -1, min(nanoseconds ?? .max, doze))
            doze = min(2 * doze, Self.doze.upperBound)
        } else {
            // At the end of input there is nothing to wait for but time.
            sleep(for: inputEnded ? -1 : STDIN_FILENO, nanoseconds ?? .max)
        }
        inputWanted = false
        if waker >= 0 { host_waker_reset(waker) }
    }

    /// Sleeps until input of a descriptor or of a debugger, or until somebody wakes the console.
    private func sleep(for descriptor: Int32, _ nanoseconds: UInt64) {
        let descriptors = [descriptor, waker, otherInput]
        unsafe host_wait_readable(descriptors, 3, nanoseconds)
    }

    func wake() { if waker >= 0 { host_waker_wake(waker) } }

    private func help() {
        note("Ctrl-A x quits, Ctrl-A c shows the vCPUs' state, Ctrl-A Ctrl-A sends Ctrl-A")
    }

    /// Prints a line of ours between the guest's.
    private func note(_ line: String) {
        StandardError.print("\r\nparavane: \(line)\r", prefix: false)
    }

    // MARK: The terminal

    /// Puts the terminal into raw mode.
    func attach() {
        guard isInteractive else { return }
        TerminalMode.makeRaw()
    }

    /// Passes on the last output and gives the terminal back as it was.
    func detach() {
        flush()
        TerminalMode.restore()
    }
}

/// The terminal's mode, which must be restored on every way out of the process.
enum TerminalMode {
    /// What to restore; written once before the signal handlers that read it are installed.
    nonisolated(unsafe) private static var saved: termios?

    static func makeRaw() {
        var mode = termios()
        guard unsafe saved == nil, unsafe tcgetattr(STDIN_FILENO, &mode) == 0 else { return }
        unsafe saved = mode
        unsafe cfmakeraw(&mode)
        // Output keeps its newline translation: not every line is the guest's.
        mode.c_oflag |= tcflag_t(OPOST)
        for number in endings { installHandler(number) }
        atexit { TerminalMode.restore() }
        _ = unsafe tcsetattr(STDIN_FILENO, TCSANOW, &mode)
    }

    static func restore() {
        guard unsafe saved != nil else { return }
        _ = unsafe tcsetattr(STDIN_FILENO, TCSANOW, &saved!)
    }

    /// The signals that end the process: by request, and by a mistake of ours.
    private static var endings: [Int32] {
        [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV]
    }

    /// Makes sure that the user can end the process, whatever the one that started it had blocked.
    static func unblockSignals() {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for number in endings { unsafe sigaddset(&signals, number) }
        unsafe sigprocmask(SIG_UNBLOCK, &signals, nil)
    }

    /// Makes a signal restore the terminal and then do what it does by default.
    private static func installHandler(_ number: Int32) {
        signal(number) { number in
            TerminalMode.restore()
            signal(number, SIG_DFL)
            raise(number)
        }
    }
}
