internal import Foundation
internal import Hypercalls
internal import Machines
internal import ParavirtABI
internal import PowerPC
internal import VMM

/// What `--stats` writes: counts of everything that a paravirtual guest is supposed to do less of.
///
/// In virtual time every number but `seconds` and `mips` is the same at each run.
struct Statistics: Encodable {
    private let outcome: String
    private let clock: String
    private let cpus: Int
    private let boots: Int
    private let hypercalls: [String: UInt64]
    private let refusedHypercalls: [String: [String: UInt64]]
    private let unknownHypercalls: UInt64
    private let privilegedInstructions: [String: UInt64]
    private let interrupts: [String: UInt64]
    private let tlbRefills: Refills
    private let codePages: UInt64
    private let deviceAccesses: UInt64
    private let unclaimedAccesses: UInt64
    private let timebaseTicks: UInt64
    private let instructions: UInt64
    private let seconds: Double
    private let mips: Double

    /// Translations that had to be made.
    private struct Refills: Encodable {
        /// By the guest, in its TLB-miss handlers; on a 64-bit core those of segments.
        let guest: UInt64
        /// By the software CPU, in the table in front of the guest's TLB.
        let software: UInt64
    }

    init(
        _ machine: E500Machine, outcome: Outcome, clock: RunCommand.ClockChoice, boots: Int, seconds: Double
    ) {
        func total(_ count: (Counters) -> UInt64) -> UInt64 {
            machine.cpus.reduce(0) { $0 + count($1.core.counters) }
        }
        self.init(
            hypercalls: machine.hypercallCounts, privileged: PrivilegedKind.kinds(of: .e500),
            interrupts: Interrupt.allCases.map { interrupt in
                ("\(interrupt.name)", total { $0.interrupts(interrupt) })
            },
            guestRefills: total { $0.interrupts(.dataTLBMiss) + $0.interrupts(.instructionTLBMiss) },
            deviceAccesses: machine.deviceAccesses, unclaimedAccesses: machine.unclaimedAccesses,
            instructions: machine.cpus.reduce(0) { $0 + $1.core.instructions }, ticks: machine.cpus[0].now,
            cpus: machine.cpus.count, total, outcome: outcome, clock: clock, boots: boots, seconds: seconds)
    }

    init(
        _ machine: PSeriesMachine, _ vcpus: [SoftwareBook3SCPU], outcome: Outcome, clock: RunCommand.ClockChoice,
        boots: Int, seconds: Double
    ) {
        func total(_ count: (Counters) -> UInt64) -> UInt64 { vcpus.reduce(0) { $0 + count($1.core.counters) } }
        self.init(
            hypercalls: machine.hypercallCounts, privileged: PrivilegedKind.kinds(of: .power8),
            interrupts: Book3SInterrupt.allCases.map { interrupt in
                ("\(interrupt.name)", total { $0.serverInterrupts(interrupt) })
            },
            guestRefills: total { $0.serverInterrupts(.dataSegment) + $0.serverInterrupts(.instructionSegment) },
            deviceAccesses: 0, unclaimedAccesses: machine.unclaimedAccesses,
            instructions: vcpus.reduce(0) { $0 + $1.core.instructions }, ticks: vcpus[0].now, cpus: vcpus.count, total,
            outcome: outcome, clock: clock, boots: boots, seconds: seconds)
    }

    private init(
        hypercalls counts: HypercallCounts, privileged kinds: [PrivilegedKind], interrupts: [(String, UInt64)],
        guestRefills: UInt64, deviceAccesses: UInt64, unclaimedAccesses: UInt64, instructions: UInt64, ticks: UInt64,
        cpus: Int, _ total: ((Counters) -> UInt64) -> UInt64, outcome: Outcome, clock: RunCommand.ClockChoice,
        boots: Int, seconds: Double
    ) {
        self.outcome = "\(outcome.name)"
        self.clock = clock.rawValue
        self.boots = boots
        self.seconds = seconds
        self.cpus = cpus
        var hypercalls: [String: UInt64] = [:]
        counts.forEach { call, count in
            if count > 0 { hypercalls["\(call.name)"] = count }
        }
        self.hypercalls = hypercalls
        refusedHypercalls = Self.refusals(counts)
        unknownHypercalls = counts.unknown
        privilegedInstructions = Dictionary(
            uniqueKeysWithValues: kinds.map { kind in ("\(kind.name)", total { $0.privileged(kind) }) })
        self.interrupts = Dictionary(uniqueKeysWithValues: interrupts)
        tlbRefills = Refills(guest: guestRefills, software: total { $0.translationRefills })
        codePages = total { $0.codePages }
        self.deviceAccesses = deviceAccesses
        self.unclaimedAccesses = unclaimedAccesses
        timebaseTicks = ticks
        self.instructions = instructions
        mips = Double(instructions) / 1e6 / max(seconds, 1e-9)
    }

    /// Calls that were not carried out, by name and status.
    private static func refusals(_ counts: HypercallCounts) -> [String: [String: UInt64]] {
        var refusals: [String: [String: UInt64]] = [:]
        counts.forEach { call, _ in
            for refusal in HypercallRefusal.all {
                let count = counts.refusals(of: call, refusal)
                guard count > 0 else { continue }
                refusals["\(call.name)", default: [:]]["\(refusal.statusName(of: call))", default: 0] += count
            }
        }
        return refusals
    }

    /// Writes the counts as JSON.
    func write(to output: LateOutput) throws(CommandFailure) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        do {
            try output.write([UInt8](try encoder.encode(self)) + [UInt8(ascii: "\n")])
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure(.internalError, "the statistics cannot be encoded: \(error)")
        }
    }
}
