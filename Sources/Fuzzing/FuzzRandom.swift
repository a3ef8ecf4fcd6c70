/// A generator whose numbers depend on its seed alone (SplitMix64), so that whatever is found can be repeated.
public struct FuzzRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// The generator of that seed.
    public init(seed: UInt64) {
        state = seed
    }

    /// The generator of input `index` of a run: inputs can be made again one by one, in any order.
    public init(seed: UInt64, index: UInt64) {
        var first = FuzzRandom(seed: seed)
        self.init(seed: first.next() ^ index &* 0xD134_2543_DE82_EF95)
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to and without `limit`.
    public mutating func below(_ limit: Int) -> Int {
        Int(next() % UInt64(max(limit, 1)))
    }

    /// True once in `count` times.
    public mutating func oneIn(_ count: Int) -> Bool {
        below(count) == 0
    }

    /// One of the elements, of which there is at least one.
    public mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }

    /// That many random bytes.
    public mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count {
            let word = next()
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}

/// Takes an input apart. Past its end everything is zero, so that every input means something.
struct InputReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { position >= bytes.count }

    mutating func byte() -> UInt8 {
        guard position < bytes.count else { return 0 }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func word() -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 { value = value << 8 | UInt32(byte()) }
        return value
    }

    mutating func doubleword() -> UInt64 {
        UInt64(word()) << 32 | UInt64(word())
    }

    /// Everything that is left.
    mutating func rest() -> [UInt8] {
        defer { position = bytes.count }
        return position < bytes.count ? Array(bytes[position...]) : []
    }

    /// A value that is more often than not at the edge of something.
    mutating func value() -> UInt64 {
        let kind = byte()
        switch kind & 7 {
        case 0: return 0
        case 1: return UInt64(byte())
        case 2: return UInt64(1) << UInt64(byte() & 63)
        case 3: return ~(UInt64(1) << UInt64(byte() & 63))
        case 4: return UInt64(truncatingIfNeeded: -Int64(byte()))
        case 5: return UInt64(word())
        case 6: return UInt64(byte()) << 12 | UInt64(kind >> 3)
        default: return doubleword()
        }
    }
}
