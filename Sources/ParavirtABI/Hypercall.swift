/// One row of the table: everything that is known about one hypercall.
///
/// The rows are the constants of the family files (``kvmFeatures``, ``byteChannelSend`` …); ``all`` lists them by
/// ``index``. What the command prints, what a dispatcher accepts and what the documentation shows derive from them.
public struct Hypercall: Sendable, CustomStringConvertible {
    /// Whether guests should still make the call, in the words of Linux `Documentation/virt/kvm/x86/hypercalls.rst`.
    public enum Status: UInt8, Sendable {
        /// In use.
        case active
        /// Known but to be avoided.
        case deprecated
        /// Nobody makes it any more.
        case obsolete

        /// The word in tables.
        public var name: StaticString {
            switch self {
            case .active: "active"
            case .deprecated: "deprecated"
            case .obsolete: "obsolete"
            }
        }
    }

    /// What travels in the registers.
    public struct Signature: Sendable {
        /// In the order of the convention's argument registers.
        public let arguments: [Parameter]
        /// In the order of the convention's output registers; on x86 and s390x the first is the return value.
        public let outputs: [Parameter]

        /// Arguments and outputs.
        public init(_ arguments: [Parameter] = [], returns outputs: [Parameter] = []) {
            self.arguments = arguments
            self.outputs = outputs
        }
    }

    /// Whose number it is.
    public let family: HypercallFamily
    /// The number within the family.
    public let number: UInt32
    /// The name of the constant in the headers.
    public let name: StaticString
    /// Where guests can make the call.
    public let architectures: Architectures
    /// Whether guests should make it.
    public let status: Status
    /// One sentence.
    public let purpose: StaticString
    /// Arguments and outputs; nil where the sources define the number alone.
    public let signature: Signature?
    /// Where the facts of the row are from.
    public let source: StaticString

    init(
        _ family: HypercallFamily, _ number: UInt32, _ name: StaticString, on architectures: Architectures,
        _ purpose: StaticString, _ signature: Signature?,
        status: Status = .active, source: StaticString
    ) {
        self.family = family
        self.number = number
        self.name = name
        self.architectures = architectures
        self.status = status
        self.purpose = purpose
        self.signature = signature
        self.source = source
    }

    /// The name.
    public var description: String {
        name.description
    }

    /// The row's place in ``all``.
    public var index: Int {
        // Every row is a number of its family.
        family.index(of: UInt64(number)) ?? Self.count
    }

    /// What a PowerPC guest puts in r11 to make the call; nil for a call that PowerPC does not have.
    public var token: UInt32? {
        architectures.contains(.powerPC) ? family.vendor?.token(UInt16(number)) : nil
    }

    /// How a guest makes the call; x86's for numbers of other processors that x86 shares.
    public var convention: CallingConvention {
        if family == .papr { return .papr }
        if architectures.contains(.powerPC) { return .epapr }
        return architectures.contains(.s390x) ? .s390x : .x86
    }

    /// How many rows ``all`` has.
    @inlinable public static var count: Int { 101 }

    /// Every call, by ``index``.
    public static let all: [Hypercall] = kvmCalls + epaprCalls + freescaleCalls + diagnose500Calls + paprCalls
}

/// One argument or output of a call.
public struct Parameter: Sendable {
    /// What the bits are.
    public enum Kind: UInt8, Sendable {
        /// A plain number.
        case value
        /// A number that names an object of the hypervisor.
        case handle
        /// How many.
        case count
        /// Single bits with meanings of their own.
        case flags
        /// A guest real (physical) address.
        case realAddress
        /// The upper 32 bits of a guest real address.
        case realAddressHigh
        /// The lower 32 bits of a guest real address.
        case realAddressLow
        /// A guest effective (virtual) address.
        case effectiveAddress
        /// Bytes of a message, the first in the most significant place.
        case data

        /// The word in tables.
        public var name: StaticString {
            switch self {
            case .value: "value"
            case .handle: "handle"
            case .count: "count"
            case .flags: "flags"
            case .realAddress: "real address"
            case .realAddressHigh: "real address, upper half"
            case .realAddressLow: "real address, lower half"
            case .effectiveAddress: "effective address"
            case .data: "data"
            }
        }
    }

    /// What the bits are.
    public let kind: Kind
    /// What they say, in a few words.
    public let meaning: StaticString

    /// A parameter.
    public init(_ kind: Kind, _ meaning: StaticString) {
        self.kind = kind
        self.meaning = meaning
    }
}
