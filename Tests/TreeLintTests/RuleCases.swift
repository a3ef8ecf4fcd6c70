import DeviceTree
import TreeLint

/// One way to break a rule.
struct RuleCase: Sendable {
    /// The rule that the tree breaks, and the only one.
    let rule: Rule
    /// The node that is to blame.
    let path: String
    /// Source after `Trees/base.dts`, which breaks no rule, that makes it break this one.
    let broken: String
    /// What stands there in the tree that is right again; where it is empty, that is `Trees/base.dts` itself.
    let mended: String
    /// A property that the node gets after dtc, which refuses such a tree or makes another of it.
    var setting: (property: String, value: PropertyValue)?

    init(_ rule: Rule, at path: String, setting property: String, _ value: PropertyValue) {
        self.init(rule, at: path, "")
        setting = (property, value)
    }

    init(_ rule: Rule, at path: String, _ broken: String, mended: String = "") {
        self.rule = rule
        self.path = path
        self.broken = broken
        self.mended = mended
    }

    /// At least one for each rule.
    static let all: [RuleCase] = structure + addresses + cpus + memory + names + interrupts + phandles + hypervisor

    private static let structure = [
        RuleCase(
            .overlay, at: "/fragment@0",
            "/ { fragment@0 { target-path = \"/soc\"; __overlay__ { status = \"okay\"; }; }; };",
            mended: "/ { fragment@0 { target-path = \"/soc\"; }; };"),
        RuleCase(.rootCells, at: "/", "/ { /delete-property/ #address-cells; };"),
        RuleCase(.rootModel, at: "/", "/ { /delete-property/ model; };"),
        RuleCase(.rootCompatible, at: "/", "/ { /delete-property/ compatible; };"),
        RuleCase(.propertyType, at: "/soc@fe0000000/serial@4600", "&second { status = \"okay\", \"okay\"; };"),
        RuleCase(
            .propertyType, at: "/soc@fe0000000/cache", "&cache { compatible = [63 61 63 68 65]; };",
            mended: "&cache { compatible = [63 61 63 68 65 00]; };"),
        RuleCase(
            .propertyType, at: "/hypervisor", "&hypervisor { has-idle = <1>; };", mended: "&hypervisor { has-idle; };"),
        RuleCase(
            .propertyType, at: "/hypervisor-handles/send-doorbell", "&send { hv-handle = <0 2>; };",
            mended: "&send { hv-handle = <9>; };"),
        RuleCase(.propertyType, at: "/soc@fe0000000/pic@50000", "&cascade { interrupt-controller = \"yes\"; };"),
        RuleCase(
            .statusValue, at: "/soc@fe0000000/serial@4600", "&second { status = \"enabled\"; };",
            mended: "&second { status = \"fail-sss\"; };"),
        RuleCase(
            .epaprVersion, at: "/", "/ { epapr-version = \"1.1\"; };", mended: "/ { epapr-version = \"ePAPR-1.0\"; };"),
        RuleCase(
            .cellsValue, at: "/soc@fe0000000/serial@4600", "&second { #address-cells = [01]; };",
            mended: "&second { #address-cells = <1>; };"),
        RuleCase(.cellsValue, at: "/soc@fe0000000/serial@4600", "&second { #size-cells = <5>; };"),
        RuleCase(.cellsValue, at: "/soc@fe0000000/serial@4600", "&second { #interrupt-cells = <17>; };"),
        RuleCase(
            .cellsDefault, at: "/soc@fe0000000/bus/device@60000",
            "&device { part@0 { reg = <0 0 1>; }; };",
            mended: "&device { #address-cells = <2>; #size-cells = <1>; part@0 { reg = <0 0 1>; }; };"),
    ]

