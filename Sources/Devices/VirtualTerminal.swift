/// A partition's virtual terminal, `hvterm1`: what the guest writes goes out at once, what it is to read waits here.
///
/// Its interrupt is a message that comes when the first byte comes to wait.
public final class VirtualTerminal {
    private let input = ByteQueue()
    private let sink: any ConsoleSink
    private let interrupt: InterruptLine

    /// A terminal on `sink`.
    public init(sink: any ConsoleSink, interrupt: InterruptLine) {
        self.sink = sink
        self.interrupt = interrupt
    }

    /// Whether a byte fits.
    public var canReceive: Bool { input.room > 0 }

    /// Takes in a byte for the guest; one that does not fit is lost.
    public func receive(_ byte: UInt8) {
        let isFirst = input.count == 0
        guard input.append(byte), isFirst else { return }
        interrupt.set(true)
        interrupt.set(false)
    }

    /// Passes a byte of the guest on.
    public func send(_ byte: UInt8) { sink.send(byte) }

    /// The next byte for the guest; nil where none waits.
    ///
    /// A NUL behind a carriage return begins a call of its own: guests take one in the same call for a mistake of PowerVM's,
    /// and drop it.
    ///
    /// - Parameter previous: the byte before it in the same call.
    public func read(after previous: UInt8?) -> UInt8? {
        if input.first == 0, previous == 0x0D { return nil }
        return input.removeFirst()
    }
}
