import DeviceTree
import Devices
import Foundation
import Machines
import TestTools
import Testing

@Suite struct E500TreeTests {
    /// The hypercall instructions of `dts/e500.dts`.
    static let scMagic: [UInt32] = [0x3C00_4B56, 0x6000_4D21, 0x4400_0002, 0x6000_0000]
    /// The hypercall instructions of `dts/e500-sc1.dts`.
    static let sc1: [UInt32] = [0x4400_0022, 0x6000_0000, 0x6000_0000, 0x6000_0000]

    /// The trees in `dts` and the configurations that they are written for.
    static func references() throws -> [(file: String, configuration: E500TreeConfiguration)] {
        [
            ("e500.dts", try configuration()),
            ("e500-smp.dts", try configuration(memorySize: 512 << 20, cpuCount: 4)),
            ("e500-no-hypervisor.dts", try configuration(hypervisor: nil)),
            ("e500-byte-channel.dts", try configuration(console: .byteChannel)),
            ("e500-sc1.dts", try configuration(hypervisor: HypervisorNode(hcallInstructions: sc1))),
            (
                "e500-boot.dts",
                try configuration(
                    bootArguments: "console=ttyS0 rdinit=/init",
                    initrd: AddressRange(base: 64 << 20, size: 5 << 20),
                    bootKernel: AddressRange(base: 0, size: 7 << 20), randomSeed: [UInt8](0..<32))
            ),
            ("e500-hv.dts", try hypervisorBoard()),
            ("e500-hv-smp.dts", try hypervisorBoard(cpuCount: 2)),
        ]
    }

    static func configuration(
        memorySize: UInt64 = 256 << 20, cpuCount: Int = 1, bootArguments: String = "", initrd: AddressRange? = nil,
        bootKernel: AddressRange? = nil, hypervisor: HypervisorNode? = HypervisorNode(hcallInstructions: scMagic),
        console: E500Console = .serial, randomSeed: [UInt8]? = nil
    ) throws -> E500TreeConfiguration {
        try E500TreeConfiguration(
            memorySize: memorySize, cpuCount: cpuCount, bootArguments: bootArguments, initrd: initrd,
            bootKernel: bootKernel, hypervisor: hypervisor, console: console, randomSeed: randomSeed)
    }

    /// A configuration of the e500-hv machine.
    static func hypervisorBoard(
        memorySize: UInt64 = 256 << 20, cpuCount: Int = 1, initrd: AddressRange? = nil,
        hypervisor: HypervisorNode? = HypervisorNode(hcallInstructions: sc1), console: E500Console? = nil
    ) throws -> E500TreeConfiguration {
        try E500TreeConfiguration(
            board: .hypervisor, memorySize: memorySize, cpuCount: cpuCount, initrd: initrd, hypervisor: hypervisor,
            console: console)
    }

    @Test(arguments: try references())
    func `The tree is the one in dts`(file: String, configuration: E500TreeConfiguration) throws {
        let tree = try E500Tree.build(configuration)
        let golden = try DeviceTree(compiledReferenceTree(file))
        let differences = golden.differences(to: tree)
        #expect(differences == [], "\(file)")
    }

