import DeviceTree
import Devices
import Foundation
import Machines
import PAPR
import PowerPC
import TestTools
import Testing
import TreeLint

@Suite struct PSeriesTreeTests {
    private static let scMagic: [UInt32] = [0x3C00_4B56, 0x6000_4D21, 0x4400_0002, 0x6000_0000]
    private static let rtas = AddressRange(base: 48 << 20, size: 0x1000)

    /// The trees in `dts` and the configurations that they are written for.
    static func references() throws -> [(file: String, configuration: PSeriesTreeConfiguration)] {
        [
            ("pseries.dts", try configuration()),
            ("pseries-smp.dts", try configuration(memorySize: 1 << 30, cpuCount: 4)),
            ("pseries-no-hypervisor.dts", try configuration(hypervisor: nil)),
            (
                "pseries-boot.dts",
                try configuration(
                    bootArguments: "console=hvc0 rdinit=/init",
                    initrd: AddressRange(base: 64 << 20, size: 5 << 20), randomSeed: [UInt8](0..<32))
            ),
        ]
    }

    static func configuration(
        memorySize: UInt64 = 256 << 20, cpuCount: Int = 1, bootArguments: String = "", initrd: AddressRange? = nil,
        hypervisor: HypervisorNode? = HypervisorNode(hcallInstructions: scMagic), sizes: HashPageSizes = .power8,
        randomSeed: [UInt8]? = nil, rtas: AddressRange? = rtas
    ) throws -> PSeriesTreeConfiguration {
        try PSeriesTreeConfiguration(
            memorySize: memorySize, cpuCount: cpuCount, bootArguments: bootArguments, rtas: rtas, initrd: initrd,
            hypervisor: hypervisor, pageSizes: sizes, randomSeed: randomSeed)
    }

    @Test(arguments: try references())
    func `The tree is the one in dts`(file: String, configuration: PSeriesTreeConfiguration) throws {
        let tree = try PSeriesTree.build(configuration)
        let golden = try DeviceTree(compiledReferenceTree(file))
        let differences = golden.differences(to: tree)
        #expect(differences == [], "\(file)")
    }

    @Test(arguments: try references())
    func `Nothing is wrong with the tree`(file: String, configuration: PSeriesTreeConfiguration) throws {
        let findings = try PSeriesTree.build(configuration).lint().findings
        #expect(findings.map { "\($0)" } == [])
    }

    @Test(arguments: try references())
    func `dtc has nothing to say about the tree`(file: String, configuration: PSeriesTreeConfiguration) throws {
        let blob = try PSeriesTree.build(configuration).finish()
        let result = try Tool(named: "dtc").run(["-I", "dtb", "-O", "dtb", "-o", "/dev/null"], input: blob)
        #expect(result.errors == "", "\(file)")
    }

    /// What is in QEMU's tree and not in ours, or otherwise, and why. Only the end of a path counts.
    private static func isIntended(_ difference: String) -> Bool {
        // What this machine is called, and what it adds.
        let ours = [
            "! /: /memreserve/", "! /: compatible", "! /: model", "+ /hypervisor", "+ /: interrupt-parent",
            "+ /ibm,platform-facilities",
            "+ /interrupt-controller: #address-cells", "! /interrupt-controller: phandle",
            "! /interrupt-controller: linux,phandle",
        ]
        // What goes with phandles for its own sake, with hot plugging, and what no machine has.
        let more = [
            "- /: ibm,drc-", "- /: vm,uuid", "- /cpus: ibm,drc-", ": ibm,my-drc-index", ": phandle",
            "- /chosen: stdout",
            "- /ibm,persistent-memory", "- /event-sources", "- /pci@", "- /chosen: qemu,",
            "- /chosen: linux,pci-probe-only",
            "- /chosen: rng-seed", "- /chosen: ibm,arch", "+ /chosen: bootargs", "- /memory@0: available",
            "- /memory@0: ibm,associativity",
        ]
        // What the processor is not, or not told of, and page sizes that QEMU leaves out.
        let processor = [
            ": ibm,dfp", ": ibm,purr", ": ibm,spurr", ": ibm,chip-id", ": ibm,pa-features", ": ibm,segment-page-sizes",
        ]
        let devices = [
            "- /vdevice: interrupt-controller", "- /vdevice: #interrupt-cells", "nvram@71000001: interrupts",
        ]
        return difference.contains(" /rtas: ")
            || (ours + more + processor + devices).contains { difference.contains($0) }
    }