    private static let addresses = [
        RuleCase(.regSize, at: "/soc@fe0000000/serial@4600", "&second { reg = <0x4600 0x100 0>; };"),
        RuleCase(.regSize, at: "/soc@fe0000000/serial@4600", "&second { reg; };"),
        RuleCase(
            .regOverflow, at: "/device@ffffffffffffff00",
            "/ { device@ffffffffffffff00 { reg = <0xffffffff 0xffffff00 0 0x101>; }; };",
            mended: "/ { device@ffffffffffffff00 { reg = <0xffffffff 0xffffff00 0 0x100>; }; };"),
        RuleCase(
            .regOverflow, at: "/bus/device@fffffff0",
            "/ { bus { #address-cells = <1>; #size-cells = <1>; device@fffffff0 { reg = <0xfffffff0 0x20>; }; }; };",
            mended:
                "/ { bus { #address-cells = <1>; #size-cells = <1>; device@fffffff0 { reg = <0xfffffff0 0x10>; }; }; };"
        ),
        RuleCase(
            .regOverlap, at: "/soc@fe0000000/serial@4600", "&serial { reg = <0x4500 0x180>; };",
            mended: "&serial { reg = <0x4500 0x180>; }; &second { status = \"disabled\"; };"),
        RuleCase(
            .regOutsideRanges, at: "/soc@fe0000000/device@200f00",
            "&soc { device@200f00 { reg = <0x200f00 0x200>; }; };",
            mended: "&soc { device@200f00 { reg = <0x200f00 0x100>; }; };"),
        RuleCase(
            .unitAddressMissing, at: "/soc@fe0000000/device", "&soc { device { reg = <0x1000 0x100>; }; };",
            mended: "&soc { device@1000 { reg = <0x1000 0x100>; }; };"),
        RuleCase(
            .unitAddressMismatch, at: "/soc@fe0000000/device@1000", "&soc { device@1000 { reg = <0x2000 0x100>; }; };",
            mended: "&soc { device@2000 { reg = <0x2000 0x100>; }; };"),
        RuleCase(
            .unitAddressWithoutReg, at: "/soc@fe0000000/device@1000", "&soc { device@1000 { }; };",
            mended: "&soc { device { }; };"),
        RuleCase(.rangesSize, at: "/soc@fe0000000", "&soc { ranges = <0 0xf 0xe0000000>; };"),
        RuleCase(
            .rangesSize, at: "/soc@fe0000000", "&soc { dma-ranges = <0 0 0>; };",
            mended: "&soc { dma-ranges = <0 0 0 0x10000000>; };"),
        RuleCase(
            .rangesEmpty, at: "/bus", "/ { bus { #address-cells = <1>; #size-cells = <1>; ranges; }; };",
            mended: "/ { bus { #address-cells = <2>; #size-cells = <2>; ranges; }; };"),
        RuleCase(
            .rangesOverflow, at: "/soc@fe0000000/bus", "&bus { ranges = <0 0x80000000 0x80000001>; };",
            mended: "&bus { ranges = <0 0x80000000 0x80000000>; };"),
        RuleCase(
            .rangesOverlap, at: "/pci@fe0108000",
            "&pci { ranges = <0x1000000 0 0 0xf 0 0 0x10000>, <0x1000000 0 0x8000 0xe 0 0 0x10000>; };",
            mended: "&pci { ranges = <0x1000000 0 0 0xf 0 0 0x10000>, <0x2000000 0 0x8000 0xe 0 0 0x10000>; };"),
    ]

