import Foundation
import TestTools
import Testing

/// What `make bench` runs. No test looks at how long anything took.
@Suite(.enabled(if: Guests.areBuilt, "run through 'make test', which builds the guests"))
struct BenchmarkTests {
    @Test func `every benchmark guest finds its published results`() throws {
        let report = try bench(["--only", "integer,memory,branchy,calls,system,hypercall,console"])
        for (name, figures) in report {
            #expect(figures["wall"]?.peer.count == 1, "\(name)")
            #expect(figures["wall"]?.ratio != nil, "\(name)")
            #expect(figures.values.allSatisfy { $0.paravane.count == 1 && $0.paravane[0] > 0 }, "\(name)")
        }
        #expect(report.count == 7)
    }

    @Test func `both kernels are booted to their power-off`() throws {
        let kernels = URL(fileURLWithPath: try Guests.unmodifiedKernel)
            .deletingLastPathComponent().deletingLastPathComponent()
        let report = try bench([
            "--only", "boot,boot-patched", "--kernels", kernels.path, "--initrd", try Guests.initrd,
        ])
        #expect(report["boot"]?["wall"]?.ratio != nil)
        #expect(report["boot-patched"]?["wall"]?.ratio != nil)
    }

    @Test func `hypercalls have no peer, and what they are compared with has one`() throws {
        let figures = try #require(try bench(["--only", "hypercall"])["hypercall"])
        #expect(figures["features"]?.peer.isEmpty == true)
        #expect(figures["features"]?.ratio == nil)
        #expect(figures["system-call"]?.peer.count == 1)
    }

    @Test func `the tree is measured in process and as a command`() throws {
        let report = try bench(["--only", "tree,tree-command"])
        #expect(report["tree"]?["build"]?.paravane.count == 1)
        #expect(report["tree"]?["wall"]?.peer.isEmpty == true)
        #expect(report["tree-command"]?["wall"]?.peer.count == 1)
    }

    @Test func `rounds that count follow one that does not`() throws {
        let figures = try bench(["--only", "tree-command", "--rounds", "3", "--warm-up", "1"])["tree-command"]
        #expect(figures?["wall"]?.paravane.count == 3)
        #expect(figures?["wall"]?.peer.count == 3)
    }

    @Test(arguments: [
        (["--only", "boat"], 64, "no benchmark 'boat'; there are boot, boot-patched, integer,"),
        (["--only", "boot"], 64, "boot needs --kernels"),
        (["--rounds", "0"], 64, "at least one round has to count"),
    ])
    func `what cannot be measured is refused`(options: [String], status: Int, message: String) throws {
        let result = try runBench(options)
        #expect(result.status == status)
        #expect(result.errors.contains(message), "\(result.errors)")
    }

    @Test func `a guest whose result is wrong fails the run`() throws {
        try withTemporaryFolder { folder in
            let crash = try Guests.bareMetal("crash")
            try FileManager.default.copyItem(
                atPath: crash, toPath: folder.appendingPathComponent("bench-calls.elf").path)
            // The peer runs first, and would wait for ever in that guest.
            let result = try runBench(["--only", "calls", "--skip-peer", "--guests", folder.path])
            #expect(result.status == 70)
            #expect(result.errors.contains("status 33 from"), "\(result.errors)")
        }
    }
}

/// A figure of one benchmark: a value a round.
private struct Figure: Decodable {
    let unit: String
    let peer: [Double]
    let paravane: [Double]
    let ratio: Double?
}

private struct Report: Decodable {
    struct Benchmark: Decodable {
        let figures: [String: Figure]
    }
    let benchmarks: [String: Benchmark]
}

/// Runs the benchmarks for one round, and returns the figures by benchmark and name.
private func bench(_ options: [String]) throws -> [String: [String: Figure]] {
    try withTemporaryFolder { folder in
        let file = folder.appendingPathComponent("report.json")
        let result = try runBench(options + ["--json", file.path])
        guard result.status == 0 else { throw ToolError.failed("bench", result) }
        return try JSONDecoder().decode(Report.self, from: Data(contentsOf: file)).benchmarks.mapValues(\.figures)
    }
}

private func runBench(_ options: [String]) throws -> ToolResult {
    let package = referenceTrees.deletingLastPathComponent()
    let guests = URL(fileURLWithPath: try Guests.bareMetal("bench")).deletingLastPathComponent()
    return try Tool(named: "python3").run(
        [
            "-B", package.appendingPathComponent("Tests/Bench/bench.py").path, "--rounds", "1", "--warm-up", "0",
            "--paravane", try Tool.paravane().url.path, "--probe", try Tool.built("paravane-bench").url.path,
            "--guests", guests.path, "--trees", referenceTrees.path,
        ] + options)
}
