import Devices
import GuestMemory
import Hypercalls
import Machines
import PAPR
import ParavirtABI
import PowerPC
import Testing
import VMM

@Suite struct PageTableCallTests {
    /// A page of 4 KiB at real address 0x123000, in the group 5.
    private static let virtual: UInt64 = 0x1234_5678_9ABC_D001
    private static let real: UInt64 = 0x12_3190
    private static let index: UInt64 = 40

    @Test func `a page gets the first free entry of its group`() throws {
        let partition = try Partition()
        for place in 0..<UInt64(8) {
            let answer = partition.call(.enterPage, 0, Self.index + 3, Self.virtual, Self.real)
            #expect(answer.status == 0)
            #expect(answer.outputs[0] == Self.index + place)
        }
        #expect(partition.status(.enterPage, 0, Self.index, Self.virtual, Self.real) == .groupFull)
        #expect(
            partition.machine.pageTable[Int(Self.index) + 7]
                == HashedPageEntry(virtual: Self.virtual, real: Self.real))
    }

    @Test func `an exact entry is that one or none`() throws {
        let partition = try Partition()
        let exact = PAPRPageFlags.exact
        #expect(partition.call(.enterPage, exact, Self.index + 3, Self.virtual, Self.real).outputs[0] == Self.index + 3)
        #expect(partition.status(.enterPage, exact, Self.index + 3, Self.virtual, Self.real) == .groupFull)
    }

    @Test func `two bits of an entry are the hypervisor's`() throws {
        let partition = try Partition()
        partition.call(.enterPage, 0, Self.index, Self.virtual | 0x60, Self.real)
        #expect(partition.machine.pageTable[Int(Self.index)].virtual == Self.virtual)
    }

    @Test func `a page can be cleared before it is entered`() throws {
        let partition = try Partition()
        try partition.memory.store(UInt64.max, at: 0x12_3FF8)
        partition.call(.enterPage, PAPRPageFlags.zeroPage, Self.index, Self.virtual, Self.real)
        #expect(try partition.memory.load(UInt64.self, at: 0x12_3FF8) == 0)
    }

    /// The entry, and why nobody enters it.
    static let refused: [(String, index: UInt64, virtual: UInt64, real: UInt64)] = [
        ("an index beyond the table", 1 << 14, virtual, real),
        ("an index far beyond", .max, virtual, real),
        ("memory that is not cached", index, virtual, 0x12_31A0),
        ("memory that is guarded", index, virtual, 0x12_3198),
        ("memory that is not coherent", index, virtual, 0x12_3180),
        ("a device that is cached", index, virtual, 0x1000_0000_0190),
        ("a device that is written through", index, virtual, 0x1000_0000_01E0),
        ("a page size that does not exist", index, virtual | 4, 0x12_2190),
        ("a page of 16 MiB that ends above memory", index, virtual | 4, 0x0400_0190),
    ]

    @Test(arguments: refused)
    func `a page is refused`(_ what: String, index: UInt64, virtual: UInt64, real: UInt64) throws {
        let partition = try Partition()
        #expect(partition.status(.enterPage, 0, index, virtual, real) == .parameter, "\(what)")
    }

    /// L and the real half of an entry.
    @Test(arguments: [
        (UInt64(4), UInt64(0x12_1190)), (4, 0x12_7190), (4, 0x0100_0190), (4, 0x0103_8190), (4, 0x0100_8190),
        (0, 0x1000_0000_01A8), (0, 0x1000_0000_01B0),
    ])
    func `a page of every size is entered, and a device's`(large: UInt64, real: UInt64) throws {
        #expect(try Partition().status(.enterPage, 0, Self.index, Self.virtual | large, real) == .success)
    }

    @Test func `a page size that the guest is not offered is refused`() throws {
        let partition = try Partition(sizes: [.small])
        #expect(partition.status(.enterPage, 0, Self.index, Self.virtual | 4, 0x12_1190) == .parameter)
    }

    /// Flags of H_REMOVE, the third argument, and the answer.
    static let removals: [(flags: UInt64, condition: UInt64, status: PAPRStatus)] = [
        (0, 0, .success), (0, .max, .success),
        (PAPRPageFlags.compare, virtual & ~0x7F, .success), (PAPRPageFlags.compare, virtual, .notFound),
        (PAPRPageFlags.compare, 0x80, .notFound),
        (PAPRPageFlags.andCondition, 0x10, .success), (PAPRPageFlags.andCondition, 1, .notFound),
    ]

    @Test(arguments: removals)
    func `an entry is removed where it is the one that is meant`(
        flags: UInt64, condition: UInt64, status: PAPRStatus
    ) throws {
        let partition = try Partition()
        partition.call(.enterPage, 0, Self.index, Self.virtual, Self.real)
        let answer = partition.call(.removePage, flags, Self.index, condition)
        #expect(PAPRStatus(rawValue: answer.status) == status)
        #expect(partition.machine.pageTable[Int(Self.index)].isValid == (status != .success))
        if status == .success { #expect(Array(answer.outputs[..<2]) == [Self.virtual, Self.real]) }
    }

    @Test func `an entry that is not valid is not removed`() throws {
        let partition = try Partition()
        #expect(partition.status(.removePage, 0, Self.index, 0) == .notFound)
        #expect(partition.status(.removePage, 0, 1 << 14, 0) == .parameter)
    }

    @Test func `vCPUs drop a page that is removed, protected or unmarked, and none that is entered`() throws {
        let partition = try Partition(cpuCount: 1)
        let cpu = partition.cpus[0]
        partition.call(.enterPage, 0, Self.index, Self.virtual, Self.real)
        #expect(cpu.dropped.isEmpty)
        partition.call(.protectPage, 2, Self.index, 0)
        partition.call(.clearPageReferenced, 0, Self.index)
        partition.call(.clearPageChanged, 0, Self.index)
        partition.call(.removePage, 0, Self.index, 0)
        #expect(cpu.dropped.count == 4)
        #expect(Set(cpu.dropped.map { "\($0)" }).count == 1)
        guard case .page(let page)? = cpu.dropped.first else {
            Issue.record("everything was dropped")
            return
        }
        #expect(page.shift == 12)
        // The segment of 256 MiB, and of its address the bits that AVPN has.
        #expect(page.segment == Self.virtual & 0x3FFF_FFFF_FFFF_F000)
        #expect(page.offset >> 23 == Self.virtual >> 7 & 0x1F)
    }

    @Test func `reading gives one entry, or the four around it`() throws {
        let partition = try Partition()
        for place in 0..<UInt64(4) {
            partition.call(.enterPage, 0, Self.index, Self.virtual, Self.real + place * 0x1000)
        }
        let one = partition.call(.readPages, 0, Self.index + 2)
        #expect(Array(one.outputs[..<2]) == [Self.virtual, Self.real + 0x2000])
        #expect(one.outputs[2] == 0x5555_5555_5555_5555)
        let four = partition.call(.readPages, PAPRPageFlags.four, Self.index + 2)
        let reals = stride(from: 1, to: 8, by: 2).map { four.outputs[$0] }
        #expect(reals == [Self.real, Self.real + 0x1000, Self.real + 0x2000, Self.real + 0x3000])
        #expect(partition.status(.readPages, 0, 1 << 14) == .parameter)
    }

    @Test func `protection changes PP, N and the key, and nothing else`() throws {
        let partition = try Partition()
        partition.call(.enterPage, 0, Self.index, Self.virtual, Self.real)
        // PP0 is bit 8 of the flags, the upper key bits are 13 and 12.
        let flags: UInt64 = 0x3F06
        #expect(
            partition.status(.protectPage, flags | PAPRPageFlags.compare, Self.index, Self.virtual & ~0x7F) == .success)
        let real = partition.machine.pageTable[Int(Self.index)].real
        #expect(real == Self.real | 0xB000_0000_0000_0E06)
        #expect(partition.status(.protectPage, 0, Self.index, 0) == .success)
        #expect(partition.machine.pageTable[Int(Self.index)].real == Self.real)
    }

    @Test func `another page is not protected`() throws {
        let partition = try Partition()
        #expect(partition.status(.protectPage, 0, Self.index, 0) == .notFound)
        partition.call(.enterPage, 0, Self.index, Self.virtual, Self.real)
        #expect(partition.status(.protectPage, PAPRPageFlags.compare, Self.index, 0x80) == .notFound)
        #expect(partition.status(.protectPage, 0, 1 << 14, 0) == .parameter)
    }

    @Test func `R and C are cleared apart`() throws {
        let partition = try Partition()
        #expect(partition.status(.clearPageReferenced, 0, Self.index) == .notFound)
        #expect(partition.status(.clearPageChanged, 0, 1 << 14) == .parameter)
        partition.call(.enterPage, 0, Self.index, Self.virtual, Self.real)
        #expect(partition.call(.clearPageReferenced, 0, Self.index).outputs[0] == Self.real)
        #expect(partition.machine.pageTable[Int(Self.index)].real == Self.real & ~0x100)
        #expect(partition.call(.clearPageChanged, 0, Self.index).outputs[0] == Self.real & ~0x100)
        #expect(partition.machine.pageTable[Int(Self.index)].real == Self.real & ~0x180)
    }

    @Test func `several entries are removed at once, until the list ends`() throws {
        let partition = try Partition()
        for _ in 0..<3 { partition.call(.enterPage, 0, Self.index, Self.virtual, Self.real) }
        // A request says 0x40 and its flags above the index, an answer 0x80 and its code.
        let (first, second, third) = (Self.index, Self.index + 1, Self.index + 2)
        let answer = partition.call(
            .bulkRemovePages, 0x4000_0000_0000_0000 | first, 0, 0x4200_0000_0000_0000 | second, 0x80,
            0x4100_0000_0000_0000 | third, 0x10, 0xC000_0000_0000_0000, 0)
        #expect(answer.status == 0)
        // Removed, with R and C; not found; removed; the end stays.
        #expect(answer.outputs[0] == 0x8C00_0000_0000_0000 | first)
        #expect(answer.outputs[2] == 0x9200_0000_0000_0000 | second)
        #expect(answer.outputs[4] == 0x8D00_0000_0000_0000 | third)
        #expect(answer.outputs[6] == 0xC000_0000_0000_0000)
        let valid = [first, second, third].map { partition.machine.pageTable[Int($0)].isValid }
        #expect(valid == [false, true, false])
    }

    /// A request that ends the call, and what is in its place afterwards.
    private static let badRequests: [(request: UInt64, answered: UInt64)] = [
        (0, 0), (0x8000_0000_0000_0000, 0x8000_0000_0000_0000),
        (0x4000_0000_0000_4000, 0xA000_0000_0000_4000), (0x4300_0000_0000_0000, 0xA300_0000_0000_0000),
    ]

    @Test(arguments: badRequests)
    func `a request that is none ends the call`(request: UInt64, answered: UInt64) throws {
        let partition = try Partition()
        partition.call(.enterPage, 0, Self.index, Self.virtual, Self.real)
        let good: UInt64 = 0x4000_0000_0000_0000 | Self.index
        let answer = partition.call(.bulkRemovePages, good, 0, request, 0)
        #expect(PAPRStatus(rawValue: answer.status) == .parameter)
        #expect(answer.outputs[0] == 0x8C00_0000_0000_0000 | Self.index)
        #expect(answer.outputs[2] == answered)
    }

    @Test func `the table is what a model of it says, whatever is called`() throws {
        let partition = try Partition(cpuCount: 1)
        var model: [Int: HashedPageEntry] = [:]
        var random = SystemRandomNumberGenerator()
        let slots = 24
        for _ in 0..<20_000 {
            let index = Int(random.next() % UInt64(slots))
            let virtual = (random.next() & 3) << 7 | 1
            let real = (random.next() & 0xFFF) << 12 | 0x10
            switch random.next() % 5 {
            case 0, 1:
                let isExact = random.next() & 1 == 0
                let group = index & ~7
                let free = isExact ? index : (group..<group + 8).first { model[$0] == nil } ?? group
                let answer = partition.call(
                    .enterPage, isExact ? PAPRPageFlags.exact : 0, UInt64(index), virtual, real)
                if model[free] == nil {
                    #expect(answer.status == 0)
                    #expect(answer.outputs[0] == UInt64(free))
                    model[free] = HashedPageEntry(virtual: virtual, real: real)
                } else {
                    #expect(answer.status == PAPRStatus.groupFull.rawValue)
                }
            case 2:
                let answer = partition.call(.removePage, PAPRPageFlags.compare, UInt64(index), virtual & ~0x7F)
                if let entry = model[index], entry.virtual == virtual {
                    #expect(answer.status == 0)
                    #expect(answer.outputs[1] == entry.real)
                    model[index] = nil
                } else {
                    #expect(answer.status == PAPRStatus.notFound.rawValue)
                }
            case 3:
                let bits = random.next() & 7
                let answer = partition.call(.protectPage, bits, UInt64(index), 0)
                #expect(answer.status == (model[index] == nil ? PAPRStatus.notFound.rawValue : 0))
                if let entry = model[index] { model[index]?.real = entry.real & ~7 | bits }
            default:
                let answer = partition.call(.readPages, 0, UInt64(index))
                if let entry = model[index] { #expect(Array(answer.outputs[..<2]) == [entry.virtual, entry.real]) }
            }
        }
        for index in 0..<slots { #expect(partition.machine.pageTable[index].isValid == (model[index] != nil)) }
    }
}
