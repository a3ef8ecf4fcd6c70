public import ArgumentParser
internal import Foundation
public import Fuzzing

extension FuzzTargetName: ExpressibleByArgument {}

/// `paravane-fuzz`: feeds a part of Paravane with inputs that nobody would write.
struct FuzzCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "paravane-fuzz",
        abstract: "Feed Paravane with random hypercalls, accesses, code, trees and kernels.",
        discussion: """
            Worker processes run the inputs, with limits on memory and on the time of an input. An input that ends its \
            worker is written to the folder of --finds, with the command that runs it again; the run goes on behind it.

            Exit status: 0 nothing was found, 1 something was.
            """)

    @Option(help: "What to feed: \(FuzzTargetName.all.map(\.rawValue).joined(separator: ", ")).")
    var target: [FuzzTargetName] = []

    @Option(help: "How many cases of each target; a full run without.")
    var iterations: UInt64?

    @Option(help: "The seed, from which every input follows.")
    var seed: UInt64 = 1

    @Option(help: "End each target after this many seconds.")
    var seconds: Double?

    @Option(help: "Worker processes.")
    var jobs = 2

    @Option(help: "Seconds that one input may take.")
    var hangSeconds = 20.0

    @Option(help: "Where inputs are kept that end a worker.")
    var finds = "."

    @Option(help: ArgumentHelp("Run one input of the seed in this process.", valueName: "number"))
    var input: UInt64?

    @Option(help: ArgumentHelp("Run a kept input in this process.", valueName: "file"))
    var replay: String?

    @Option(help: .hidden)
    var workerFirst: UInt64?

    @Option(help: .hidden)
    var workerEnd: UInt64?

    @Option(help: .hidden)
    var workerProgress: String?

    func validate() throws {
        if (input != nil || replay != nil), target.count != 1 { throw ValidationError("name one --target") }
        if !(1...64).contains(jobs) { throw ValidationError("--jobs takes 1 to 64") }
        if !(hangSeconds > 0) { throw ValidationError("--hang-seconds takes a positive number") }
    }

    func run() throws {
        if let workerFirst, let workerEnd, let workerProgress, let name = target.first {
            guard workerFirst <= workerEnd, let progress = Progress(path: workerProgress) else {
                throw ValidationError("no progress file")
            }
            Worker(target: name, seed: seed, inputs: workerFirst..<workerEnd, progress: progress).run()
            return
        }
        if let replay {
            target[0].make().run([UInt8](try Data(contentsOf: URL(fileURLWithPath: replay))))
            print("\(target[0].rawValue): \(replay) is survived")
            return
        }
        if let input {
            let fuzzer = target[0].make()
            var random = FuzzRandom(seed: seed, index: input)
            fuzzer.run(fuzzer.generate(&random))
            print("\(target[0].rawValue): input \(input) of seed \(seed) is survived")
            return
        }
        var found = 0
        for name in target.isEmpty ? FuzzTargetName.all : target {
            var driver = Driver(self, name)
            found += try driver.run()
        }
        if found > 0 { throw ExitCode(1) }
    }
}
