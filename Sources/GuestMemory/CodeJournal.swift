/// The most recent events on pages of which some vCPU holds predecoded code.
///
/// Writers append; every vCPU remembers how far it has read. A reader that fell behind by more than ``capacity`` events
/// is told so and drops everything it holds.
public final class CodeJournal {
    /// What happened to a page of RAM, by its number.
    public enum Event {
        /// A vCPU began to hold predecoded code of the page: writes to it must be noticed from now on.
        case becameCode(page: Int)
        /// The page was written by somebody else than the reader.
        case written(page: Int)
    }

    /// How many events are kept.
    public static let capacity: UInt64 = 256

    /// How many events there have been.
    public private(set) var count: UInt64 = 0

    private var events: [Event]

    init() {
        events = [Event](repeating: .written(page: 0), count: Int(Self.capacity))
    }

    /// Adds an event, over the oldest one when the journal is full.
    public func append(_ event: Event) {
        events[Int(count % Self.capacity)] = event
        count &+= 1
    }

    /// Event `number`, or nil where it is no longer kept.
    public func event(_ number: UInt64) -> Event? {
        guard number < count, count - number <= Self.capacity else { return nil }
        return events[Int(number % Self.capacity)]
    }
}
