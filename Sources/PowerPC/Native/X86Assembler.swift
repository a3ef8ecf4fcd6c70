/// A general-purpose register of an x86-64 host.
package struct HostRegister: Equatable {
    package let number: UInt8

    package static let rax = HostRegister(number: 0)
    package static let rcx = HostRegister(number: 1)
    package static let rdx = HostRegister(number: 2)
    package static let rbx = HostRegister(number: 3)
    package static let rbp = HostRegister(number: 5)
    package static let rsi = HostRegister(number: 6)
    package static let rdi = HostRegister(number: 7)
    package static let r8 = HostRegister(number: 8)
    package static let r9 = HostRegister(number: 9)
    package static let r10 = HostRegister(number: 10)
    package static let r11 = HostRegister(number: 11)
    package static let r12 = HostRegister(number: 12)
    package static let r13 = HostRegister(number: 13)
    package static let r14 = HostRegister(number: 14)
    package static let r15 = HostRegister(number: 15)
}

/// A condition of x86-64's `jcc`, `setcc` and `cmovcc`, by its number in the encoding.
package enum HostCondition: UInt8 {
    case below = 0x2
    case aboveOrEqual = 0x3
    case equal = 0x4
    case notEqual = 0x5
    case belowOrEqual = 0x6
    case above = 0x7
    case less = 0xC
    case greaterOrEqual = 0xD
    case lessOrEqual = 0xE
    case greater = 0xF

    /// What holds when this does not.
    var inverted: HostCondition { HostCondition(rawValue: rawValue ^ 1) ?? self }
}

/// Arithmetic that has the same encodings but for one number.
package enum HostArithmetic: UInt8 {
    case add = 0
    case or = 1
    case addWithCarry = 2
    case and = 4
    case subtract = 5
    case xor = 6
    case compare = 7
}

/// Shifts and rotates, by their number in the encoding.
package enum HostShift: UInt8 {
    case rotateLeft = 0
    case rotateRight = 1
    case left = 4
    case right = 5
    case rightArithmetic = 7
}

/// Operations on one operand, by their number in the encoding.
package enum HostUnary: UInt8 {
    case not = 2
    case negate = 3
    case multiply = 4
    case multiplySigned = 5
    case divide = 6
    case divideSigned = 7
}

/// A place in host memory: base, index and displacement. Neither rsp nor r12 can be the base.
package struct HostMemory {
    var base: HostRegister
    var index: HostRegister?
    /// The index counts this many bits to the left.
    var shift: UInt8 = 0
    var displacement: Int32 = 0

    package init(_ base: HostRegister, index: HostRegister? = nil, shift: UInt8 = 0, displacement: Int32 = 0) {
        self.base = base
        self.index = index
        self.shift = shift
        self.displacement = displacement
    }
}

/// How many bits an operation works on.
package enum HostWidth {
    case bits32, bits64
}

