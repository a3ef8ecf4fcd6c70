import Foundation
import Fuzzing
import Testing
import TestTools

/// Short runs of the fuzzer, always the same; `make fuzz` has the long ones.
@Suite struct FuzzTests {
    /// How many cases fit into a test.
    private static func count(_ target: FuzzTargetName) -> Int {
        switch target {
        case .hypercalls, .devices: 20_000
        case .code, .code64, .trees, .images, .debugger, .broken: 1_000
        }
    }

    @Test(arguments: FuzzTargetName.all)
    func `a short run of the fuzzer finds nothing`(target: FuzzTargetName) throws {
        try withTemporaryFolder { folder in
            let result = try Tool.built("paravane-fuzz").run([
                "--target", target.rawValue, "--iterations", "\(Self.count(target))", "--seed", "1", "--jobs", "1",
                "--hang-seconds", "60", "--finds", folder.path,
            ])
            #expect(result.status == 0, "\(result.text)\(result.errors)")
        }
    }

    @Test func `crashes, hangs and unbounded memory are found, kept and can be repeated`() throws {
        try withTemporaryFolder { folder in
            let fuzzer = try Tool.built("paravane-fuzz")
            let result = try fuzzer.run([
                "--target", "broken", "--iterations", "60", "--seed", "3", "--hang-seconds", "3", "--finds",
                folder.path,
            ])
            #expect(result.status == 1)
            let finds = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            let kinds = Set(try finds.map { try Data(contentsOf: $0).first })
            #expect(kinds == [0, 1, 2, 3], "\(result.text)")
            #expect(result.text.contains("took more than 3.0 s"))
            #expect(result.text.contains("again: paravane-fuzz --target broken --seed 3 --input "))
            let trap = try #require(try finds.first { try Data(contentsOf: $0).first == 0 })
            let again = try fuzzer.run(["--target", "broken", "--replay", trap.path])
            #expect(again.status < 0)
        }
    }

    /// Inputs that ended a process once.
    static let finds: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: findsFolder.path)) ?? []
        return names.filter { $0.hasSuffix(".bin") }.sorted()
    }()

    private static let findsFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Finds")

    @Test(arguments: finds)
    func `what was found once is survived`(file: String) throws {
        let target = try #require(FuzzTargetName(rawValue: String(file.prefix { $0 != "-" })))
        let result = try Tool.built("paravane-fuzz").run([
            "--target", target.rawValue, "--replay", Self.findsFolder.appendingPathComponent(file).path,
        ])
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test func `inputs depend on seed and number alone`() {
        for target in FuzzTargetName.all {
            var (first, second) = (FuzzRandom(seed: 7, index: 3), FuzzRandom(seed: 7, index: 3))
            let (one, other) = (target.make().generate(&first), target.make().generate(&second))
            #expect(one == other)
        }
    }
}
