extension Cell {
    /// All cells. The command, its tests and its documentation derive from these rows.
    package static let all: [Cell] =
        flatConformance + e500Conformance + foreignConformance + kvmPRConformance + bareMetal + e500Linux + pseriesLinux
        + partitions

    // MARK: Conformance

    /// x86-64 and s390x guests on libunicorn.
    private static let flatConformance: [Cell] = [Architecture.x86, .s390x].flatMap { architecture in
        [1, 2, 4].map { cpus in
            Cell(
                architecture, .unicorn, .conformance, vcpus(cpus), seconds: 0.5, limit: 90,
                run: [
                    .program("paravane-unicorn"), "--cpus", .literal("\(cpus)"), "--timeout", "60",
                    .guest("conformance/\(architecture.rawValue).elf"),
                ],
                expect: .tap(), package: "libunicorn-dev")
        }
    }

    /// The e500 guest on the software CPU, for each core and either hypercall sequence.
    private static let e500Conformance: [Cell] = ["e500v2", "e500mc"].flatMap { core in
        ["sc-magic", "sc1"].map { sequence in
            Cell(
                .ppcE500, .soft, .conformance, "\(core), \(sequence)", seconds: 0.5, limit: 90,
                run: [
                    .program("paravane"), "run", "--kernel", .guest("conformance/powerpc.elf"), "--cpu",
                    .literal(core), "--hcall", .literal(sequence), "--cpus", "2", "--timeout", "60",
                ],
                expect: .tap())
        }
    }

    /// The same guests on what others made.
    private static let foreignConformance: [Cell] = [
        Cell(
            .s390x, .qemu, .conformance, vcpus(2), seconds: 2,
            run: [
                .tool(.qemuS390), "-M", "s390-ccw-virtio", "-accel", "tcg", "-smp", "2", "-m", "64", "-nodefaults",
                "-display", "none", "-chardev", "stdio,id=console", "-device", "sclpconsole,chardev=console",
                "-device", "virtio-rng-ccw,devno=fe.0.0000", "-kernel", .guest("conformance/s390x.elf"),
            ],
            expect: .tap(reference: "qemu-s390x", peer: id(.s390x, .unicorn, .conformance, vcpus(2)))),
        Cell(
            .x86, .kvm, .conformance, vcpus(2), seconds: 15, limit: 240,
            run: [
                .guest("kvm-x86-host/run"), .program("paravane-kvm-x86"), .guest("conformance/x86_64.elf"), "--cpus",
                "2",
            ],
            expect: .tap(reference: "kvm-amd", peer: id(.x86, .unicorn, .conformance, vcpus(2))),
            needs: [.qemuX86, .gcc]),
        Cell(
            .x86, .qemu, .conformance, "without KVM", seconds: 1,
            run: [
                .tool(.qemuX86), "-accel", "tcg", "-m", "64", "-nodefaults", "-display", "none", "-chardev",
                "stdio,id=console", "-device", "isa-debugcon,iobase=0xe9,chardev=console", "-device",
                "isa-debug-exit,iobase=0xf4,iosize=4", "-kernel", .guest("conformance/x86_64.elf"),
            ],
            status: 1, expect: .skip("CPUID does not show KVM")),
        Cell(
            .ppcE500, .qemu, .conformance, "without a hypervisor", seconds: 1,
            run: qemuE500(["-kernel", .guest("conformance/powerpc.elf")]), expect: .skip("no /hypervisor")),
    ]

    /// The recorder of hypercalls below KVM-PR, whose answers are compared with the dispatcher's.
    private static let kvmPRConformance: [Cell] = ["power8", "power9"].flatMap { host in
        [
            (Architecture.ppc64, "64", "recorder64", "ePAPR"), (.ppcBook3S, "32", "recorder32", "ePAPR"),
            (.ppc64, "papr64", "recorder64", "PAPR"), (.ppc64le, "papr64le", "recorder64le", "PAPR"),
        ].map { architecture, kind, recorder, calls in
            Cell(
                architecture, .kvmPRInQEMU, .conformance, "\(calls) on a \(host) host", seconds: 6, limit: 240,
                run: [
                    .program("paravane"), "kvm-pr-host", "--kvm-pr-host", .guest("kvm-pr-host"), "--timeout", "120",
                    "--host-cpu", .literal(host), "--file",
                    .guest("book3s/\(recorder).bin", prefix: "recorder="), "--", "conformance", .literal(kind),
                    "/files/recorder",
                ],
                expect: .tap(), needs: [.qemuPPC64])
        }
    }

    // MARK: Bare metal

