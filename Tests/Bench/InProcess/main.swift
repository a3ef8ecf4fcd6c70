// Measures in process what is over too fast for a process of its own: `paravane-bench tree`. Prints the median time of
// each part in the form that the benchmarks of the guests have, which runs.py reads.

internal import DeviceTree
internal import Foundation
internal import Machines
internal import ParavirtABI

/// How often a part is done; its time is the median.
let repetitions = 2001
/// The part's time is printed in these ticks.
let ticksPerSecond = 1_000_000_000

func measure(_ name: String, _ work: () throws -> Void) rethrows {
    let clock = ContinuousClock()
    var nanoseconds: [Int64] = []
    nanoseconds.reserveCapacity(repetitions)
    for _ in 0..<repetitions {
        nanoseconds.append(Int64(try clock.measure(work) / .nanoseconds(1)))
    }
    nanoseconds.sort()
    let median = String(nanoseconds[repetitions / 2], radix: 16)
    print("# measured \(name) 1 operations 0x\(median) ticks at \(ticksPerSecond) Hz")
}

func configuration(cpuCount: Int) throws -> E500TreeConfiguration {
    let words = HypercallInstructions.systemCallMagic.words
    return try E500TreeConfiguration(
        memorySize: 256 << 20, cpuCount: cpuCount, bootArguments: "console=ttyS0",
        hypervisor: HypervisorNode(hcallInstructions: words.indices.map { words[$0] }))
}

func tree() throws {
    for (name, cpuCount) in [("build", 1), ("build-8-cpus", 8)] {
        let configuration = try configuration(cpuCount: cpuCount)
        var size = 0
        try measure(name) { size = try E500Tree.build(configuration).finish().count }
        guard size > 0 else { throw BenchFailure.emptyTree }
    }
    let blob = try E500Tree.build(try configuration(cpuCount: 1)).finish()
    try measure("open") { _ = try DeviceTree(blob) }
}

/// Why there is nothing to measure.
enum BenchFailure: Error {
    /// The tree has no bytes.
    case emptyTree
}

guard CommandLine.arguments.dropFirst() == ["tree"] else {
    FileHandle.standardError.write(Data("usage: paravane-bench tree\n".utf8))
    exit(64)
}
try tree()