    private static let cpus = [
        RuleCase(.cpusMissing, at: "/", "/delete-node/ &cpus;"),
        RuleCase(.cpusMissing, at: "/cpus", "/delete-node/ &cpu0; /delete-node/ &cpu1; /delete-node/ &cpu2;"),
        RuleCase(.cpusCells, at: "/cpus", "&cpus { #size-cells = <1>; };" + withSizes),
        RuleCase(.cpuDeviceType, at: "/cpus/cpu@1", "&cpu1 { /delete-property/ device_type; };"),
        RuleCase(
            .cpuReg, at: "/cpus/cpu", "&cpus { cpu { device_type = \"cpu\"; timebase-frequency = <1>; }; };",
            mended: "&cpus { cpu@3 { device_type = \"cpu\"; reg = <3>; timebase-frequency = <1>; }; };"),
        RuleCase(
            .cpuDuplicate, at: "/cpus/cpu@2", "&cpu1 { reg = <1 2>; };", mended: "&cpu1 { reg = <1 3>; };"),
        RuleCase(
            .cpuNoneEnabled, at: "/cpus", "&cpu0 { status = \"disabled\"; enable-method = \"acme,start\"; };",
            mended: "&cpu0 { enable-method = \"acme,start\"; };"),
        RuleCase(
            .cpuTimebase, at: "/cpus/cpu@1", "&cpu1 { /delete-property/ timebase-frequency; };",
            mended: "&cpu1 { /delete-property/ timebase-frequency; }; &cpus { timebase-frequency = <1>; };"),
        RuleCase(.cpuEnableMethod, at: "/cpus/cpu@1", "&cpu1 { /delete-property/ enable-method; };"),
        RuleCase(.spinTableAddress, at: "/cpus/cpu@1", "&cpu1 { cpu-release-addr = <0xfff020>; };"),
        RuleCase(.spinTableAddress, at: "/cpus/cpu@1", "&cpu1 { /delete-property/ cpu-release-addr; };"),
        RuleCase(
            .spinTableAddress, at: "/cpus/cpu@1",
            "&cpu1 { enable-method = \"acme,start\", \"spin-table\"; cpu-release-addr = <0xfff020>; };",
            mended: "&cpu1 { enable-method = \"acme,start\"; cpu-release-addr = <0xfff020>; };"),
        RuleCase(
            .spinTableAlignment, at: "/cpus/cpu@1", "&cpu1 { cpu-release-addr = <0 0xfff024>; };",
            mended: "&cpu1 { cpu-release-addr = <0 0xfff028>; };"),
        RuleCase(
            .spinTableOverlap, at: "/cpus/cpu@2", "&cpu2 { cpu-release-addr = <0 0xfff030>; };",
            mended: "&cpu2 { cpu-release-addr = <0 0xfff038>; };"),
        RuleCase(
            .spinTableUnreserved, at: "/cpus/cpu@2", "&cpu2 { cpu-release-addr = <0 0x2000000>; };",
            mended: """
                &cpu2 { cpu-release-addr = <0 0x2000000>; };
                &reserved { spin-table@2000000 { reg = <0 0x2000000 0 0x1000>; no-map; }; };
                """),
    ]

    /// With `#size-cells` a CPU's number needs a size.
    private static let withSizes =
        " &cpu0 { reg = <0 0>; }; &cpu1 { reg = <1 0>; }; &cpu2 { reg = <2 0>; };"

    private static let memory = [
        RuleCase(.memoryMissing, at: "/", "/delete-node/ &memory;"),
        RuleCase(.memoryDeviceType, at: "/memory@0", "&memory { /delete-property/ device_type; };"),
        RuleCase(
            .memoryReg, at: "/memory", "/delete-node/ &memory; / { memory { device_type = \"memory\"; }; };",
            mended: "/delete-node/ &memory; / { memory { device_type = \"memory\"; reg = <0 0 0 0x10000000>; }; };"),
        RuleCase(.memoryOverlap, at: "/memory@0", "&memory { reg = <0 0 0 0x8000000>, <0 0x7fff000 0 0x8000000>; };"),
        RuleCase(
            .memoryOverDevice, at: "/device@ffff000", "/ { device@ffff000 { reg = <0 0xffff000 0 0x2000>; }; };",
            mended: "/ { device@10000000 { reg = <0 0x10000000 0 0x2000>; }; };"),
        RuleCase(
            .memoryOverDevice, at: "/soc@fe0000000", "&memory { reg = <0 0 0x10 0>; };",
            mended: "&memory { reg = <0 0 0xc 0>; };"),
        RuleCase(.reservedMemory, at: "/reserved-memory", "&reserved { /delete-property/ ranges; };"),
        RuleCase(.reservedMemory, at: "/reserved-memory", "&reserved { #size-cells = <1>; };" + withoutRanges),
        RuleCase(.firmwareValue, at: "/memory@0", "&memory { reg = <0 0 0 0>; };"),
        RuleCase(.firmwareValue, at: "/cpus/cpu@1", "&cpu1 { timebase-frequency = <0>; };"),
    ]

