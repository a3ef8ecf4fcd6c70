/// A set of interrupt sources of one MPIC, by number.
struct SourceSet {
    private static let words = (MPIC.sourceCount + 63) / 64
    private var bits = InlineArray<5, UInt64>(repeating: 0)

    /// Whether nothing is in the set.
    var isEmpty: Bool {
        for word in 0..<Self.words where bits[word] != 0 { return false }
        return true
    }

    /// Adds or removes `source`, which is below ``MPIC/sourceCount``.
    mutating func set(_ source: Int, _ member: Bool) {
        let bit: UInt64 = 1 << UInt64(source & 63)
        if member { bits[source >> 6] |= bit } else { bits[source >> 6] &= ~bit }
    }

    /// Calls `body` with every member, in ascending order.
    @inline(__always)
    func forEach(_ body: (Int) -> Void) {
        for word in 0..<Self.words {
            var rest = bits[word]
            while rest != 0 {
                body(word << 6 + rest.trailingZeroBitCount)
                rest &= rest &- 1
            }
        }
    }
}
