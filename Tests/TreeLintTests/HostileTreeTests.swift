import DeviceTree
import TestTools
import Testing
import TreeLint

/// Trees near the size limit that would take hours if a rule compared everything with everything.
@Suite struct HostileTreeTests {
    @Test(.timeLimit(.minutes(1))) func `Many devices on each other are checked in one pass`() throws {
        let report = try tree { soc in
            for number in 0..<15_000 {
                soc.node("d@\(String(number, radix: 16))") { $0.set("reg", .cells([UInt32(number), 0x8000])) }
            }
        }.lint()
        #expect(report.findings.count == LintReport.limit)
        #expect(report.count(.warning) >= 14_999)
        #expect(
            report.omitted == report.count(.warning) + report.count(.note) + report.count(.error) - LintReport.limit)
    }

    @Test(.timeLimit(.minutes(1))) func `Long lists are read once, not by each who depends on them`() throws {
        let report = try tree { soc in
            soc.set("ranges", .cells((0..<60_000).map { UInt32($0) &* 0x10 }))
            soc.set("compatible", .strings([String](repeating: "x", count: 100_000)))
            for number in 0..<6_000 {
                soc.node("c\(number)") { child in
                    child.set("compatible", .string("epapr,hv-byte-channel"))
                    child.set("interrupts", .u32(1))
                }
            }
        }.lint()
        #expect(report.findings.count == LintReport.limit)
    }

    @Test(.timeLimit(.minutes(1))) func `A node of many properties is no slower for those who refer to it`() throws {
        let report = try tree { soc in
            soc.node("target") { target in
                target.set("phandle", .u32(1))
                for number in 0..<10_000 { target.set("p\(number)", .empty) }
            }
            soc.node("user") { $0.set("gpios", .cells([UInt32](repeating: 1, count: 60_000))) }
            for number in 0..<10_000 { soc.node("u\(number)") { $0.set("interrupt-parent", .u32(1)) } }
        }.lint()
        #expect(report.count(.error) > 0)
    }

    @Test(.timeLimit(.minutes(1))) func `Many aliases of long paths are followed quickly`() throws {
        var tree = DeviceTreeBuilder()
        tree.node("aliases") { aliases in
            aliases.set("a", .string("/" + [String](repeating: "x", count: 4000).joined(separator: "/")))
            for number in 0..<15_000 { aliases.set("b\(number)", .string("a/x")) }
        }
        let report = try tree.finish().lint()
        #expect(report.count(.warning) >= 15_001)
    }

    /// A tree whose bus `body` fills.
    private func tree(_ body: (inout DeviceTreeBuilder) -> Void) throws -> DeviceTree {
        var tree = DeviceTreeBuilder()
        tree.set("#address-cells", .u32(1))
        tree.set("#size-cells", .u32(1))
        tree.node("soc") { soc in
            soc.set("#address-cells", .u32(1))
            soc.set("#size-cells", .u32(1))
            body(&soc)
        }
        return try tree.finish()
    }
}
