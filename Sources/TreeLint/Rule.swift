/// How bad it is that a tree breaks a rule.
public enum Severity: Int, CaseIterable, Comparable, Sendable {
    /// Worth knowing, and often meant so.
    case note
    /// Against the specification, a likely mistake, or left for firmware to add; guests may get along.
    case warning
    /// A guest cannot work as the tree promises.
    case error

    /// The word for it.
    public var name: StaticString {
        switch self {
        case .note: "note"
        case .warning: "warning"
        case .error: "error"
        }
    }

    /// A note is less than a warning, a warning less than an error.
    public static func < (first: Severity, second: Severity) -> Bool {
        first.rawValue < second.rawValue
    }
}

/// What the linter looks at: a rule a case.
///
/// ``row`` is the one table of them; the command's listing, the documentation and the tests derive from it.
public enum Rule: CaseIterable, Hashable, Sendable {
    case overlay, rootCells, rootModel, rootCompatible, propertyType, statusValue, epaprVersion
    case cellsValue, cellsDefault
    case regSize, regOverflow, regOverlap, regOutsideRanges
    case unitAddressMissing, unitAddressMismatch, unitAddressWithoutReg
    case rangesSize, rangesEmpty, rangesOverflow, rangesOverlap
    case cpusMissing, cpusCells, cpuDeviceType, cpuReg, cpuDuplicate, cpuNoneEnabled, cpuTimebase, cpuEnableMethod
    case spinTableAddress, spinTableAlignment, spinTableOverlap, spinTableUnreserved
    case memoryMissing, memoryDeviceType, memoryReg, memoryOverlap, memoryOverDevice, reservedMemory, firmwareValue
    case stdoutPath, stdoutDisabled, stdoutConflict, initrdRange, aliasPath, aliasRelative, aliasName
    case interruptParentMissing, interruptParentTarget, interruptsSize, interruptControllerCells, interruptMap
    case interruptLoop
    case phandleValue, phandleDuplicate, phandleMismatch, referenceDangling, referenceCells
    case hypervisorPath, hypervisorCompatible, hcallMissing, hcallSize, hypercallAlone, hypercallDiffers
    case hcallFailing, hcallWrong, hcallUnknown, hasIdlePlace
    case hvHandle, hvHandleDuplicate, byteChannelInterrupts, doorbellInterrupts, hvWithoutHypercalls, hvNotProbed
    case hvPicCells, hvPicSpecifier

    /// What there is to know about a rule.
    public struct Row: Sendable {
        /// The name that reports use.
        public let id: StaticString
        /// How bad it is.
        public let severity: Severity
        /// What is wrong with a tree that breaks the rule, in one line.
        public let meaning: StaticString
        /// Who demands it: a specification and its section, or the code that relies on it.
        public let source: StaticString

        init(_ id: StaticString, _ severity: Severity, _ meaning: StaticString, _ source: StaticString) {
            self.id = id
            self.severity = severity
            self.meaning = meaning
            self.source = source
        }
    }

