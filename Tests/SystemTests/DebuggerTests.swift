import Foundation
import Testing
import TestTools

/// A Linux guest with two vCPUs under Debian's GDB.
@Suite(.enabled(if: Guests.areBuilt, "run through 'make test', which builds the guests"), .serialized)
struct DebuggerTests {
    /// The ELF file of the kernel that a uImage was made from, with its symbols.
    private static var symbols: String {
        get throws {
            URL(fileURLWithPath: try Guests.patchedKernel).deletingLastPathComponent()
                .appendingPathComponent("vmlinux").path
        }
    }

    /// What came of a session.
    struct Session {
        let gdb: String
        let status: Int32
        let console: String
        let errors: String

        /// What GDB printed after `echo name\n`, up to the next such line.
        func part(_ name: String) -> String {
            let parts = gdb.components(separatedBy: "## ")
            return parts.first { $0.hasPrefix(name + "\n") }.map { String($0.dropFirst(name.count + 1)) } ?? ""
        }
    }

    /// Boots Linux with `--gdb` at `address`, and lets GDB execute commands once it listens.
    private static func debug(
        _ address: String, in folder: URL, options: [String] = ["-S"], exec: String = "poweroff", commands: [String],
        beforeCommands: (Process) throws -> Void = { _ in }
    ) throws -> Session {
        let paravane = Process()
        paravane.executableURL = try Tool.paravane().url
        paravane.currentDirectoryURL = folder
        paravane.arguments =
            [
                "run", "--kernel", try Guests.patchedKernel, "--initrd", try Guests.initrd, "--cpus", "2",
                "--append", "console=ttyS0 paravane.exec=\(exec)", "--timeout", "120", "--gdb", address,
            ] + options
        let files = ["console", "errors"].map { folder.appendingPathComponent($0) }
        for file in files { try Data().write(to: file) }
        paravane.standardInput = FileHandle.nullDevice
        paravane.standardOutput = try FileHandle(forWritingTo: files[0])
        paravane.standardError = try FileHandle(forWritingTo: files[1])
        try paravane.run()
        defer {
            kill(paravane.processIdentifier, SIGKILL)
            paravane.waitUntilExit()
        }
        // The line that says where GDB finds it.
        var target = ""
        let deadline = Date().addingTimeInterval(60)
        while target.isEmpty, paravane.isRunning, Date() < deadline {
            usleep(20_000)
            let line = try String(contentsOf: files[1], encoding: .utf8).split(separator: "\n").first ?? ""
            if line.hasPrefix("paravane: gdb: ") { target = String(line.dropFirst("paravane: gdb: ".count)) }
        }
        try beforeCommands(paravane)
        let script = folder.appendingPathComponent("script.gdb")
        let all = ["set pagination off", "set confirm off", "set width 0", target] + commands
        try Data(all.joined(separator: "\n").utf8).write(to: script)
        let gdb = try Tool(named: "gdb-multiarch").run(
            ["-nx", "-batch", "-x", script.path, try symbols])
        while paravane.isRunning, Date() < deadline.addingTimeInterval(60) { usleep(20_000) }
        return Session(
            gdb: gdb.text + gdb.errors, status: paravane.isRunning ? -1 : paravane.terminationStatus,
            console: try String(contentsOf: files[0], encoding: .utf8),
            errors: try String(contentsOf: files[1], encoding: .utf8))
    }

