internal import ParavirtABI

/// The page that *is* a vCPU's storage of MSR, SRR0/1, SPRG0–7, DEAR, ESR, PIR and the MAS registers.
///
/// It has the layout of `struct kvm_vcpu_arch_shared` in big-endian order from the start. Mapping the magic page only
/// makes it visible to the guest; no register moves.
@safe
struct SharedPage {
    static let critical = MagicPage.Field.critical.offset
    static let sprg0 = MagicPage.Field.sprg0.offset
    static let sprg1 = MagicPage.Field.sprg1.offset
    static let sprg2 = MagicPage.Field.sprg2.offset
    static let sprg3 = MagicPage.Field.sprg3.offset
    static let srr0 = MagicPage.Field.srr0.offset
    static let srr1 = MagicPage.Field.srr1.offset
    static let dar = MagicPage.Field.dar.offset
    static let msr = MagicPage.Field.msr.offset
    static let dsisr = MagicPage.Field.dsisr.offset
    static let interruptPending = MagicPage.Field.intPending.offset
    static let mas0 = MagicPage.Field.mas0.offset
    static let mas1 = MagicPage.Field.mas1.offset
    /// MAS7 is the high word of its field, MAS3 the low one.
    static let mas7 = MagicPage.Field.mas73.offset
    static let mas3 = MagicPage.Field.mas73.offset + 4
    static let mas2 = MagicPage.Field.mas2.offset
    static let mas4 = MagicPage.Field.mas4.offset
    static let mas6 = MagicPage.Field.mas6.offset
    static let esr = MagicPage.Field.esr.offset
    static let pir = MagicPage.Field.pir.offset
    static let sprg4 = MagicPage.Field.sprg4.offset
    static let sprg5 = MagicPage.Field.sprg5.offset
    static let sprg6 = MagicPage.Field.sprg6.offset
    static let sprg7 = MagicPage.Field.sprg7.offset

    let base: UnsafeMutableRawPointer

    /// The 32-bit field at `offset`.
    subscript(word offset: Int) -> UInt32 {
        get { unsafe UInt32(bigEndian: base.load(fromByteOffset: offset, as: UInt32.self)) }
        nonmutating set { unsafe base.storeBytes(of: newValue.bigEndian, toByteOffset: offset, as: UInt32.self) }
    }

    /// The low word of the 64-bit field at `offset`; writing clears the high word, as a 32-bit core's register has none.
    subscript(double offset: Int) -> UInt32 {
        get { self[word: offset + 4] }
        nonmutating set {
            self[word: offset] = 0
            self[word: offset + 4] = newValue
        }
    }
}