    @Test(arguments: [1, 2, 8]) func `The tree is QEMU's but for what is meant to differ`(cpus: Int) throws {
        let tree = try PSeriesTree.build(Self.configuration(memorySize: 512 << 20, cpuCount: cpus))
        let blob = try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("qemu.dtb").path
            let machine =
                "pseries,x-vof=on,ic-mode=xics,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,dumpdtb=\(file)"
            _ = try Tool(named: "qemu-system-ppc64").run([
                "-M", machine, "-cpu", "power8", "-smp", "\(cpus)", "-m", "512", "-nodefaults", "-nographic", "-serial",
                "null",
            ])
            return try [UInt8](Data(contentsOf: URL(fileURLWithPath: file)))
        }
        let differences = try DeviceTree(blob).differences(to: tree).map { "\($0)" }
        #expect(differences.filter { !Self.isIntended($0) } == [])
    }

    @Test func `Every service that QEMU's RTAS has as well has QEMU's name`() throws {
        let rtas = try #require(try PSeriesTree.build(Self.configuration()).root.child("rtas"))
        for service in RTAS.Service.allCases { #expect(rtas[service.name]?.u32 == service.rawValue) }
        #expect(rtas["linux,rtas-base"]?.u32 == 0x300_0000)
        #expect(rtas["linux,rtas-entry"]?.u32 == 0x300_0000)
    }

    @Test func `RTAS is reserved, and can be left out`() throws {
        let tree = try PSeriesTree.build(Self.configuration())
        #expect(tree.reservations.map { [$0.address, $0.size] } == [[0x300_0000, 0x1000]])
        let bare = try PSeriesTree.build(Self.configuration(rtas: nil))
        #expect(bare.reservations.isEmpty)
        #expect(bare.root.child("rtas")?["power-off"] == nil)
    }

    /// Page sizes, and what `ibm,segment-page-sizes` says of them.
    static let sizes: [(HashPageSizes, [UInt32])] = [
        (.small, [12, 0, 1, 12, 0]),
        (.smallAndLarge, [12, 0, 1, 12, 0, 24, 0x100, 1, 24, 0]),
        // KVM_PPC_GET_SMMU_INFO of KVM-PR on a host with 64 KiB pages.
        (.kvmPR, [12, 0, 1, 12, 0, 16, 0x110, 1, 16, 1, 24, 0x100, 1, 24, 0]),
        // QEMU's of a POWER8, less pages of 16 GiB.
        (
            .power8,
            [12, 0, 3, 12, 0, 16, 7, 24, 0x38, 16, 0x110, 2, 16, 1, 24, 8, 24, 0x100, 1, 24, 0]
        ),
    ]

    @Test(arguments: sizes) func `Page sizes are stated by segment`(sizes: HashPageSizes, cells: [UInt32]) throws {
        let tree = try PSeriesTree.build(Self.configuration(sizes: sizes))
        let cpu = try #require(tree.root.child("cpus")?.children.first)
        #expect(cpu["ibm,segment-page-sizes"]?.cells == cells)
    }

    @Test(arguments: [(64 << 20, 19), (512 << 20, 22), (UInt64(32) << 30, 28)] as [(UInt64, UInt32)])
    func `The page table has one 128th of memory`(memory: UInt64, order: UInt32) throws {
        let tree = try PSeriesTree.build(Self.configuration(memorySize: memory))
        let cpu = try #require(tree.root.child("cpus")?.children.first)
        #expect(cpu["ibm,pft-size"]?.cells == [0, order])
    }

    @Test func `A configuration that cannot be is refused`() {
        func refusal(_ make: () throws -> PSeriesTreeConfiguration) -> String? {
            do {
                _ = try make()
                return nil
            } catch {
                return "\(error)"
            }
        }
        let range = AddressRange(base: 255 << 20, size: 2 << 20)
        #expect(refusal { try Self.configuration(memorySize: 65 << 20) }?.contains("multiple of 16M") == true)
        #expect(refusal { try Self.configuration(memorySize: 48 << 20) }?.contains("from 64M to 32G") == true)
        #expect(refusal { try Self.configuration(memorySize: 33 << 30) } != nil)
        #expect(refusal { try Self.configuration(cpuCount: 0) } == "0 CPUs: the pseries machine takes 1 to 8")
        #expect(refusal { try Self.configuration(cpuCount: 9) } != nil)
        #expect(refusal { try Self.configuration(initrd: range) }?.contains("end above 0x10000000") == true)
        #expect(refusal { try Self.configuration(rtas: range) } != nil)
        #expect(refusal { try Self.configuration(memorySize: 4 << 30, rtas: .init(base: 2 << 30, size: 1)) } != nil)
        #expect(refusal { try Self.configuration(randomSeed: [1]) } == "1 bytes of random seed: it takes 32")
        #expect(refusal { try Self.configuration(hypervisor: .init(hcallInstructions: [])) } != nil)
    }
}

