/// Where a 64-bit vCPU's hot registers lie, as byte offsets into one block.
enum Book3SRegisterBlock {
    static let size = 512

    /// 32 general-purpose registers, and the constant zero.
    static let gpr = 0
    /// 8 bytes, a condition field each.
    static let cr = 264
    static let lr = 272
    static let ctr = 280
    static let carry = 288
    static let summaryOverflow = 296
    static let overflow = 297
    static let stringCount = 298
    static let tar = 304

    /// The host address that a load reserved, or 0, and the value that it found there.
    static let reservation = 312
    static let reservedValue = 320
    static let reservedSecond = 328
}

/// The 64-bit general-purpose registers: 32 of them, and the constant zero of the rA|0 rule behind them.
@safe
struct DoublewordRegisters {
    let base: UnsafeMutablePointer<UInt64>

    /// Register `number`; 32 reads as zero and is never written.
    subscript(_ number: UInt8) -> UInt64 {
        @inline(__always) get { unsafe base[Int(number)] }
        @inline(__always) nonmutating set { unsafe base[Int(number)] = newValue }
    }
}

/// XER, LR, CTR and TAR.
@safe
struct Book3SSpecialRegisters {
    let base: UnsafeMutableRawPointer

    var lr: UInt64 {
        @inline(__always) get { unsafe base.load(fromByteOffset: Book3SRegisterBlock.lr, as: UInt64.self) }
        @inline(__always) nonmutating set {
            unsafe base.storeBytes(of: newValue, toByteOffset: Book3SRegisterBlock.lr, as: UInt64.self)
        }
    }

    var ctr: UInt64 {
        @inline(__always) get { unsafe base.load(fromByteOffset: Book3SRegisterBlock.ctr, as: UInt64.self) }
        @inline(__always) nonmutating set {
            unsafe base.storeBytes(of: newValue, toByteOffset: Book3SRegisterBlock.ctr, as: UInt64.self)
        }
    }

    var tar: UInt64 {
        @inline(__always) get { unsafe base.load(fromByteOffset: Book3SRegisterBlock.tar, as: UInt64.self) }
        nonmutating set { unsafe base.storeBytes(of: newValue, toByteOffset: Book3SRegisterBlock.tar, as: UInt64.self) }
    }

    /// XER[CA]: 0 or 1.
    var carry: UInt64 {
        @inline(__always) get { unsafe base.load(fromByteOffset: Book3SRegisterBlock.carry, as: UInt64.self) }
        @inline(__always) nonmutating set {
            unsafe base.storeBytes(of: newValue, toByteOffset: Book3SRegisterBlock.carry, as: UInt64.self)
        }
    }

    /// XER[SO], as the SO bit of a condition field: 0 or 1.
    var summaryOverflow: UInt8 {
        @inline(__always) get { unsafe base.load(fromByteOffset: Book3SRegisterBlock.summaryOverflow, as: UInt8.self) }
        nonmutating set {
            unsafe base.storeBytes(of: newValue, toByteOffset: Book3SRegisterBlock.summaryOverflow, as: UInt8.self)
        }
    }

    var overflow: Bool {
        get { unsafe base.load(fromByteOffset: Book3SRegisterBlock.overflow, as: UInt8.self) != 0 }
        nonmutating set {
            unsafe base.storeBytes(of: newValue ? 1 : 0, toByteOffset: Book3SRegisterBlock.overflow, as: UInt8.self)
        }
    }

    /// XER[SBC]: how many bytes `lswx` and `stswx` move.
    var stringCount: UInt8 {
        get { unsafe base.load(fromByteOffset: Book3SRegisterBlock.stringCount, as: UInt8.self) }
        nonmutating set {
            unsafe base.storeBytes(of: newValue, toByteOffset: Book3SRegisterBlock.stringCount, as: UInt8.self)
        }
    }

    var xer: UInt64 {
        get {
            UInt64(summaryOverflow) << 31 | (overflow ? 1 << 30 : 0) | carry << 29 | UInt64(stringCount)
        }
        nonmutating set {
            summaryOverflow = UInt8(newValue >> 31 & 1)
            overflow = newValue & 1 << 30 != 0
            carry = newValue >> 29 & 1
            stringCount = UInt8(newValue & 0x7F)
        }
    }
}

/// The SPRs that are plain storage of 64 bits, indexed by number.
@safe
struct Book3SSPRFile {
    let base: UnsafeMutablePointer<UInt64>

    subscript(_ number: Int) -> UInt64 {
        get { unsafe base[number & 1023] }
        nonmutating set { unsafe base[number & 1023] = newValue }
    }
}

/// The registers of a 64-bit vCPU that stands still, for who answers its exits. Good for as long as the CPU is.
@safe
public struct Book3SGuestRegisters {
    @usableFromInline let base: UnsafeMutablePointer<UInt64>

    init(_ registers: DoublewordRegisters) { unsafe base = registers.base }

    /// Register `number`, 0–31.
    @inlinable
    public subscript(number: Int) -> UInt64 {
        get { unsafe base[number & 31] }
        nonmutating set { unsafe base[number & 31] = newValue }
    }
}
