import DeviceTree
import Foundation
import ParavaneCommands
import TestTools
import Testing

@Suite struct DTBBuildTests {
    @Test(arguments: [
        ([], "e500.dts"),
        (["--machine", "e500", "--memory", "256", "--cpus", "1", "--hcall", "sc-magic"], "e500.dts"),
        (["--no-magic-page"], "e500.dts"),
        (["--cpus", "4", "--memory", "512M"], "e500-smp.dts"),
        (["--hcall", "none"], "e500-no-hypervisor.dts"),
        (["--hcall", "sc1"], "e500-sc1.dts"),
        (["--console", "byte-channel"], "e500-byte-channel.dts"),
        (["--machine", "e500-hv"], "e500-hv.dts"),
        (["--machine", "e500-hv", "--hcall", "sc1", "--console", "byte-channel"], "e500-hv.dts"),
        (["--machine", "e500-hv", "--cpus", "2"], "e500-hv-smp.dts"),
        (["--machine", "pseries"], "pseries.dts"),
        (["--machine", "pseries", "--cpus", "4", "--memory", "1G"], "pseries-smp.dts"),
        (["--machine", "pseries", "--hcall", "none"], "pseries-no-hypervisor.dts"),
    ]) func `Options make the tree that dts has for them`(options: [String], file: String) throws {
        let result = try paravane(["dtb", "build", "--format", "dtb"] + options)
        let differences = try differences(compiledReferenceTree(file), result.output)
        #expect(differences == [])
        #expect(result.errors == "")
        #expect(result.status == 0)
    }

    @Test func `Both formats are the same tree`() throws {
        let blob = try paravane(["dtb", "build", "--format", "dtb"]).output
        let source = try paravane(["dtb", "build", "--format", "dts"]).text
        let differences = try differences(blob, DeviceTreeCompiler.compile(source))
        #expect(differences == [])
    }

    @Test func `Standard output is source unless told otherwise`() throws {
        let result = try paravane(["dtb", "build", "--append", "console=ttyS0"])
        #expect(result.text.hasPrefix("/dts-v1/;\n"))
        #expect(result.text.contains("bootargs = \"console=ttyS0\";"))
    }

    @Test(arguments: [("tree.dtb", [0xD0, 0x0D]), ("tree.dts", [0x2F, 0x64]), ("tree", [0x2F, 0x64])])
    func `A file's name tells its format`(name: String, start: [UInt8]) throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent(name)
            let result = try paravane(["dtb", "build", "-o", file.path])
            #expect(try [UInt8](Data(contentsOf: file).prefix(2)) == start)
            #expect(result.output == [])
        }
    }

    @Test func `The same options make the same bytes`() throws {
        let (first, second) = (
            try paravane(["dtb", "build", "--format", "dtb"]), try paravane(["dtb", "build", "--format", "dtb"])
        )
        #expect(first.output == second.output)
    }

    @Test func `A RAM disk is placed at 64 MiB`() throws {
        try withFile([UInt8](repeating: 0, count: 5000)) { file in
            let result = try paravane(["dtb", "build", "--format", "dtb", "--initrd", file])
            let tree = try DeviceTree(result.output)
            let (start, end) = (
                tree.property("linux,initrd-start", at: "/chosen"), tree.property("linux,initrd-end", at: "/chosen")
            )
            #expect(start?.u32 == 0x400_0000)
            #expect(end?.u32 == 0x400_1388)
        }
    }

    @Test func `Overlays are merged in their order`() throws {
        let (first, second) = (
            try compiledReferenceTree("serial1-off.dtso"), try compiledReferenceTree("verbose-boot.dtso")
        )
        try withFile(first) { first in
            try withFile(second) { second in
                let result = try paravane([
                    "dtb", "build", "--format", "dtb", "--append", "quiet", "--overlay", first, "--overlay", second,
                ])
                let changes = try differences(compiledReferenceTree("e500.dts"), result.output)
                #expect(
                    changes == [
                        "! /chosen: bootargs = \"\" -> \"console=ttyS0 earlycon ignore_loglevel\"",
                        "+ /soc@fe0000000/serial@4600: status",
                    ])
            }
        }
    }

    @Test(arguments: [
        ["--memory", "0"], ["--memory", "100M"], ["--memory", "1000G"], ["--memory", "x"], ["--memory", "-64"],
        ["--cpus", "0"], ["--cpus", "9"], ["--cpus", "two"], ["--machine", "pc"], ["--hcall", "sc2"],
        ["--format", "json"], ["--unknown"], ["extra"], ["--machine", "e500-hv", "--hcall", "none"],
        ["--machine", "e500-hv", "--console", "serial"],
    ]) func `A wrong option is one line and status 64`(options: [String]) throws {
        let result = try paravane(["dtb", "build"] + options)
        #expect(result.status == ExitStatus.usage.rawValue)
        #expect(result.errors.hasPrefix("paravane: "))
        #expect(result.errors.filter { $0 == "\n" }.count == 1)
        #expect(result.output == [])
    }

    @Test(arguments: [
        (["--initrd", "/nonexistent"], "paravane: /nonexistent: cannot be read; check the path and its permissions\n"),
        (
            ["--overlay", "/nonexistent"],
            "paravane: /nonexistent: cannot be read; check the path and its permissions\n"
        ),
        (["--overlay", "/dev/null"], "paravane: /dev/null: the device tree blob is truncated\n"),
        (["-o", "/nonexistent/f"], "paravane: /nonexistent/f: cannot be written; check path and room\n"),
    ]) func `A bad file is one line and status 65`(options: [String], message: String) throws {
        let result = try paravane(["dtb", "build"] + options)
        #expect(result.status == ExitStatus.badInput.rawValue)
        #expect(result.errors == message)
        #expect(result.output == [])
    }

    @Test func `A RAM disk that does not fit says how large memory is`() throws {
        try withFile([0]) { file in
            let result = try paravane(["dtb", "build", "--memory", "64", "--initrd", file])
            #expect(result.status == ExitStatus.badInput.rawValue)
            #expect(result.errors.contains("end above 0x4000000"))
        }
    }

    @Test func `An overlay without its target names both`() throws {
        let overlay = try DeviceTreeCompiler.compile("/dts-v1/; /plugin/; &{/none} { a; };")
        try withFile(overlay) { file in
            let result = try paravane(["dtb", "build", "--overlay", file])
            #expect(result.status == ExitStatus.badInput.rawValue)
            #expect(result.errors == "paravane: \(file): overlay /fragment@0: the tree has no target /none\n")
        }
    }

    @Test func `A terminal gets no binary`() throws {
        // script(1) gives the command a terminal.
        let command = try "\(Tool.paravane().url.path) dtb build --format dtb"
        let result = try Tool(named: "script").run(["-qec", command, "/dev/null"])
        #expect(result.text == "paravane: a binary tree is not for a terminal: use -o FILE, or --format dts\r\n")
        #expect(result.status == ExitStatus.usage.rawValue)
    }
}

