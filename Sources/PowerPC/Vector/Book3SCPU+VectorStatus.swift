extension Book3SCPU {
    /// FPSCR, with its left half.
    package var floatingPointStatus: UInt64 { fpscr.wide }

    /// Sets FPSCR.
    package mutating func setFloatingPointStatus(_ value: UInt64) { fpscr = FPSCR(wide: value) }

    /// VSCR.
    package var vectorStatusRegister: UInt32 { vectorStatus.register }

    /// Sets VSCR.
    package mutating func setVectorStatusRegister(_ value: UInt32) { vectorStatus.register = value }
}
