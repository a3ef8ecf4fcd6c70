/// The vector status and control register, VSCR (Power ISA 2.07 Book I, §6.3.2).
package struct VectorStatus: Equatable, Sendable {
    /// NJ: operations of the vector facility take denormalized numbers for zero.
    package var isNonJava = false
    /// SAT: some result did not fit. It stays until software clears it.
    package var isSaturated = false

    package init() {}

    /// The register, which moves put to the right end of a vector register.
    package var register: UInt32 {
        get { (isNonJava ? 0x1_0000 : 0) | (isSaturated ? 1 : 0) }
        set {
            isNonJava = newValue & 0x1_0000 != 0
            isSaturated = newValue & 1 != 0
        }
    }
}

/// What an instruction on vector-scalar registers leaves besides FPSCR and VSCR.
struct VectorEffect {
    /// The target register; nil leaves it as it is.
    var target: Vector128?
    /// A field of CR: the one that the instruction names, or CR6 for those that record.
    var field: UInt8?
    /// Whether an exception is enabled that the instruction raised.
    var isEnabled = false
}
