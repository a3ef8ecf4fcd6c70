/// An instruction set whose guests make hypercalls.
public enum Architecture: UInt8, CaseIterable, Sendable {
    /// 32-bit and 64-bit Power, embedded and server.
    case powerPC
    /// x86 in all its modes.
    case x86
    /// IBM z, 64-bit.
    case s390x
    /// MIPS; only its numbers are listed.
    case mips

    /// The short name that commands and tables use.
    public var name: StaticString {
        switch self {
        case .powerPC: "ppc"
        case .x86: "x86"
        case .s390x: "s390x"
        case .mips: "mips"
        }
    }
}

/// A set of architectures.
public struct Architectures: OptionSet, Sendable {
    /// One bit an architecture.
    public let rawValue: UInt8

    /// The set with these bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Only ``Architecture/powerPC``.
    public static let powerPC = Architectures(.powerPC)
    /// Only ``Architecture/x86``.
    public static let x86 = Architectures(.x86)
    /// Only ``Architecture/s390x``.
    public static let s390x = Architectures(.s390x)
    /// Only ``Architecture/mips``.
    public static let mips = Architectures(.mips)

    /// The set of one architecture.
    public init(_ architecture: Architecture) {
        rawValue = 1 << architecture.rawValue
    }

    /// Whether the set has `architecture`.
    public func contains(_ architecture: Architecture) -> Bool {
        contains(Architectures(architecture))
    }
}
