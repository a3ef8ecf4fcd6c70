internal import DeviceTree
internal import Machines
internal import TreeLint

/// Damaged device trees and overlays: everything that can be done with a blob from outside.
final class TreeTarget: FuzzTarget {
    let casesPerInput = 1

    private let samples: [[UInt8]]
    private let base: [UInt8]

    init() {
        do {
            base = try Self.tree()
            let machine = try E500Tree.build(try E500TreeConfiguration(memorySize: 64 << 20, cpuCount: 1))
            samples = [base, base, try Self.overlay(), try Self.overlay(), try Self.overlay(), machine.finish()]
        } catch {
            fatalError("the samples cannot be made: \(error)")
        }
    }

    func generate(_ random: inout FuzzRandom) -> [UInt8] {
        // The large tree takes longest and says least.
        var blob = random.oneIn(10) ? samples[samples.count - 1] : random.pick(Array(samples.dropLast()))
        if random.oneIn(20) {
            blob = Array(blob.prefix(40)) + random.bytes(random.below(400))
        } else {
            Mutation.apply(to: &blob, &random)
        }
        return blob
    }

    func run(_ input: [UInt8]) {
        do throws(DeviceTreeError) {
            let tree = try DeviceTree(input)
            read(tree)
            merge(tree)
            edit(tree.copy())
            boot(tree.copy())
        } catch {
            check(!error.description.utf8.contains(UInt8(ascii: "\n")), "an error is one line")
        }
    }

    private func read(_ tree: borrowing DeviceTree) {
        let root = tree.root
        root.forEach { path, node in
            _ = (node.isCompatible(with: "simple-bus"), node.phandle)
        }
        check(tree.source.utf8.starts(with: "/dts-v1/".utf8), "the source is one")
        _ = (tree.path(ofPhandle: 1), tree.reservations, tree.property("reg", at: "/soc@f0000000/serial@4500"))
        check(tree.differences(to: tree.copy()).isEmpty, "a copy is equal")
        check(tree.differences(to: tree.copy(), comparing: .target).isEmpty, "a copy refers to the same nodes")
        lint(tree)
    }

    private func lint(_ tree: borrowing DeviceTree) {
        let report = tree.lint()
        check(report.findings.count <= LintReport.limit && report.omitted >= 0, "a report is limited")
        for finding in report.findings {
            check(finding.message.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "a finding is one line")
            check(tree.node(at: finding.path) != nil, "a finding is of a node")
        }
    }

    private func merge(_ tree: borrowing DeviceTree) {
        do throws(DeviceTreeError) {
            var merged = try DeviceTree(base)
            try merged.apply(overlay: tree)
            _ = (merged.source, merged.differences(to: tree, comparing: .target))
            _ = try DeviceTree(merged.finish())
        } catch {}
        do throws(DeviceTreeError) {
            var merged = tree.copy()
            try merged.apply(overlay: try DeviceTree(samples[2]))
            _ = merged.source
        } catch {}
    }

    private func edit(_ tree: consuming DeviceTree) {
        try? tree.setProperty("added", .u32(1), at: "/")
        try? tree.addNode("/soc@f0000000/added")
        _ = try? tree.phandle(of: "/soc@f0000000/added")
        try? tree.removeProperty("model", at: "/")
        try? tree.removeNode("/soc@f0000000")
        let blob = tree.finish()
        check((try? DeviceTree(blob)) != nil, "a changed tree is sound")
    }

    /// What `--dtb`, `--append` and `--initrd` do.
    private func boot(_ tree: consuming DeviceTree) {
        do throws(DeviceTreeError) {
            if tree.node(at: "/chosen") == nil { try tree.addNode("/chosen") }
            try tree.setProperty("bootargs", .string("console=ttyS0"), at: "/chosen")
            try tree.setProperty("linux,initrd-start", .u32(0x200_0000), at: "/chosen")
            try tree.setProperty("linux,initrd-end", .u32(0x300_0000), at: "/chosen")
        } catch {
            return
        }
        let blob = tree.finish()
        do throws(DeviceTreeError) {
            let result = try DeviceTree(blob)
            check(
                result.property("linux,initrd-start", at: "/chosen") == .u32(0x200_0000), "what was set can be read")
        } catch {
            fatalError("broken promise: a tree with boot arguments is sound: \(error)")
        }
    }

    // MARK: Samples

    /// A tree with labels.
    private static func tree() throws(DeviceTreeError) -> [UInt8] {
        var tree = DeviceTreeBuilder(reservations: [MemoryReservation(address: 0x1000, size: 0x200)])
        tree.set("model", .string("small"))
        tree.set("#address-cells", .u32(1))
        tree.node("aliases") { $0.set("serial0", .string("/soc@f0000000/serial@4500")) }
        tree.node("chosen") { $0.set("bootargs", .string("quiet")) }
        tree.node("soc@f0000000") { soc in
            soc.set("compatible", .strings(["acme,soc", "simple-bus"]))
            soc.set("ranges", .empty)
            soc.node("pic@40000") { pic in
                pic.set("phandle", .u32(1))
                pic.set("big", .u64(0x1_0000_0002))
            }
            soc.node("serial@4500") { serial in
                serial.set("phandle", .u32(2))
                serial.set("interrupt-parent", .u32(1))
                serial.set("mac", .bytes([0, 1, 2, 3, 4, 0xFF]))
            }
        }
        tree.node("__symbols__") { symbols in
            symbols.set("soc", .string("/soc@f0000000"))
            symbols.set("pic", .string("/soc@f0000000/pic@40000"))
            symbols.set("serial", .string("/soc@f0000000/serial@4500"))
        }
        return try tree.finish().finish()
    }

    /// An overlay that uses every mechanism: targets by label and by path, references inside and outside.
    private static func overlay() throws(DeviceTreeError) -> [UInt8] {
        var tree = DeviceTreeBuilder()
        tree.node("fragment@0") { fragment in
            fragment.set("target", .u32(.max))
            fragment.node("__overlay__") { content in
                content.set("status", .string("disabled"))
                content.set("clocks", .cells([.max, 1, .max, 2]))
                content.node("clock") { clock in
                    clock.set("phandle", .u32(1))
                    clock.set("parent", .u32(.max))
                }
            }
        }
        tree.node("fragment@1") { fragment in
            fragment.set("target-path", .string("/soc@f0000000"))
            fragment.node("__overlay__") { content in
                content.node("gpio@100") { gpio in
                    gpio.set("clock", .u32(1))
                    gpio.set("reg", .cells([0x100, 0x10]))
                }
            }
        }
        tree.node("__fixups__") { fixups in
            fixups.set(
                "serial", .strings(["/fragment@0:target:0", "/fragment@0/__overlay__:clocks:8"]))
            fixups.set(
                "pic", .strings(["/fragment@0/__overlay__:clocks:0", "/fragment@0/__overlay__/clock:parent:0"]))
        }
        tree.node("__local_fixups__") { fixups in
            fixups.node("fragment@1") { fragment in
                fragment.node("__overlay__") { content in
                    content.node("gpio@100") { $0.set("clock", .u32(0)) }
                }
            }
        }
        tree.node("__symbols__") { $0.set("clock", .string("/fragment@0/__overlay__/clock")) }
        return try tree.finish().finish()
    }
}
