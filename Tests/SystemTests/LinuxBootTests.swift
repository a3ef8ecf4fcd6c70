import Foundation
import Testing
import TestTools

/// Linux as the oracle of the CPU, the devices and the paravirtual interface.
@Suite(.enabled(if: Guests.areBuilt, "run through 'make test', which builds the guests"), .serialized)
struct LinuxBootTests {
    @Test(arguments: ["host", "virtual"])
    func `an unmodified kernel finds its hypervisor, maps the magic page once and powers off`(clock: String) throws {
        let run = try GuestRun.linux(
            kernel: try Guests.unmodifiedKernel, exec: "test", options: ["--clock", clock])
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.userland.last == "userland: self test passed", "\(run.console)")
        #expect(run.userland.contains { $0.hasPrefix("userland: hypervisor linux,kvm") })
        #expect(run.count("hypercalls", "KVM_HC_FEATURES") == 1)
        #expect(run.count("hypercalls", "KVM_HC_PPC_MAP_MAGIC_PAGE") == 1)
        #expect(run.count("unknown_hypercalls") == 0)
        #expect(run.count("unclaimed_accesses") == 0)
    }

    @Test func `the same image reaches the same userland on QEMU and on Paravane`() throws {
        let kernel = try Guests.unmodifiedKernel
        let ours = try GuestRun.linux(kernel: kernel, exec: "test")
        let theirs = try GuestRun.qemu(kernel: kernel, exec: "test")
        #expect(theirs.status == 0)
        // QEMU's tree has no hypervisor without KVM; everything else must be alike.
        func comparable(_ run: GuestRun) -> [String] { run.userland.filter { !$0.contains("hypervisor") } }
        #expect(comparable(ours) == comparable(theirs))
        #expect(comparable(ours).count >= 5)
    }

    @Test func `the patched kernel patches itself, and then traps at least 85 % less`() throws {
        let kernel = try Guests.patchedKernel
        let with = try GuestRun.linux(kernel: kernel, exec: "poweroff")
        let without = try GuestRun.linux(kernel: kernel, exec: "poweroff", options: ["--no-magic-page"])
        #expect(with.console.contains("KVM: Live patching for a fast VM worked"))
        #expect(!without.console.contains("Live patching"))
        #expect(with.status == 0 && without.status == 0)
        for instruction in ["mfmsr", "wrtee", "wrteei"] {
            let saved = try #require(with.count("privileged_instructions", instruction))
            let all = try #require(without.count("privileged_instructions", instruction))
            #expect(Double(saved) <= 0.15 * Double(all), "\(instruction): \(saved) of \(all)")
        }
    }

    @Test(arguments: ["sc-magic", "sc1"])
    func `both hypercall sequences work`(sequence: String) throws {
        let run = try GuestRun.linux(
            kernel: try Guests.patchedKernel, exec: "poweroff", options: ["--hcall", sequence])
        #expect(run.status == 0)
        #expect(run.console.contains("KVM: Live patching for a fast VM worked"))
    }

    @Test func `without a hypervisor in the tree the guest makes no hypercall`() throws {
        let run = try GuestRun.linux(
            kernel: try Guests.unmodifiedKernel, exec: "poweroff", options: ["--hcall", "none"])
        #expect(run.status == 0)
        #expect(run.counts("hypercalls").isEmpty)
        #expect(run.userland.contains("userland: powering off"))
    }

    @Test(arguments: [[], ["--no-native-code"], ["--cpus", "2"]], [[], ["--no-native-code"]])
    func `virtual time makes every count repeat, whatever executes the guest`(
        options: [String], others: [String]
    ) throws {
        let kernel = try Guests.unmodifiedKernel
        let runs = try [options, options.filter { $0 != "--no-native-code" } + others].map { options in
            try GuestRun.linux(kernel: kernel, exec: "test", options: ["--clock", "virtual"] + options)
        }
        let counts = runs.map { run in
            run.statistics.filter { !["seconds", "mips"].contains($0.key) } as NSDictionary
        }
        #expect(counts[0] == counts[1])
        #expect(runs[0].console == runs[1].console)
        #expect(try #require(runs[0].count("instructions")) > 10_000_000)
    }

    @Test(arguments: [2, 4, 8], ["host", "virtual"])
    func `every vCPU comes up and maps a magic page of its own`(cpus: Int, clock: String) throws {
        let run = try GuestRun.linux(
            kernel: try Guests.patchedKernel, exec: "test", options: ["--cpus", "\(cpus)", "--clock", clock])
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.userland.contains("userland: processors online 0-\(cpus - 1)"))
        #expect(run.userland.last == "userland: self test passed")
        #expect(run.count("hypercalls", "KVM_HC_PPC_MAP_MAGIC_PAGE") == cpus)
    }

    @Test(arguments: [1, 2, 4, 8])
    func `boot after boot, an unmodified kernel maps a magic page on every vCPU and powers off`(cpus: Int) throws {
        for clock in ["host", "host", "virtual"] {
            let run = try GuestRun.linux(
                kernel: try Guests.unmodifiedKernel, exec: "poweroff", options: ["--cpus", "\(cpus)", "--clock", clock])
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.userland.contains("userland: processors online \(cpus == 1 ? "0" : "0-\(cpus - 1)")"))
            #expect(run.count("hypercalls", "KVM_HC_PPC_MAP_MAGIC_PAGE") == cpus)
        }
    }

    @Test(arguments: [("host", 4), ("virtual", 1)])
    func `four vCPUs fork, signal, wake and fault side by side`(run: (clock: String, seconds: Int)) throws {
        let run = try GuestRun.linux(
            kernel: try Guests.patchedKernel, exec: "stress paravane.seconds=\(run.seconds)",
            options: ["--cpus", "4", "--clock", run.clock])
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.userland.last == "userland: stress passed", "\(run.console)")
    }

    @Test func `a reset ends the run with status 32 when reboots are not wanted`() throws {
        let run = try GuestRun.linux(
            kernel: try Guests.unmodifiedKernel, exec: "reboot", options: ["--no-reboot"])
        #expect(run.status == 32)
    }

    @Test func `a reset boots the guest again`() throws {
        let run = try GuestRun.linux(
            kernel: try Guests.unmodifiedKernel, exec: "reboot", options: ["--clock", "virtual", "--timeout", "4"])
        #expect(run.status == 124)
        #expect(run.lines.filter { $0.contains("Linux version 6.1") }.count >= 2)
    }

    @Test func `a kernel panic ends the run with status 34`() throws {
        let run = try GuestRun.linux(kernel: try Guests.unmodifiedKernel, exec: "panic")
        #expect(run.status == 34)
        #expect(run.console.contains("Kernel panic - not syncing"))
        #expect(run.errors.contains("paravane: the guest's kernel panicked"))
    }

    @Test func `a guest that does not end in time ends with status 124`() throws {
        let run = try GuestRun.linux(
            kernel: try Guests.unmodifiedKernel, exec: "idle", options: ["--timeout", "3"])
        #expect(run.status == 124)
        #expect(run.errors == "paravane: the guest did not end within 3.0 seconds\n")
    }

    @Test func `the shell reads its commands from standard input`() throws {
        let run = try GuestRun.paravane(
            [
                "--kernel", try Guests.patchedKernel, "--initrd", try Guests.initrd, "--append", "console=ttyS0",
            ], input: "echo $((6 * 7)) from the guest\npoweroff -f\n")
        #expect(run.status == 0, "\(run.console)")
        #expect(run.lines.contains("42 from the guest"), "\(run.console)")
    }
}
