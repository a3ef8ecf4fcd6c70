/// What a debugger works on: something with threads, registers and memory that stands still while it is asked.
///
/// Threads are numbered from 0 here; on the wire they count from 1.
public protocol DebugTarget: AnyObject {
    /// How many threads there are, at least one.
    var threadCount: Int { get }

    /// The registers of every thread, in the order of their numbers.
    var registers: [RegisterDescription] { get }

    /// What a thread is and does, in a few words.
    func describe(thread: Int) -> String

    /// The value of a register.
    func readRegister(_ number: Int, thread: Int) -> UInt64

    /// Sets a register. False where it cannot be set.
    func writeRegister(_ number: Int, to value: UInt64, thread: Int) -> Bool

    /// Reads memory as a thread sees it, or at a physical address; as far as there is any.
    func readMemory(at address: UInt64, count: Int, thread: Int, isPhysical: Bool) -> [UInt8]

    /// Writes memory: all of the bytes or, with false, none.
    func writeMemory(_ bytes: [UInt8], at address: UInt64, thread: Int, isPhysical: Bool) -> Bool

    /// Makes all threads stop at these places and no others. False, with nothing changed, where one cannot be.
    func setStops(_ stops: [DebugStop]) -> Bool

    /// Carries out a command of the user's to the target itself, and returns what to show.
    func monitor(_ command: [UInt8]) -> String
}

/// A register as the target description has it.
public struct RegisterDescription {
    /// The part of the description that a register belongs to.
    public enum Feature {
        /// `org.gnu.gdb.power.core`.
        case core
        /// `org.gnu.gdb.power.fpu`.
        case floatingPoint
        /// Special-purpose registers, a feature of our own.
        case special
    }

    /// Its name.
    public let name: String
    /// Its size: 32 or 64.
    public let bits: Int
    /// Where it belongs.
    public let feature: Feature
    /// Whether it holds the address of an instruction.
    public let isCodeAddress: Bool

    /// A register.
    public init(name: String, bits: Int, feature: Feature, isCodeAddress: Bool) {
        self.name = name
        self.bits = bits
        self.feature = feature
        self.isCodeAddress = isCodeAddress
    }
}

/// A place where execution stops.
public struct DebugStop: Equatable, Sendable {
    /// The kinds, by their numbers in `Z` packets.
    public enum Kind: UInt8, Sendable {
        /// An instruction, by what the manual calls a software breakpoint.
        case software = 0
        /// An instruction, by a hardware breakpoint.
        case hardware = 1
        /// A store to memory.
        case write = 2
        /// A load from memory.
        case read = 3
        /// A store or a load.
        case access = 4
    }

    /// What stops.
    public let kind: Kind
    /// The address of the instruction or of the first byte.
    public let address: UInt64
    /// Bytes that are watched; of an instruction its size.
    public let length: UInt64

    /// A place.
    public init(_ kind: Kind, address: UInt64, length: UInt64) {
        self.kind = kind
        self.address = address
        self.length = length
    }
}

/// Why the target stopped.
public enum StopReason: Equatable, Sendable {
    /// A signal, by number: 2 (SIGINT) on request, 5 (SIGTRAP) after a step, 6 and 11 where the guest failed.
    case signal(UInt8)
    /// An instruction where a stop was asked for.
    case breakpoint(DebugStop.Kind)
    /// An access to what is watched, by the kind of the watch and the address accessed.
    case watchpoint(DebugStop.Kind, address: UInt64)
}

/// What each thread does when the target goes on.
public struct ResumePlan {
    /// What one thread does.
    public enum Action: Equatable, Sendable {
        /// It stands still.
        case stay
        /// It runs.
        case run
        /// It executes one instruction.
        case step
        /// It executes instructions until it has left the range, which begins at the first address and ends before the
        /// second.
        case stepOut(UInt64, UInt64)
    }

    private var actions: [Action]

    /// The same for all threads.
    public init(_ action: Action, threads: Int) {
        actions = [Action](repeating: action, count: threads)
    }

    /// What a thread does. Threads that the plan does not know stay.
    public subscript(thread: Int) -> Action {
        get { actions.indices.contains(thread) ? actions[thread] : .stay }
        set { if actions.indices.contains(thread) { actions[thread] = newValue } }
    }

    /// The first thread that steps, if one does.
    public var steppingThread: Int? {
        actions.firstIndex {
            switch $0 {
            case .step, .stepOut: true
            case .stay, .run: false
            }
        }
    }

    /// Whether any thread does something.
    public var doesAnything: Bool { actions.contains { $0 != .stay } }
}
