/// A device that the guest reaches through loads and stores to real addresses.
///
/// Values are numbers as the guest's registers hold them: a big-endian guest's `lwz` yields exactly what
/// ``read(offset:width:)`` returns. The offset is relative to the device's range and the whole access lies inside it; the width is 1, 2, 4 or 8 bytes.
/// A device answers every access, also one that its hardware leaves undefined: reads give 0, writes do nothing.
public protocol MMIODevice: AnyObject {
    /// What a load of `width` bytes at `offset` yields.
    func read(offset: UInt64, width: Int) -> UInt64

    /// Carries out a store of the low `width` bytes of `value` at `offset`.
    func write(_ value: UInt64, offset: UInt64, width: Int)
}

/// Something with numbered, level-sensitive interrupt inputs.
public protocol InterruptController: AnyObject {
    /// Drives input `source` to asserted or not.
    func setLevel(source: Int, asserted: Bool)
}

/// A device's wire to one input of an interrupt controller.
public struct InterruptLine {
    private let controller: any InterruptController
    private let source: Int

    /// A wire to input `source` of `controller`.
    public init(to controller: any InterruptController, source: Int) {
        self.controller = controller
        self.source = source
    }

    /// Drives the wire.
    public func set(_ asserted: Bool) {
        controller.setLevel(source: source, asserted: asserted)
    }
}
