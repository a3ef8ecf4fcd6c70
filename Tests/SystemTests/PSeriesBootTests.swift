import Foundation
import Testing
import TestTools

/// Debian's own kernel for ppc64le on the machine `pseries`, with Debian's busybox.
@Suite(.enabled(if: Guests.areFetched, "run through 'make test', which fetches Debian's kernel"), .serialized)
struct PSeriesBootTests {
    private func boot(_ options: [String]) throws -> GuestRun {
        try GuestRun.paravane(
            [
                "--machine", "pseries", "--kernel", try Guests.debianKernel, "--initrd", try Guests.debianInitrd,
                "--memory", "512M", "--append", "console=hvc0 quiet paravane.exec=poweroff",
            ] + options)
    }

    @Test(arguments: [1, 4])
    func `Debian's kernel finds its hypervisor, maps a magic page a CPU and powers off`(cpus: Int) throws {
        let run = try boot(["--clock", "virtual", "--cpus", "\(cpus)"])
        #expect(run.status == 0, "\(run.errors)\(run.console)")
        #expect(run.userland.contains { $0.hasPrefix("userland: machine ppc64le") }, "\(run.console)")
        #expect(run.userland.contains { $0.hasPrefix("userland: hypervisor linux,kvm") })
        #expect(run.count("hypercalls", "KVM_HC_FEATURES") == 1)
        #expect(run.count("hypercalls", "KVM_HC_PPC_MAP_MAGIC_PAGE") == cpus)
        #expect(run.count("unclaimed_accesses") == 0)
    }

    @Test func `a run in virtual time repeats to the last instruction`() throws {
        let first = try boot(["--clock", "virtual"])
        let second = try boot(["--clock", "virtual"])
        #expect(first.count("instructions") == second.count("instructions"))
        #expect(first.count("hypercalls", "H_ENTER") == second.count("hypercalls", "H_ENTER"))
        #expect(first.count("instructions") != nil)
    }

    @Test(arguments: [1, 4])
    func `it boots with the host's clock, too`(cpus: Int) throws {
        let run = try boot(["--clock", "host", "--cpus", "\(cpus)"])
        #expect(run.status == 0, "\(run.errors)\(run.console)")
    }
}
