internal import CHost

/// The most recent events on pages of which some vCPU holds predecoded code.
///
/// Writers append; every vCPU remembers how far it has read. A reader that fell behind by more than ``capacity`` events
/// is told so and drops everything it holds. Any thread may do either.
@safe
public final class CodeJournal {
    /// What happened to a page of RAM, by its number.
    public enum Event: Equatable {
        /// A vCPU began to hold predecoded code of the page: writes to it must be noticed from now on.
        case becameCode(page: Int)
        /// The page was written by somebody else than the reader.
        case written(page: Int)
    }

    /// How many events are kept.
    public static let capacity: UInt64 = 256

    private let lock: OpaquePointer
    /// Where ``count`` is, for those who look at it often. Written under the lock, after the event; read by anybody.
    public let counter: UnsafeMutablePointer<UInt64>
    private var events: [Event]
    /// What somebody has read up to.
    private var seen: UInt64 = 0
    /// Who added the last event.
    private var lastWriter: Int?

    init() {
        guard let lock = unsafe host_lock_create() else { fatalError("the host has no memory for a lock") }
        unsafe self.lock = lock
        unsafe counter = .allocate(capacity: 1)
        unsafe counter.initialize(to: 0)
        events = [Event](repeating: .written(page: 0), count: Int(Self.capacity))
    }

    deinit {
        unsafe host_lock_destroy(lock)
        unsafe counter.deallocate()
    }

    /// How many events there have been. What their writers did before is visible.
    public var count: UInt64 { unsafe host_load_acquire_u64(counter) }

    /// Adds an event of vCPU `writer`, or of nobody of them, over the oldest one when the journal is full, and returns its
    /// number. Nil where the same writer would repeat itself before anybody has read its last event.
    @discardableResult
    public func append(_ event: Event, by writer: Int? = nil) -> UInt64? {
        unsafe host_lock_acquire(lock)
        defer { unsafe host_lock_release(lock) }
        let number = unsafe counter.pointee
        if number > seen, writer == lastWriter, events[Int((number - 1) % Self.capacity)] == event { return nil }
        lastWriter = writer
        events[Int(number % Self.capacity)] = event
        unsafe host_store_release_u64(counter, number &+ 1)
        return number
    }

    /// Event `number`, or nil where it is no longer kept.
    public func event(_ number: UInt64) -> Event? {
        unsafe host_lock_acquire(lock)
        defer { unsafe host_lock_release(lock) }
        let count = unsafe counter.pointee
        seen = max(seen, number &+ 1)
        guard number < count, count - number <= Self.capacity else { return nil }
        return events[Int(number % Self.capacity)]
    }
}
