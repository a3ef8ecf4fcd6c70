/// What a program printed: the beginning and the end, where it is too much to keep.
package struct CapturedOutput: Equatable, Sendable {
    /// The most bytes that are kept.
    package static let limit = 1 << 20

    private var head: [UInt8] = []
    private var tail: [UInt8] = []
    /// How many bytes are missing in the middle.
    package private(set) var dropped = 0

    /// Nothing yet.
    package init() {}

    /// That text.
    package init(_ text: String) { append(Array(text.utf8)[...]) }

    /// Adds bytes at the end.
    package mutating func append(_ bytes: ArraySlice<UInt8>) {
        let half = Self.limit / 2
        let room = min(half - head.count, bytes.count)
        head += bytes.prefix(room)
        tail += bytes.dropFirst(room)
        // Trimmed now and then: what is kept in between is bounded as well.
        if tail.count > 2 * half { trim() }
    }

    private mutating func trim() {
        let surplus = max(tail.count - Self.limit / 2, 0)
        tail.removeFirst(surplus)
        dropped += surplus
    }

    /// Says that nothing more comes.
    package mutating func finish() { trim() }

    /// As text. Bytes that are none are replaced.
    package var text: String {
        if dropped == 0 { return String(decoding: head + tail, as: UTF8.self) }
        return String(decoding: head, as: UTF8.self) + "\n[\(dropped) bytes are left out here]\n"
            + String(decoding: tail, as: UTF8.self)
    }
}