@Suite struct PSeriesBootLayoutTests {
    @Test func `RTAS, tree and RAM disk lie behind the kernel`() throws {
        let layout = try PSeriesBootLayout(
            entry: 0, kernel: AddressRange(base: 0, size: 0x287_C918), initrdSize: 5000, memorySize: 512 << 20)
        #expect(layout.rtas.base == 0x288_0000)
        #expect(layout.tree.base == 0x289_0000)
        #expect(layout.initrd?.base == 0x299_0000)
        #expect(layout.initrd?.size == 5000)
    }

    @Test func `room is left for what a kernel clears behind its image`() throws {
        let layout = try PSeriesBootLayout(
            entry: 0, kernel: AddressRange(base: 0, size: 1), kernelSlack: 1 << 20, initrdSize: nil,
            memorySize: 512 << 20)
        #expect(layout.rtas.base == 0x11_0000)
    }

    /// Entry, kernel, slack, RAM disk.
    @Test(arguments: [
        (UInt64(2), UInt64(0), UInt64(0x1000), UInt64(0), UInt64(0)), (64 << 20, 0, 0x1000, 0, 0),
        (0, 64 << 20, 1, 0, 0), (0, .max, 1, 0, 0), (0, 0, .max, 0, 0), (0, 0, 64 << 20, 0, 0), (0, 0, 1, .max, 0),
        (0, 0, 1, 63 << 20, 0), (0, 0, 0x1000, 0, 63 << 20), (0, 0, 0x1000, 0, .max),
    ])
    func `what does not fit is refused`(
        entry: UInt64, base: UInt64, size: UInt64, slack: UInt64, initrd: UInt64
    ) {
        let error = #expect(throws: PSeriesBootError.self) {
            try PSeriesBootLayout(
                entry: entry, kernel: AddressRange(base: base, size: size), kernelSlack: slack, initrdSize: initrd,
                memorySize: 64 << 20)
        }
        #expect(error?.description.contains("\n") == false)
    }

    @Test func `nothing lies above 2 GiB`() throws {
        #expect(throws: PSeriesBootError.self) {
            try PSeriesBootLayout(
                entry: 0, kernel: AddressRange(base: 0, size: 0x1000), initrdSize: 2 << 30, memorySize: 8 << 30)
        }
    }
}
