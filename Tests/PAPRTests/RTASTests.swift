import Devices
import GuestMemory
import Hypercalls
import Machines
import PAPR
import ParavirtABI
import PowerPC
import Testing
import VMM

extension Partition {
    private static let buffer: UInt64 = 0x20_0000

    /// Makes a call to RTAS from vCPU `vcpu`; the status and the other results.
    func rtas(
        _ service: RTAS.Service, _ arguments: UInt32..., results: Int = 1, vcpu: Int = 0
    ) throws -> (status: Int32, results: [UInt32]) {
        let words = [service.rawValue, UInt32(arguments.count), UInt32(results)] + arguments
        for (place, word) in words.enumerated() { try memory.store(word, at: Self.buffer + 4 * UInt64(place)) }
        let first = Self.buffer + 12 + 4 * UInt64(arguments.count)
        for place in 0..<results { try memory.store(UInt32(0xAAAA_AAAA), at: first + 4 * UInt64(place)) }
        #expect(status(.rtas, Self.buffer, vcpu: vcpu) == .success)
        let answers = try (0..<results).map { try memory.load(UInt32.self, at: first + 4 * UInt64($0)) }
        return (Int32(bitPattern: answers[0]), Array(answers.dropFirst()))
    }
}

@Suite struct RTASTests {
    @Test func `a call's instructions are there, big-endian`() throws {
        let partition = try Partition()
        let layout = try PSeriesBootLayout(
            entry: 0, kernel: .init(base: 0, size: 0x10_0000), initrdSize: nil, memorySize: Partition.memorySize)
        let words = try (0..<5).map { try partition.memory.load(UInt32.self, at: layout.rtas.base + 4 * $0) }
        #expect(words == [0x7C64_1B78, 0x3C60_0000, 0x6063_F000, 0x4400_0022, 0x4E80_0020])
    }

    @Test func `every service has a name and a token of its own`() {
        let services = RTAS.Service.allCases
        #expect(Set(services.map(\.name)).count == services.count)
        #expect(services.map(\.rawValue) == (0..<UInt32(services.count)).map { 0x2000 + $0 })
    }

    @Test func `a character is displayed`() throws {
        let partition = try Partition()
        #expect(try partition.rtas(.displayCharacter, 0x141).status == 0)
        #expect(partition.console.text == "A")
    }

    @Test func `the clock can be read and set, and goes on`() throws {
        let partition = try Partition()
        #expect(try partition.rtas(.getTimeOfDay, results: 8).results == [2000, 1, 1, 0, 0, 0, 0])
        #expect(try partition.rtas(.setTimeOfDay, 2024, 2, 29, 23, 59, 58, 5).status == 0)
        partition.cpus[0].now = 512_000_000 * 2 + 256_000_000
        #expect(try partition.rtas(.getTimeOfDay, results: 8).results == [2024, 3, 1, 0, 0, 0, 500_000_005])
    }

    @Test(arguments: [
        [UInt32(2023), 2, 29, 0, 0, 0, 0], [1969, 12, 31, 0, 0, 0, 0], [2551, 1, 1, 0, 0, 0, 0],
        [2024, 0, 1, 0, 0, 0, 0], [2024, 13, 1, 0, 0, 0, 0], [2024, 1, 0, 0, 0, 0, 0], [2024, 4, 31, 0, 0, 0, 0],
        [2024, 1, 1, 24, 0, 0, 0], [2024, 1, 1, 0, 60, 0, 0], [2024, 1, 1, 0, 0, 60, 0],
        [2024, 1, 1, 0, 0, 0, 1_000_000_000], [.max, .max, .max, .max, .max, .max, .max],
    ])
    func `a date that does not exist is refused`(date: [UInt32]) throws {
        let partition = try Partition()
        let answer = try partition.rtas(
            .setTimeOfDay, date[0], date[1], date[2], date[3], date[4], date[5], date[6])
        #expect(answer.status == -3)
        #expect(try partition.rtas(.getTimeOfDay, results: 8).results[0] == 2000)
    }

