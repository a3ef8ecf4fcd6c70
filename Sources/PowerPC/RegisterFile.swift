internal import CHost

/// Where a vCPU's registers lie, as byte offsets into one block: what the interpreter reaches through the accessors
/// below, and native code through one base register. The hottest come first.
enum RegisterBlock {
    static let size = 512

    /// 32 general-purpose registers, and the constant zero.
    static let gpr = 0
    /// 8 bytes, a condition field each.
    static let cr = 136
    static let lr = 144
    static let ctr = 148
    static let carry = 152
    static let summaryOverflow = 156
    static let overflow = 157
    static let stringCount = 158

    /// What a comparison makes of a condition field: the words for less, greater and equal, each with XER[SO] in it.
    static let fieldLess = 212
    static let fieldGreater = 216
    static let fieldEqual = 220

    // What native code and the interpreter tell each other: see `NativeCode`.

    /// The predecoded operations of the current page.
    static let operations = 160
    /// The array of code translations of the current mode.
    static let codes = 168
    /// The part of their tags that stands for the current processes.
    static let codeContext = 176
    /// The effective address of the current page.
    static let page = 184
    /// Where native code stopped: `NativeExit`.
    static let exit = 188

    /// The host address that `lwarx` reserved, or 0, and the word that it found there.
    static let reservation = 192
    static let reservedValue = 200

    /// A byte that is not 0 in user state.
    static let user = 204
    /// The interrupts that timers asked for when native code was entered, which is all the time that it runs.
    static let timerInterrupts = 208
    /// Where the `CodeJournal` counts its events, and how many of them the vCPU has read.
    static let journalCounter = 224
    static let journalPosition = 232

    // What lies in front of the block, and behind it.

    /// The page that the guest may map: `SharedPage`.
    static let sharedPage = -4096
    /// The SPRs that are plain storage, a word each.
    static let specialPurpose = size
    static let floatingPoint = specialPurpose + 4096
    static let signals = floatingPoint + 256
    static let counters = signals + 64
    static let end = counters + Counters.size
}

/// The general-purpose registers: 32 of them, and the constant zero of the rA|0 rule behind them.
@safe
struct GeneralRegisters {
    let base: UnsafeMutablePointer<UInt32>

    /// Register `number`; 32 reads as zero and is never written.
    subscript(_ number: UInt8) -> UInt32 {
        @inline(__always) get { unsafe base[Int(number)] }
        @inline(__always) nonmutating set { unsafe base[Int(number)] = newValue }
    }
}

/// The general-purpose registers of a vCPU that stands still, for who answers its exits. Good for as long as the CPU is.
@safe
public struct GuestRegisters {
    @usableFromInline let base: UnsafeMutablePointer<UInt32>

    init(_ registers: GeneralRegisters) { unsafe base = registers.base }

    /// Register `number`, 0–31.
    @inlinable
    public subscript(number: Int) -> UInt32 {
        get { unsafe base[number & 31] }
        nonmutating set { unsafe base[number & 31] = newValue }
    }
}

/// The 32 floating-point registers, in double format.
@safe
struct FloatingPointRegisters {
    let base: UnsafeMutablePointer<UInt64>

    /// Register `number`, 0–31.
    subscript(_ number: UInt8) -> UInt64 {
        @inline(__always) get { unsafe base[Int(number & 31)] }
        @inline(__always) nonmutating set { unsafe base[Int(number & 31)] = newValue }
    }
}

/// The condition register as eight bytes, each with LT, GT, EQ and SO in its low nibble.
@safe
struct ConditionFields {
    let base: UnsafeMutablePointer<UInt8>

    static let less: UInt8 = 8
    static let greater: UInt8 = 4
    static let equal: UInt8 = 2
    static let summaryOverflow: UInt8 = 1

    /// Field `number`, 0–7.
    subscript(_ number: UInt8) -> UInt8 {
        @inline(__always) get { unsafe base[Int(number)] }
        @inline(__always) nonmutating set { unsafe base[Int(number)] = newValue }
    }

    /// Bit `number` of the whole register, 0 being the most significant.
    subscript(bit number: UInt8) -> Bool {
        @inline(__always) get { self[number >> 2] & (8 >> (number & 3)) != 0 }
        nonmutating set {
            let mask = UInt8(8) >> (number & 3)
            let field = self[number >> 2]
            self[number >> 2] = newValue ? field | mask : field & ~mask
        }
    }

