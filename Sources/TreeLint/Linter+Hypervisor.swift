internal import DeviceTree

/// `/hypervisor`: whether a guest finds its hypervisor, and can call it.
extension Linter {
    private static let path = "/hypervisor"

    func checkHypervisor() {
        let hypervisor = hypervisorNumber
        for number in tree.numbers {
            let node = tree[number]
            if number != hypervisor, describesHypervisor(node) {
                add(
                    .hypervisorPath, number, nil,
                    "this describes a hypervisor, but Linux looks for the node at \(Self.path) alone")
            }
            if let words = node["hcall-instructions"] {
                check(words, of: number)
            } else {
                checkWithoutInstructions(node, number)
            }
        }
        guard let hypervisor else { return }
        let node = tree[hypervisor]
        if node["compatible"] == nil {
            add(
                .hypervisorCompatible, hypervisor, "compatible", "compatible is missing: \"linux,kvm\" would name KVM's"
            )
        }
        if node["hcall-instructions"] == nil, node["hypercall-instructions"] == nil {
            add(.hcallMissing, hypervisor, "hcall-instructions", "hcall-instructions is missing")
        }
    }

    /// The node at exactly that path: its name has no unit address.
    var hypervisorNumber: Int? {
        guard let number = tree.number(ofPath: Self.path), tree[number].name.hasSameBytes(as: "hypervisor") else {
            return nil
        }
        return number
    }

    private func describesHypervisor(_ node: Node) -> Bool {
        if node["hcall-instructions"] != nil || node["hypercall-instructions"] != nil { return true }
        guard let models = node["compatible"]?.strings else { return false }
        return models.contains {
            $0.hasSameBytes(as: "linux,kvm") || $0.utf8.starts(with: "epapr,hypervisor-".utf8)
        }
    }

    private func checkWithoutInstructions(_ node: Node, _ number: Int) {
        if node["hypercall-instructions"] != nil {
            add(
                .hypercallAlone, number, "hypercall-instructions",
                "kernels read hcall-instructions; hypercall-instructions is a name that only documentation has")
        } else if node["has-idle"] != nil {
            add(.hasIdlePlace, number, "has-idle", "has-idle counts only beside hcall-instructions")
        }
    }

    private func check(_ value: PropertyValue, of number: Int) {
        if let other = tree[number]["hypercall-instructions"], other != value {
            add(
                .hypercallDiffers, number, "hypercall-instructions",
                "hcall-instructions is \(Self.shown(value.source)), hypercall-instructions \(Self.shown(other.source))")
        }
        guard let words = value.cells, (1...4).contains(words.count) else {
            add(
                .hcallSize, number, "hcall-instructions",
                "hcall-instructions has \(value.bytes.count) bytes, not 4, 8, 12 or 16")
            return
        }
        switch HypercallSequence(words) {
        case .calls: break
        case .fails:
            add(
                .hcallFailing, number, "hcall-instructions",
                "these instructions return an error whatever is asked: a host without hypercalls")
        case .wrong(let reason): add(.hcallWrong, number, "hcall-instructions", "\(reason)")
        case .unknown:
            add(
                .hcallUnknown, number, "hcall-instructions",
                "\(value.source) has neither sc with KVM's magic number nor sc 1")
        }
    }
}

/// What hypercall instructions do, as far as their words tell.
enum HypercallSequence {
    /// They enter a hypervisor.
    case calls
    /// They fail on purpose.
    case fails
    /// They cannot work, for this reason.
    case wrong(StaticString)
    /// Nothing is known about them.
    case unknown

    private enum Word {
        static let nop: UInt32 = 0x6000_0000
        /// `lis r0,"KV"` and `ori r0,r0,"M!"`: the number by which KVM tells a hypercall from a system call.
        static let magicHigh: UInt32 = 0x3C00_4B56
        static let magicLow: UInt32 = 0x6000_4D21
        static let systemCall: UInt32 = 0x4400_0002
        static let hypervisorCall: UInt32 = 0x4400_0022
        /// The reserved form that KVM-PR takes for `sc 1` where that would reach the host's own hypervisor.
        static let emulatedCall: UInt32 = 0x7C00_0268
        /// What Linux has there itself: `li r3,-1`.
        static let loadFailure: UInt32 = 0x3860_FFFF
    }

    /// QEMU's words for a KVM that names none, which fail in either byte order.
    private static let failing: [UInt32] = [0x0800_0048, 0x3860_FFFF, 0x4800_0008, 0xFFFF_6038]

    init(_ words: [UInt32]) {
        if words == Self.failing {
            self = .fails
        } else if words.contains(Word.hypervisorCall) || words.contains(Word.emulatedCall) {
            self = .calls
        } else if let call = words.firstIndex(of: Word.systemCall) {
            let before = words[..<call]
            let hasMagic =
                before.firstIndex(of: Word.magicHigh).map { before[$0...].contains(Word.magicLow) } ?? false
            self = hasMagic ? .calls : .wrong("sc without KVM's magic number in r0 is an ordinary system call")
        } else if words.contains(where: { Self.knownCalls.contains($0.byteSwapped) }) {
            self = .wrong("the words are in the wrong byte order: cells are big-endian, whatever the guest is")
        } else if words.allSatisfy({ $0 == Word.nop || $0 == Word.loadFailure || $0 == 0 }) {
            self = .wrong("there is no instruction that enters a hypervisor")
        } else {
            self = .unknown
        }
    }

    private static let knownCalls = [Word.systemCall, Word.hypervisorCall, Word.emulatedCall]
}