    /// Empty ranges ask for the same cells, by a rule of its own.
    private static let withoutRanges = " &reserved { ranges = <0 0 0 0 0>; };"

    private static let names = [
        RuleCase(.stdoutPath, at: "/chosen", "&chosen { stdout-path = \"serial1\"; };"),
        RuleCase(
            .stdoutPath, at: "/chosen", "&chosen { stdin-path = \"/soc@fe0000000/serial@4700\"; };",
            mended: "&chosen { stdin-path = \"/soc/serial@4600:115200\"; };"),
        RuleCase(.stdoutDisabled, at: "/chosen", "&serial { status = \"disabled\"; };"),
        RuleCase(.stdoutConflict, at: "/chosen", "&chosen { linux,stdout-path = \"/soc@fe0000000/serial@4600\"; };"),
        RuleCase(.initrdRange, at: "/chosen", "&chosen { /delete-property/ linux,initrd-end; };"),
        RuleCase(.initrdRange, at: "/chosen", "&chosen { linux,initrd-end = <0x1ffffff>; };"),
        RuleCase(
            .initrdRange, at: "/chosen", "&chosen { linux,initrd-end = <0x10000001>; };",
            mended: "&chosen { linux,initrd-end = <0 0x10000000>; };"),
        RuleCase(
            .aliasPath, at: "/aliases", "&aliases { serial1 = \"/soc@fe0000000/serial@4700\"; };",
            mended: "&aliases { serial1 = \"/soc@fe0000000/serial@4600\"; };"),
        RuleCase(.aliasPath, at: "/aliases", "&aliases { serial1 = <1>; };"),
        RuleCase(
            .aliasRelative, at: "/aliases", "&aliases { soc = \"/soc@fe0000000\"; rtc = \"soc/serial@4600\"; };",
            mended: "&aliases { soc = \"/soc@fe0000000\"; rtc = \"/soc@fe0000000/serial@4600\"; };"),
        RuleCase(
            .aliasName, at: "/aliases", "&aliases { serial_1 = \"/soc@fe0000000/serial@4600\"; };",
            mended: "&aliases { serial-1 = \"/soc@fe0000000/serial@4600\"; };"),
    ]

    private static let interrupts = [
        RuleCase(
            .interruptParentMissing, at: "/soc@fe0000000/serial@4600",
            "&second { /delete-property/ interrupt-parent; };"),
        RuleCase(
            .interruptParentTarget, at: "/soc@fe0000000/serial@4600", "&second { interrupt-parent = <&serial>; };",
            mended: "&second { interrupt-parent = <&vpic>; };"),
        RuleCase(
            .interruptsSize, at: "/soc@fe0000000/serial@4600", "&second { interrupts = <42>; };",
            mended: "&second { interrupts = <42>; interrupt-parent = <&cascade>; };"),
        RuleCase(.interruptsSize, at: "/soc@fe0000000/serial@4600", "&second { interrupts = [00 00 00 2a 00 02]; };"),
        RuleCase(
            .interruptControllerCells, at: "/soc@fe0000000/device", "&soc { device { interrupt-controller; }; };",
            mended: "&soc { device { interrupt-controller; #interrupt-cells = <1>; }; };"),
        RuleCase(
            .interruptMap, at: "/pci@fe0108000", "&pci { interrupt-map = <0 0 0 1 &pic 1 1>, <0 0 0 2 &cascade 2 1>; };"
        ),
        RuleCase(.interruptMap, at: "/pci@fe0108000", "&pci { interrupt-map-mask = <0xf800 0 0>; };"),
        RuleCase(
            .interruptLoop, at: "/soc@fe0000000/pic@40000",
            "&pic { interrupts = <1>; interrupt-parent = <&cascade>; };"
                + " &cascade { /delete-property/ interrupt-controller; };",
            mended: "&pic { interrupts = <1 2>; interrupt-parent = <&pic>; };"),
    ]

