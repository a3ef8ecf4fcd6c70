public import GuestMemory
public import ParavirtABI

/// The state of an x86 machine that hypercalls read and change: its vCPUs and their local APICs as far as
/// interprocessor interrupts go, its clock, its memory and which pages of it are private.
///
/// Not safe for concurrent use: the machine calls it under one lock, or from one thread.
public final class X86Machine {
    /// One instant of the host's clocks.
    public struct ClockReading: Sendable {
        /// Seconds since 1970, UTC.
        public let seconds: Int64
        /// Nanoseconds of the second.
        public let nanoseconds: Int64
        /// The guest's time-stamp counter.
        public let counter: UInt64

        /// One instant.
        public init(seconds: Int64, nanoseconds: Int64, counter: UInt64) {
            self.seconds = seconds
            self.nanoseconds = nanoseconds
            self.counter = counter
        }
    }

    /// One virtual CPU with its local APIC.
    public struct VCPU: Sendable {
        /// The id of its local APIC.
        public let apicID: UInt32
        /// Whether the local APIC accepts fixed interrupts.
        public var isAPICEnabled = true
        /// Whether it waits in HLT.
        public internal(set) var isHalted = false
        /// A wake-up that came while it ran: its next HLT ends at once.
        public internal(set) var isKicked = false
        /// A non-maskable interrupt waits.
        public var hasPendingNMI = false
        /// A system-management interrupt waits.
        public var hasPendingSMI = false
        /// An INIT waits.
        public var hasPendingINIT = false
        /// The vector of a start-up interrupt that waits.
        public var pendingStartup: UInt8?
        /// The interrupt request register: bit `vector % 64` of word `vector / 64`.
        public internal(set) var requestedVectors = InlineArray<4, UInt64>(repeating: 0)

        /// A running vCPU without anything pending.
        public init(apicID: UInt32) {
            self.apicID = apicID
        }

        /// Takes the most urgent requested vector out of the request register.
        public mutating func takeVector() -> UInt8? {
            for word in [3, 2, 1, 0] where requestedVectors[word] != 0 {
                let bit = 63 - requestedVectors[word].leadingZeroBitCount
                requestedVectors[word] &= ~(1 << UInt64(bit))
                return UInt8(word * 64 + bit)
            }
            return nil
        }

        /// Whether anything waits that ends HLT.
        public var hasPendingEvent: Bool {
            for word in requestedVectors.indices where requestedVectors[word] != 0 { return true }
            return hasPendingNMI || hasPendingSMI || hasPendingINIT || pendingStartup != nil
        }
    }

    /// The vCPUs; no two have one APIC id.
    public var vcpus: [VCPU]
    /// The guest's memory.
    public let memory: GuestMemory
    /// What CPUID offers: a call whose feature is missing does not exist.
    public let features: X86Features
    /// The vCPU that another gave its time to, until ``takeYieldTarget()``.
    public private(set) var yieldTarget: Int?
    /// The pages of ``memory`` that the guest keeps from the host.
    public private(set) var privatePages: PageSet
    let clock: @Sendable () -> ClockReading?

    /// A machine whose vCPUs run.
    ///
    /// - Parameters:
    ///   - apicIDs: one a vCPU, all different.
    ///   - memory: the guest's memory.
    ///   - features: what CPUID offers.
    ///   - clock: reads the host's clock and the guest's counter at one instant; nil when it cannot.
    public init(
        apicIDs: [UInt32], memory: GuestMemory, features: X86Features = .all,
        clock: @escaping @Sendable () -> ClockReading?
    ) {
        for (position, id) in apicIDs.enumerated() {
            precondition(!apicIDs[..<position].contains(id), "two vCPUs have the same APIC id")
        }
        vcpus = apicIDs.map { VCPU(apicID: $0) }
        self.memory = memory
        self.features = features
        privatePages = PageSet(count: memory.ram.size / GuestMemory.pageSize)
        self.clock = clock
    }

    /// The vCPU whose APIC has `id`.
    public func vcpu(apicID id: UInt32) -> Int? {
        vcpus.firstIndex { $0.apicID == id }
    }

    /// vCPU `vcpu` executed HLT: it halts unless something already waits for it.
    public func halt(_ vcpu: Int) {
        if vcpus[vcpu].isKicked || vcpus[vcpu].hasPendingEvent {
            vcpus[vcpu].isKicked = false
        } else {
            vcpus[vcpu].isHalted = true
        }
    }

