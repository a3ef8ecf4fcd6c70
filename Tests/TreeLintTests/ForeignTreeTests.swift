import DeviceTree
import Foundation
import TestTools
import Testing
import TreeLint

/// Trees that others wrote: what the linter says of them has been looked at, finding by finding, and is true.
@Suite struct ForeignTreeTests {
    /// Findings of which there are many: how many, in how many of Linux's trees, and why they are there.
    static let common: [(rule: Rule, findings: Int, trees: Int, reason: String)] = [
        (.aliasName, 286, 24, "Names with an underscore, such as phy_rgmii_1; dtc agrees on each."),
        (.cpuTimebase, 208, 80, "U-Boot adds the property."),
        (.firmwareValue, 156, 108, "U-Boot or the boot wrapper fills in the size of memory and the timebase."),
        (.memoryReg, 69, 69, "U-Boot adds the property."),
        (.unitAddressMissing, 74, 34, "Mostly /dcsr's children; dtc agrees on each."),
        (
            .unitAddressMismatch, 174, 67,
            "Copied names, and PHYs and partitions that moved; dtc agrees below simple-bus."
        ),
        (.unitAddressWithoutReg, 168, 56, "Pins, DMA channels, and Ethernet of the eTSEC2; dtc agrees on each."),
    ]

    /// The other findings, each a mistake in the tree.
    static let single: [(tree: String, rule: Rule, path: String, reason: String)] = [
        ("bluestone", .regOutsideRanges, "/plb/opb/ebc/nor_flash@0,0", "The windows have chip select 3 alone."),
        ("fsl-c293pcie", .regOverlap, "/ifc@fffe1e000/nand@1,0/partition@1200000", "It starts at 6 MiB, not 18."),
        ("fsl-gef_sbc310", .interruptMap, "/pcie@fef08000", "Two cells for a controller that takes four."),
        ("fsl-mpc8568mds", .regOutsideRanges, "/localbus@e0005000/nor@0,0", nineCells),
        ("fsl-mpc8568mds", .regOutsideRanges, "/localbus@e0005000/bcsr@1,0", nineCells),
        ("fsl-mpc8568mds", .regOutsideRanges, "/localbus@e0005000/pib@4,0", nineCells),
        ("fsl-mpc8568mds", .regOutsideRanges, "/localbus@e0005000/pib@5,0", nineCells),
        ("fsl-mpc8572ds_camp_core0", .cpuEnableMethod, "/cpus/PowerPC,8572@1", otherSystem),
        ("fsl-mpc8572ds_camp_core1", .cpuEnableMethod, "/cpus/PowerPC,8572@0", otherSystem),
        ("fsl-p1020rdb-pc_camp_core0", .cpuEnableMethod, "/cpus/PowerPC,P1020@1", otherSystem),
        ("fsl-p1020rdb-pc_camp_core1", .cpuEnableMethod, "/cpus/PowerPC,P1020@0", otherSystem),
        ("fsl-p1020rdb", .interruptsSize, "/soc@ffe00000/mdio@24000/ethernet-phy@0", twoOfFour),
        ("fsl-p1020rdb", .interruptsSize, "/soc@ffe00000/mdio@24000/ethernet-phy@1", twoOfFour),
        ("fsl-p1020rdb_36b", .interruptsSize, "/soc@fffe00000/mdio@24000/ethernet-phy@0", twoOfFour),
        ("fsl-p1020rdb_36b", .interruptsSize, "/soc@fffe00000/mdio@24000/ethernet-phy@1", twoOfFour),
        ("fsl-p1021mds", .regOverlap, "/localbus@ffe05000/nand@0,0/partition@b00000", "It starts 1 MiB too early."),
        ("fsl-p1025rdb_32b", .interruptsSize, "/soc@ffe00000/mdio@24000/ethernet-phy@0", twoOfFour),
        ("fsl-p1025rdb_32b", .interruptsSize, "/soc@ffe00000/mdio@24000/ethernet-phy@1", twoOfFour),
        ("fsl-p1025rdb_36b", .interruptsSize, "/soc@fffe00000/mdio@24000/ethernet-phy@0", twoOfFour),
        ("fsl-p1025rdb_36b", .interruptsSize, "/soc@fffe00000/mdio@24000/ethernet-phy@1", twoOfFour),
        ("fsp2", .stdoutPath, "/chosen", "It says /plb/opb; the tree has /plb4."),
        ("klondike", .stdoutPath, "/chosen", "The tree has no serial port."),
        ("microwatt", .rootModel, "/", noModel),
        ("mpc8308_p1m", .rootModel, "/", noModel),
        (
            "mpc8308_p1m", .regOverlap, "/localbus@e0005000/flash@0,0/user@700000",
            "The RAM disk is larger than its room."
        ),
        ("mpc8308rdb", .rootModel, "/", noModel),
        ("mpc8315erdb", .rootModel, "/", noModel),
        ("mpc836x_rdk", .rootModel, "/", noModel),
        ("mpc8377_rdb", .rootModel, "/", noModel),
        ("mpc8377_wlan", .rootModel, "/", noModel),
        ("mpc8378_rdb", .rootModel, "/", noModel),
        ("mpc8379_rdb", .rootModel, "/", noModel),
        (
            "mvme5100", .regOutsideRanges, "/hawk@fef80000/interrupt-controller@f3f80000",
            "The bridge maps its own 64 KiB alone."
        ),
        ("rainier", .rangesOverlap, "/plb/pci@1ec000000", bothAtZero),
        ("sequoia", .rangesOverlap, "/plb/pci@1ec000000", bothAtZero),
    ]

