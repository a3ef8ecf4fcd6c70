internal import CHost
internal import CProcess
internal import Foundation

/// Runs cells, several at a time, each as a process group of its own.
package struct Runner {
    /// What happens meanwhile.
    package enum Event {
        /// A cell begins.
        case began(Cell)
        /// A cell has ended, and this many others have before.
        case ended(CellResult)
        /// Nothing for a while: these are at work, for so many seconds.
        case working([(cell: Cell, seconds: Double)])
    }

    /// Where everything is.
    package let surroundings: Surroundings
    /// The known differences.
    package let differences: Differences
    /// How many cells run at the same time.
    package var jobs = 1
    /// The limit of each cell in seconds, instead of its own.
    package var limit: Double?
    /// The name of this machine in results.
    package var host = ""
    /// Which attempt this is, from 1.
    package var attempt = 1

    /// The most cells that run at the same time.
    package static let mostJobs = 64

    /// A runner of one cell at a time.
    package init(surroundings: Surroundings, differences: Differences) {
        self.surroundings = surroundings
        self.differences = differences
    }

    /// Runs the cells. Returns their results in the same order, or nil where a signal asked for the end first; then all is
    /// ended as well.
    ///
    /// - Parameter interruptions: a descriptor that becomes readable when all is to end; -1 for none.
    package func run(_ cells: [Cell], interruptions: Int32 = -1, report: (Event) -> Void = { _ in }) -> [CellResult]? {
        var results = [CellResult?](repeating: nil, count: cells.count)
        var waiting = Array(cells.indices.reversed())
        var working: [Job] = []
        defer { for job in working { job.abandon() } }
        func finish(_ index: Int, _ result: CellResult) {
            var result = result
            result.host = host
            result.attempt = attempt
            results[index] = result
            report(.ended(result))
        }
        while !waiting.isEmpty || !working.isEmpty {
            while working.count < min(max(jobs, 1), Self.mostJobs), let index = waiting.popLast() {
                let cell = cells[index]
                do throws(Surroundings.Absence) {
                    let command = try surroundings.command(of: cell)
                    report(.began(cell))
                    working.append(try Job(index, cell, command, limit: limit ?? cell.limit))
                } catch {
                    let result = CellResult(
                        cell, .absent, reasons: [error.reason], remedy: error.remedy, started: Date())
                    finish(index, result)
                }
            }
            if working.isEmpty { continue }
            guard Job.wait(for: working, interruptions) else { return nil }
            for job in working where job.hasEnded {
                let outcome = job.collect()
                let result = CellResult(
                    job.cell, command: job.command, limit: job.limit, outcome: outcome, differences: differences)
                finish(job.index, result)
            }
            working.removeAll(where: \.isCollected)
            report(.working(working.map { ($0.cell, $0.seconds) }))
        }
        return results.compactMap(\.self)
    }
}

/// A cell's program at work.
private final class Job {
    let index: Int
    let cell: Cell
    let command: [String]
    let limit: Double
    private let child: Int32
    /// Readable once the program has ended.
    private let process: Int32
    private var streams: [Stream]
    private let began = host_monotonic_nanoseconds()
    private let started = Date()
    private var isTimedOut = false
    private(set) var hasEnded = false
    private(set) var isCollected = false

    /// A pipe that the program writes into.
    private struct Stream {
        let source: Int32
        var isOpen = true
        var captured = CapturedOutput()

        mutating func fill() {
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe host_read(source, $0.baseAddress!, $0.count) }
            if count > 0 {
                captured.append(chunk[..<count])
            } else if count != -Int(EAGAIN) {
                isOpen = false
            }
        }
    }

    init(_ index: Int, _ cell: Cell, _ command: [String], limit: Double) throws(Surroundings.Absence) {
        self.index = index
        self.cell = cell
        self.command = command
        self.limit = limit
        var pipes: [Int32] = [-1, -1, -1, -1]
        var error = unsafe pipes.withUnsafeMutableBufferPointer { pipes in
            let first = unsafe process_pipe(pipes.baseAddress!)
            return first != 0 ? first : unsafe process_pipe(pipes.baseAddress! + 2)
        }
        var child: Int32 = -1
        if error == 0 {
            var words = unsafe command.map { unsafe strdup($0) }
            unsafe words.append(nil)
            child = unsafe process_start(&words, pipes[1], pipes[3], [], 0)
            unsafe words.forEach { unsafe free($0) }
            error = child < 0 ? child : 0
        }
        for descriptor in [pipes[1], pipes[3]] where descriptor >= 0 { host_close(descriptor) }
        guard error == 0 else {
            for descriptor in [pipes[0], pipes[2]] where descriptor >= 0 { host_close(descriptor) }
            let text = unsafe String(cString: host_error_text(-error))
            throw Surroundings.Absence(reason: "\(command[0]) does not start: \(text)", remedy: nil)
        }
        self.child = child
        process = process_descriptor(child)
        streams = [Stream(source: pipes[0]), Stream(source: pipes[2])]
        if process < 0 {
            abandon()
            throw Surroundings.Absence(
                reason: "the kernel has no descriptors of processes: Linux 5.3 is needed", remedy: nil)
        }
    }

    var seconds: Double { Double(host_monotonic_nanoseconds() &- began) / 1e9 }

    /// Sleeps until something happens to some of the jobs, but at most a quarter of a second; then takes what they print, and
    /// ends those whose time is over. False where all is to end.
    static func wait(for jobs: [Job], _ interruptions: Int32) -> Bool {
        var descriptors = [interruptions]
        var events: [UInt8] = [interruptions < 0 ? 0 : 1]
        for job in jobs {
            descriptors += [job.process] + job.streams.map(\.source)
            events += [1] + job.streams.map { $0.isOpen ? 1 : 0 }
        }
        unsafe process_poll(descriptors, &events, Int32(events.count), 250)
        if events[0] != 0 { return false }
        for (place, job) in zip(stride(from: 1, to: events.count, by: 3), jobs) {
            for stream in 0..<2 where events[place + 1 + stream] != 0 { job.streams[stream].fill() }
            if !job.isTimedOut, job.seconds >= job.limit {
                job.isTimedOut = true
                process_signal_group(job.child, SIGKILL)
            }
            if events[place] != 0 { job.hasEnded = true }
        }
        return true
    }

    /// What became of the program, which has ended. What else is left of its group is ended.
    func collect() -> Outcome {
        process_signal_group(child, SIGKILL)
        let status = process_wait(child)
        let seconds = seconds
        // The group is gone; what it wrote is in the pipes, which no longer fill.
        for stream in streams.indices {
            while streams[stream].isOpen, process_readable(streams[stream].source) != 0 { streams[stream].fill() }
            streams[stream].captured.finish()
        }
        close()
        return Outcome(
            status: status, isTimedOut: isTimedOut, started: started, seconds: seconds, output: streams[0].captured,
            errors: streams[1].captured)
    }

    /// Ends the program's group, whatever it is at.
    func abandon() {
        guard !isCollected else { return }
        process_signal_group(child, SIGKILL)
        _ = process_wait(child)
        close()
    }

    private func close() {
        isCollected = true
        for descriptor in streams.map(\.source) + [process] where descriptor >= 0 { host_close(descriptor) }
    }
}
