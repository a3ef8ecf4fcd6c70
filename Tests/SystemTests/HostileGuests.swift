import Testing

/// Bare machine code for address 0, where the e500 machine enters it in supervisor state with memory mapped.
struct MachineCode: Sendable {
    private(set) var words: [UInt32] = []

    var bytes: [UInt8] {
        words.flatMap { word in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) } }
    }

    /// `lis`, `ori`.
    mutating func set(_ register: UInt32, _ value: UInt32) {
        words += [0x3C00_0000 | register << 21 | value >> 16]
        words += [0x6000_0000 | register << 21 | register << 16 | value & 0xFFFF]
    }

    /// `mtspr` from r3.
    mutating func set(spr: UInt32, _ value: UInt32) {
        set(3, value)
        words += [0x7C60_03A6 | (spr & 31) << 16 | (spr >> 5) << 11]
    }

    /// Any instruction.
    mutating func add(_ word: UInt32) { words.append(word) }

    /// `b` to the word with that number.
    mutating func branch(to number: Int) {
        words.append(0x4800_0000 | UInt32(truncatingIfNeeded: 4 * (number - words.count)) & 0x03FF_FFFC)
    }

    /// Maps the devices at 0xE000_0000.
    mutating func mapDevices() {
        for (spr, value) in [
            (624, 0x1001_0000), (625, 0xC000_0700), (626, 0xE000_000A), (627, 0xE000_003F), (944, 0xF),
        ] as [(UInt32, UInt32)] {
            set(spr: spr, value)
        }
        add(0x7C00_07A4)
    }

    /// `stw` or, with `width` 1, `stb` of `value` to `address`.
    mutating func store(_ value: UInt32, at address: UInt32, width: Int = 4) {
        set(4, value)
        set(5, address)
        add(width == 1 ? 0x9885_0000 : 0x9085_0000)
    }

    /// `lwz` or, with `width` 1, `lbz` from `address`.
    mutating func load(from address: UInt32, width: Int = 4) {
        set(5, address)
        add(width == 1 ? 0x8885_0000 : 0x8085_0000)
    }

    /// Switches the power off through the GPIO block.
    mutating func powerOff() {
        store(0x8000_0000, at: 0xE00F_F000)
        store(0x8000_0000, at: 0xE00F_F008)
    }
}

/// A guest that nobody would want, and with what statuses it may end.
struct HostileGuest: CustomTestStringConvertible, Sendable {
    let name: String
    let statuses: Set<Int32>
    var options: [String] = []
    let code: MachineCode

    init(_ name: String, _ statuses: Set<Int32>, options: [String] = [], _ build: (inout MachineCode) -> Void) {
        self.name = name
        self.statuses = statuses
        self.options = options
        var code = MachineCode()
        build(&code)
        self.code = code
    }

    var testDescription: String { name }

    /// Where the UART's data register is once the devices are mapped.
    static let serialData: UInt32 = 0xE000_4500

    static let all: [HostileGuest] =
        [
            HostileGuest("spins with interrupts off", [124]) { $0.branch(to: 0) },
            HostileGuest("halts for ever", [124]) {
                $0.set(3, 0x0004_0000)
                $0.add(0x7C60_0124)
                $0.branch(to: 2)
            },
            HostileGuest("halts for ever in virtual time", [124], options: ["--clock", "virtual"]) {
                $0.set(3, 0x0004_0000)
                $0.add(0x7C60_0124)
                $0.branch(to: 2)
            },
            HostileGuest("jumps to unmapped memory", [33]) {
                $0.set(spr: 63, 0xF000_0000)
                $0.set(3, 0xF000_0000)
                $0.add(0x7C69_03A6)
                $0.add(0x4E80_0420)
            },
            HostileGuest("is all zeros", [33]) { for _ in 0..<64 { $0.add(0) } },
            HostileGuest("has a machine check with machine checks off", [33]) {
                // Code from a device.
                $0.mapDevices()
                $0.set(3, 0xE000_4500)
                $0.add(0x7C69_03A6)
                $0.add(0x4E80_0420)
            },
            HostileGuest("resets again and again", [124]) { $0.set(spr: 308, 0x3000_0000) },
            HostileGuest("resets again and again in virtual time", [124], options: ["--clock", "virtual"]) {
                $0.set(spr: 308, 0x3000_0000)
            },
            HostileGuest("resets once", [32], options: ["--no-reboot"]) { $0.set(spr: 308, 0x3000_0000) },
            HostileGuest("floods the console", [124]) {
                $0.mapDevices()
                let start = $0.words.count
                $0.store(0x61, at: serialData, width: 1)
                $0.branch(to: start)
            },
            HostileGuest("floods the UART with reads", [124]) {
                $0.mapDevices()
                let start = $0.words.count
                for offset in UInt32(0)..<8 { $0.load(from: serialData + offset, width: 1) }
                $0.branch(to: start)
            },
            HostileGuest("floods the interrupt controller", [124], options: ["--cpus", "8"]) {
                $0.mapDevices()
                // Every processor: interrupt each other, acknowledge, end.
                $0.store(0xFF, at: 0xE004_0080)
                let start = $0.words.count
                $0.store(0x0008_0001, at: 0xE004_10A0)
                $0.store(0xFF, at: 0xE006_0040)
                $0.load(from: 0xE006_00A0)
                $0.store(0, at: 0xE006_00B0)
                $0.branch(to: start)
            },
            HostileGuest("is woken by a timer at every other tick", [124]) {
                $0.set(spr: 340, 0xC87E_6000)
                $0.set(3, 0x0004_0000)
                $0.add(0x7C60_0124)
                $0.branch(to: 5)
            },
            HostileGuest("makes every hypercall", [124]) {
                $0.set(11, 0x0001_0000)
                let start = $0.words.count
                $0.add(0x396B_0001)
                $0.set(0, 0x4B56_4D21)
                $0.add(0x4400_0002)
                $0.branch(to: start)
            },
            HostileGuest("overwrites its own code", [33, 124]) {
                $0.set(5, 0)
                let start = $0.words.count
                $0.add(0x9485_0004)
                $0.branch(to: start)
            },
            HostileGuest("switches the power off", [0]) {
                $0.mapDevices()
                $0.powerOff()
                $0.branch(to: 0)
            },
        ]
        + (UInt64(1)...12).map { seed in
            HostileGuest(
                "executes random words \(seed)", [0, 32, 33, 124], options: seed > 8 ? ["--cpus", "8"] : []
            ) { code in
                var state = seed
                for _ in 0..<4096 {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    code.add(UInt32(truncatingIfNeeded: state >> 29))
                }
            }
        }
}
