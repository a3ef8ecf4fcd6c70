/// The options of `run`, in the words of `paravane run`.
struct RunOptions {
    /// Who answers the guest's ePAPR and KVM calls.
    enum Hypercalls {
        /// The kernel, as KVM-PR does it.
        case kernel
        /// The VMM.
        case vmm
        /// Nobody: the tree has no `/hypervisor`.
        case none
    }

    /// Who has the interrupt controller.
    enum InterruptChip {
        /// The kernel.
        case kernel
        /// The VMM.
        case vmm
    }

    var kernel: [UInt8] = []
    var initrd: [UInt8]?
    var append: [UInt8] = []
    var overlays: [[UInt8]] = []
    /// Bytes of guest memory.
    var memory: UInt64 = 256 << 20
    var cpus = 1
    var hypercalls = Hypercalls.kernel
    /// Nil for the kernel where it has one.
    var interruptChip: InterruptChip?
    var offersMagicPage = true
    /// Seconds; nil for no limit.
    var timeout: Double?
    var endsAtReset = false
    /// Where statistics go; nil for nowhere.
    var statistics: [UInt8]?
    /// Whether a person types the input although it is no terminal.
    var isInteractive = false

    /// What is wrong with the arguments.
    struct Mistake: Error {
        /// One line.
        let description: String
    }

    /// Reads the arguments behind `run`.
    init(_ arguments: some Sequence<[UInt8]>) throws(Mistake) {
        var words = Array(arguments)
        words.reverse()
        func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
        while let word = words.popLast() {
            // --option=value is --option value.
            var option = word
            var attached: [UInt8]?
            if word.starts(with: [0x2D, 0x2D]), let place = word.firstIndex(of: UInt8(ascii: "=")) {
                option = Array(word[..<place])
                attached = Array(word[(place + 1)...])
            }
            func value() throws(Mistake) -> [UInt8] {
                if let attached { return attached }
                guard let next = words.popLast() else { throw Mistake(description: "\(text(option)) needs a value") }
                return next
            }
            func refuse(_ value: [UInt8]) -> Mistake {
                Mistake(description: "\(text(option)) does not take '\(text(value))'")
            }
            if option.isText("--machine") {
                let name = try value()
                guard name.isText("pseries") else { throw refuse(name) }
            } else if option.isText("--engine") {
                let name = try value()
                guard name.isText("kvm") || name.isText("auto") else { throw refuse(name) }
            } else if option.isText("--kernel") || option.isText("-k") {
                kernel = try value()
            } else if option.isText("--initrd") {
                initrd = try value()
            } else if option.isText("--append") {
                append = try value()
            } else if option.isText("--overlay") {
                overlays.append(try value())
            } else if option.isText("--memory") || option.isText("-m") {
                let size = try value()
                guard let bytes = Self.size(size) else { throw refuse(size) }
                memory = bytes
            } else if option.isText("--cpus") {
                let count = try value()
                guard let number = Self.number(count) else { throw refuse(count) }
                cpus = Int(clamping: number)
            } else if option.isText("--hcall") {
                let name = try value()
                if name.isText("kernel") {
                    hypercalls = .kernel
                } else if name.isText("vmm") {
                    hypercalls = .vmm
                } else if name.isText("none") {
                    hypercalls = .none
                } else {
                    throw refuse(name)
                }
            } else if option.isText("--irqchip") {
                let name = try value()
                if name.isText("kernel") {
                    interruptChip = .kernel
                } else if name.isText("vmm") {
                    interruptChip = .vmm
                } else {
                    throw refuse(name)
                }
            } else if option.isText("--timeout") {
                let seconds = try value()
                guard let time = Self.seconds(seconds), time > 0 else { throw refuse(seconds) }
                timeout = time
            } else if option.isText("--stats") {
                statistics = try value()
            } else if option.isText("--no-magic-page") {
                offersMagicPage = false
            } else if option.isText("--no-reboot") {
                endsAtReset = true
            } else if option.isText("--interactive") {
                isInteractive = true
            } else {
                throw Mistake(description: "there is no option '\(text(word))'")
            }
        }
        guard !kernel.isEmpty else { throw Mistake(description: "--kernel is missing") }
        if hypercalls == .vmm {
            // Those of ePAPR's devices have the same pin.
            guard interruptChip != .kernel else {
                throw Mistake(description: "--hcall vmm needs --irqchip vmm: the VMM interrupts the guest as well")
            }
            interruptChip = .vmm
        }
    }

    private static func number(_ digits: some Collection<UInt8>) -> UInt64? {
        guard !digits.isEmpty else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
            guard !overflow, !carry else { return nil }
            number = sum
        }
        return number
    }

    /// A size with a suffix K, M or G, or in MiB.
    private static func size(_ text: [UInt8]) -> UInt64? {
        let shift: UInt64
        var digits = text[...]
        switch text.last {
        case UInt8(ascii: "K"), UInt8(ascii: "k"): shift = 10
        case UInt8(ascii: "M"), UInt8(ascii: "m"): shift = 20
        case UInt8(ascii: "G"), UInt8(ascii: "g"): shift = 30
        default:
            shift = 20
            digits.append(0)
        }
        guard let number = number(digits.dropLast()) else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
        return overflow ? nil : bytes
    }

    /// Seconds with up to nine decimals.
    private static func seconds(_ text: [UInt8]) -> Double? {
        let parts = text.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first.flatMap({ number($0) }) else { return nil }
        guard parts.count > 1 else { return Double(whole) }
        let decimals = parts[1].prefix(9)
        guard let fraction = number(decimals) else { return nil }
        var scale = 1.0
        for _ in 0..<decimals.count { scale *= 10 }
        return Double(whole) + Double(fraction) / scale
    }
}
