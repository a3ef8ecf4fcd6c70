internal import ParavirtABI

/// The page that *is* a 64-bit vCPU's storage of MSR, SRR0/1, SPRG0–3, DAR and DSISR.
///
/// It has the layout of `struct kvm_vcpu_arch_shared`. Its byte order is the one in which the guest takes interrupts at
/// the time when it maps the page.
@safe
struct Book3SSharedPage {
    let base: UnsafeMutableRawPointer
    private(set) var isLittleEndian = false

    init(base: UnsafeMutableRawPointer) { unsafe self.base = base }

    /// The 64-bit field at `offset`.
    subscript(_ offset: Int) -> UInt64 {
        get {
            let raw = unsafe base.load(fromByteOffset: offset, as: UInt64.self)
            return isLittleEndian ? UInt64(littleEndian: raw) : UInt64(bigEndian: raw)
        }
        nonmutating set {
            let raw = isLittleEndian ? newValue.littleEndian : newValue.bigEndian
            unsafe base.storeBytes(of: raw, toByteOffset: offset, as: UInt64.self)
        }
    }

    /// The 32-bit field at `offset`.
    subscript(word offset: Int) -> UInt32 {
        get {
            let raw = unsafe base.load(fromByteOffset: offset, as: UInt32.self)
            return isLittleEndian ? UInt32(littleEndian: raw) : UInt32(bigEndian: raw)
        }
        nonmutating set {
            let raw = isLittleEndian ? newValue.littleEndian : newValue.bigEndian
            unsafe base.storeBytes(of: raw, toByteOffset: offset, as: UInt32.self)
        }
    }

    /// Rewrites all fields in the other byte order, if it is not the one asked for.
    mutating func setByteOrder(littleEndian: Bool) {
        guard littleEndian != isLittleEndian else { return }
        isLittleEndian = littleEndian
        for field in MagicPage.fields {
            for index in 0..<field.count {
                let offset = field.offset(index)
                if field.width == 8 {
                    let raw = unsafe base.load(fromByteOffset: offset, as: UInt64.self)
                    unsafe base.storeBytes(of: raw.byteSwapped, toByteOffset: offset, as: UInt64.self)
                } else {
                    let raw = unsafe base.load(fromByteOffset: offset, as: UInt32.self)
                    unsafe base.storeBytes(of: raw.byteSwapped, toByteOffset: offset, as: UInt32.self)
                }
            }
        }
    }
}
