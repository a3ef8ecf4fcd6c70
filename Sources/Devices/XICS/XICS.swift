/// PAPR's interrupt controller: a presenter for each vCPU (ICP) and one controller of sources (ICS).
///
/// A source has a server, which is a vCPU, and a priority; a lower number is more urgent, and 255 is never delivered. It
/// presents itself to its server, which takes it when it is more urgent than both what the vCPU does now (CPPR) and what is
/// presented already; otherwise it is rejected and presents itself again when the presenter can take something. Besides,
/// a presenter has one interprocessor interrupt, requested by its priority (MFRR).
///
/// Guests reach it through hypercalls and RTAS alone, for which the methods are named. The behaviour is that of QEMU's
/// `hw/intc/xics.c`, whose order of presentations it has as well.
public final class XICS: InterruptController {
    /// The number of the interprocessor interrupt in an XIRR.
    public static let ipi: UInt32 = 2
    /// The lowest source: numbers below are the hypervisor's.
    public static let firstSource = 0x1000
    /// The priority that is never delivered.
    public static let leastPriority: UInt8 = 0xFF

    /// What a source is wired to.
    private enum Sense {
        case message
        case level
    }

    private struct Source {
        var sense: Sense
        var server = 0
        var priority = XICS.leastPriority
        /// The priority that `ibm,int-on` restores.
        var savedPriority = XICS.leastPriority
        /// A level's input.
        var isAsserted = false
        /// A level that a presenter has, until its end of interrupt.
        var isSent = false
        /// A message that no presenter took.
        var isRejected = false
        /// A message that came while the source was off.
        var isPendingOff = false
    }

    private struct Presenter {
        /// CPPR.
        var priority: UInt8 = 0
        /// XISR: the source that is presented; 0 for none.
        var presented: UInt32 = 0
        var presentedPriority = XICS.leastPriority
        /// MFRR.
        var ipiPriority = XICS.leastPriority

        /// XIRR.
        var request: UInt32 { UInt32(priority) << 24 | presented }
    }

    private var sources: [Source]
    private var presenters: [Presenter]

    /// A controller for `cpuCount` vCPUs with that many sources from ``firstSource`` on, all of them messages, switched off.
    public init(cpuCount: Int, sourceCount: Int) {
        sources = Array(repeating: Source(sense: .message), count: sourceCount)
        presenters = Array(repeating: Presenter(), count: cpuCount)
    }

    /// How many sources it has.
    public var sourceCount: Int { sources.count }
    /// How many presenters it has.
    public var cpuCount: Int { presenters.count }

    /// Makes source `number` follow a level instead of taking messages. Before the guest runs.
    public func makeLevel(_ number: Int) {
        guard let index = index(of: number) else { return }
        sources[index].sense = .level
    }

    /// Whether vCPU `cpu` has an interrupt to take: its external interrupt's pin.
    public func isPending(cpu: Int) -> Bool {
        presenters.indices.contains(cpu) && presenters[cpu].presented != 0
    }

    // MARK: Wires

    /// Sets a level's input; for a message, `true` is one message.
    public func setLevel(source number: Int, asserted: Bool) {
        guard let index = index(of: number) else { return }
        switch sources[index].sense {
        case .level:
            sources[index].isAsserted = asserted
            presentLevel(index)
        case .message:
            guard asserted else { return }
            if sources[index].priority == Self.leastPriority {
                sources[index].isPendingOff = true
            } else {
                present(index)
            }
        }
    }

    // MARK: Hypercalls

    /// `H_CPPR`: sets the priority below which vCPU `cpu` takes interrupts.
    public func setPriority(_ priority: UInt8, cpu: Int) {
        guard presenters.indices.contains(cpu) else { return }
        let old = presenters[cpu].priority
        presenters[cpu].priority = priority
        if priority < old {
            if presenters[cpu].presented != 0, priority <= presenters[cpu].presentedPriority { takeBack(cpu) }
        } else if presenters[cpu].presented == 0 {
            presentAgain(cpu)
        }
    }

    /// `H_IPI`: sets the priority of vCPU `cpu`'s interprocessor interrupt. False where there is no such vCPU.
    public func setIPIPriority(_ priority: UInt8, cpu: Int) -> Bool {
        guard presenters.indices.contains(cpu) else { return false }
        presenters[cpu].ipiPriority = priority
        if priority < presenters[cpu].priority { presentIPI(cpu) }
        return true
    }

    /// `H_XIRR`: acknowledges what is presented; the former CPPR above the source, which is 0 where there is none.
    public func acknowledge(cpu: Int) -> UInt32 {
        guard presenters.indices.contains(cpu) else { return 0 }
        let request = presenters[cpu].request
        presenters[cpu].priority = presenters[cpu].presentedPriority
        presenters[cpu].presented = 0
        presenters[cpu].presentedPriority = Self.leastPriority
        return request
    }