/// Writes x86-64 machine code (AMD64 Architecture Programmer's Manual, volume 3) into a buffer.
///
/// Beyond the buffer's end nothing is written and ``isFull`` becomes true; then what was written is useless.
@safe
package struct X86Assembler {
    private let buffer: UnsafeMutablePointer<UInt8>
    package let capacity: Int
    /// Where the next byte goes.
    package var position = 0
    package private(set) var isFull = false

    /// - Parameter buffer: `capacity` bytes that outlive the assembler.
    package init(buffer: UnsafeMutablePointer<UInt8>, capacity: Int) {
        unsafe self.buffer = buffer
        self.capacity = capacity
    }

    // MARK: Bytes

    /// Up to eight bytes on their way into the buffer.
    private struct Bytes {
        var bits: UInt64 = 0
        var count = 0

        @inline(__always)
        mutating func add(_ byte: UInt8) {
            bits |= UInt64(byte) << UInt64(8 * count)
            count += 1
        }
    }

    @inline(__always)
    private mutating func write(_ bytes: Bytes) {
        guard capacity - position >= 8 else {
            isFull = true
            return
        }
        // SAFETY: eight bytes fit, as was just seen; those that do not count are written over.
        unsafe UnsafeMutableRawPointer(buffer + position).storeBytes(of: bytes.bits.littleEndian, as: UInt64.self)
        position += bytes.count
    }

    private mutating func byte(_ value: UInt8) { write(Bytes(bits: UInt64(value), count: 1)) }

    private mutating func word(_ value: UInt32) { write(Bytes(bits: UInt64(value), count: 4)) }

    /// Starts anew at `position`.
    package mutating func rewind(to position: Int) {
        self.position = position
        isFull = false
    }

    // MARK: Encodings

    /// The prefix that an instruction needs for these registers, one of which may count as a byte.
    @inline(__always)
    private func prefix(
        _ width: HostWidth, _ register: UInt8, _ index: UInt8, _ base: UInt8, byteRegister: UInt8 = 0
    ) -> Bytes {
        var rex: UInt8 = width == .bits64 ? 0x48 : 0x40
        rex |= (register >> 3) << 2
        rex |= (index >> 3) << 1
        rex |= base >> 3
        var bytes = Bytes()
        // Without a prefix the byte registers 4 to 7 would be the high halves of others.
        if rex != 0x40 || byteRegister >= 4 { bytes.add(rex) }
        return bytes
    }

    @inline(__always)
    private func add(opcode code: UInt16, to bytes: inout Bytes) {
        if code > 0xFF { bytes.add(UInt8(code >> 8)) }
        bytes.add(UInt8(truncatingIfNeeded: code))
    }

    private mutating func encode(
        _ code: UInt16, _ register: UInt8, _ other: HostRegister, _ width: HostWidth = .bits32,
        byteRegister: Bool = false
    ) {
        var bytes = prefix(width, register, 0, other.number, byteRegister: byteRegister ? other.number : 0)
        add(opcode: code, to: &bytes)
        bytes.add(0xC0 | (register & 7) << 3 | other.number & 7)
        write(bytes)
    }

    private mutating func encode(
        _ code: UInt16, _ register: UInt8, _ memory: HostMemory, _ width: HostWidth = .bits32,
        byteRegister: Bool = false
    ) {
        var bytes = prefix(
            width, register, memory.index?.number ?? 0, memory.base.number,
            byteRegister: byteRegister ? register : 0)
        add(opcode: code, to: &bytes)
        let short = Int32(Int8(truncatingIfNeeded: memory.displacement)) == memory.displacement
        let mode: UInt8 = short ? 0x40 : 0x80
        if let index = memory.index {
            bytes.add(mode | (register & 7) << 3 | 4)
            bytes.add(memory.shift << 6 | (index.number & 7) << 3 | memory.base.number & 7)
        } else {
            bytes.add(mode | (register & 7) << 3 | memory.base.number & 7)
        }
        if short { bytes.add(UInt8(truncatingIfNeeded: memory.displacement)) }
        write(bytes)
        if !short { word(UInt32(bitPattern: memory.displacement)) }
    }

    /// An opcode that has a register's number in its low bits.
    private mutating func encode(_ code: UInt16, in register: HostRegister) {
        var bytes = prefix(.bits32, 0, 0, register.number)
        add(opcode: code | UInt16(register.number & 7), to: &bytes)
        write(bytes)
    }

    // MARK: Moves

    package mutating func move(_ target: HostRegister, _ source: HostRegister, _ width: HostWidth = .bits32) {
        encode(0x8B, target.number, source, width)
    }

    package mutating func move(_ target: HostRegister, _ source: HostMemory, _ width: HostWidth = .bits32) {
        encode(0x8B, target.number, source, width)
    }

    package mutating func move(_ target: HostMemory, _ source: HostRegister, _ width: HostWidth = .bits32) {
        encode(0x89, source.number, target, width)
    }

    /// Sets a register to a constant. Changes no flags.
    package mutating func move(_ target: HostRegister, constant: UInt32) {
        encode(0xB8, in: target)
        word(constant)
    }

    package mutating func move(_ target: HostMemory, constant: UInt32) {
        encode(0xC7, 0, target)
        word(constant)
    }

    package mutating func moveByte(_ target: HostMemory, _ source: HostRegister) {
        encode(0x88, source.number, target, byteRegister: true)
    }

    package mutating func moveHalfword(_ target: HostMemory, _ source: HostRegister) {
        byte(0x66)
        encode(0x89, source.number, target)
    }

    package mutating func zeroExtendByte(_ target: HostRegister, _ source: HostMemory) {
        encode(0x0FB6, target.number, source)
    }

    package mutating func zeroExtendByte(_ target: HostRegister, _ source: HostRegister) {
        encode(0x0FB6, target.number, source, byteRegister: true)
    }

    package mutating func zeroExtendHalfword(_ target: HostRegister, _ source: HostMemory) {
        encode(0x0FB7, target.number, source)
    }

    package mutating func zeroExtendHalfword(_ target: HostRegister, _ source: HostRegister) {
        encode(0x0FB7, target.number, source)
    }

    package mutating func signExtendByte(_ target: HostRegister, _ source: HostRegister) {
        encode(0x0FBE, target.number, source, byteRegister: true)
    }

    package mutating func signExtendHalfword(_ target: HostRegister, _ source: HostRegister) {
        encode(0x0FBF, target.number, source)
    }

    package mutating func signExtendWord(_ target: HostRegister, _ source: HostRegister) {
        encode(0x63, target.number, source, .bits64)
    }

    package mutating func loadAddress(_ target: HostRegister, _ source: HostMemory, _ width: HostWidth = .bits32) {
        encode(0x8D, target.number, source, width)
    }

    package mutating func move(_ target: HostRegister, _ source: HostRegister, if condition: HostCondition) {
        encode(0x0F40 | UInt16(condition.rawValue), target.number, source)
    }

    package mutating func move(_ target: HostRegister, _ source: HostMemory, if condition: HostCondition) {
        encode(0x0F40 | UInt16(condition.rawValue), target.number, source)
    }

    /// Sets the low byte of a register to 1 or 0.
    package mutating func set(_ target: HostRegister, to condition: HostCondition) {
        encode(0x0F90 | UInt16(condition.rawValue), 0, target, byteRegister: true)
    }

    package mutating func swapBytes(_ register: HostRegister) {
        encode(0x0FC8, in: register)
    }

    /// Swaps the two bytes of a register's lower half.
    package mutating func swapHalfwordBytes(_ register: HostRegister) {
        byte(0x66)
        encode(0xC1, HostShift.rotateRight.rawValue, register)
        byte(8)
    }

    // MARK: Arithmetic

    package mutating func arithmetic(
        _ operation: HostArithmetic, _ target: HostRegister, _ source: HostRegister, _ width: HostWidth = .bits32
    ) {
        encode(UInt16(operation.rawValue) << 3 | 0x03, target.number, source, width)
    }

    package mutating func arithmetic(
        _ operation: HostArithmetic, _ target: HostRegister, _ source: HostMemory, _ width: HostWidth = .bits32
    ) {
        encode(UInt16(operation.rawValue) << 3 | 0x03, target.number, source, width)
    }

    package mutating func arithmetic(
        _ operation: HostArithmetic, _ target: HostRegister, constant: UInt32, _ width: HostWidth = .bits32
    ) {
        let signed = Int32(bitPattern: constant)
        if Int32(Int8(truncatingIfNeeded: signed)) == signed {
            encode(0x83, operation.rawValue, target, width)
            byte(UInt8(truncatingIfNeeded: constant))
        } else {
            encode(0x81, operation.rawValue, target, width)
            word(constant)
        }
    }

    package mutating func arithmetic(
        _ operation: HostArithmetic, _ target: HostMemory, constant: Int8, _ width: HostWidth = .bits32
    ) {
        encode(0x83, operation.rawValue, target, width)
        byte(UInt8(bitPattern: constant))
    }

    package mutating func compareByte(_ memory: HostMemory, constant: UInt8) {
        encode(0x80, HostArithmetic.compare.rawValue, memory)
        byte(constant)
    }

    /// Ors a byte in memory to the low byte of a register.
    package mutating func orByte(_ target: HostRegister, _ source: HostMemory) {
        encode(0x0A, target.number, source, byteRegister: true)
    }

    package mutating func test(_ register: HostRegister, _ other: HostRegister, _ width: HostWidth = .bits32) {
        encode(0x85, other.number, register, width)
    }

    package mutating func testByte(_ memory: HostMemory, mask: UInt8) {
        encode(0xF6, 0, memory)
        byte(mask)
    }

    package mutating func testByte(_ register: HostRegister, mask: UInt8) {
        encode(0xF6, 0, register, byteRegister: true)
        byte(mask)
    }

    package mutating func unary(_ operation: HostUnary, _ register: HostRegister, _ width: HostWidth = .bits32) {
        encode(0xF7, operation.rawValue, register, width)
    }

    package mutating func multiply(_ target: HostRegister, _ source: HostRegister) {
        encode(0x0FAF, target.number, source)
    }

    package mutating func multiply(_ target: HostRegister, _ source: HostRegister, constant: UInt32) {
        encode(0x69, target.number, source)
        word(constant)
    }

    package mutating func shift(_ operation: HostShift, _ register: HostRegister, by amount: UInt8) {
        encode(0xC1, operation.rawValue, register)
        byte(amount)
    }

    /// Shifts by the amount in cl, which counts modulo the width.
    package mutating func shiftByCL(_ operation: HostShift, _ register: HostRegister, _ width: HostWidth = .bits32) {
        encode(0xD3, operation.rawValue, register, width)
    }

    /// The number of the highest bit that is set; without one the zero flag, and `target` unchanged.
    package mutating func highestBit(_ target: HostRegister, _ source: HostRegister) {
        encode(0x0FBD, target.number, source)
    }

    /// Copies bit 0 of memory to the carry flag.
    package mutating func carryFromBit0(_ memory: HostMemory) {
        encode(0x0FBA, 4, memory)
        byte(0)
    }

    package mutating func setCarry() { byte(0xF9) }

    /// Extends the sign of eax into edx.
    package mutating func extendSignToEDX() { byte(0x99) }

    /// Stores `source` if memory holds eax, atomically: then equal.
    package mutating func compareAndExchange(_ memory: HostMemory, _ source: HostRegister) {
        byte(0xF0)
        encode(0x0FB1, source.number, memory)
    }

    /// Puts all accesses before it in order with those after it.
    package mutating func fence() {
        byte(0x0F)
        byte(0xAE)
        byte(0xF0)
    }

    // MARK: Control

    package mutating func push(_ register: HostRegister) {
        encode(0x50, in: register)
    }

    package mutating func pop(_ register: HostRegister) {
        encode(0x58, in: register)
    }

    package mutating func ret() { byte(0xC3) }

    /// Jumps to an address in a register.
    package mutating func jump(to register: HostRegister) {
        encode(0xFF, 4, register)
    }

    /// Jumps to a place in the buffer.
    package mutating func jump(to place: Int) {
        setTarget(of: jump(), to: place)
    }

    /// A jump whose target is set later: see ``setTarget(of:to:)``.
    package mutating func jump() -> Int {
        byte(0xE9)
        word(0)
        return position
    }

    /// A jump, taken if the condition holds, whose target is set later.
    package mutating func jump(if condition: HostCondition) -> Int {
        byte(0x0F)
        byte(0x80 | condition.rawValue)
        word(0)
        return position
    }

    /// Loads the address of a place in the buffer, which executes at any address.
    package mutating func loadAddress(_ target: HostRegister, ofPlace place: Int) {
        byte(0x48 | (target.number >> 3) << 2)
        byte(0x8D)
        byte(0x05 | (target.number & 7) << 3)
        word(0)
        setTarget(of: position, to: place)
    }

    /// Lets the jump that ends at `end` go to `place`.
    package func setTarget(of end: Int, to place: Int) {
        guard end >= 4, end <= capacity else { return }
        let distance = UInt32(truncatingIfNeeded: place - end)
        // SAFETY: the four bytes before `end` are in the buffer.
        unsafe UnsafeMutableRawPointer(buffer + end - 4).storeBytes(of: distance.littleEndian, as: UInt32.self)
    }
}