    @Test(arguments: [1, 2, 8]) func `The tree is QEMU's but for what is meant to differ`(cpus: Int) throws {
        let initrd = AddressRange(base: 64 << 20, size: 5000)
        let tree = try E500Tree.build(
            Self.configuration(cpuCount: cpus, bootArguments: "console=ttyS0", initrd: initrd))
        let blob = try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("initrd")
            try Data(count: Int(initrd.size)).write(to: file)
            return try qemuE500Tree([
                "-smp", "\(cpus)", "-m", "256", "-append", "console=ttyS0", "-initrd", file.path,
            ])
        }
        var qemu = try DeviceTree(blob)
        try renumberPhandles(of: &qemu, like: tree)
        let differences = qemu.differences(to: tree).map { "\($0)" }
        let frequencies = (0..<cpus).map { "! /cpus/PowerPC,8544@\($0): bus-frequency = <0x0> -> <0x17d78400>" }
        let intended = Self.differencesToQEMU + frequencies
        #expect(differences.sorted() == intended.sorted())
    }

    /// What is meant to differ from QEMU's tree, besides a bus frequency that is not 0.
    static let differencesToQEMU = [
        // What this machine is called, and what it adds.
        "! /: model = \"QEMU ppce500\" -> \"Paravane e500\"",
        "+ /: epapr-version",
        "+ /hypervisor",
        "+ /hypervisor-handles",
        // What only a loader with a kernel knows, and what is random.
        "- /chosen: qemu,boot-kernel",
        "- /chosen: rng-seed",
        // Devices that this machine does not have.
        "- /pci@fe0008000",
        "- /platform@f00000000",
        "- /soc@fe0000000/i2c@3000",
        "- /aliases: i2c",
        "- /aliases: pci0",
        "- /aliases: rtc",
    ]

    @Test(arguments: 1...8) func `Every CPU but the first waits at its spin-table entry`(count: Int) throws {
        let cpus = try #require(try root(Self.configuration(cpuCount: count)).child("cpus")).children
        let numbers = cpus.map { $0["reg"]?.u32 }
        let states = cpus.map { $0["status"]?.string }
        let entries = cpus.map { $0["cpu-release-addr"]?.u64 }
        let allEntries: [UInt64?] = [
            nil, 0xF_EF00_0020, 0xF_EF00_0040, 0xF_EF00_0060, 0xF_EF00_0080, 0xF_EF00_00A0, 0xF_EF00_00C0,
            0xF_EF00_00E0,
        ]
        #expect(numbers == [0, 1, 2, 3, 4, 5, 6, 7].prefix(count).map { UInt32($0) })
        #expect(states == ["okay"] + [String](repeating: "disabled", count: count - 1))
        #expect(entries == [UInt64?](allEntries.prefix(count)))
    }

    @Test(arguments: [(64 << 20, 0x3FF_F000), (4 << 30, 0xFFFF_F000), (16 << 30, 0xFFFF_F000)] as [(UInt64, UInt64)])
    func `The spin table of e500-hv is reserved in the last page of RAM below 4 GiB`(
        memory: UInt64, table: UInt64
    ) throws {
        let tree = try E500Tree.build(Self.hypervisorBoard(memorySize: memory, cpuCount: 8))
        let reservations = tree.reservations.map { [$0.address, $0.size] }
        #expect(reservations == [[table, 0x1000]])
        let entries = try #require(tree.root.child("cpus")).children.map { $0["cpu-release-addr"]?.u64 }
        #expect(entries == [nil] + (1..<8).map { table + 0x40 * $0 })
    }

    @Test func `No node of e500-hv but memory and CPUs has an address`() throws {
        var addressed: [String] = []
        try root(Self.hypervisorBoard(cpuCount: 2)).forEach { path, node in
            if node["reg"] != nil || node["ranges"] != nil { addressed.append(path) }
        }
        #expect(addressed == ["/cpus/PowerPC,e500mc@0", "/cpus/PowerPC,e500mc@1", "/memory@0"])
    }

    @Test(arguments: [1, 8]) func `dtc has nothing to say about the tree of e500-hv`(cpus: Int) throws {
        let blob = try E500Tree.build(Self.hypervisorBoard(cpuCount: cpus)).finish()
        let result = try Tool(named: "dtc").run(["-I", "dtb", "-O", "dtb", "-o", "/dev/null"], input: blob)
        #expect(result.errors == "")
        #expect(result.status == 0)
    }

    @Test func `An e500-hv machine without hypercalls, with a serial port or a RAM disk over its table is refused`() {
        #expect(
            refusal { try Self.hypervisorBoard(hypervisor: nil) }
                == "the e500-hv machine's interrupts, console and power are hypercalls: it cannot be without them")
        #expect(
            refusal { try Self.hypervisorBoard(console: .serial) }
                == "the e500-hv machine has no serial port: its console is a byte channel")
        #expect(
            refusal { try Self.hypervisorBoard(initrd: AddressRange(base: 255 << 20, size: 1 << 20)) }?
                .contains("end above 0xffff000") == true)
        #expect(refusal { try Self.hypervisorBoard(cpuCount: 9) } == "9 CPUs: the e500-hv machine takes 1 to 8")
    }

    @Test func `Memory above 4 GiB fills both cells`() throws {
        let memory = try root(Self.configuration(memorySize: 16 << 30)).child("memory")
        #expect(memory?["reg"]?.cells == [0, 0, 4, 0])
    }

    @Test func `Without EV_IDLE the node does not promise it`() throws {
        let node = HypervisorNode(hcallInstructions: Self.sc1, hasIdle: false)
        let hypervisor = try root(Self.configuration(hypervisor: node)).child("hypervisor")
        #expect(hypervisor?["hcall-instructions"]?.cells == Self.sc1)
        #expect(hypervisor?["has-idle"] == nil)
    }

    @Test(arguments: E500Board.allCases) func `Every reference leads to a node`(board: E500Board) throws {
        let tree = try E500Tree.build(board == .hypervisor ? Self.hypervisorBoard() : Self.configuration())
        var missing: [String] = []
        tree.root.forEach { path, node in
            for name in ["interrupt-parent", "gpios"] {
                guard let phandle = node[name]?.cells?.first else { continue }
                if tree.path(ofPhandle: phandle) == nil { missing.append(path) }
            }
        }
        let console = tree.property("stdout-path", at: "/chosen")?.string ?? ""
        let found = tree.node(at: console) != nil
        #expect(missing == [])
        #expect(found)
    }

    @Test(
        arguments: [
            (0, 1, "0 bytes of memory: the e500 machine takes a multiple of 64M up to 16G"),
            (1 << 20, 1, "1048576 bytes of memory: the e500 machine takes a multiple of 64M up to 16G"),
            (16 << 30 + 64 << 20, 1, "17246978048 bytes of memory: the e500 machine takes a multiple of 64M up to 16G"),
            (64 << 20, 0, "0 CPUs: the e500 machine takes 1 to 8"),
            (64 << 20, 9, "9 CPUs: the e500 machine takes 1 to 8"),
        ] as [(UInt64, Int, String)]) func `A machine that cannot be is refused`(
            memory: UInt64, cpus: Int, message: String
        )
    {
        #expect(refusal { try Self.configuration(memorySize: memory, cpuCount: cpus) } == message)
    }

    @Test(arguments: [
        AddressRange(base: 250 << 20, size: 7 << 20), AddressRange(base: .max, size: 1),
        AddressRange(base: 1, size: .max),
    ]) func `A RAM disk outside memory is refused`(initrd: AddressRange) {
        #expect(refusal { try Self.configuration(initrd: initrd) }?.contains("end above 0x10000000") == true)
    }

    @Test func `A RAM disk above 4 GiB is refused, for its place is one cell`() {
        let initrd = AddressRange(base: 5 << 30, size: 1)
        #expect(
            refusal { try Self.configuration(memorySize: 8 << 30, initrd: initrd) }?.contains("end above 0x100000000")
                == true)
    }

    @Test(arguments: [0, 5]) func `A guest has room for one to four hypercall instructions`(count: Int) {
        let node = HypervisorNode(hcallInstructions: [UInt32](repeating: 0, count: count))
        #expect(
            refusal { try Self.configuration(hypervisor: node) }
                == "\(count) hypercall instructions: a guest takes 1 to 4")
    }

    @Test func `A byte channel is no console without hypercalls`() {
        #expect(
            refusal { try Self.configuration(hypervisor: nil, console: .byteChannel) }?.contains("serial port") == true)
    }

    @Test(arguments: E500Console.allCases) func `The console is the only byte channel whose state depends on it`(
        console: E500Console
    ) throws {
        let handles = try #require(try root(Self.configuration(console: console)).child("hypervisor-handles"))
        let channels = handles.children.filter { $0.isCompatible(with: "epapr,hv-byte-channel") }
        let states = channels.map { $0["status"]?.string }
        #expect(states == [console == .byteChannel ? nil : "disabled", nil, nil])
    }

    @Test func `No two devices but the serial ports share an interrupt`() throws {
        var sources: [UInt32] = []
        try root(Self.configuration(cpuCount: 8)).forEach { _, node in
            guard let cells = node["interrupts"]?.cells, node["device_type"]?.string != "serial" else { return }
            sources += stride(from: 0, to: cells.count, by: 2).map { cells[$0] }
        }
        #expect(Set(sources).count == sources.count)
        #expect(!sources.contains(UInt32(E500MemoryMap.Interrupt.serial)))
    }

    @Test func `A random seed has 32 bytes`() {
        #expect(refusal { try Self.configuration(randomSeed: [1]) } == "1 bytes of random seed: it takes 32")
    }

    /// Gives the nodes of a tree the phandles that another has at the same paths, and follows up the references.
    private func renumberPhandles(of tree: inout DeviceTree, like other: borrowing DeviceTree) throws {
        let (root, model) = (tree.root, other.root)
        var renumbered: [UInt32: UInt32] = [:]
        root.forEach { path, node in
            guard let old = node.phandle, let new = model.descendant(path)?.phandle else { return }
            renumbered[old] = new
        }
        var changes: [(path: String, property: String, value: PropertyValue)] = []
        root.forEach { path, node in
            for name in ["phandle", "linux,phandle", "interrupt-parent", "gpios"] {
                guard let cells = node[name]?.cells, let new = renumbered[cells[0]] else { continue }
                changes.append((path, name, .cells([new] + cells.dropFirst())))
            }
        }
        for change in changes {
            try tree.setProperty(change.property, change.value, at: change.path)
        }
    }

    private func root(_ configuration: E500TreeConfiguration) throws -> Node {
        let tree = try E500Tree.build(configuration)
        return tree.root
    }

    private func refusal(_ body: () throws -> E500TreeConfiguration) -> String? {
        do {
            _ = try body()
            return nil
        } catch {
            return "\(error)"
        }
    }
}