    @Test(arguments: ["unix:socket", "tcp::0"], ["virtual", "host"])
    func `GDB breaks at a kernel function, reads SPRs and memory, steps, watches and goes on`(
        address: String, clock: String
    ) throws {
        try withTemporaryFolder { folder in
            let session = try Self.debug(
                address, in: folder, options: ["-S", "--clock", clock],
                commands: [
                    "echo ## start\\n", "info threads", "print/x $pc", "print/x $pvr",
                    // Before the kernel has mapped its code where the breakpoint is.
                    "break start_kernel", "continue", "echo ## kernel\\n", "info threads", "x/i $pc", "bt",
                    "hbreak *kernel_init", "continue", "echo ## init\\n", "print/x $pvr", "print/x $sprg3",
                    "print/x $r2", "print/x $ivor6 + $ivpr", "print/x $srr1 != 0", "x/s &linux_banner",
                    "print/x $r5 = 0x1234", "print/x $r5",
                    "echo ## step\\n", "print/x $pc", "stepi", "print/x $pc", "stepi", "print/x $pc",
                    "delete", "break start_secondary", "continue", "echo ## secondary\\n", "info threads",
                    "print $_thread", "print/x $pir", "delete",
                    "echo ## watch\\n", "watch *(unsigned int *)&jiffies", "continue", "continue", "delete",
                    "echo ## threads\\n", "thread 1", "print/x $pir", "thread 2", "print/x $pir",
                    "echo ## monitor\\n", "monitor info tlb 1",
                    "echo ## detach\\n", "detach",
                ])
            #expect(session.status == 0, "\(session.gdb)\(session.errors)")
            let start = session.part("start")
            #expect(start.contains("Thread 1 (vCPU 0, running)") && start.contains("Thread 2 (vCPU 1, not started)"))
            #expect(start.contains("$1 = 0x0\n") && start.contains("$2 = 0x80210030"))
            let kernel = session.part("kernel")
            #expect(kernel.contains("<start_kernel>:") && kernel.contains("#0  0xc"))
            let initialization = session.part("init")
            #expect(initialization.contains("0x80210030"))
            // Linux keeps the task in r2, its thread in SPRG3, and its handlers in the first 64 KiB of code.
            #expect(initialization.contains("= 0xc00"))
            #expect(initialization.contains("Linux version 6.1"))
            #expect(initialization.hasSuffix("0x1234\n"))
            let steps = session.part("step").matches(of: /\$\d+ = 0x([0-9a-f]+)\n/).map { UInt64($0.1, radix: 16) ?? 0 }
            try #require(steps.count == 3)
            #expect(steps[1] == steps[0] + 4 && steps[2] == steps[1] + 4)
            let secondary = session.part("secondary")
            #expect(
                secondary.contains("* 2    Thread 2") && secondary.contains("= 2\n") && secondary.contains("= 0x1\n"))
            let watch = session.part("watch")
            let values = watch.matches(of: /(?:Old|New) value = (\d+)/).map { UInt64($0.1) ?? 0 }
            try #require(values.count == 4, "\(watch)")
            // With the host's clock ticks that a stop took are counted at once.
            #expect(values[1] > values[0] && values[2] == values[1] && values[3] > values[2], "\(watch)")
            let threads = session.part("threads")
            #expect(threads.contains("= 0x0\n") && threads.contains("= 0x1\n"))
            // GDB shows what the target says on its own standard error.
            #expect(session.gdb.contains(" c0000000 -> 000000000 size "), "\(session.gdb)")
            #expect(session.part("detach").contains("detached"))
            #expect(session.console.contains("userland: processors online 0-1"))
            #expect(session.console.contains("userland: powering off"))
            #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("socket").path))
        }
    }

    @Test func `Ctrl-C stops a guest that idles, and GDB's kill ends the run`() throws {
        try withTemporaryFolder { folder in
            let session = try Self.debug(
                "unix:socket", in: folder, options: ["--clock", "host"], exec: "idle paravane.seconds=1000",
                commands: [
                    "python import threading, os, signal",
                    // The threads that tests run on keep signals from the programs that they start.
                    "python signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])",
                    "python threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()",
                    "continue", "echo ## stopped\\n", "info threads", "kill",
                ]
            ) { _ in
                let console = folder.appendingPathComponent("console")
                let deadline = Date().addingTimeInterval(60)
                while Date() < deadline, try !String(contentsOf: console, encoding: .utf8).contains("idle for") {
                    usleep(50_000)
                }
            }
            #expect(session.gdb.contains("SIGINT"), "\(session.gdb)")
            #expect(session.part("stopped").contains("Thread 2 (vCPU 1, idle)"), "\(session.gdb)")
            #expect(session.status == 0)
        }
    }

    @Test func `the guest's end is the end of the process that GDB sees`() throws {
        try withTemporaryFolder { folder in
            let session = try Self.debug(
                "unix:socket", in: folder, options: ["-S", "--no-reboot"], exec: "reboot", commands: ["continue"])
            #expect(session.status == 32)
            // GDB prints statuses in octal.
            #expect(session.gdb.contains("exited with code 040"), "\(session.gdb)")
        }
    }

    @Test func `a stop at a panic shows the kernel that panicked`() throws {
        try withTemporaryFolder { folder in
            let session = try Self.debug(
                "unix:socket", in: folder, exec: "panic", commands: ["continue", "echo ## panic\\n", "bt", "continue"])
            #expect(session.status == 34)
            #expect(session.gdb.contains("SIGABRT"), "\(session.gdb)")
            #expect(session.part("panic").contains("#0  0xc"), "\(session.gdb)")
        }
    }

    @Test func `an address in use is one line and status 69`() throws {
        try withTemporaryFolder { folder in
            try Data(MachineCode.spinning.bytes).write(to: folder.appendingPathComponent("guest.bin"))
            let socket = folder.appendingPathComponent("socket").path
            let options = [
                "run", "--kernel", folder.appendingPathComponent("guest.bin").path, "--kernel-format", "raw",
                "--memory", "64M", "--timeout", "20", "--gdb", "unix:\(socket)",
            ]
            let first = Process()
            first.executableURL = try Tool.paravane().url
            first.arguments = options
            first.standardInput = FileHandle.nullDevice
            first.standardError = FileHandle.nullDevice
            try first.run()
            defer {
                kill(first.processIdentifier, SIGKILL)
                first.waitUntilExit()
            }
            let deadline = Date().addingTimeInterval(20)
            while !FileManager.default.fileExists(atPath: socket), Date() < deadline { usleep(5000) }
            let second = try Tool.paravane().run(options)
            #expect(second.status == 69)
            #expect(second.errors == "paravane: --gdb unix:\(socket) is in use; choose another address\n")
            // The file goes away even with a process that is killed.
            kill(first.processIdentifier, SIGKILL)
            first.waitUntilExit()
            while FileManager.default.fileExists(atPath: socket), Date() < deadline { usleep(5000) }
            #expect(!FileManager.default.fileExists(atPath: socket))
        }
    }

    @Test(arguments: [
        (["-S"], "-S holds the guest for GDB: it needs --gdb"),
        (["--gdb", "tcp:nowhere"], "tcp:nowhere"),
        (["--log", "file"], "--log needs -d"),
        (["-d", "int,nothing"], "there is no log item 'nothing'"),
        (["-s", "-d", "exec"], "--gdb does not go with"),
    ])
    func `options that mean nothing are wrong usage`(options: [String], message: String) throws {
        let result = try Tool.paravane().run(["run", "--kernel", "/nonexistent"] + options)
        #expect(result.status == 64)
        #expect(result.errors.contains(message), "\(result.errors)")
    }
}
