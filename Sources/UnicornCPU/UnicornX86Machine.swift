public import FlatMachines
internal import Hypercalls

/// A flat x86 machine whose vCPUs Unicorn executes in turns, on the caller's thread.
public final class UnicornX86Machine {
    /// Basic blocks of a turn.
    static let turnBlocks: UInt32 = 2000
    /// The most exits of a turn, so that one vCPU's exits do not keep the others waiting.
    static let turnExits = 500

    private let board: X86Board
    private let vcpus: [UnicornX86VCPU]

    /// A machine whose vCPUs start at `entry`. Its guest is in the board's memory already.
    public init(_ board: X86Board, entry: UInt64) throws(UnicornError) {
        self.board = board
        do {
            try board.writeStartTables()
        } catch {
            throw .memoryTooSmall
        }
        var vcpus: [UnicornX86VCPU] = []
        for index in board.machine.vcpus.indices {
            vcpus.append(try UnicornX86VCPU(index, board: board, entry: entry))
        }
        self.vcpus = vcpus
    }

    /// Runs until the end. `isOver` is asked between rounds of turns.
    public func run(isOver: () -> Bool) -> FlatOutcome {
        while true {
            var isIdle = true
            for vcpu in vcpus where vcpu.isReady {
                isIdle = false
                turn(of: vcpu)
                if let outcome = board.outcome { return outcome }
            }
            if isIdle { return .stalled }
            if isOver() { return .timeout }
        }
    }

    private func turn(of vcpu: UnicornX86VCPU) {
        for _ in 0..<Self.turnExits {
            let goesOn = vcpu.run(blocks: Self.turnBlocks)
            // What a call did to the others.
            for other in vcpus { other.wakeUp() }
            guard goesOn, board.outcome == nil else { break }
        }
        if let target = board.machine.takeYieldTarget(), vcpus[target].isReady {
            _ = vcpus[target].run(blocks: Self.turnBlocks)
        }
    }
}
