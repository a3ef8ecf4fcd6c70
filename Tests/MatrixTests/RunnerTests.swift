import Foundation
import Matrix
import TestTools
import Testing

/// Cells whose engines are small shell scripts.
struct RunnerTests {
    private func cell(_ variant: String, _ script: String, limit: Double = 60, needs: [HostProgram] = []) -> Cell {
        Cell(
            .x86, .soft, .conformance, variant, limit: limit, run: ["/bin/sh", "-c", .literal(script)], expect: .tap(),
            needs: needs)
    }

    private func run(_ cells: [Cell], jobs: Int = 1, limit: Double? = nil, path: String = "/usr/bin:/bin") throws
        -> [CellResult]
    {
        var runner = Runner(
            surroundings: Surroundings(guests: "/nowhere", programs: "/nowhere", environment: ["PATH": path]),
            differences: try Differences(""))
        runner.jobs = jobs
        runner.limit = limit
        runner.host = "here"
        return try #require(runner.run(cells))
    }

    @Test func `output, errors, status and time of a program are kept`() throws {
        let result = try run([cell("a", "echo ok 1 - one; echo 1..1; echo hint >&2; exit 3")])[0]
        #expect(result.output == "ok 1 - one\n1..1\n")
        #expect(result.errors == "hint\n")
        #expect(result.status == 3)
        #expect(result.verdict == .failed)
        #expect(result.host == "here")
        #expect(result.command == ["/bin/sh", "-c", "echo ok 1 - one; echo 1..1; echo hint >&2; exit 3"])
        #expect(result.seconds > 0)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a program that does not end is ended with everything that it started`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("pids").path
            // One in the background, one that ignores what can be ignored, and the leader.
            let script =
                "echo ok 1 - one; (trap '' TERM HUP INT; sleep 500 & echo $! >>\(file); wait) & echo $! >>\(file); echo $$ >>\(file); sleep 500"
            let result = try run([cell("a", script, limit: 1)])[0]
            #expect(result.verdict == .timedOut)
            #expect(result.status == -9)
            #expect(result.tests.map(\.name) == ["one"])
            let pids = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            #expect(pids.count == 3)
            for pid in pids { #expect(hasEnded(pid), "\(pid)") }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a program that leaves others behind, which hold its output, has ended all the same`() throws {
        let result = try run([cell("a", "echo ok 1 - one; echo 1..1; sleep 500 & exit 0")])[0]
        #expect(result.verdict == .passed)
        #expect(result.seconds < 400)
    }

    @Test func `a limit for all cells replaces their own`() throws {
        let result = try run([cell("a", "sleep 500")], limit: 0.2)[0]
        #expect(result.verdict == .timedOut)
        #expect(result.reasons == ["it did not end within 0.2 seconds"])
    }

    @Test func `a program that prints more than is kept does not stand still`() throws {
        let result = try run([cell("a", "yes | head -c 20000000; echo ok 1 - one; echo 1..1")])[0]
        #expect(result.status == 0)
        #expect(result.reasons.contains("it printed more than 1048576 bytes"))
        #expect(result.tests.map(\.name) == ["one"])
    }

    @Test func `a program gets no input, and no descriptors but its three`() throws {
        let script = "read line || echo ok 1 - no input; ls /proc/self/fd | grep -c . | sed 's/^/# /'; echo 1..1"
        let result = try run([cell("a", script)])[0]
        #expect(result.verdict == .passed)
        // The fourth is the directory that ls reads.
        #expect(result.output.contains("# 4\n"), "\(result.output)")
    }

    @Test func `what is missing makes a cell absent, with the command that would bring it`() throws {
        let cells = [
            Cell(.x86, .soft, .linux, "program", run: [.program("paravane-x")], expect: .tap()),
            Cell(.x86, .soft, .linux, "guest", run: ["true", .guest("x/y.elf")], expect: .tap()),
            cell("tool", "echo", needs: [.qemuS390]),
        ]
        let results = try run(cells, path: "/nowhere")
        #expect(results.map(\.verdict) == [.absent, .absent, .absent])
        #expect(
            results.map(\.reasons) == [
                ["/nowhere/paravane-x is not built"], ["there is no /nowhere/x/y.elf"],
                ["qemu-system-s390x is not on PATH"],
            ])
        #expect(
            results.map(\.remedy) == ["make matrix-programs", "make matrix-guests", "apt-get install qemu-system-misc"])
        #expect(results.allSatisfy { $0.command.isEmpty && $0.status == nil })
    }

    @Test func `a program that is none is absent`() throws {
        let result = try run([Cell(.x86, .soft, .linux, "a", run: ["/dev/null"], expect: .tap())])[0]
        #expect(result.verdict == .absent)
        #expect(result.reasons == ["/dev/null does not start: Permission denied"])
    }

    @Test func `as many cells as there are jobs run at the same time, and results keep the order`() throws {
        let cells = (1...6).map { cell("cell \($0)", "sleep 0.0\(7 - $0); echo ok 1 - \($0); echo 1..1") }
        var most = 0
        var working: Set<String> = []
        var runner = Runner(
            surroundings: Surroundings(guests: "/nowhere", programs: "/nowhere"), differences: try Differences(""))
        runner.jobs = 3
        let results = try #require(
            runner.run(cells) { event in
                switch event {
                case .began(let cell): working.insert(cell.id)
                case .ended(let result): working.remove(result.cell)
                case .working: break
                }
                most = max(most, working.count)
            })
        #expect(most == 3)
        #expect(results.map(\.variant) == cells.map(\.variant))
        #expect(results.allSatisfy { $0.verdict == .passed })
        #expect(results.map { $0.tests.first?.name } == (1...6).map { "\($0)" })
    }

    @Test func `a word to stop ends all cells, and there are no results`() throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.close()
        let runner = Runner(
            surroundings: Surroundings(guests: "/nowhere", programs: "/nowhere"), differences: try Differences(""))
        let cells = [cell("a", "sleep 500")]
        #expect(runner.run(cells, interruptions: pipe.fileHandleForReading.fileDescriptor) == nil)
    }
}
