/// A random sequence that is the same in every run (SplitMix64).
struct Random: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func word() -> UInt32 { UInt32(truncatingIfNeeded: next()) }

    /// A number from 0 up to `limit`.
    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

    /// A word in which extreme values are as likely as others.
    mutating func operand() -> UInt32 { below(2) == 0 ? edgeValues[below(edgeValues.count)] : word() }
}

/// Operands at which integer instructions change their ways.
let edgeValues: [UInt32] = [
    0, 1, 2, 0xFFFF_FFFF, 0xFFFF_FFFE, 0x7FFF_FFFF, 0x8000_0000, 0x8000_0001, 0x0000_FFFF, 0x0001_0000, 0x1234_5678,
]