    /// Programs that test the e500 machine.
    private static let bareMetal: [Cell] =
        ["hypercalls", "magicpage", "mmu", "interrupts", "timers"].flatMap { program in
            ["sc-magic", "sc1"].map { sequence in
                Cell(
                    .ppcE500, .soft, .bareMetal, "\(program), \(sequence)", seconds: 0.5, limit: 90,
                    run: [
                        .program("paravane"), "run", "--kernel", .guest("baremetal/\(program).elf"), "--hcall",
                        .literal(sequence), "--timeout", "60",
                    ],
                    expect: .tap())
            }
        }
        + ["smp", "smpcode", "smptlb", "smpmagic"].map { program in
            Cell(
                .ppcE500, .soft, .bareMetal, "\(program), \(vcpus(4))", seconds: 1, limit: 120,
                run: [
                    .program("paravane"), "run", "--kernel", .guest("baremetal/\(program).elf"), "--cpus", "4",
                    "--timeout", "90",
                ],
                expect: .tap())
        }
        + ["smp", "smpcode"].map { program in
            Cell(
                .ppcE500, .qemu, .bareMetal, "\(program), \(vcpus(2))", seconds: 2,
                run: qemuE500(["-smp", "2", "-kernel", .guest("baremetal/\(program).elf")]), expect: .tap())
        }

    // MARK: Linux

    /// Linux for e500 machines.
    private static let e500Linux: [Cell] =
        [("unmodified", 1), ("unmodified", 4), ("patched", 1), ("patched", 4)].map { kernel, cpus in
            let patches = kernel == "patched" ? ["*userland: live patching worked"] : []
            return Cell(
                .ppcE500, .soft, .linux, "\(kernel) kernel, \(vcpus(cpus))", seconds: 5,
                run: [
                    .program("paravane"), "run", "--kernel", .guest("linux/\(kernel)/uImage"), "--initrd",
                    .guest("userland/initramfs.cpio.gz"), "--append", "console=ttyS0 paravane.exec=test", "--cpus",
                    .literal("\(cpus)"), "--timeout", "150",
                ],
                expect: .lines(
                    ["userland: hypervisor linux,kvm*"] + patches + ["userland: self test passed"],
                    never: ["userland: not ok*"]))
        }
        + [1, 2].map { cpus in
            Cell(
                .ppcE500, .soft, .linux, "unmodified kernel, machine e500-hv, \(vcpus(cpus))", seconds: 5,
                run: [
                    .program("paravane"), "run", "--machine", "e500-hv", "--kernel",
                    .guest("linux-hv/unmodified/uImage"), "--initrd", .guest("userland/initramfs.cpio.gz"), "--append",
                    "console=ttyEHV0 paravane.exec=test", "--cpus", .literal("\(cpus)"), "--timeout", "150",
                ],
                expect: .lines(
                    ["userland: hypervisor *", "userland: self test passed"], never: ["userland: not ok*"]))
        }
        + [
            Cell(
                .ppcE500, .qemu, .linux, "unmodified kernel, \(vcpus(1))", seconds: 10,
                run: qemuE500([
                    "-kernel", .guest("linux/unmodified/uImage"), "-initrd", .guest("userland/initramfs.cpio.gz"),
                    "-append", "console=ttyS0 paravane.exec=test",
                ]),
                expect: .lines(["userland: self test passed"], never: ["userland: not ok*"]))
        ]

    /// Debian's own kernel for ppc64le, and Linux in the other byte order, on POWER servers' partitions.
    private static let pseriesLinux: [Cell] =
        [1, 4].map { cpus in
            Cell(
                .ppc64le, .soft, .linux, "Debian's kernel, \(vcpus(cpus))", seconds: 20,
                run: [
                    .program("paravane"), "run", "--machine", "pseries", "--kernel", .guest("debian/vmlinux"),
                    "--initrd", .guest("debian/initramfs.cpio.gz"), "--memory", "512M", "--cpus",
                    .literal("\(cpus)"), "--append", "console=hvc0 quiet paravane.exec=poweroff", "--timeout", "150",
                ],
                expect: .lines(["userland: hypervisor linux,kvm*", "userland: powering off"]))
        }
        + [
            Cell(
                .ppc64le, .qemu, .linux, "Debian's kernel, \(vcpus(1))", seconds: 20,
                run: [
                    .tool(.qemuPPC64), "-M",
                    "pseries,x-vof=on,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off", "-cpu",
                    "power8", "-m", "512", "-nodefaults", "-display", "none", "-no-reboot", "-serial", "stdio",
                    "-kernel",
                    .guest("debian/vmlinux"), "-initrd", .guest("debian/initramfs.cpio.gz"), "-append",
                    "console=hvc0 quiet paravane.exec=poweroff",
                ],
                expect: .lines(["userland: machine ppc64le*", "userland: powering off"]))
        ]

    // MARK: What rows share

    private static func vcpus(_ count: Int) -> String { count == 1 ? "1 vCPU" : "\(count) vCPUs" }

    private static func qemuE500(_ more: [Word]) -> [Word] {
        [
            .tool(.qemuPPC), "-M", "ppce500", "-cpu", "e500v2", "-m", "256M", "-nic", "none", "-nographic",
            "-no-reboot",
        ] + more
    }
}
