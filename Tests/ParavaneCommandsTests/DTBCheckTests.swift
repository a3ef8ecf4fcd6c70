import DeviceTree
import Foundation
import ParavaneCommands
import TestTools
import Testing
import TreeLint

@Suite struct DTBCheckTests {
    /// A tree with one error, one warning and one note.
    static let faulty = """
        /dts-v1/; / { #address-cells = <1>; #size-cells = <1>; compatible = "acme"; cpus { #address-cells = <1>;
            #size-cells = <0>; cpu@0 { device_type = "cpu"; reg = <0>; timebase-frequency = <0>; }; }; };
        """

    @Test func `A finding is a line with file, severity, rule, node and source`() throws {
        let result = try check([], DeviceTreeCompiler.compile(Self.faulty))
        #expect(
            result.text == """
                standard input: warning: [root-model] /: the root has no model (Devicetree Specification 0.4, Root node)
                standard input: error: [memory-missing] /: there is no node of memory (Devicetree Specification 0.4, \
                /memory node)
                standard input: note: [firmware-value] /cpus/cpu@0: timebase-frequency is 0 (Devicetree Specification \
                0.4, /memory node; Linux arch/powerpc/kernel/time.c)

                """)
        #expect(result.status == ExitStatus.badInput.rawValue)
        #expect(result.errors == "")
    }

    @Test(arguments: [
        ([], "", 0), (["--strict"], "", 0),
        ([], "note", 0), (["--strict"], "note", 0),
        ([], "warning", 0), (["--strict"], "warning", 65),
        ([], "error", 65), (["--strict"], "error", 65),
    ]) func `Errors count, warnings when asked, notes never`(options: [String], worst: String, status: Int32) throws {
        let changes = [
            "note": "/ { n { reg = <0 0x10000000 0 1>; }; };", "warning": "/ { /delete-property/ model; };",
            "error": "/ { epapr-version = [31]; };",
        ]
        let source = Self.sound + (changes[worst] ?? "")
        let result = try check(options, DeviceTreeCompiler.compile(source, force: true))
        #expect(result.status == status, "\(result.text)")
    }

    @Test func `Each file is checked, also after one that cannot be read`() throws {
        try withTemporaryFolder { folder in
            let (good, bad) = (folder.appendingPathComponent("good"), folder.appendingPathComponent("bad"))
            try Data(DeviceTreeCompiler.compile(Self.faulty)).write(to: good)
            try Data([1, 2, 3, 4]).write(to: bad)
            let result = try Tool.paravane().run(["dtb", "check", bad.path, good.path])
            #expect(result.status == ExitStatus.badInput.rawValue)
            #expect(result.errors.hasPrefix("paravane: \(bad.path): not a device tree blob"))
            #expect(result.text.contains("\(good.path): error: [memory-missing]"))
        }
    }

    @Test func `Source is told from blobs`() throws {
        let result = try check([], [UInt8](Self.faulty.utf8))
        #expect(
            result.errors == "paravane: standard input: this is text, not a blob: compile it with dtc -O dtb\n")
        #expect(result.status == ExitStatus.badInput.rawValue)
    }

    @Test func `The JSON has what the lines have`() throws {
        let result = try check(["--json"], DeviceTreeCompiler.compile(Self.faulty))
        let reports = try JSONDecoder().decode([String: [TreeReport]].self, from: Data(result.output))
        let report = try #require(reports["files"]?.first)
        #expect(report.file == "-")
        let counts = [report.errors, report.warnings, report.notes, report.omitted] as [Int]
        #expect(counts == [1, 1, 1, 0])
        #expect(report.findings.map(\.rule) == ["root-model", "memory-missing", "firmware-value"])
        #expect(report.findings.map(\.property) == ["model", nil, "timebase-frequency"])
        #expect(result.status == ExitStatus.badInput.rawValue)
    }

    @Test func `JSON of a file that cannot be read says why`() throws {
        let result = try check(["--json"], [1, 2, 3, 4])
        let reports = try JSONDecoder().decode([String: [TreeReport]].self, from: Data(result.output))
        #expect(reports["files"]?.first?.unreadable?.contains("not a device tree blob") == true)
    }

    @Test(arguments: [
        [], ["--memory", "1G", "--cpus", "8"], ["--hcall", "sc1"], ["--hcall", "none"], ["--console", "byte-channel"],
        ["--no-magic-page"], ["--append", "quiet"], ["--initrd", "/proc/self/exe"],
        ["--cpus", "8", "--console", "byte-channel", "--hcall", "sc1"],
        ["--memory", "16G", "--hcall", "none", "--cpus", "2"],
    ]) func `What dtb build makes breaks no rule`(options: [String]) throws {
        let blob = try Tool.paravane().run(["dtb", "build", "--format", "dtb"] + options).output
        let result = try check(["--strict"], blob)
        #expect(result.text == "")
        #expect(result.status == 0)
    }

    @Test func `The rules are printed in full`() throws {
        let text = try Tool.paravane().run(["dtb", "check", "--rules"]).text
        for rule in Rule.allCases { #expect(text.contains("\(rule.id)  ")) }
        let rows = try JSONDecoder().decode([RuleTable.Row].self, from: Data(RuleTable().json().utf8))
        #expect(rows == RuleTable().rows)
    }

    @Test func `The documentation has the table of today`() throws {
        let page = try String(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(
                path: "../../docs/device-tree-rules.md"),
            encoding: .utf8)
        let table = page.split(separator: "\n").filter { $0.hasPrefix("| ") }.map { $0 + "\n" }.joined()
        #expect(table == RuleTable().markdown())
    }

    @Test(arguments: [[], ["--rules", "file"], ["--format", "markdown", "file"], ["--format", "xml", "file"]])
    func `A wrong option is status 64`(options: [String]) throws {
        #expect(try Tool.paravane().run(["dtb", "check"] + options).status == ExitStatus.usage.rawValue)
    }

    /// A tree without findings.
    static let sound = """
        /dts-v1/; / { #address-cells = <2>; #size-cells = <2>; model = "m"; compatible = "c";
            cpus { #address-cells = <1>; #size-cells = <0>; cpu@0 { device_type = "cpu"; reg = <0>;
            timebase-frequency = <1>; }; }; memory { device_type = "memory"; reg = <0 0 0 0x1000>; }; };
        """

    private func check(_ options: [String], _ blob: [UInt8]) throws -> ToolResult {
        try Tool.paravane().run(["dtb", "check"] + options + ["-"], input: blob)
    }
}

