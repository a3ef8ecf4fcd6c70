/// A part of Paravane that takes what a guest or a file says, made to take anything.
///
/// An input is bytes, whoever makes them: the target's own generator, a file of an earlier find, or libFuzzer. Running
/// one ends the process if a promise is broken: a trap, a violated check, or more time or memory than is reasonable.
public protocol FuzzTarget: AnyObject {
    /// How many cases (calls, accesses, programs, files) an input of ``generate(_:)`` is.
    var casesPerInput: Int { get }

    /// Makes an input.
    func generate(_ random: inout FuzzRandom) -> [UInt8]

    /// Runs an input.
    func run(_ input: [UInt8])
}

/// The targets by name.
public enum FuzzTargetName: String, CaseIterable, Sendable {
    /// Hypercalls of all three architectures with any registers.
    case hypercalls
    /// Accesses to every device and the whole bus of the e500 machine.
    case devices
    /// Machine code in both privilege states, with any MSR, SPRs and TLB entries, on one to eight vCPUs.
    case code
    /// The same of the 64-bit core, in both byte orders, with any segments and page table entries.
    case code64
    /// Device tree blobs and overlays.
    case trees
    /// Kernel files: ELF, uImage, gzip.
    case images
    /// A debugger's connection: packets, damaged and not, to a machine with two vCPUs.
    case debugger
    /// No part of Paravane: some of its inputs end the process, each in another way. It shows that such ends are found.
    case broken

    /// The targets that are parts of Paravane.
    public static let all: [FuzzTargetName] = allCases.filter { $0 != .broken }

    /// How many cases a full run has.
    public var fullCount: UInt64 {
        switch self {
        case .hypercalls, .devices: 10_000_000
        case .code, .code64, .trees, .images, .debugger: 1_000_000
        case .broken: 20
        }
    }

    /// The target itself, ready for inputs.
    public func make() -> any FuzzTarget {
        switch self {
        case .hypercalls: HypercallTarget()
        case .devices: DeviceTarget()
        case .code: CodeTarget()
        case .code64: ServerCodeTarget()
        case .trees: TreeTarget()
        case .images: ImageTarget()
        case .debugger: DebuggerTarget()
        case .broken: BrokenTarget()
        }
    }
}

/// Ends the process because something that must hold does not.
func check(_ condition: Bool, _ promise: @autoclosure () -> String) {
    guard condition else { fatalError("broken promise: \(promise())") }
}

/// Ends the process in all the ways that a driver has to notice, by the first byte of the input.
final class BrokenTarget: FuzzTarget {
    let casesPerInput = 1
    private var number: UInt8 = 0
    private var memory: [[UInt8]] = []

    func generate(_ random: inout FuzzRandom) -> [UInt8] {
        [UInt8(random.below(32))]
    }

    func run(_ input: [UInt8]) {
        switch input.first {
        case 0: fatalError("a trap")
        case 1: check(false, "one is no one")
        case 2: while number == 0 { memory.removeAll() }
        case 3: while true { memory.append([UInt8](repeating: 1, count: 1 << 24)) }
        default: break
        }
    }
}
