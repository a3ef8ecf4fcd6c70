/// The state of an s390x machine that hypercalls read and change: the queues of its virtio-ccw devices.
///
/// Not safe for concurrent use: the machine calls it under one lock, or from one thread.
public final class S390Machine {
    /// One virtqueue that the guest can notify.
    public struct Queue: Sendable {
        /// The subchannel-identification word of its device.
        public let subchannel: SubchannelID
        /// The queue's number within the device.
        public let number: UInt64
        /// How often the guest notified it since the device last looked.
        public internal(set) var notifications: UInt64 = 0

        /// A queue nobody notified yet.
        public init(subchannel: SubchannelID, number: UInt64) {
            self.subchannel = subchannel
            self.number = number
        }
    }

    /// The queues, in the order in which devices announced them; a queue's place is its cookie.
    public private(set) var queues: [Queue] = []

    /// A machine without devices.
    public init() {}

    /// Announces a queue and tells its cookie.
    ///
    /// - Precondition: nobody announced it before.
    @discardableResult
    public func addQueue(subchannel: SubchannelID, number: UInt64) -> Int {
        precondition(cookie(of: subchannel, number) == nil, "the queue is announced already")
        queues.append(Queue(subchannel: subchannel, number: number))
        return queues.count - 1
    }

    /// How often the guest notified the queue of `cookie` since the last call.
    public func takeNotifications(_ cookie: Int) -> UInt64 {
        defer { queues[cookie].notifications = 0 }
        return queues[cookie].notifications
    }

    /// Notifies a queue: the one of `hint` if it is that, else the one a search finds. Its cookie, or nil without one.
    func notify(_ subchannel: SubchannelID, _ number: UInt64, hint: UInt64) -> Int? {
        let found: Int?
        if let index = Int(exactly: hint), index < queues.count, matches(index, subchannel, number) {
            found = index
        } else {
            found = cookie(of: subchannel, number)
        }
        guard let found else { return nil }
        queues[found].notifications &+= 1
        return found
    }

    private func cookie(of subchannel: SubchannelID, _ number: UInt64) -> Int? {
        queues.indices.first { matches($0, subchannel, number) }
    }

    private func matches(_ index: Int, _ subchannel: SubchannelID, _ number: UInt64) -> Bool {
        queues[index].subchannel == subchannel && queues[index].number == number
    }
}

/// The name of an s390x subchannel, as I/O instructions take it in general register 1.
public struct SubchannelID: Equatable, Sendable {
    /// The subchannel-identification word.
    public let word: UInt32

    /// The subchannel of a word, or nil where the word names none: bit 0x10000 has to be one, and a channel-subsystem
    /// number needs the multiple-subsystem bit 0x80000.
    public init?(word: UInt32) {
        guard word & 0x1_0000 != 0, word & 0x8_0000 != 0 || word & 0xFF00_0000 == 0 else { return nil }
        self.word = word
    }

    /// Subchannel `number` of subchannel set `set` (0–3) in the default channel subsystem.
    public init(set: UInt8 = 0, number: UInt16) {
        precondition(set < 4, "subchannel sets are 0 to 3")
        word = 0x1_0000 | UInt32(set) << 17 | UInt32(number)
    }
}
