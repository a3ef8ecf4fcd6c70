public import ParavirtABI

/// How often each call was made, and how often each was not carried out, and why. One a vCPU; add them up for the
/// machine.
public struct HypercallCounts: Sendable {
    /// One counter a row, and one more for all numbers without a row.
    @usableFromInline var counters = [UInt64](repeating: 0, count: Hypercall.count + 1)
    /// For each row one counter a ``HypercallRefusal``.
    private var refusals = [UInt64](repeating: 0, count: Hypercall.count * HypercallRefusal.all.count)

    /// All zero.
    public init() {}

    /// Counts one call of row `index`; nil is an unknown number.
    @inlinable
    public mutating func add(_ index: Int?) {
        counters[index ?? Hypercall.count] &+= 1
    }

    /// Counts that a call of row `index` was not carried out; nil stands for an unknown number, which counts nowhere.
    public mutating func addRefusal(_ index: Int?, _ refusal: HypercallRefusal) {
        guard let index else { return }
        refusals[Self.place(index, refusal)] &+= 1
    }

    /// How often `call` was not carried out for that reason.
    public func refusals(of call: Hypercall, _ refusal: HypercallRefusal) -> UInt64 {
        refusals[Self.place(call.index, refusal)]
    }

    private static func place(_ index: Int, _ refusal: HypercallRefusal) -> Int {
        index * HypercallRefusal.all.count + refusal.place
    }

    /// How often `call` was made, with a handler or without.
    public subscript(call: Hypercall) -> UInt64 {
        counters[call.index]
    }

    /// Calls of numbers that the table does not have.
    public var unknown: UInt64 {
        counters[Hypercall.count]
    }

    /// All calls.
    public var total: UInt64 {
        var sum: UInt64 = 0
        for count in counters { sum &+= count }
        return sum
    }

    /// Adds another vCPU's counts.
    public static func += (sum: inout HypercallCounts, other: HypercallCounts) {
        for index in sum.counters.indices { sum.counters[index] &+= other.counters[index] }
        for index in sum.refusals.indices { sum.refusals[index] &+= other.refusals[index] }
    }

    /// Calls `body` with every call that was made at least once and its count, in the order of the table.
    public func forEach(_ body: (Hypercall, UInt64) -> Void) {
        for call in Hypercall.all where self[call] > 0 { body(call, self[call]) }
    }
}
