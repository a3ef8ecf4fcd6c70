public import GuestMemory

/// The bare-metal Book3S guest of `Tests/Guests/book3s/recorder.S`: it runs code from records and records what came of it.
///
/// Its image says at its start where everything is, in words of the byte order that the guest has.
public struct Recorder: Sendable {
    /// Where the guest starts.
    public let entry: UInt64
    /// Where it stores to when it is done.
    public let doneAddress: UInt64
    /// In which order its bytes are.
    public let order: ByteOrder
    private let image: [UInt8]
    private let records: UInt64
    private let stride: UInt64
    private let output: UInt64
    private let code: UInt64

    /// How many words of code a record has room for.
    public static let codeWords = 8
    /// The first word of the image, "PVRC".
    private static let magic: UInt32 = 0x5056_5243

    /// Reads the image of the guest; nil where it is none.
    public init?(_ image: [UInt8]) {
        var order = ByteOrder.big
        func word(_ index: Int) -> UInt32 {
            guard image.count >= 4 * (index + 1) else { return 0 }
            let word = (0..<4).reduce(0) { $0 << 8 | UInt32(image[4 * index + $1]) }
            return order == .big ? word : word.byteSwapped
        }
        if word(0) == Self.magic.byteSwapped { order = .little }
        guard word(0) == Self.magic else { return nil }
        self.order = order
        entry = UInt64(word(1))
        records = UInt64(word(2))
        stride = UInt64(word(3))
        output = UInt64(word(4))
        code = UInt64(word(5))
        doneAddress = UInt64(word(6))
        self.image = image
    }

    /// The address of the code of record `index`.
    public func codeAddress(_ index: Int) -> UInt64 {
        records &+ UInt64(index) &* stride &+ code
    }

    /// Puts the guest and its records into memory.
    public func load(_ inputs: [RecordInput], into memory: GuestMemory) throws(GuestMemoryError) {
        try memory.write(image, at: 0)
        for (index, input) in inputs.enumerated() {
            let record = records &+ UInt64(index) &* stride
            let head = [codeAddress(index), input.msr, input.cr, input.lr, input.ctr, input.xer]
            for (position, value) in head.enumerated() {
                try memory.store(value, at: record + 8 * UInt64(position), order: order)
            }
            for register in 0..<32 {
                try memory.store(
                    input.registers[register], at: record + 8 * UInt64(Self.firstRegister + register), order: order)
            }
            for (position, word) in input.code.prefix(Self.codeWords).enumerated() {
                try memory.store(word, at: codeAddress(index) + 4 * UInt64(position), order: order)
            }
        }
        // The record behind the last has no code.
        try memory.store(UInt64(0), at: records &+ UInt64(inputs.count) &* stride)
    }

    /// What the guest recorded for record `index`.
    public func output(_ index: Int, in memory: GuestMemory) throws(GuestMemoryError) -> RecordOutput {
        let place = records &+ UInt64(index) &* stride &+ output
        var values = InlineArray<7, UInt64>(repeating: 0)
        for position in values.indices {
            values[position] = try memory.load(UInt64.self, at: place + 8 * UInt64(position), order: order)
        }
        var registers = InlineArray<32, UInt64>(repeating: 0)
        for register in registers.indices {
            registers[register] = try memory.load(
                UInt64.self, at: place + 8 * UInt64(Self.firstRegister + register), order: order)
        }
        return RecordOutput(
            vector: values[0], msr: values[1], cr: values[2], lr: values[3], ctr: values[4], xer: values[5],
            pc: values[6], registers: registers)
    }

    /// The position of r0 among a record's doublewords.
    private static let firstRegister = 8
}

/// What a record starts with.
public struct RecordInput: Sendable {
    /// The machine state that the code is entered in.
    public var msr: UInt64
    /// The general registers.
    public var registers: InlineArray<32, UInt64>
    /// The code, which ends in an interrupt.
    public var code: [UInt32]
    /// The condition register.
    public var cr: UInt64 = 0x1234_5678
    /// The link register.
    public var lr: UInt64 = 0x0102_0304
    /// The count register.
    public var ctr: UInt64 = 0x0506_0708
    /// The fixed-point exception register: CA and a byte count.
    public var xer: UInt64 = 0x2000_0011

    /// A record whose registers hold a pattern of their own each, in all bits that the guest's registers have.
    public init(msr: UInt64, is64Bit: Bool, code: [UInt32]) {
        self.msr = msr
        self.code = code
        registers = InlineArray(repeating: 0)
        for register in registers.indices {
            let pattern = 0x0101_0101_0101_0101 &* UInt64(register + 1) ^ 0x8000_0000_0000_0000
            registers[register] = is64Bit ? pattern : pattern & 0xFFFF_FFFF
        }
    }
}

/// What a record ended with. A 32-bit guest's values have zero upper halves.
public struct RecordOutput: Sendable {
    /// The vector of the interrupt that ended the code.
    public var vector: UInt64
    /// SRR1: the machine state that was interrupted.
    public var msr: UInt64
    /// The condition register.
    public var cr: UInt64
    /// The link register.
    public var lr: UInt64
    /// The count register.
    public var ctr: UInt64
    /// The fixed-point exception register.
    public var xer: UInt64
    /// SRR0: where the code was interrupted.
    public var pc: UInt64
    /// The general registers.
    public var registers: InlineArray<32, UInt64>

    /// What a record ended with.
    public init(
        vector: UInt64, msr: UInt64, cr: UInt64, lr: UInt64, ctr: UInt64, xer: UInt64, pc: UInt64,
        registers: InlineArray<32, UInt64>
    ) {
        self.vector = vector
        self.msr = msr
        self.cr = cr
        self.lr = lr
        self.ctr = ctr
        self.xer = xer
        self.pc = pc
        self.registers = registers
    }
}
