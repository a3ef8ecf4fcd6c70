extension Cell {
    /// Guests of the machine `pseries` by architecture and file, and Debian's kernels for other processors.
    static let partitions = softPartitions + kvmPRPartitions + qemuPartitions + stockKernels

    private static let guests: [(architecture: Architecture, file: String)] = [
        (.ppc64, "ppc64"), (.ppc64le, "ppc64le"), (.ppcBook3S, "ppc32"),
    ]

    private static func softVariant(_ sequence: String) -> String { "\(sequence), 2 vCPUs" }

    /// What others are compared with.
    private static func peer(_ architecture: Architecture) -> String {
        id(architecture, .soft, .conformance, softVariant("sc-magic"))
    }

    /// The Book3S guests on the software CPU, with either sequence.
    private static let softPartitions: [Cell] = guests.flatMap { architecture, file in
        ["sc-magic", "sc1"].map { sequence in
            Cell(
                architecture, .soft, .conformance, softVariant(sequence), seconds: 0.5, limit: 90,
                run: [
                    .program("paravane"), "run", "--machine", "pseries", "--kernel",
                    .guest("conformance/\(file).elf"), "--hcall", .literal(sequence), "--cpus", "2", "--timeout",
                    "60",
                ],
                expect: .tap())
        }
    }

    /// The same below KVM-PR, whose kernel answers, or the VMM.
    private static let kvmPRPartitions: [Cell] = guests.flatMap { architecture, file in
        [("kernel", "kvm-pr"), ("vmm", "kvm-pr-vmm")].map { calls, reference in
            Cell(
                architecture, .kvmPRInQEMU, .conformance, "calls of the \(calls), 2 vCPUs", seconds: 6, limit: 240,
                run: [
                    .program("paravane"), "run", "--engine", "kvm-pr-in-qemu", "--kvm-pr-host",
                    .guest("kvm-pr-host"), "--machine", "pseries", "--kernel", .guest("conformance/\(file).elf"),
                    "--hcall", .literal(calls), "--cpus", "2", "--memory", "128M", "--timeout", "120",
                ],
                expect: .tap(reference: reference, peer: peer(architecture)), needs: [.qemuPPC64])
        }
    }

    /// The same on QEMU's machine of that name. One thread executes all vCPUs, so that every run ends alike.
    private static let qemuPartitions: [Cell] = guests.map { architecture, file in
        Cell(
            architecture, .qemu, .conformance, "2 vCPUs", seconds: 3,
            run: [
                .tool(.qemuPPC64), "-M",
                "pseries,x-vof=on,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off", "-cpu",
                "power8", "-accel", "tcg,thread=single", "-smp", "2", "-m", "256M", "-nodefaults", "-display", "none",
                "-serial", "stdio", "-object", "rng-random,id=rng,filename=/dev/urandom", "-device",
                "spapr-rng,rng=rng", "-kernel", .guest("conformance/\(file).elf"),
            ],
            expect: .tap(reference: "qemu-pseries", peer: peer(architecture)))
    }

    /// Debian's kernels for processors whose whole platform only the references have.
    private static let stockKernels: [Cell] = [
        Cell(
            .x86, .kvm, .linux, "Debian's kernel and QEMU on KVM for AMD, 2 vCPUs", seconds: 35, limit: 240,
            run: [
                .guest("kvm-x86-host/linux"), .guest("debian-amd64/vmlinuz"),
                .guest("debian-amd64/initramfs.cpio.gz"), "paravane.exec=poweroff",
            ],
            expect: .lines([
                "*Hypervisor detected: KVM", "*kvm-clock: Using msrs 4b564d01 and 4b564d00",
                "*kvm-guest: setup PV sched yield", "*Booting paravirtualized kernel on KVM",
                "*kvm-guest: PV spinlocks enabled", "*kvm-guest: setup PV IPIs", "userland: machine x86_64*",
                "userland: processors online 0-1", "userland: powering off",
            ]),
            needs: [.qemuX86, .gcc]),
        Cell(
            .s390x, .qemu, .linux, "Debian's kernel, 2 vCPUs", seconds: 6,
            run: [
                .tool(.qemuS390), "-M", "s390-ccw-virtio", "-accel", "tcg", "-smp", "2", "-m", "512", "-nodefaults",
                "-display", "none", "-chardev", "stdio,id=console", "-device", "sclpconsole,chardev=console",
                "-device", "virtio-rng-ccw,devno=fe.0.0000", "-kernel", .guest("debian-s390x/vmlinuz"), "-initrd",
                .guest("debian-s390x/initramfs.cpio.gz"), "-append", "console=ttysclp0 paravane.exec=poweroff",
            ],
            expect: .lines([
                "*setup: Linux is running under KVM in 64-bit mode", "userland: machine s390x*",
                "userland: processors online 0-1", "userland: powering off",
            ])),
        Cell(
            .ppc64le, .kvmPRInQEMU, .linux, "Debian's kernel, 1 vCPU", seconds: 60, limit: 600,
            run: [
                .program("paravane"), "run", "--engine", "kvm-pr-in-qemu", "--kvm-pr-host", .guest("kvm-pr-host"),
                "--machine", "pseries", "--kernel", .guest("debian/vmlinux"), "--initrd",
                .guest("debian/initramfs.cpio.gz"), "--memory", "512M", "--append",
                "console=hvc0 quiet paravane.exec=poweroff", "--timeout", "500",
            ],
            expect: .lines(["userland: hypervisor linux,kvm*", "userland: powering off"]), needs: [.qemuPPC64]),
    ]
}
