import Foundation
import SelfChecks
import TestTools
import Testing

/// The checks that binaries for other processors run on themselves, here for the processor that the tests run on.
@Suite(.enabled(if: SelfCheckFolder.isBuilt, "run through 'make test', which builds what the checks read"))
struct SelfCheckTests {
    @Test(arguments: SelfCheck.all.indices)
    func `a check that every build carries passes`(index: Int) throws {
        let check = SelfCheck.all[index]
        let failure = check.run(SelfCheckFiles(SelfCheckFolder.contents))
        #expect(failure == nil, "\(check.name)")
    }

    @Test func `a run without the files fails where files are read and nowhere else`() {
        var lines: [String] = []
        let passed = SelfCheck.runAll(SelfCheckFiles { _ in nil }, print: { lines.append($0) })
        #expect(!passed)
        #expect(lines[1] == "1..\(SelfCheck.all.count)")
        let failed = lines.filter { $0.hasPrefix("not ok ") }
        // The golden tree, three images, five guests.
        #expect(failed.count == 9, "\(failed)")
    }
}

/// The folder that `Tests/Guests/selfcheck/build` made.
enum SelfCheckFolder {
    static let path = ProcessInfo.processInfo.environment["PARAVANE_SELFCHECK"]
    static let isBuilt = path != nil

    static func contents(_ name: StaticString) -> [UInt8]? {
        guard let path else { return nil }
        let file = URL(fileURLWithPath: path).appendingPathComponent(name.description)
        return (try? Data(contentsOf: file)).map { [UInt8]($0) }
    }
}