    private static let phandles = [
        RuleCase(.phandleValue, at: "/soc@fe0000000/serial@4600", setting: "phandle", .u32(0)),
        RuleCase(.phandleValue, at: "/soc@fe0000000/serial@4600", setting: "linux,phandle", .u32(.max)),
        RuleCase(.phandleValue, at: "/soc@fe0000000/serial@4600", setting: "phandle", .bytes([1])),
        RuleCase(.phandleDuplicate, at: "/soc@fe0000000/serial@4600", setting: "phandle", .u32(1)),
        RuleCase(.phandleMismatch, at: "/soc@fe0000000/pic@40000", setting: "linux,phandle", .u32(0x100)),
        RuleCase(.referenceDangling, at: "/soc@fe0000000/serial@4600", "&second { interrupt-parent = <0x100>; };"),
        RuleCase(.referenceDangling, at: "/cpus/cpu@0", "&cpu0 { next-level-cache = <0x100>; };"),
        RuleCase(.referenceDangling, at: "/soc@fe0000000/power-off", "&power { gpios = <0x100 0 0>; };"),
        RuleCase(.referenceDangling, at: "/pci@fe0108000", "&pci { interrupt-map = <0 0 0 1 0x100 1 1>; };"),
        RuleCase(
            .referenceCells, at: "/soc@fe0000000/power-off", "&power { gpios = <&gpio 0>; };",
            mended: "&power { reset-gpios = <&gpio 0 1>; snps,nr-gpios = <9>; };"),
        RuleCase(.referenceCells, at: "/soc@fe0000000/power-off", "&power { gpios = <&pic 0 0>; };"),
        RuleCase(.referenceCells, at: "/soc@fe0000000/power-off", "&power { reset-gpios = [00]; };"),
    ]

