/// One direction of a byte channel: a bounded queue with an interrupt at either end.
///
/// Both wires follow the queue's state as levels. So an interrupt that a guest unmasks late is not lost, and one that
/// it does not answer comes again.
public final class ByteQueue {
    /// How many bytes a queue holds: 1024.
    public static let capacity = 1024

    private var bytes = [UInt8](repeating: 0, count: ByteQueue.capacity)
    /// The place of the oldest byte.
    private var start = 0
    private let dataAvailable: InterruptLine?
    private let spaceAvailable: InterruptLine?

    /// How many bytes wait, at most ``capacity``.
    public private(set) var count = 0

    /// How many bytes fit.
    public var room: Int { Self.capacity - count }

    /// An empty queue.
    ///
    /// - Parameters:
    ///   - dataAvailable: the receiver's wire, asserted while bytes wait.
    ///   - spaceAvailable: the sender's wire, asserted while bytes fit.
    public init(dataAvailable: InterruptLine? = nil, spaceAvailable: InterruptLine? = nil) {
        self.dataAvailable = dataAvailable
        self.spaceAvailable = spaceAvailable
        spaceAvailable?.set(true)
    }

    /// Adds a byte; false where none fits.
    public func append(_ byte: UInt8) -> Bool {
        guard count < Self.capacity else { return false }
        bytes[(start + count) % Self.capacity] = byte
        count += 1
        drive()
        return true
    }

    /// The oldest byte, or nil where none waits.
    public var first: UInt8? { count > 0 ? bytes[start] : nil }

    /// Takes the oldest byte, or nil where none waits.
    public func removeFirst() -> UInt8? {
        guard count > 0 else { return nil }
        let byte = bytes[start]
        start = (start + 1) % Self.capacity
        count -= 1
        drive()
        return byte
    }

    private func drive() {
        dataAvailable?.set(count > 0)
        spaceAvailable?.set(count < Self.capacity)
    }
}

/// A guest's end of an ePAPR byte channel: what it sends and what it can receive.
///
/// The other end is whoever holds the two queues the other way round: the machine's console, or a second channel. A
/// channel without a sender's queue passes every byte on to its sink at once.
public final class ByteChannel {
    private enum Destination {
        case queue(ByteQueue)
        case sink(any ConsoleSink)
    }

    private let incoming: ByteQueue
    private let destination: Destination

    /// A channel that receives from one queue and sends into another.
    public init(receivingFrom incoming: ByteQueue, sendingTo outgoing: ByteQueue) {
        self.incoming = incoming
        destination = .queue(outgoing)
    }

    /// A channel that receives from a queue and sends into a sink, which always has room: its wire for that,
    /// `spaceAvailable`, stays asserted.
    public init(receivingFrom incoming: ByteQueue, sendingTo sink: any ConsoleSink, spaceAvailable: InterruptLine) {
        self.incoming = incoming
        destination = .sink(sink)
        spaceAvailable.set(true)
    }

    /// How many bytes wait to be received, at most ``ByteQueue/capacity``.
    public var receivable: Int { incoming.count }

    /// How many bytes can be sent now, at most ``ByteQueue/capacity``.
    public var sendable: Int {
        switch destination {
        case .queue(let queue): queue.room
        case .sink: ByteQueue.capacity
        }
    }

    /// Sends a byte; false where none fits.
    public func send(_ byte: UInt8) -> Bool {
        switch destination {
        case .queue(let queue): return queue.append(byte)
        case .sink(let sink):
            sink.send(byte)
            return true
        }
    }

    /// Receives a byte, or nil where none waits.
    public func receive() -> UInt8? {
        incoming.removeFirst()
    }
}