    private static let nineCells = "Windows are written with one cell of the parent's address; the parent has two."
    private static let otherSystem = "The CPU belongs to another system on the same board, which the tree does not say."
    private static let twoOfFour = "Two cells for a controller that takes four; dtc agrees."
    private static let noModel = "It has compatible alone."
    private static let bothAtZero = "Two I/O windows start at 0."

    @Test(.enabled(if: LinuxTrees.areBuilt)) func `Linux's trees have the findings that they deserve`() throws {
        var found: [(tree: String, finding: Finding)] = []
        for tree in try LinuxTrees.names() {
            found += try DeviceTree(LinuxTrees.blob(tree)).lint().findings.map { (tree, $0) }
        }
        for entry in Self.common {
            let own = found.filter { $0.finding.rule == entry.rule }
            #expect(own.count == entry.findings, "\(entry.rule.id)")
            #expect(Set(own.map(\.tree)).count == entry.trees, "\(entry.rule.id)")
        }
        let many = Set(Self.common.map(\.rule))
        let others = found.filter { !many.contains($0.finding.rule) }
        let places = others.map { "\($0.tree) \($0.finding.rule.id) \($0.finding.path)" }
        #expect(places.sorted() == Self.single.map { "\($0.tree) \($0.rule.id) \($0.path)" }.sorted())
    }

    @Test(.enabled(if: LinuxTrees.areBuilt)) func `Linux's trees are all there`() throws {
        #expect(try LinuxTrees.names().count == 196)
    }

    @Test(.enabled(if: LinuxTrees.areBuilt), arguments: try LinuxTrees.names())
    func `dtc sees what it has a check for`(name: String) throws {
        let blob = try LinuxTrees.blob(name)
        let tree = try DeviceTree(blob)
        let (root, findings) = (tree.root, tree.lint().findings)
        let warnings = try DeviceTreeCompiler.warnings(blob)
        func paths(_ rule: Rule) -> Set<String> { Set(findings.filter { $0.rule == rule }.map(\.path)) }
        func paths(_ check: String, _ text: String? = nil) -> Set<String> {
            Set(warnings.filter { $0.check == check && ($0.text.contains(text ?? ":") || text == nil) }.map(\.path))
        }
        #expect(findings.count { $0.rule == .aliasName } == warnings.count { $0.check == "alias_paths" })
        #expect(paths(.interruptsSize) == paths("interrupts_property"))
        #expect(paths(.unitAddressWithoutReg) == paths("unit_address_vs_reg", "has a unit name, but no reg"))
        // dtc also asks a unit address of /memory, and of buses that have windows but no registers.
        let unnamed = paths("unit_address_vs_reg", "but no unit name").filter {
            $0 != "/memory" && root.descendant($0)?["reg"] != nil
        }
        #expect(paths(.unitAddressMissing) == unnamed)
        // Below other buses, dtc says nothing; it also minds chip selects and capital letters.
        let misnamed = paths("simple_bus_reg", "unit address format error").filter { path in
            let unit = path.split(separator: "@").last ?? ""
            return UInt64(unit, radix: 16) != nil && unit == unit.lowercased() && root.descendant(path)?["reg"] != nil
        }
        #expect(misnamed.isSubset(of: paths(.unitAddressMismatch)))
        #expect(paths(.rangesSize) == paths("ranges_format", "has invalid length"))
        #expect(paths(.regSize) == paths("reg_format"))
    }

    @Test(arguments: [[], ["-smp", "8", "-m", "512"]]) func `QEMU's ppce500 has a warning and a note about its clock`(
        options: [String]
    ) throws {
        let found = try DeviceTree(qemuE500Tree(options)).lint().findings
        // QEMU 7.2 gives its I2C bus no cells, as QEMU 10 does, and the clock an alias that starts with the bus's.
        #expect(
            found.map { "\($0.rule.id) \($0.path)" } == [
                "cells-default /soc@fe0000000/i2c@3000", "alias-relative /aliases",
            ])
    }

    @Test(arguments: [
        ["-M", "pseries", "-cpu", "power8", "-smp", "2"], ["-M", "pseries,x-vof=on", "-cpu", "power9", "-m", "1G"],
    ]) func `QEMU's pseries breaks no rule`(options: [String]) throws {
        let found = try DeviceTree(qemuPSeriesTree(options)).lint().findings
        #expect(found.isEmpty, "\(found)")
    }
}

/// The device trees of Linux's PowerPC boards, which `make test` compiles.
enum LinuxTrees {
    private static let folder = ProcessInfo.processInfo.environment["PARAVANE_DEVICE_TREES"]

    /// Whether the tests run under `make test`, or with its environment.
    static let areBuilt = folder != nil

    /// Their names without ending, sorted; none where they are not built.
    static func names() throws -> [String] {
        guard let folder else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map { String($0.dropLast(4)) }
    }

    static func blob(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder ?? "").appendingPathComponent(name + ".dtb")))
    }
}