@Suite struct DTBShowTests {
    @Test func `A file is shown as source`() throws {
        try withFile(try DeviceTreeCompiler.compile("/dts-v1/; / { a = <1>; };")) { file in
            let result = try paravane(["dtb", "show", file])
            #expect(result.text == "/dts-v1/;\n\n/ {\n\ta = <0x1>;\n};\n")
            #expect(result.status == 0)
        }
    }

    @Test func `Standard input is shown as source`() throws {
        let result = try paravane(["dtb", "show", "-"], input: DeviceTreeCompiler.compile("/dts-v1/; / { };"))
        #expect(result.text == "/dts-v1/;\n\n/ {\n};\n")
    }

    @Test func `QEMU's tree is shown as source that dtc takes`() throws {
        let blob = try qemuE500Tree([])
        let source = try paravane(["dtb", "show", "-"], input: blob).text
        let differences = try differences(blob, DeviceTreeCompiler.compile(source))
        #expect(differences == [])
    }

    @Test(
        arguments: [
            ([], "standard input: the device tree blob is truncated"),
            ([1, 2, 3, 4, 5], "standard input: not a device tree blob: the magic number d00dfeed is missing"),
        ] as [([UInt8], String)]) func `Bad input is one line and status 65`(input: [UInt8], message: String) throws
    {
        let result = try paravane(["dtb", "show", "-"], input: input)
        #expect(result.status == ExitStatus.badInput.rawValue)
        #expect(result.errors == "paravane: \(message)\n")
        #expect(result.output == [])
    }

    @Test func `A folder is no file`() throws {
        let result = try paravane(["dtb", "show", "/"])
        #expect(result.status == ExitStatus.badInput.rawValue)
        #expect(result.errors.filter { $0 == "\n" }.count == 1)
    }
}

@Suite struct MemorySizeTests {
    @Test(
        arguments: [
            ("256", 256 << 20), ("256M", 256 << 20), ("256m", 256 << 20), ("1G", 1 << 30), ("1g", 1 << 30),
            ("65536K", 64 << 20), ("65536k", 64 << 20), ("0", 0), ("17592186044415", 17_592_186_044_415 << 20),
        ] as [(String, UInt64)]) func `A size is a number and a suffix`(argument: String, bytes: UInt64)
    {
        #expect(MemorySize(argument: argument)?.bytes == bytes)
    }

    @Test(arguments: [
        "", "M", "-1", "+1", "1.5G", "1T", "0x40", "64MB", " 64", "64 M", "17592186044416", "18446744073709551616K",
    ])
    func `Other texts are no size`(argument: String) {
        #expect(MemorySize(argument: argument) == nil)
    }
}

/// Runs the built command.
private func paravane(_ arguments: [String], input: [UInt8] = []) throws -> ToolResult {
    try Tool.paravane().run(arguments, input: input)
}

/// Runs `body` with the path of a file that has those bytes.
private func withFile(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
    try withTemporaryFolder { folder in
        let file = folder.appendingPathComponent("file")
        try Data(bytes).write(to: file)
        try body(file.path)
    }
}

/// The differences of two blobs, a line each.
private func differences(_ first: [UInt8], _ second: [UInt8]) throws -> [String] {
    let first = try DeviceTree(first)
    let second = try DeviceTree(second)
    return first.differences(to: second).map(\.description)
}
