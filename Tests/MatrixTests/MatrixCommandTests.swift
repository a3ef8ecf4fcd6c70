import Foundation
import Matrix
import TestTools
import Testing

/// `paravane matrix` as a whole, with shell scripts in place of the programs and empty files in place of the guests.
struct MatrixCommandTests {
    /// A directory with stub guests and a stub `paravane-unicorn`, and runs of the command in it.
    private struct Setting {
        let folder: URL

        /// The script of the stub, which has `$1` = `--cpus` and `$2` their number.
        func stub(_ script: String) throws {
            let programs = folder.appendingPathComponent("programs")
            try FileManager.default.createDirectory(at: programs, withIntermediateDirectories: true)
            let file = programs.appendingPathComponent("paravane-unicorn")
            try Data("#!/bin/sh\n\(script)\n".utf8).write(to: file)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
            let guests = folder.appendingPathComponent("guests/conformance")
            try FileManager.default.createDirectory(at: guests, withIntermediateDirectories: true)
            for name in ["s390x.elf", "x86_64.elf"] { try Data().write(to: guests.appendingPathComponent(name)) }
        }

        func paravane(_ arguments: [String]) throws -> ToolResult {
            let places =
                arguments[0] == "merge" ? [] : ["--guests", path("guests"), "--programs", path("programs")]
            return try Tool.paravane().run(["matrix"] + arguments + places)
        }

        func run(_ arguments: [String] = [], results: String = "results") throws -> ToolResult {
            try paravane(["run", "--engine", "unicorn", "--results", path(results)] + arguments)
        }

        func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

        func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

        func report(_ name: String) throws -> MatrixReport { try MatrixReport(json: Data(text(name).utf8)) }
    }

