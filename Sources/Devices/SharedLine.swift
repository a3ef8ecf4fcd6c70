/// Several devices on one interrupt input: the input is asserted while any of them asserts (a wired OR).
public final class SharedLine: InterruptController {
    /// How many devices can share a line.
    public static let maximumInputs = 64

    private let output: InterruptLine
    private var asserted: UInt64 = 0

    /// Joins inputs into `output`.
    public init(to output: InterruptLine) {
        self.output = output
    }

    /// The wire for the device number `index`, 0 to ``maximumInputs`` − 1; each device has its own.
    public func input(_ index: Int) -> InterruptLine {
        precondition((0..<Self.maximumInputs).contains(index), "a shared line has 64 inputs")
        return InterruptLine(to: self, source: index)
    }

    /// Drives input `source`.
    public func setLevel(source: Int, asserted level: Bool) {
        let bit: UInt64 = 1 << UInt64(truncatingIfNeeded: source & 63)
        let before = asserted
        if level { asserted |= bit } else { asserted &= ~bit }
        if (before == 0) != (asserted == 0) { output.set(asserted != 0) }
    }
}
