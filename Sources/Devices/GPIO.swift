/// The general-purpose I/O block of Freescale SoCs (MPC8xxx, QorIQ), whose pin 0 switches the machine off.
///
/// Nothing drives its inputs: they read low, and no interrupt ever arises. Pin 0 is the most significant bit.
public final class GPIO: MMIODevice {
    /// The registers, by offset.
    public enum Register: UInt64, CaseIterable, Sendable {
        /// Direction (GPDIR): 1 is output.
        case direction = 0x00
        /// Open drain (GPODR).
        case openDrain = 0x04
        /// Data (GPDAT): the level of outputs, as written; inputs read their pins.
        case data = 0x08
        /// Interrupt event (GPIER): a written 1 clears.
        case interruptEvent = 0x0C
        /// Interrupt mask (GPIMR).
        case interruptMask = 0x10
        /// Interrupt control (GPICR).
        case interruptControl = 0x14
    }

    /// The bit of pin 0, wired to the power supply.
    public static let powerOffPin: UInt32 = 0x8000_0000

    private let power: any PowerControl
    private var direction: UInt32 = 0
    private var openDrain: UInt32 = 0
    private var data: UInt32 = 0
    private var interruptMask: UInt32 = 0
    private var interruptControl: UInt32 = 0

    /// The pins that the block drives high.
    private var driven: UInt32 { direction & data }

    /// A block whose pin 0, driven high, switches off through `power`.
    public init(power: any PowerControl) {
        self.power = power
    }

    /// What a load yields; anything but a 32-bit register reads 0.
    public func read(offset: UInt64, width: Int) -> UInt64 {
        RegisterAccess.readWords(offset, width: width) { offset in
            switch Register(rawValue: offset) {
            case .direction: direction
            case .openDrain: openDrain
            case .data: driven
            case .interruptMask: interruptMask
            case .interruptControl: interruptControl
            case .interruptEvent, nil: 0
            }
        }
    }

    /// Carries out a store to a 32-bit register; unknown ones ignore it.
    public func write(_ value: UInt64, offset: UInt64, width: Int) {
        RegisterAccess.writeWords(value, offset, width: width, word: writeWord)
    }

    private func writeWord(_ value: UInt32, at offset: UInt64) {
        let before = driven
        switch Register(rawValue: offset) {
        case .direction: direction = value
        case .openDrain: openDrain = value
        case .data: data = value
        case .interruptMask: interruptMask = value
        case .interruptControl: interruptControl = value
        case .interruptEvent, nil: break
        }
        if driven & ~before & Self.powerOffPin != 0 { power.requestPowerOff() }
    }
}