    @Test func `the machine is switched off`() throws {
        let partition = try Partition()
        _ = try partition.rtas(.powerOff, .max, .max)
        guard case .powerOff? = partition.machine.outcome else {
            Issue.record("it runs")
            return
        }
    }

    @Test func `the machine starts over`() throws {
        let partition = try Partition()
        _ = try partition.rtas(.systemReboot)
        guard case .reset? = partition.machine.outcome else {
            Issue.record("it runs")
            return
        }
    }

    @Test func `a kernel's panic ends the run`() throws {
        let partition = try Partition()
        _ = try partition.rtas(.osTerm, 0)
        guard case .panic? = partition.machine.outcome else {
            Issue.record("it runs")
            return
        }
    }

    @Test func `a vCPU is started in its caller's interrupt mode, stops itself, and is started again`() throws {
        let partition = try Partition()
        #expect(partition.machine.runningCPUs.map(\.index) == [0])
        partition.call(.setMode, 1, 4, 0, 0)
        partition.cpus[1].interruptMode = .init()
        #expect(try partition.rtas(.queryCPUStoppedState, 1, results: 2).results == [0])
        #expect(try partition.rtas(.startCPU, 1, 0x60, 0x1234).status == 0)
        #expect(partition.cpus[1].events == ["start 60 1234"])
        #expect(partition.cpus[1].interruptMode.isLittleEndian)
        #expect(partition.machine.runningCPUs.map(\.index) == [0, 1])
        #expect(try partition.rtas(.queryCPUStoppedState, 1, results: 2).results == [2])
        #expect(try partition.rtas(.startCPU, 1, 0x60, 0x1234).status == -1)
        _ = try partition.rtas(.stopSelf, vcpu: 1)
        #expect(partition.cpus[1].events.last == "stop")
        #expect(try partition.rtas(.queryCPUStoppedState, 1, results: 2).results == [0])
        #expect(try partition.rtas(.startCPU, 1, 0x100, 7).status == 0)
        #expect(partition.cpus[1].events.last == "start 100 7")
        #expect(partition.machine.runningCPUs.map(\.index) == [0, 1])
    }

    @Test(arguments: [UInt32(2), .max])
    func `a vCPU that does not exist is neither asked nor started`(number: UInt32) throws {
        let partition = try Partition()
        #expect(try partition.rtas(.queryCPUStoppedState, number, results: 2).status == -3)
        #expect(try partition.rtas(.startCPU, number, 0, 0).status == -3)
    }

    @Test func `an interrupt's server and priority are set, read, and switched off and on`() throws {
        let partition = try Partition()
        #expect(try partition.rtas(.getXIVE, 0x1100, results: 3).results == [0, 0xFF])
        #expect(try partition.rtas(.setXIVE, 0x1100, 1, 5).status == 0)
        #expect(try partition.rtas(.getXIVE, 0x1100, results: 3).results == [1, 5])
        #expect(try partition.rtas(.interruptOff, 0x1100).status == 0)
        #expect(try partition.rtas(.getXIVE, 0x1100, results: 3).results == [1, 0xFF])
        #expect(try partition.rtas(.interruptOn, 0x1100).status == 0)
        #expect(try partition.rtas(.getXIVE, 0x1100, results: 3).results == [1, 5])
    }

    @Test(arguments: [UInt32(0), 2, 0xFFF, 0x1400, .max])
    func `an interrupt that does not exist is refused`(source: UInt32) throws {
        let partition = try Partition()
        #expect(try partition.rtas(.setXIVE, source, 0, 5).status == -3)
        #expect(try partition.rtas(.getXIVE, source, results: 3).status == -3)
        #expect(try partition.rtas(.interruptOff, source).status == -3)
        #expect(try partition.rtas(.interruptOn, source).status == -3)
    }

    @Test(arguments: [(UInt32(2), UInt32(5)), (.max, 5), (0, 0x100), (0, .max)])
    func `a server or a priority that does not exist is refused`(server: UInt32, priority: UInt32) throws {
        #expect(try Partition().rtas(.setXIVE, 0x1100, server, priority).status == -3)
    }