    /// `H_IPOLL`: XIRR and MFRR; nil where there is no such vCPU.
    public func poll(cpu: Int) -> (request: UInt32, ipiPriority: UInt8)? {
        guard presenters.indices.contains(cpu) else { return nil }
        return (presenters[cpu].request, presenters[cpu].ipiPriority)
    }

    /// `H_EOI`: ends a source's service and restores CPPR, both as in an XIRR.
    public func endOfInterrupt(_ request: UInt32, cpu: Int) {
        guard presenters.indices.contains(cpu) else { return }
        presenters[cpu].priority = UInt8(request >> 24)
        if let index = index(of: Int(request & 0xFF_FFFF)) { sources[index].isSent = false }
        if presenters[cpu].presented == 0 { presentAgain(cpu) }
    }

    // MARK: RTAS

    /// `ibm,set-xive`: sets server and priority. False where there is no such source or vCPU.
    public func configure(_ number: Int, server: Int, priority: UInt8) -> Bool {
        guard let index = index(of: number), presenters.indices.contains(server) else { return false }
        write(index, server: server, priority: priority, saved: priority)
        return true
    }

    /// `ibm,get-xive`: server and priority; nil where there is no such source.
    public func configuration(of number: Int) -> (server: Int, priority: UInt8)? {
        index(of: number).map { (sources[$0].server, sources[$0].priority) }
    }

    /// `ibm,int-off`: switches the source off. False where there is none.
    public func switchOff(_ number: Int) -> Bool {
        guard let index = index(of: number) else { return false }
        let source = sources[index]
        write(index, server: source.server, priority: Self.leastPriority, saved: source.priority)
        return true
    }

    /// `ibm,int-on`: gives the source the priority that it had when it was switched off. False where there is none.
    public func switchOn(_ number: Int) -> Bool {
        guard let index = index(of: number) else { return false }
        let source = sources[index]
        write(index, server: source.server, priority: source.savedPriority, saved: source.savedPriority)
        return true
    }

    private func write(_ index: Int, server: Int, priority: UInt8, saved: UInt8) {
        sources[index].server = server
        sources[index].priority = priority
        sources[index].savedPriority = saved
        switch sources[index].sense {
        case .level:
            presentLevel(index)
        case .message:
            guard sources[index].isPendingOff, priority != Self.leastPriority else { return }
            sources[index].isPendingOff = false
            present(index)
        }
    }

    // MARK: Presenting

    private func index(of number: Int) -> Int? {
        let index = number - Self.firstSource
        return sources.indices.contains(index) ? index : nil
    }

    private func presentLevel(_ index: Int) {
        guard sources[index].priority != Self.leastPriority, sources[index].isAsserted, !sources[index].isSent else {
            return
        }
        sources[index].isSent = true
        present(index)
    }

    /// Presents a source to its server, which takes it or rejects it.
    private func present(_ index: Int) {
        let (server, priority) = (sources[index].server, sources[index].priority)
        let presenter = presenters[server]
        guard priority < presenter.priority, presenter.presented == 0 || priority < presenter.presentedPriority else {
            reject(index)
            return
        }
        if presenter.presented != 0 { rejectPresented(server) }
        presenters[server].presented = UInt32(Self.firstSource + index)
        presenters[server].presentedPriority = priority
    }

    private func presentIPI(_ cpu: Int) {
        let presenter = presenters[cpu]
        guard presenter.presented == 0 || presenter.presentedPriority > presenter.ipiPriority else { return }
        if presenter.presented != 0 { rejectPresented(cpu) }
        presenters[cpu].presented = Self.ipi
        presenters[cpu].presentedPriority = presenter.ipiPriority
    }

    /// Presents whatever waits for vCPU `cpu`, and what other presenters rejected.
    private func presentAgain(_ cpu: Int) {
        if presenters[cpu].ipiPriority < presenters[cpu].priority { presentIPI(cpu) }
        for index in sources.indices {
            switch sources[index].sense {
            case .level:
                presentLevel(index)
            case .message:
                guard sources[index].isRejected else { continue }
                sources[index].isRejected = false
                if sources[index].priority != Self.leastPriority { present(index) }
            }
        }
    }

    /// The source that vCPU `cpu` is presented is for later.
    private func takeBack(_ cpu: Int) {
        rejectPresented(cpu)
        presenters[cpu].presented = 0
        presenters[cpu].presentedPriority = Self.leastPriority
    }

    private func rejectPresented(_ cpu: Int) {
        if let index = index(of: Int(presenters[cpu].presented)) { reject(index) }
    }

    private func reject(_ index: Int) {
        switch sources[index].sense {
        case .level: sources[index].isSent = false
        case .message: sources[index].isRejected = true
        }
    }
}
