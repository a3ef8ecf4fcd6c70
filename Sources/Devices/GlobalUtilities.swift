/// The global utilities block of a Freescale e500 SoC (MPC8544E reference manual, chapter 20), as far as guests of
/// QEMU's `ppce500` use it: which processor and which chip this is, and the reset request.
public final class GlobalUtilities: MMIODevice {
    /// The registers, by offset.
    public enum Register: UInt64, CaseIterable, Sendable {
        /// Processor version (PVR), read-only.
        case processorVersion = 0xA0
        /// System version (SVR), read-only.
        case systemVersion = 0xA4
        /// Reset control (RSTCR): ``resetRequest`` asks for a hardware reset. Reads 0.
        case resetControl = 0xB0
    }

    /// HRESET_REQ in RSTCR.
    public static let resetRequest: UInt32 = 0x2

    private let pvr: UInt32
    private let svr: UInt32
    private let power: any PowerControl

    /// The block of a chip with these version registers, whose reset requests go to `power`.
    public init(pvr: UInt32, svr: UInt32, power: any PowerControl) {
        self.pvr = pvr
        self.svr = svr
        self.power = power
    }

    /// What a load yields; anything but a 32-bit register reads 0.
    public func read(offset: UInt64, width: Int) -> UInt64 {
        RegisterAccess.readWords(offset, width: width) { offset in
            switch Register(rawValue: offset) {
            case .processorVersion: pvr
            case .systemVersion: svr
            case .resetControl, nil: 0
            }
        }
    }

    /// Carries out a store to a 32-bit register; read-only and unknown ones ignore it.
    public func write(_ value: UInt64, offset: UInt64, width: Int) {
        RegisterAccess.writeWords(value, offset, width: width) { value, offset in
            guard Register(rawValue: offset) == .resetControl, value & Self.resetRequest != 0 else { return }
            power.requestReset()
        }
    }
}