    @Test func `parameters of the platform are a length and text`() throws {
        let partition = try Partition()
        #expect(try partition.rtas(.getSystemParameter, 20, 0x10_0000, 100).status == 0)
        let length = Int(try partition.memory.load(UInt16.self, at: 0x10_0000))
        let text = try partition.memory.read(at: 0x10_0002, count: length)
        #expect(
            String(decoding: text, as: UTF8.self) == "MaxEntCap=2,DesMem=64,DesProcs=2,MaxPlatProcs=2\0")
        #expect(try partition.rtas(.getSystemParameter, 42, 0x10_0000, 3).status == 0)
        #expect(try partition.memory.load(UInt16.self, at: 0x10_0000) == 1)
        #expect(try partition.rtas(.getSystemParameter, 44, 0x10_0000, 3).status == -3)
    }

    @Test func `a parameter is cut to the room for it`() throws {
        let partition = try Partition()
        try partition.memory.store(UInt32(0xFFFF_FFFF), at: 0x10_0000)
        #expect(try partition.rtas(.getSystemParameter, 20, 0x10_0000, 3).status == 0)
        #expect(try partition.memory.load(UInt32.self, at: 0x10_0000) & 0xFFFF == 0x4DFF)
        #expect(try partition.rtas(.getSystemParameter, 20, 0xFFFF_FFFF, 3).status == -3)
        #expect(try partition.rtas(.getSystemParameter, 20, 0x10_0000, 0).status == 0)
    }

    @Test func `there are no events`() throws {
        let partition = try Partition()
        #expect(try partition.rtas(.eventScan, .max, 0, 0x10_0000, 100).status == 1)
        #expect(try partition.rtas(.checkException, 0x500, 0, .max, 0, 0x10_0000, 100).status == 1)
    }

    /// Linux's `nvram_checksum` (arch/powerpc/kernel/nvram_64.c), on a header of big-endian halfwords.
    private func linuxChecksum(_ header: [UInt8]) -> UInt8 {
        var sum = UInt32(header[0])
        for place in stride(from: 2, to: 16, by: 2) { sum += UInt32(header[place]) << 8 | UInt32(header[place + 1]) }
        sum = ((sum & 0xFFFF) + sum >> 16) & 0xFFFF
        let swapped = sum >> 8 + sum << 8
        return UInt8(truncatingIfNeeded: (sum + swapped) >> 8)
    }

    @Test func `a guest finds free space in nonvolatile memory at first, and then what it kept`() throws {
        let partition = try Partition()
        let memory = partition.machine.nonvolatileMemory
        #expect(memory.count == 0x1_0000)
        #expect(Array(memory[..<4]) == [0x7F, linuxChecksum(Array(memory[..<16])), 0x10, 0])
        #expect(Array(memory[4..<16]) == [UInt8](repeating: 0x77, count: 12))
        #expect(memory[16...].allSatisfy { $0 == 0 })
    }

    @Test func `nonvolatile memory is written and read`() throws {
        let partition = try Partition()
        try partition.memory.write(Array("hello".utf8), at: 0x10_0000)
        let stored = try partition.rtas(.nvramStore, 0xFFFB, 0x10_0000, 5, results: 2)
        #expect(stored.status == 0)
        #expect(stored.results == [5])
        let fetched = try partition.rtas(.nvramFetch, 0xFFFC, 0x10_0100, 4, results: 2)
        #expect(fetched.results == [4])
        #expect(try partition.memory.read(at: 0x10_0100, count: 4) == Array("ello".utf8))
        #expect(Array(partition.machine.nonvolatileMemory.suffix(5)) == Array("hello".utf8))
    }

    @Test(arguments: [
        (UInt32(0xFFFC), UInt32(0), UInt32(5), Int32(-3)), (0x1_0001, 0, 0, -3), (.max, 0, .max, -3), (0, 0, .max, -3),
        (0, 0xFFFF_FFF0, 16, -1), (0, 0x03FF_FFFF, 2, -1),
    ])
    func `what lies beyond nonvolatile memory or memory is refused`(
        offset: UInt32, address: UInt32, count: UInt32, status: Int32
    ) throws {
        let partition = try Partition()
        #expect(try partition.rtas(.nvramStore, offset, address, count, results: 2).status == status)
        #expect(try partition.rtas(.nvramFetch, offset, address, count, results: 2).status == status)
        #expect(partition.machine.nonvolatileMemory.count == 0x1_0000)
    }

    // MARK: The argument buffer

    @Test(arguments: RTAS.Service.allCases)
    func `a call with too few arguments or results is refused, and does nothing`(_ service: RTAS.Service) throws {
        let partition = try Partition()
        try partition.memory.store(service.rawValue, at: 0x20_0000)
        try partition.memory.store(UInt32(0), at: 0x20_0004)
        try partition.memory.store(UInt32(1), at: 0x20_0008)
        // What needs no arguments and one result is carried out.
        let isWhole = [RTAS.Service.systemReboot, .stopSelf].contains(service)
        #expect(partition.status(.rtas, 0x20_0000) == .success)
        #expect(try partition.memory.load(UInt32.self, at: 0x20_000C) == (isWhole ? 0 : UInt32(bitPattern: -3)))
        if !isWhole { #expect(partition.machine.outcome == nil) }
    }

    /// The buffer's address, and its words.
    private static let buffers: [(address: UInt64, words: [UInt32])] = [
        (0x20_0000, [0x2003, 0, 0]), (0x20_0000, [0x2003, 16, 1]), (0x20_0000, [0x2003, 1, 16]),
        (0x20_0000, [0x2003, .max, 2]), (0x20_0000, [0x2003, 2, .max]),
        (0x20_0000, [0x2003, 0x8000_0000, 0x8000_0000]),
        (0x20_0000, [0x1FFF, 2, 1]), (0x20_0000, [0x3000, 2, 1]), (0x20_0000, [0xA, 1, 1]), (0x20_0000, [.max, 1, 1]),
        (Partition.memorySize - 12, [0x2003, 2, 1]), (Partition.memorySize - 20, [0x2003, 2, 1]),
        (Partition.memorySize - 8, []), (Partition.memorySize, []), (0x1_0020_0000, []), (.max, []), (.max - 11, []),
    ]

    @Test(arguments: buffers)
    func `a buffer that is none is refused`(address: UInt64, words: [UInt32]) throws {
        let partition = try Partition()
        for (place, word) in words.enumerated() { try partition.memory.store(word, at: address + 4 * UInt64(place)) }
        #expect(partition.status(.rtas, address) == .parameter)
        #expect(partition.machine.outcome == nil)
    }

    @Test func `a buffer may lie anywhere in memory, also unaligned and at its end`() throws {
        let partition = try Partition()
        let address = Partition.memorySize - 17
        for (place, word) in [RTAS.Service.queryCPUStoppedState.rawValue, 1, 1, 0].enumerated() {
            try partition.memory.store(word, at: address - 4 + 4 * UInt64(place))
        }
        #expect(partition.status(.rtas, address - 4) == .success)
    }

    @Test func `no service is brought down by random buffers`() throws {
        let partition = try Partition()
        var random = SystemRandomNumberGenerator()
        let notable: [UInt32] = [0, 1, 2, 0x1100, 0xFFFF, 0x20_0000, 0x03FF_FFFF, 0x7FFF_FFFF, 0x8000_0000, .max]
        for _ in 0..<20_000 {
            let service = RTAS.Service.allCases[Int(random.next() % UInt64(RTAS.Service.allCases.count))]
            var words = [service.rawValue, UInt32(random.next() % 9), UInt32(1 + random.next() % 8)]
            for _ in 0..<16 { words.append(notable[Int(random.next() % UInt64(notable.count))]) }
            for (place, word) in words.enumerated() {
                try partition.memory.store(word, at: 0x20_0000 + 4 * UInt64(place))
            }
            let status = partition.status(.rtas, 0x20_0000)
            #expect(status == .success || status == .parameter)
        }
    }
}