    /// Sets the fields that FXM of `mtcrf` names to those of `value`.
    @inline(__always)
    func set(_ fieldMask: UInt32, of value: UInt32) {
        for field in UInt8(0)..<8 where fieldMask & 0x80 >> UInt32(field) != 0 {
            self[field] = UInt8(value >> (28 - 4 * UInt32(field)) & 15)
        }
    }

    /// The register as one word.
    var word: UInt32 {
        get {
            var word: UInt32 = 0
            for field in UInt8(0)..<8 { word = word << 4 | UInt32(self[field]) }
            return word
        }
        nonmutating set {
            for field in UInt8(0)..<8 { self[field] = UInt8(newValue >> (28 - 4 * UInt32(field)) & 15) }
        }
    }
}

/// XER, LR and CTR.
@safe
struct SpecialRegisters {
    let base: UnsafeMutableRawPointer

    var lr: UInt32 {
        @inline(__always) get { unsafe base.load(fromByteOffset: RegisterBlock.lr, as: UInt32.self) }
        nonmutating set { unsafe base.storeBytes(of: newValue, toByteOffset: RegisterBlock.lr, as: UInt32.self) }
    }

    var ctr: UInt32 {
        @inline(__always) get { unsafe base.load(fromByteOffset: RegisterBlock.ctr, as: UInt32.self) }
        nonmutating set { unsafe base.storeBytes(of: newValue, toByteOffset: RegisterBlock.ctr, as: UInt32.self) }
    }

    /// XER[CA]: 0 or 1.
    var carry: UInt32 {
        @inline(__always) get { unsafe base.load(fromByteOffset: RegisterBlock.carry, as: UInt32.self) }
        nonmutating set { unsafe base.storeBytes(of: newValue, toByteOffset: RegisterBlock.carry, as: UInt32.self) }
    }

    /// XER[SO], as the SO bit of a condition field: 0 or 1.
    var summaryOverflow: UInt8 {
        @inline(__always) get { unsafe base.load(fromByteOffset: RegisterBlock.summaryOverflow, as: UInt8.self) }
        nonmutating set {
            unsafe base.storeBytes(of: newValue, toByteOffset: RegisterBlock.summaryOverflow, as: UInt8.self)
            func result(_ field: UInt8, at offset: Int) {
                unsafe base.storeBytes(of: UInt32(field | newValue), toByteOffset: offset, as: UInt32.self)
            }
            result(ConditionFields.less, at: RegisterBlock.fieldLess)
            result(ConditionFields.greater, at: RegisterBlock.fieldGreater)
            result(ConditionFields.equal, at: RegisterBlock.fieldEqual)
        }
    }

    var overflow: Bool {
        get { unsafe base.load(fromByteOffset: RegisterBlock.overflow, as: UInt8.self) != 0 }
        nonmutating set {
            unsafe base.storeBytes(of: newValue ? 1 : 0, toByteOffset: RegisterBlock.overflow, as: UInt8.self)
        }
    }

    /// XER[SBC]: how many bytes `lswx` and `stswx` move.
    var stringCount: UInt8 {
        get { unsafe base.load(fromByteOffset: RegisterBlock.stringCount, as: UInt8.self) }
        nonmutating set {
            unsafe base.storeBytes(of: newValue, toByteOffset: RegisterBlock.stringCount, as: UInt8.self)
        }
    }

    var xer: UInt32 {
        get {
            UInt32(summaryOverflow) << 31 | (overflow ? 1 << 30 : 0) | carry << 29 | UInt32(stringCount)
        }
        nonmutating set {
            summaryOverflow = UInt8(newValue >> 31)
            overflow = newValue & 1 << 30 != 0
            carry = newValue >> 29 & 1
            stringCount = UInt8(newValue & 0x7F)
        }
    }
}

/// The SPRs that are plain storage, indexed by number.
@safe
struct SPRFile {
    let base: UnsafeMutablePointer<UInt32>

    subscript(_ number: Int) -> UInt32 {
        get { unsafe base[number & 1023] }
        nonmutating set { unsafe base[number & 1023] = newValue }
    }
}