    private static let hypervisor = [
        RuleCase(
            .hypervisorPath, at: "/virtual", "/ { virtual { compatible = \"linux,kvm\"; }; };",
            mended: "/ { virtual { compatible = \"acme,hypervisor\"; }; };"),
        RuleCase(
            .hypervisorPath, at: "/virtual",
            "/delete-node/ &hypervisor; / { virtual { hcall-instructions = <0x44000022>; }; };",
            mended: "/ { hypervisor { hcall-instructions = <0x44000022>; hypercall-instructions = <0x44000022>; }; };"),
        RuleCase(.hypervisorCompatible, at: "/hypervisor", "&hypervisor { /delete-property/ compatible; };"),
        RuleCase(
            .hcallMissing, at: "/hypervisor",
            """
            &hypervisor { /delete-property/ hcall-instructions; /delete-property/ hypercall-instructions;
                /delete-property/ has-idle; }; /delete-node/ &handles;
            """,
            mended: "/delete-node/ &handles;"),
        RuleCase(
            .hcallSize, at: "/hypervisor",
            "&hypervisor { /delete-property/ hypercall-instructions; hcall-instructions = <0x44000022 0 0 0 0>; };",
            mended:
                "&hypervisor { /delete-property/ hypercall-instructions; hcall-instructions = <0x44000022 0 0 0>; };"),
        RuleCase(
            .hcallSize, at: "/hypervisor",
            "&hypervisor { /delete-property/ hypercall-instructions; hcall-instructions; };"),
        RuleCase(
            .hypercallAlone, at: "/hypervisor",
            "&hypervisor { /delete-property/ hcall-instructions; }; /delete-node/ &handles;",
            mended: "&hypervisor { /delete-property/ hypercall-instructions; }; /delete-node/ &handles;"),
        RuleCase(.hypercallDiffers, at: "/hypervisor", "&hypervisor { hypercall-instructions = <0x44000022>; };"),
        RuleCase(
            .hcallFailing, at: "/hypervisor", instructions("0x08000048 0x3860ffff 0x48000008 0xffff6038"),
            mended: instructions("0x44000022 0x60000000 0x60000000 0x60000000")),
        RuleCase(.hcallWrong, at: "/hypervisor", instructions("0x44000002")),
        RuleCase(.hcallWrong, at: "/hypervisor", instructions("0x60004d21 0x3c004b56 0x44000002")),
        RuleCase(.hcallWrong, at: "/hypervisor", instructions("0x564b003c 0x214d0060 0x02000044 0x00000060")),
        RuleCase(.hcallWrong, at: "/hypervisor", instructions("0x22000044")),
        RuleCase(.hcallWrong, at: "/hypervisor", instructions("0x3860ffff 0x60000000 0x60000000 0x60000000")),
        RuleCase(
            .hcallUnknown, at: "/hypervisor", instructions("0x7c00021c"),
            mended: instructions("0x7c6c1b78 0x3860f000 0x7c000268 0x60000000")),
        RuleCase(.hasIdlePlace, at: "/soc@fe0000000", "&soc { has-idle; };"),
        RuleCase(.hvHandle, at: "/hypervisor-handles/byte-channel", "&channel { /delete-property/ hv-handle; };"),
        RuleCase(.hvHandle, at: "/hypervisor-handles/send-doorbell", "&send { /delete-property/ hv-handle; };"),
        RuleCase(
            .hvHandleDuplicate, at: "/hypervisor-handles/send-doorbell", "&send { hv-handle = <1>; };",
            mended: "&send { hv-handle = <3>; };"),
        RuleCase(
            .byteChannelInterrupts, at: "/hypervisor-handles/byte-channel", "&channel { interrupts = <64 3>; };",
            mended:
                "&channel { /delete-property/ interrupts; interrupts-extended = <&vpic 64 3>, <&pic 65 2>; };"),
        RuleCase(
            .byteChannelInterrupts, at: "/hypervisor-handles/byte-channel",
            "&channel { /delete-property/ interrupts; };"),
        RuleCase(
            .doorbellInterrupts, at: "/hypervisor-handles/receive-doorbell",
            "&receive { /delete-property/ interrupts; };"),
        RuleCase(
            .hvWithoutHypercalls, at: "/hypervisor-handles/byte-channel",
            "/delete-node/ &hypervisor; /delete-node/ &vpic; /delete-node/ &send; /delete-node/ &receive;"
                + " &handles { interrupt-parent = <&pic>; };"),
        RuleCase(
            .hvNotProbed, at: "/byte-channel", "/delete-node/ &channel; / { byte-channel { \(looseChannel) }; };",
            mended: "/delete-node/ &channel; &bus { byte-channel { \(looseChannel) }; };"),
        RuleCase(
            .hvNotProbed, at: "/hypervisor/byte-channel", "&hypervisor { byte-channel { \(looseChannel) }; };",
            mended: """
                / { compatible = "acme,board"; };
                &hypervisor { byte-channel { \(looseChannel) }; };
                """),
        RuleCase(
            .hvPicCells, at: "/hypervisor-handles/pic",
            "&vpic { #interrupt-cells = <4>; };"
                + " &channel { interrupts = <64 3 0 0 65 3 0 0>; }; &receive { interrupts = <66 1 0 0>; };"),
        RuleCase(
            .hvPicSpecifier, at: "/hypervisor-handles/receive-doorbell", "&receive { interrupts = <66 8>; };",
            mended: "&receive { interrupts = <66 7>; };"),
        RuleCase(
            .hvPicSpecifier, at: "/hypervisor-handles/receive-doorbell", "&receive { interrupts = <1024 1>; };",
            mended: "&receive { interrupts = <1023 1>; };"),
    ]

    private static func instructions(_ words: String) -> String {
        "&hypervisor { hcall-instructions = <\(words)>; hypercall-instructions = <\(words)>; };"
    }

    private static let looseChannel =
        "compatible = \"epapr,hv-byte-channel\"; hv-handle = <7>; interrupts = <70 2 71 2>; interrupt-parent = <&pic>;"
}