    /// The rule's row.
    public var row: Row {
        switch self {
        // The tree as a whole.
        case .overlay:
            Row(
                "overlay", .error, "The blob is an overlay, which says nothing without the tree that it changes.",
                "dtc Documentation/dt-object-internal.txt")
        case .rootCells:
            Row(
                "root-cells", .error, "The root lacks `#address-cells` or `#size-cells`.",
                "Devicetree Specification 0.4, Root node")
        case .rootModel:
            Row("root-model", .warning, "The root lacks `model`.", "Devicetree Specification 0.4, Root node")
        case .rootCompatible:
            Row(
                "root-compatible", .warning, "The root lacks `compatible`.", "Devicetree Specification 0.4, Root node")
        case .propertyType:
            Row(
                "property-type", .error, "A standard property does not hold a value of its type.",
                "Devicetree Specification 0.4, Property Values")
        case .statusValue:
            Row(
                "status-value", .warning, "`status` has a value that is not defined.",
                "Devicetree Specification 0.4, status")
        case .epaprVersion:
            Row(
                "epapr-version", .warning, "`epapr-version` does not name a version of ePAPR, as `ePAPR-1.1` does.",
                "ePAPR 1.1, root node")

        // Addresses.
        case .cellsValue:
            Row(
                "cells-value", .error, "`#address-cells` or its kin is not one cell, or asks for too many.",
                "Devicetree Specification 0.4, #address-cells and #size-cells; Linux drivers/of/address.c")
        case .cellsDefault:
            Row(
                "cells-default", .warning, "Children have `reg`, but `#address-cells` or `#size-cells` is missing.",
                "Devicetree Specification 0.4, #address-cells and #size-cells")
        case .regSize:
            Row(
                "reg-size", .error, "`reg` does not consist of whole entries of the parent's cells.",
                "Devicetree Specification 0.4, reg")
        case .regOverflow:
            Row(
                "reg-overflow", .error, "`reg` ends above the last address.", "Devicetree Specification 0.4, reg")
        case .regOverlap:
            Row(
                "reg-overlap", .warning, "`reg` of two siblings overlap without one lying inside the other.",
                "Devicetree Specification 0.4, reg")
        case .regOutsideRanges:
            Row(
                "reg-outside-ranges", .warning, "`reg` lies outside what the bus's `ranges` map: nobody can reach it.",
                "Devicetree Specification 0.4, ranges")
        case .unitAddressMissing:
            Row(
                "unit-address-missing", .note, "The node has `reg`, but its name has no unit address.",
                "Devicetree Specification 0.4, Node Names")
        case .unitAddressMismatch:
            Row(
                "unit-address-mismatch", .warning, "The unit address is not the first address in `reg`.",
                "Devicetree Specification 0.4, Node Names")
        case .unitAddressWithoutReg:
            Row(
                "unit-address-without-reg", .warning,
                "The name has a unit address, but the node no `reg`, nor windows in `ranges`.",
                "Devicetree Specification 0.4, Node Names")
        case .rangesSize:
            Row(
                "ranges-size", .error, "`ranges` or `dma-ranges` does not consist of whole entries.",
                "Devicetree Specification 0.4, ranges")
        case .rangesEmpty:
            Row(
                "ranges-empty", .error, "`ranges` is empty, but the bus and its parent have different cells.",
                "Devicetree Specification 0.4, ranges")
        case .rangesOverflow:
            Row(
                "ranges-overflow", .error, "A window in `ranges` ends above the last address.",
                "Devicetree Specification 0.4, ranges")
        case .rangesOverlap:
            Row(
                "ranges-overlap", .warning, "Two windows in `ranges` take the same addresses of the bus.",
                "Devicetree Specification 0.4, ranges")

        // CPUs and spin tables.
        case .cpusMissing:
            Row(
                "cpus-missing", .error, "There is no `/cpus`, or no CPU in it.",
                "Devicetree Specification 0.4, /cpus Node Properties")
        case .cpusCells:
            Row(
                "cpus-cells", .error, "`/cpus` lacks `#address-cells`, or its `#size-cells` is not 0.",
                "Devicetree Specification 0.4, /cpus Node Properties")
        case .cpuDeviceType:
            Row(
                "cpu-device-type", .error, "A CPU's node lacks `device_type = \"cpu\"`, by which Linux finds it.",
                "Devicetree Specification 0.4, General Properties of /cpus/cpu* nodes")
        case .cpuReg:
            Row(
                "cpu-reg", .error, "A CPU has no number: `reg` is missing.",
                "Devicetree Specification 0.4, General Properties of /cpus/cpu* nodes")
        case .cpuDuplicate:
            Row(
                "cpu-duplicate", .error, "Two CPUs have the same number.",
                "Devicetree Specification 0.4, General Properties of /cpus/cpu* nodes")
        case .cpuNoneEnabled:
            Row(
                "cpu-none-enabled", .error, "All CPUs are disabled: none can boot.",
                "Devicetree Specification 0.4, General Properties of /cpus/cpu* nodes")
        case .cpuTimebase:
            Row(
                "cpu-timebase", .warning, "A CPU states no `timebase-frequency`: Linux has to guess its clock.",
                "Linux arch/powerpc/kernel/time.c")
        case .cpuEnableMethod:
            Row(
                "cpu-enable-method", .warning, "A CPU is disabled, and no `enable-method` says how to start it.",
                "Devicetree Specification 0.4, General Properties of /cpus/cpu* nodes")
        case .spinTableAddress:
            Row(
                "spin-table-address", .error, "A CPU waits at a spin table, but `cpu-release-addr` is not two cells.",
                "Devicetree Specification 0.4, General Properties of /cpus/cpu* nodes")
        case .spinTableAlignment:
            Row(
                "spin-table-alignment", .error, "A spin-table entry does not start at a multiple of 8.",
                "ePAPR 1.1 §5.5.2")
        case .spinTableOverlap:
            Row(
                "spin-table-overlap", .error, "Two CPUs wait at spin-table entries that overlap.", "ePAPR 1.1 §5.5.2")
        case .spinTableUnreserved:
            Row(
                "spin-table-unreserved", .warning, "A spin-table entry lies in memory that is not reserved.",
                "ePAPR 1.1 §5.5.2")

        // Memory.
        case .memoryMissing:
            Row(
                "memory-missing", .error, "There is no node of `device_type = \"memory\"`.",
                "Devicetree Specification 0.4, /memory node")
        case .memoryDeviceType:
            Row(
                "memory-device-type", .error, "`/memory` lacks `device_type = \"memory\"`, by which Linux finds it.",
                "Devicetree Specification 0.4, /memory node")
        case .memoryReg:
            Row(
                "memory-reg", .warning, "A memory node has no `reg`: unless firmware adds it, there is no memory.",
                "Devicetree Specification 0.4, /memory node")
        case .memoryOverlap:
            Row("memory-overlap", .error, "Two ranges of memory overlap.", "Devicetree Specification 0.4, /memory node")
        case .memoryOverDevice:
            Row(
                "memory-over-device", .error, "Memory overlaps a device or a bus's window.",
                "Devicetree Specification 0.4, /memory node")
        case .reservedMemory:
            Row(
                "reserved-memory", .error, "`/reserved-memory` lacks `ranges`, or its cells are not the root's.",
                "Devicetree Specification 0.4, /reserved-memory Node; Linux drivers/of/fdt.c")
        case .firmwareValue:
            Row(
                "firmware-value", .note, "A value is 0 for firmware to fill in; a guest must not see it.",
                "Devicetree Specification 0.4, /memory node; Linux arch/powerpc/kernel/time.c")

        // Names for the client program.
        case .stdoutPath:
            Row(
                "stdout-path", .error, "`stdout-path` or its kin names no node.",
                "Devicetree Specification 0.4, /chosen Node")
        case .stdoutDisabled:
            Row(
                "stdout-disabled", .warning, "`stdout-path` or its kin names a device that is disabled.",
                "Devicetree Specification 0.4, /chosen Node")
        case .stdoutConflict:
            Row(
                "stdout-conflict", .warning, "`stdout-path` and `linux,stdout-path` name two devices.",
                "Devicetree Specification 0.4, /chosen Node")
        case .initrdRange:
            Row(
                "initrd-range", .error, "The RAM disk has no end, ends before its start, or lies outside memory.",
                "Linux drivers/of/fdt.c")
        case .aliasPath:
            Row("alias-path", .warning, "An alias names no node.", "Devicetree Specification 0.4, /aliases node")
        case .aliasRelative:
            Row(
                "alias-relative", .note, "An alias is not a full path but starts with another alias.",
                "Devicetree Specification 0.4, /aliases node")
        case .aliasName:
            Row(
                "alias-name", .note, "An alias's name has other characters than `a`–`z`, `0`–`9` and `-`.",
                "Devicetree Specification 0.4, /aliases node")

        // Interrupts.
        case .interruptParentMissing:
            Row(
                "interrupt-parent-missing", .error, "The node has `interrupts`, but no controller takes them.",
                "Devicetree Specification 0.4, Interrupts and Interrupt Mapping")
        case .interruptParentTarget:
            Row(
                "interrupt-parent-target", .error, "`interrupt-parent` leads to a node that takes no interrupts.",
                "Devicetree Specification 0.4, Interrupts and Interrupt Mapping")
        case .interruptsSize:
            Row(
                "interrupts-size", .error, "`interrupts` does not consist of whole specifiers.",
                "Devicetree Specification 0.4, interrupts")
        case .interruptControllerCells:
            Row(
                "interrupt-controller-cells", .error, "An interrupt controller or nexus lacks `#interrupt-cells`.",
                "Devicetree Specification 0.4, Properties for Interrupt Controllers")
        case .interruptMap:
            Row(
                "interrupt-map", .error, "`interrupt-map` or its mask does not consist of whole entries.",
                "Devicetree Specification 0.4, interrupt-map")
        case .interruptLoop:
            Row(
                "interrupt-loop", .error, "Interrupt controllers are each other's interrupt parents.",
                "Devicetree Specification 0.4, Interrupts and Interrupt Mapping")

        // Phandles.
        case .phandleValue:
            Row(
                "phandle-value", .error, "A phandle is not one cell, or is 0 or 2³² − 1.",
                "Devicetree Specification 0.4, phandle")
        case .phandleDuplicate:
            Row(
                "phandle-duplicate", .error, "Two nodes have the same phandle.",
                "Devicetree Specification 0.4, phandle")
        case .phandleMismatch:
            Row(
                "phandle-mismatch", .error, "`phandle` and `linux,phandle` differ.",
                "Devicetree Specification 0.4, phandle")
        case .referenceDangling:
            Row(
                "reference-dangling", .error, "A property refers to a phandle that no node has.",
                "Devicetree Specification 0.4, phandle")
        case .referenceCells:
            Row(
                "reference-cells", .error, "What follows a phandle is not what its node's `#…-cells` asks for.",
                "Linux drivers/of/base.c")

        // The hypervisor.
        case .hypervisorPath:
            Row(
                "hypervisor-path", .error, "What describes the hypervisor is not in `/hypervisor`.",
                "ePAPR 1.1 chapter 7; Linux arch/powerpc/kernel/kvm.c")
        case .hypervisorCompatible:
            Row(
                "hypervisor-compatible", .error, "`/hypervisor` has no `compatible`: Linux's KVM code does not start.",
                "ePAPR 1.1 chapter 7; Linux arch/powerpc/include/asm/kvm_para.h")
        case .hcallMissing:
            Row(
                "hcall-missing", .error, "`/hypervisor` lacks `hcall-instructions`: no hypercall can be made.",
                "ePAPR 1.1 chapter 7; Linux arch/powerpc/kernel/epapr_paravirt.c")
        case .hcallSize:
            Row(
                "hcall-size", .error, "`hcall-instructions` is not one to four words, so Linux ignores it.",
                "ePAPR 1.1 chapter 7; Linux arch/powerpc/kernel/epapr_paravirt.c")
        case .hypercallAlone:
            Row(
                "hypercall-alone", .error, "`hypercall-instructions` is there without `hcall-instructions`.",
                "Linux arch/powerpc/kernel/epapr_paravirt.c, against Documentation/virt/kvm/ppc-pv.rst")
        case .hypercallDiffers:
            Row(
                "hypercall-differs", .warning, "`hypercall-instructions` and `hcall-instructions` differ.",
                "Linux arch/powerpc/kernel/epapr_paravirt.c, against Documentation/virt/kvm/ppc-pv.rst")
        case .hcallFailing:
            Row(
                "hcall-failing", .warning, "The hypercall instructions are those that always fail: no hypervisor.",
                "QEMU target/ppc/kvm.c")
        case .hcallWrong:
            Row(
                "hcall-wrong", .error, "The hypercall instructions cannot reach a hypervisor.",
                "ePAPR 1.1 chapter 7; Linux arch/powerpc/kvm")
        case .hcallUnknown:
            Row(
                "hcall-unknown", .note, "The hypercall instructions are none of the known ones.",
                "ePAPR 1.1 chapter 7; Linux arch/powerpc/kvm")
        case .hasIdlePlace:
            Row(
                "has-idle-place", .warning, "`has-idle` is in a node without `hcall-instructions`: Linux ignores it.",
                "Linux arch/powerpc/kernel/epapr_paravirt.c")

        // What the hypervisor offers.
        case .hvHandle:
            Row(
                "hv-handle", .error, "A byte channel or send doorbell has no `hv-handle` of one cell.",
                "ePAPR 1.1 chapter 7; Linux drivers/tty/ehv_bytechan.c")
        case .hvHandleDuplicate:
            Row(
                "hv-handle-duplicate", .error, "Two objects of the hypervisor have the same handle.",
                "ePAPR 1.1 chapter 7")
        case .byteChannelInterrupts:
            Row(
                "byte-channel-interrupts", .error,
                "A byte channel does not have two interrupts: data to receive, room to send.",
                "ePAPR 1.1 chapter 7; Linux drivers/tty/ehv_bytechan.c")
        case .doorbellInterrupts:
            Row(
                "doorbell-interrupts", .error, "A receive doorbell has no interrupt.",
                "ePAPR 1.1 chapter 7; Linux drivers/virt/fsl_hypervisor.c")
        case .hvWithoutHypercalls:
            Row(
                "hv-without-hypercalls", .error,
                "There are objects of a hypervisor, but no `hcall-instructions` to reach them.", "ePAPR 1.1 chapter 7")
        case .hvNotProbed:
            Row(
                "hv-not-probed", .warning, "Linux on `fsl,qemu-e500` makes no device of a byte channel at this place.",
                "Linux arch/powerpc/platforms/85xx/common.c")
        case .hvPicCells:
            Row(
                "hv-pic-cells", .error, "The virtual interrupt controller does not have two interrupt cells.",
                "ePAPR 1.1 chapter 7; Linux arch/powerpc/sysdev/ehv_pic.c")
        case .hvPicSpecifier:
            Row(
                "hv-pic-specifier", .error,
                "An interrupt of the virtual controller is above 1023, or its sense is not defined.",
                "Linux arch/powerpc/sysdev/ehv_pic.c")
        }
    }

    /// The name that reports use.
    public var id: StaticString { row.id }

    /// How bad it is that a tree breaks the rule.
    public var severity: Severity { row.severity }
}