@Suite struct DTBDiffTests {
    static let first =
        "/dts-v1/; / { a: a { phandle = <1>; }; n { interrupt-parent = <&a>; old = <1>; is; v = \"x\"; }; gone { }; };"
    static let second =
        "/dts-v1/; / { a: a { phandle = <2>; }; n { interrupt-parent = <&a>; new = \"2\"; v = <1 2>; }; };"

    @Test func `Differences are lines, and the status is 1`() throws {
        let result = try diff([], Self.first, Self.second)
        #expect(
            result.text == """
                - /gone
                - /n: is
                + /n: new = "2"
                - /n: old = <0x1>
                ! /n: v = "x" -> <0x1 0x2>

                """)
        #expect(result.status == ExitStatus.difference.rawValue)
    }

    @Test func `Equal trees are status 0 without a word`() throws {
        let result = try diff([], Self.first, Self.first)
        #expect(result.status == 0)
        #expect(result.text == "" && result.errors == "")
    }

    @Test func `As bytes phandles count`() throws {
        let result = try diff(["--bytes"], Self.first, Self.second)
        #expect(result.text.contains("! /a: phandle = <0x1> -> <0x2>\n"))
        #expect(result.text.contains("! /n: interrupt-parent = <0x1> -> <0x2>\n"))
    }

    @Test func `The JSON has what the lines have`() throws {
        let result = try diff(["--json"], Self.first, Self.second)
        let reports = try JSONDecoder().decode([String: [DifferenceReport]].self, from: Data(result.output))
        let differences = try #require(reports["differences"])
        #expect(differences.count == 5)
        #expect(differences.contains { $0.change == "removed" && $0.path == "/gone" && $0.property == nil })
        #expect(differences.contains { $0.property == "v" && $0.old == "\"x\"" && $0.new == "<0x1 0x2>" })
        #expect(try diff(["--json"], Self.first, Self.first).text == "{\"differences\": []}\n")
    }

    @Test func `A file that cannot be read is status 65`() throws {
        let result = try Tool.paravane().run(["dtb", "diff", "/dev/null", "-"])
        #expect(result.status == ExitStatus.badInput.rawValue)
        #expect(result.errors == "paravane: /dev/null: the device tree blob is truncated\n")
    }

    @Test(arguments: [["-", "-"], ["a"], []]) func `Two trees are needed`(arguments: [String]) throws {
        #expect(try Tool.paravane().run(["dtb", "diff"] + arguments).status == ExitStatus.usage.rawValue)
    }

    private func diff(_ options: [String], _ first: String, _ second: String) throws -> ToolResult {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("first")
            try Data(DeviceTreeCompiler.compile(first)).write(to: file)
            return try Tool.paravane().run(
                ["dtb", "diff"] + options + [file.path, "-"], input: DeviceTreeCompiler.compile(second))
        }
    }
}