    private func withSetting(_ script: String, _ body: (Setting) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let setting = Setting(folder: folder)
            try setting.stub(script)
            try body(setting)
        }
    }

    private let good = "echo \"ok 1 - one\"; echo 1..1"

    @Test func `a good run exits with 0 and writes all reports`() throws {
        try withSetting(good) { setting in
            let result = try setting.run(["--jobs", "2"])
            #expect(result.status == 0, "\(result.errors)")
            let lines = result.text.split(separator: "\n").map(String.init)
            #expect(lines.count == 7)
            #expect(
                lines[0].wholeMatch(
                    of: /\[1\/6\] passed +(x86_64|s390x)\/unicorn\/conformance\/\S+ \(1 test, \d+\.\d s\)/) != nil,
                "\(lines[0])")
            #expect(lines[6].wholeMatch(of: /6 cells in \d+\.\d s: 6 passed/) != nil)
            // Not a terminal: no colours, no lines that are overwritten.
            #expect(
                !result.text.contains("\u{1B}") && !result.errors.contains("\u{1B}") && !result.errors.contains("\r"))
            let names = try FileManager.default.contentsOfDirectory(atPath: setting.path("results")).sorted()
            #expect(names == ["matrix.html", "matrix.json", "matrix.tap", "matrix.xml", "shard-1-of-1.json"])
            #expect(try setting.report("results/matrix.json").summary == "6 passed")
        }
    }

    @Test func `cells that fail, hang and lack something are told apart`() throws {
        let script = """
            case $2$5 in
            1*s390x.elf) sleep 500 ;;
            2*s390x.elf) echo "paravane-unicorn: there is no libunicorn" >&2; exit 69 ;;
            4*s390x.elf) printf 'not ok 1 - \\033[2Jone\\n1..1\\n' ;;
            *) \(good) ;;
            esac
            """
        try withSetting(script) { setting in
            let result = try setting.run(["--timeout", "2", "--jobs", "6"])
            #expect(result.status == 1)
            #expect(result.text.contains("timed out              s390x/unicorn/conformance/1-vcpu"))
            #expect(result.text.contains("\n    it did not end within 2 seconds\n"))
            #expect(result.text.contains("absent                 s390x/unicorn/conformance/2-vcpus"))
            #expect(
                result.text.contains(
                    "\n    paravane-unicorn: there is no libunicorn\n    try: apt-get install libunicorn-dev\n"))
            #expect(result.text.contains("failed                 s390x/unicorn/conformance/4-vcpus"))
            #expect(result.text.contains("\n    fails: \u{241B}[2Jone\n"))
            #expect(result.text.contains("3 passed, 1 failed, 1 timed out, 1 absent"))
            #expect(try setting.report("results/matrix.json").summary == "3 passed, 1 failed, 1 timed out, 1 absent")
        }
    }

    @Test func `a cell that is absent is 69, or 0 where that is allowed`() throws {
        try withSetting(good) { setting in
            try FileManager.default.removeItem(atPath: setting.path("guests/conformance/s390x.elf"))
            let result = try setting.run()
            #expect(result.status == 69)
            #expect(
                result.text.contains(
                    "    there is no \(setting.path("guests"))/conformance/s390x.elf\n    try: make matrix-guests\n"))
            #expect(try setting.run(["--allow-absent"]).status == 0)
        }
    }

    @Test func `shards that are run apart and one of them twice are merged to what one run gives`() throws {
        try withSetting(good) { setting in
            for shard in ["1/3", "2/3", "3/3", "2/3"] {
                let result = try setting.run(["--shard", shard, "--host", "node\(shard.prefix(1))"])
                #expect(result.status == 0, "\(result.errors)")
                #expect(result.text.contains("shard \(shard): 2 cells"))
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: setting.path("results")).sorted()
            #expect(names == ["shard-1-of-3.json", "shard-2-of-3.json", "shard-3-of-3.json"])
            let merged = try setting.paravane(["merge", "--results", setting.path("results")])
            #expect(merged.status == 0, "\(merged.errors)")
            #expect(merged.text == "6 cells: 6 passed\n")
            _ = try setting.run(results: "whole")
            let (first, second) = (try setting.report("results/matrix.json"), try setting.report("whole/matrix.json"))
            #expect(first.results.map(\.cell) == second.results.map(\.cell))
            #expect(Set(first.results.map(\.host)) == ["node1", "node2", "node3"])
        }
    }

    @Test func `a shard that is missing is said, and what it has`() throws {
        try withSetting(good) { setting in
            _ = try setting.run(["--shard", "1/2", "--arch", "s390x"])
            let merged = try setting.paravane(["merge", "--results", setting.path("results")])
            #expect(merged.status == 69)
            #expect(merged.text == "3 cells: 2 passed, 1 missing\n")
            #expect(
                merged.errors.contains(
                    "paravane: no results of shard 2/2, which has s390x/unicorn/conformance/2-vcpus\n"))
        }
    }

    @Test func `a later attempt replaces an earlier one, wherever its file is`() throws {
        try withSetting("echo \"not ok 1 - one\"; echo 1..1") { setting in
            #expect(try setting.run(["--attempt", "1"], results: "first").status == 1)
            try setting.stub(good)
            #expect(try setting.run(["--attempt", "2"], results: "second").status == 0)
            let merged = try setting.paravane([
                "merge", setting.path("second"), setting.path("first/shard-1-of-1.json"), "--results",
                setting.path("all"),
            ])
            #expect(merged.status == 0)
            #expect(merged.text == "6 cells: 6 passed\n")
        }
    }

    @Test func `results of different plans, damaged ones and none at all are bad input`() throws {
        try withSetting(good) { setting in
            _ = try setting.run(["--shard", "1/2"])
            _ = try setting.run(["--shard", "2/2", "--arch", "x86_64"])
            let mixed = try setting.paravane(["merge", "--results", setting.path("results")])
            #expect(mixed.status == 65)
            #expect(
                mixed.errors
                    == "paravane: \(setting.path("results/shard-2-of-2.json")): these results are of another plan: other cells were chosen, or the table has changed\n"
            )
            try Data("{".utf8).write(to: URL(fileURLWithPath: setting.path("results/shard-2-of-2.json")))
            let damaged = try setting.paravane(["merge", "--results", setting.path("results")])
            #expect(damaged.status == 65)
            #expect(
                damaged.errors
                    == "paravane: \(setting.path("results/shard-2-of-2.json")): these are no results of 'paravane matrix'\n"
            )
            #expect(try setting.paravane(["merge", setting.path("guests")]).status == 65)
            #expect(try setting.paravane(["merge", setting.path("nothing")]).status == 65)
        }
    }

    @Test func `list says what could run and what is absent`() throws {
        try withSetting(good) { setting in
            try FileManager.default.removeItem(atPath: setting.path("guests/conformance/s390x.elf"))
            let list = try setting.paravane(["list", "--engine", "unicorn"])
            #expect(list.status == 0)
            #expect(list.text.split(separator: "\n").count == 6)
            #expect(list.text.contains("x86_64/unicorn/conformance/2-vcpus  ready\n"))
            #expect(list.text.contains("s390x/unicorn/conformance/2-vcpus   absent: there is no "))
            let json = try setting.paravane(["list", "--engine", "unicorn", "--shard", "1/6", "--json"])
            let rows = try #require(JSONSerialization.jsonObject(with: Data(json.output)) as? [[String: Any]])
            #expect(rows.count == 1)
            #expect(rows[0]["cell"] as? String == "x86_64/unicorn/conformance/1-vcpu")
        }
    }

    @Test(arguments: [
        ["run", "--shard", "3/2"], ["run", "--jobs", "0"], ["run", "--timeout", "0"], ["run", "--arch", "vax"],
        ["run", "--cell", "nothing"], ["list", "--engine", "tcg"], ["run", "--attempt", "0"],
    ])
    func `wrong usage is 64`(arguments: [String]) throws {
        let result = try Tool.paravane().run(["matrix"] + arguments)
        #expect(result.status == 64)
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
    }

    @Test(.timeLimit(.minutes(1)))
    func `a run that is asked to end takes its cells with it, and writes nothing`() throws {
        try withSetting("echo $$ >>\"$(dirname \"$0\")/pids\"; sleep 500") { setting in
            let shell = try Tool(named: "sh")
            let script = """
                "$0" matrix run --engine unicorn --jobs 6 --guests "$1/guests" --programs "$1/programs" --results "$1/r" &
                while [ "$(cat "$1/programs/pids" 2>/dev/null | wc -l)" -lt 6 ]; do sleep 0.05; done
                kill -TERM $!; wait $!; echo "status $?"
                """
            let result = try shell.run(["-c", script, Tool.paravane().url.path, setting.folder.path])
            #expect(result.text == "status 143\n")
            #expect(result.errors.contains("paravane: interrupted: all cells are ended, nothing is written"))
            #expect(!FileManager.default.fileExists(atPath: setting.path("r")))
            for pid in try setting.text("programs/pids").split(separator: "\n") { #expect(hasEnded(pid), "\(pid)") }
        }
    }
}
