// swift-tools-version: 6.3
import PackageDescription

/// Settings of every Swift target: warnings are errors, every use of unsafe memory is marked at its site.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Settings of the portable core, which also compiles in Embedded Swift (`make embedded` proves it).
let portable: [SwiftSetting] = strict + [.treatWarning("EmbeddedRestrictions", as: .error)]

/// A module of the portable core: no Foundation, typed throws, no value existentials.
func core(_ name: String, _ dependencies: [Target.Dependency] = [], _ more: [SwiftSetting] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: portable + more)
}

/// The tests of the module `name`.
func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: dependencies, resources: resources, swiftSettings: strict)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "paravane",
    products: [
        .executable(name: "paravane", targets: ["paravane"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        // C libraries, and the few host calls that Embedded Swift has no module for.
        .systemLibrary(name: "CFDT", providers: [.apt(["libfdt-dev"])]),
        .systemLibrary(name: "CDeflate", providers: [.apt(["libdeflate-dev"])]),
        // Unicorn (GPL-2) is an oracle of the software CPU's tests and part of no product.
        .systemLibrary(name: "CUnicorn", providers: [.apt(["libunicorn-dev"])]),
        .target(name: "CHost"),
        .target(name: "CKVM"),
        .target(name: "CSandbox"),
        .target(name: "CProcess"),

        // The portable core, in dependency order.
        core("ParavirtABI"),
        core("GuestMemory", ["CHost"]),
        core("ELF"),
        core("Hypercalls", ["ParavirtABI", "GuestMemory"]),
        core("DeviceTree", ["CFDT"]),
        core("TreeLint", ["DeviceTree"]),
        core("PowerPC", ["CHost", "ParavirtABI", "GuestMemory"]),
        core("Devices", ["GuestMemory"]),
        core("VMM", ["CHost", "GuestMemory", "ParavirtABI", "PowerPC"]),
        core("PAPR", ["Devices", "GuestMemory", "Hypercalls", "ParavirtABI", "PowerPC", "VMM"]),
        core("Terminal", ["CHost", "VMM"]),
        core("GDBRemote"),
        core("Debugging", ["CHost", "GDBRemote", "GuestMemory", "ParavirtABI", "PowerPC", "VMM"]),
        core(
            "Machines",
            [
                "CDeflate", "CHost", "DeviceTree", "Devices", "ELF", "GuestMemory", "Hypercalls", "PAPR", "ParavirtABI",
                "PowerPC", "VMM",
            ]),

        core("KVM", ["CHost", "CKVM", "GuestMemory"], [.enableExperimentalFeature("Lifetimes")]),
        core(
            "SelfChecks",
            ["DeviceTree", "Devices", "GuestMemory", "Hypercalls", "Machines", "ParavirtABI", "PowerPC", "VMM"]),
        core(
            "KVMEngine",
            [
                "CHost", "CKVM", "Devices", "GuestMemory", "Hypercalls", "KVM", "Machines", "PAPR", "ParavirtABI",
                "PowerPC", "VMM",
            ],
            [.enableExperimentalFeature("Lifetimes")]),
        core(
            "Conformance",
            [
                "CKVM", "Devices", "GuestMemory", "Hypercalls", "KVM", "KVMEngine", "Machines", "ParavirtABI",
                "PowerPC",
                "VMM",
            ],
            [.enableExperimentalFeature("Lifetimes")]),
        core(
            "PortableCommand",
            [
                "CHost", "Conformance", "Devices", "GuestMemory", "Hypercalls", "KVM", "KVMEngine", "Machines",
                "ParavirtABI", "PowerPC", "SelfChecks", "Terminal", "VMM",
            ]),

        // What keeps a guest that broke out of the machine from going further.
        .target(name: "Sandbox", dependencies: ["CSandbox"], swiftSettings: strict),

        // The test matrix: cells, their processes, results and reports.
        .target(name: "Matrix", dependencies: ["CHost", "CProcess"], swiftSettings: strict),

        // The command line.
        .target(
            name: "ParavaneCommands",
            dependencies: [
                "CHost", "CProcess", "Debugging", "DeviceTree", "Devices", "GuestMemory", "Hypercalls", "KVM",
                "Machines", "Matrix", "PAPR", "ParavirtABI", "PowerPC", "Sandbox", "Terminal", "TreeLint", "VMM",
                argumentParser,
            ],
            swiftSettings: strict),
        .executableTarget(name: "paravane", dependencies: ["ParavaneCommands"], swiftSettings: strict),

        // Bare-metal guests of other processors. What runs them on libunicorn, which is GPL-2, loads it when it starts and is
        // a command of its own.
        .target(
            name: "FlatMachines", dependencies: ["ELF", "GuestMemory", "Hypercalls", "ParavirtABI"],
            swiftSettings: strict),
        .target(name: "CUnicornCPU"),
        .target(
            name: "UnicornCPU",
            dependencies: ["CUnicornCPU", "FlatMachines", "GuestMemory", "Hypercalls", "ParavirtABI"],
            swiftSettings: strict),
        .target(
            name: "UnicornCommand",
            dependencies: ["FlatMachines", "GuestMemory", "Hypercalls", "UnicornCPU", argumentParser],
            swiftSettings: strict),
        .executableTarget(name: "paravane-unicorn", dependencies: ["UnicornCommand"], swiftSettings: strict),
        .executableTarget(
            name: "paravane-kvm-x86",
            dependencies: ["CHost", "CKVM", "FlatMachines", "GuestMemory", "Hypercalls", "KVM"],
            swiftSettings: strict + [.enableExperimentalFeature("Lifetimes")]),

        // The fuzzer: what it feeds, and the driver that feeds it.
        .target(
            name: "Fuzzing",
            dependencies: [
                "CHost", "Debugging", "DeviceTree", "Devices", "GDBRemote", "GuestMemory", "Hypercalls", "Machines",
                "PAPR", "ParavirtABI", "PowerPC", "TreeLint", "VMM",
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "paravane-fuzz", dependencies: ["Fuzzing", argumentParser], swiftSettings: strict),

        // What `make bench` measures in process.
        .executableTarget(
            name: "paravane-bench", dependencies: ["DeviceTree", "Machines", "ParavirtABI"],
            path: "Tests/Bench/InProcess", swiftSettings: strict),

        // The tests, and how they run tools such as dtc.
        .target(name: "TestTools", path: "Tests/TestTools", swiftSettings: strict),
        tests("ParavirtABI", ["ParavirtABI"]),
        tests("GuestMemory", ["GuestMemory"]),
        tests("Hypercalls", ["GuestMemory", "Hypercalls", "PAPR", "ParavirtABI", "TestTools"]),
        tests(
            "PAPR",
            ["DeviceTree", "Devices", "GuestMemory", "Hypercalls", "Machines", "PAPR", "ParavirtABI", "PowerPC", "VMM"]),
        tests("DeviceTree", ["DeviceTree", "TestTools"]),
        tests("TreeLint", ["DeviceTree", "TestTools", "TreeLint"], resources: [.copy("Trees")]),
        tests(
            "PowerPC", ["CUnicorn", "GuestMemory", "ParavirtABI", "PowerPC", "TestTools"], resources: [.copy("Oracle")]),
        tests("Devices", ["Devices", "GuestMemory", "TestTools"]),
        tests(
            "Machines",
            [
                "DeviceTree", "Devices", "GuestMemory", "Hypercalls", "Machines", "PAPR", "ParavirtABI", "PowerPC",
                "TestTools", "TreeLint", "VMM",
            ]),
        tests(
            "ParavaneCommands",
            [
                "DeviceTree", "Hypercalls", "Machines", "PAPR", "ParavaneCommands", "ParavirtABI", "TestTools",
                "TreeLint",
                "paravane", argumentParser,
            ]),
        tests("Conformance", ["Conformance", "GuestMemory", "Hypercalls", "ParavirtABI"]),
        tests("KVM", ["CKVM", "GuestMemory", "KVM"]),
        tests("PortableCommand", ["PortableCommand"]),
        tests("KVMEngine", ["GuestMemory", "KVMEngine"]),
        tests("SelfChecks", ["SelfChecks", "TestTools"]),
        tests("VMM", ["GuestMemory", "ParavirtABI", "PowerPC", "VMM"]),
        tests("GDBRemote", ["GDBRemote"]),
        tests("Debugging", ["Debugging", "Devices", "GDBRemote", "GuestMemory", "Machines", "PowerPC", "VMM"]),
        .target(name: "SandboxProbe", dependencies: ["CSandbox"], path: "Tests/SandboxProbe"),
        tests("Sandbox", ["CSandbox", "Sandbox", "SandboxProbe"]),
        .testTarget(
            name: "FuzzTests", dependencies: ["Fuzzing", "TestTools", "paravane-fuzz"], path: "Tests/Fuzz",
            exclude: ["Finds"], swiftSettings: strict),
        .testTarget(
            name: "MatrixTests",
            dependencies: [
                "FlatMachines", "GuestMemory", "Hypercalls", "Matrix", "TestTools", "UnicornCPU", "paravane",
                "paravane-kvm-x86",
                "paravane-unicorn",
            ],
            swiftSettings: strict),
        tests("System", ["Matrix", "TestTools", "paravane", "paravane-bench"]),
    ],
    swiftLanguageModes: [.v6]
)
