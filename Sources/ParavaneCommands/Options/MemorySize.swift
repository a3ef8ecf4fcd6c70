public import ArgumentParser

/// A size of guest memory as the command line states it: `256M`, `1G`, `65536K`, or `256` for MiB as in QEMU.
public struct MemorySize: ExpressibleByArgument, Equatable, Sendable {
    /// Bytes.
    public let bytes: UInt64

    /// A size of that many bytes.
    public init(bytes: UInt64) {
        self.bytes = bytes
    }

    /// The size that the argument states, or nil where it states none.
    public init?(argument: String) {
        let shift: UInt64
        let digits: Substring
        switch argument.last {
        case "K", "k": (shift, digits) = (10, argument.dropLast())
        case "M", "m": (shift, digits) = (20, argument.dropLast())
        case "G", "g": (shift, digits) = (30, argument.dropLast())
        default: (shift, digits) = (20, argument[...])
        }
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = UInt64(digits)
        else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
        guard !overflow else { return nil }
        self.bytes = bytes
    }

    /// The size as help shows a default, such as `256M`.
    public var defaultValueDescription: String {
        "\(bytes >> 20)M"
    }
}
