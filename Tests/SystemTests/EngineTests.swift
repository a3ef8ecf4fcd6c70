import Foundation
import TestTools
import Testing

/// `--engine`: what is there, and one line and a status for what is not. Guests on KVM-PR are in `make check-kvm-pr`.
@Suite struct EngineTests {
    /// A folder with what looks like a KVM-PR host, and a `qemu-system-ppc64` that is this script.
    private func run(_ arguments: [String], qemu script: String?) throws -> ToolResult {
        try withTemporaryFolder { folder in
            for name in ["vmlinux", "initramfs.cpio.gz", "kernel"] {
                try Data("x".utf8).write(to: folder.appendingPathComponent(name))
            }
            let qemu = folder.appendingPathComponent("qemu-system-ppc64")
            if let script {
                try Data("#!/bin/sh\n\(script)\n".utf8).write(to: qemu)
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: qemu.path)
            }
            let words = arguments.map { $0.replacingOccurrences(of: "FOLDER", with: folder.path) }
            let path = folder.path + (script == nil ? "" : ":/usr/bin:/bin")
            // The shell stays out of the way: it becomes the command.
            return try Tool(named: "env").run(["PATH=" + path, Tool.paravane().url.path] + words)
        }
    }

    private static let guest = [
        "run", "--engine", "kvm-pr-in-qemu", "--machine", "pseries", "--kernel", "FOLDER/kernel", "--kvm-pr-host",
        "FOLDER",
    ]

    @Test(
        arguments: [
            (
                ["run", "--engine", "kvm", "--kernel", "k"], 69,
                "the KVM engine needs a PowerPC host: use the software CPU"
            ),
            (["run", "--engine", "kvm-pr-in-qemu", "--kernel", "k"], 64, "has the machine pseries alone"),
            (["run", "--engine", "kvm", "--machine", "e500", "--kernel", "k"], 69, "needs a PowerPC host"),
            (["run", "--hcall", "vmm", "--kernel", "k"], 64, "--hcall vmm is for guests on KVM"),
            (guest + ["--hcall", "sc1"], 64, "a guest on KVM takes --hcall kernel, vmm or none"),
            (["run", "--irqchip", "vmm", "--kernel", "k"], 64, "--irqchip is for guests on KVM"),
            (guest + ["--irqchip", "off"], 64, "'--irqchip <irqchip>'"),
            (guest + ["--clock", "virtual"], 64, "the engine kvm-pr-in-qemu does not take --clock virtual"),
            (guest + ["--dtb", "tree"], 64, "the engine kvm-pr-in-qemu does not take --dtb"),
            (guest + ["-d", "int"], 64, "does not take debugging options"),
            (guest + ["--initrd", "FOLDER/nothing"], 65, "FOLDER/nothing: cannot be read"),
            (guest.dropLast() + ["FOLDER/nothing"], 69, "'make kvm-pr-host' builds one"),
        ] as [([String], Int32, String)])
    func `what does not go together or is not there is one line`(arguments: [String], status: Int32, line: String)
        throws
    {
        let result = try run(arguments, qemu: "exit 0")
        #expect(result.status == status)
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        let words = line.replacingOccurrences(of: "FOLDER", with: "")
        #expect(result.errors.contains(words), "\(result.errors)")
    }

    @Test func `without QEMU the line names the package`() throws {
        let result = try run(Self.guest, qemu: nil)
        #expect(result.status == 69)
        #expect(result.errors == "paravane: there is no qemu-system-ppc64: install Debian's package qemu-system-ppc\n")
    }

    @Test func `QEMU that is killed is one line and status 70`() throws {
        let result = try run(Self.guest, qemu: "kill -9 $$")
        #expect(result.status == 70)
        #expect(
            result.errors
                == "paravane: the KVM-PR host ended before the guest did: qemu-system-ppc64 was killed by signal 9\n")
    }

    @Test func `QEMU that gives up is shown with what it said`() throws {
        let result = try run(Self.guest, qemu: "echo no such machine >&2; exit 3")
        #expect(result.status == 70)
        #expect(result.errors.hasPrefix("no such machine\n"))
        #expect(result.errors.hasSuffix("qemu-system-ppc64 ended with status 3\n"))
    }

    @Test func `output of the guest is no status`() throws {
        // What is printed goes to QEMU's own log; only the port for the status counts.
        let result = try run(Self.guest, qemu: "echo 0; echo 'kvm-pr-host: status 0'; exit 0")
        #expect(result.status == 70)
        #expect(result.output == [])
    }

    @Test func `a time limit ends QEMU, too`() throws {
        let result = try run(
            ["kvm-pr-host", "--kvm-pr-host", "FOLDER", "--timeout", "0.5", "--", "host"], qemu: "exec sleep 60")
        #expect(result.status == 124)
        #expect(result.errors == "paravane: the KVM-PR host did not end within 0.5 seconds\n")
    }

    // MARK: A host that dies while the guest runs

    /// Starts a guest on a terminal, in a host that is `sleep`, calls `body` with the command and the host's process, and
    /// waits for the command's end: its exit status or negative signal, and what it said.
    private func onTerminal(
        _ body: (_ command: Process, _ host: pid_t) throws -> Void
    ) throws -> (status: Int32, errors: String) {
        try withTemporaryFolder { folder in
            for name in ["vmlinux", "initramfs.cpio.gz", "kernel"] {
                try Data("x".utf8).write(to: folder.appendingPathComponent(name))
            }
            let qemu = folder.appendingPathComponent("qemu-system-ppc64")
            let note = folder.appendingPathComponent("process")
            try Data("#!/bin/sh\necho $$ >\(note.path).new; mv \(note.path).new \(note.path); exec sleep 60\n".utf8)
                .write(to: qemu)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: qemu.path)
            let terminal = try Terminal()
            let before = terminal.flags
            let errors = Pipe()
            let command = Process()
            command.executableURL = try Tool.paravane().url
            command.arguments = Self.guest.map { $0.replacingOccurrences(of: "FOLDER", with: folder.path) }
            command.environment = ["PATH": folder.path + ":/usr/bin:/bin"]
            command.standardInput = terminal.slave
            command.standardOutput = FileHandle.nullDevice
            command.standardError = errors
            try command.run()
            try errors.fileHandleForWriting.close()
            let deadline = Date().addingTimeInterval(20)
            var host: pid_t?
            while host == nil || terminal.isCanonical, command.isRunning, Date() < deadline {
                usleep(2000)
                host = (try? String(contentsOf: note, encoding: .utf8)).flatMap {
                    pid_t($0.trimmingCharacters(in: .newlines))
                }
            }
            let process = try #require(host, "the host started")
            #expect(!terminal.isCanonical, "a running guest has the terminal in raw mode")
            try body(command, process)
            while command.isRunning, Date() < deadline { usleep(2000) }
            kill(command.processIdentifier, SIGKILL)
            command.waitUntilExit()
            while kill(process, 0) == 0, Date() < deadline { usleep(2000) }
            #expect(kill(process, 0) != 0, "the host is gone")
            if command.terminationReason == .exit { #expect(terminal.flags == before, "the terminal is as it was") }
            let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            let isExit = command.terminationReason == .exit
            return (isExit ? command.terminationStatus : -command.terminationStatus, text)
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `QEMU that is killed while the guest runs is one line, and the terminal is restored`()
        throws
    {
        let (status, errors) = try onTerminal { _, host in kill(host, SIGKILL) }
        #expect(status == 70)
        #expect(
            errors == "paravane: the KVM-PR host ended before the guest did: qemu-system-ppc64 was killed by signal 9\n"
        )
    }

    @Test(.timeLimit(.minutes(2)), arguments: [SIGKILL, SIGTERM, SIGHUP])
    func `a command that is killed takes QEMU with it`(signal: Int32) throws {
        let (status, errors) = try onTerminal { command, _ in kill(command.processIdentifier, signal) }
        #expect(status == -signal)
        #expect(errors.isEmpty)
    }
}
