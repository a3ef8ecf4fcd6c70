internal import DeviceTree

/// Byte channels, doorbells and the virtual interrupt controller.
extension Linter {
    private static let byteChannel = "epapr,hv-byte-channel"
    private static let sendDoorbell = "epapr,hv-send-doorbell"
    private static let receiveDoorbell = "epapr,hv-receive-doorbell"
    private static let interruptController = "epapr,hv-pic"

    func checkHypervisorObjects() {
        let callable = tree.numbers.contains { tree[$0]["hcall-instructions"] != nil }
        let isQEMUsE500 = tree[0].isCompatible(with: "fsl,qemu-e500")
        var handles: [(handle: UInt32, number: Int)] = []
        for number in tree.numbers {
            let node = tree[number]
            if let handle = node["hv-handle"]?.u32 { handles.append((handle, number)) }
            guard let models = node["compatible"]?.strings else { continue }
            let kinds = [Self.byteChannel, Self.sendDoorbell, Self.receiveDoorbell, Self.interruptController]
            guard let kind = kinds.first(where: { kind in models.contains { $0.hasSameBytes(as: kind) } }) else {
                continue
            }
            if !callable {
                add(.hvWithoutHypercalls, number, nil, "no node has hcall-instructions to reach this object with")
            }
            check(number, isOf: kind, isQEMUsE500)
        }
        handles.sort { $0.handle != $1.handle ? $0.handle < $1.handle : $0.number < $1.number }
        for (first, second) in zip(handles, handles.dropFirst()) where first.handle == second.handle {
            add(
                .hvHandleDuplicate, second.number, "hv-handle",
                "handle \(second.handle) is that of \(tree.path(of: first.number)) too")
        }
    }

    private func check(_ number: Int, isOf kind: String, _ isQEMUsE500: Bool) {
        let node = tree[number]
        if kind.hasSameBytes(as: Self.interruptController) {
            if node["#interrupt-cells"] != .u32(2) || node["interrupt-controller"] == nil {
                add(
                    .hvPicCells, number, "#interrupt-cells",
                    "it is not an interrupt-controller of two interrupt cells, a number and a sense")
            }
            return
        }
        if !kind.hasSameBytes(as: Self.receiveDoorbell), node["hv-handle"] == nil {
            add(.hvHandle, number, "hv-handle", "hv-handle, by which the guest names it in hypercalls, is missing")
        }
        if kind.hasSameBytes(as: Self.byteChannel) {
            if let count = interruptCount(of: number), count != 2 {
                add(
                    .byteChannelInterrupts, number, "interrupts",
                    "it has \(count) interrupts, not one for data to receive and one for room to send")
            }
            if isQEMUsE500 { checkProbed(number) }
        } else if kind.hasSameBytes(as: Self.receiveDoorbell), interruptCount(of: number) == 0 {
            add(.doorbellInterrupts, number, "interrupts", "nothing tells the guest that it rings")
        }
    }

    /// How many interrupts a node has; nil where other rules have found that they cannot be counted.
    private func interruptCount(of number: Int) -> Int? {
        let node = tree[number]
        if let extended = tree.references(in: "interrupts-extended", of: number) { return extended.references.count }
        guard let interrupts = node["interrupts"] else { return 0 }
        guard case .node(let parent) = interruptParents[number], let cells = interrupts.cells,
            let size = tree.cellCount("#interrupt-cells", of: parent), size > 0, cells.count.isMultiple(of: size)
        else { return nil }
        return cells.count / size
    }

    /// Linux makes devices below buses that its platform knows. Its list has more, but they are no place for a channel.
    private func checkProbed(_ number: Int) {
        var node = tree.parent(of: number)
        while let bus = node, bus != 0 {
            guard isSimpleBus[bus] else { break }
            node = tree.parent(of: bus)
        }
        if node != 0 || tree.parent(of: number) == 0 {
            add(
                .hvNotProbed, number, nil,
                "Linux on fsl,qemu-e500 makes devices only below nodes compatible with simple-bus")
        }
    }
}