    /// Wakes vCPU `vcpu` from HLT, or keeps it from its next.
    public func kick(_ vcpu: Int) {
        if vcpus[vcpu].isHalted {
            vcpus[vcpu].isHalted = false
        } else {
            vcpus[vcpu].isKicked = true
        }
    }

    /// Lets the scheduler run vCPU `target` next, if it can run and is not `vcpu` itself.
    public func yield(from vcpu: Int, to target: Int) {
        guard vcpu != target, !vcpus[target].isHalted else { return }
        yieldTarget = target
    }

    /// The vCPU to run next, once.
    public func takeYieldTarget() -> Int? {
        defer { yieldTarget = nil }
        return yieldTarget
    }

    /// An interrupt on its way between local APICs: the low word of the interrupt command register.
    public struct Interrupt: Sendable {
        /// Bits 10:8 of the register.
        public enum Delivery: UInt8, Sendable {
            /// A vector for every destination.
            case fixed = 0
            /// A vector for one of the destinations; as a list of single destinations, the same.
            case lowestPriority = 1
            /// A system-management interrupt.
            case smi = 2
            /// The wake-up of `KVM_HC_KICK_CPU`.
            case wakeUp = 3
            /// A non-maskable interrupt.
            case nmi = 4
            /// INIT.
            case initialize = 5
            /// A start-up interrupt.
            case startup = 6
            /// From an external controller; never between APICs.
            case external = 7
        }

        /// Bits 7:0.
        public let vector: UInt8
        /// What it does.
        public let delivery: Delivery
        /// Bit 14.
        public let isAsserted: Bool
        /// Bit 15.
        public let isLevel: Bool

        /// The interrupt that a command says, or nil where it names its destination itself (bits 11, 19:18).
        public init?(command: UInt64) {
            guard command & 0xC_0800 == 0, let delivery = Delivery(rawValue: UInt8(command >> 8 & 7)) else {
                return nil
            }
            vector = UInt8(command & 0xFF)
            self.delivery = delivery
            isAsserted = command & 1 << 14 != 0
            isLevel = command & 1 << 15 != 0
        }
    }

    /// Hands `interrupt` to the local APIC of vCPU `vcpu` and tells whether it accepted.
    public func deliver(_ interrupt: Interrupt, to vcpu: Int) -> Bool {
        switch interrupt.delivery {
        case .fixed, .lowestPriority:
            guard vcpus[vcpu].isAPICEnabled, !interrupt.isLevel || interrupt.isAsserted else { return false }
            vcpus[vcpu].requestedVectors[Int(interrupt.vector) / 64] |= 1 << UInt64(interrupt.vector % 64)
        case .wakeUp:
            kick(vcpu)
            return true
        case .smi:
            vcpus[vcpu].hasPendingSMI = true
        case .nmi:
            vcpus[vcpu].hasPendingNMI = true
        case .initialize:
            guard !interrupt.isLevel || interrupt.isAsserted else { return false }
            vcpus[vcpu].hasPendingINIT = true
            vcpus[vcpu].pendingStartup = nil
        case .startup:
            vcpus[vcpu].pendingStartup = interrupt.vector
        case .external:
            return false
        }
        vcpus[vcpu].isHalted = false
        return true
    }

    /// Makes `count` pages from page number `first` on private or shared; false where they are not all memory.
    public func setPrivate(_ isPrivate: Bool, first: UInt64, count: UInt64) -> Bool {
        guard first <= privatePages.count, count <= privatePages.count - first else { return false }
        privatePages.set(isPrivate, first: first, count: count)
        return true
    }
}

/// One bit a page.
public struct PageSet: Sendable {
    /// How many pages there are, in the set or not.
    public let count: UInt64
    private var words: [UInt64]

    /// The empty set of `count` pages.
    public init(count: UInt64) {
        self.count = count
        words = Array(repeating: 0, count: Int((count + 63) / 64))
    }

    /// Whether page number `page` is in the set.
    public func contains(_ page: UInt64) -> Bool {
        page < count && words[Int(page / 64)] >> (page % 64) & 1 != 0
    }

    /// Puts `count` pages from `first` on into the set, or takes them out. They are all pages of the set's range.
    mutating func set(_ isMember: Bool, first: UInt64, count: UInt64) {
        var page = first
        let end = first + count
        while page < end {
            let bits = min(64 - page % 64, end - page)
            let mask = (UInt64.max >> (64 - bits)) << (page % 64)
            if isMember { words[Int(page / 64)] |= mask } else { words[Int(page / 64)] &= ~mask }
            page += bits
        }
    }
}
