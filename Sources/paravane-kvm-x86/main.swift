// Runs one flat x86-64 guest on the host's KVM. Needs no Foundation and no terminal, so that it can be the first program of an
// initramfs.
#if arch(x86_64)
    let arguments = CommandLine.arguments
    guard arguments.count == 2 || arguments.count == 4 && arguments[1] == "--cpus",
        let guest = arguments.last, let cpus = arguments.count == 4 ? Int(arguments[2]) : 1, (1...8).contains(cpus)
    else { finish(64, "usage: paravane-kvm-x86 [--cpus 1-8] <guest>") }
    run(guest, cpus: cpus)
#else
    finish(69, "this command is for x86-64 hosts")
#endif
