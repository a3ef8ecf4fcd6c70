/// The packets (GDB manual, appendix E.2 to E.8). What is not handled gets the empty answer, which means just that.
extension DebugSession {
    /// Error numbers, as the protocol's examples have them.
    private enum Failure {
        static let noMemory: StaticString = "E14"
        static let badArgument: StaticString = "E22"
        static let noRoom: StaticString = "E28"
    }

    func handle(_ payload: [UInt8]) {
        var reader = PacketReader(payload, from: 1)
        switch payload.first {
        case UInt8(ascii: "?"): replyStop()
        case UInt8(ascii: "g"): readRegisters()
        case UInt8(ascii: "G"): writeRegisters(reader.rest)
        case UInt8(ascii: "p"): readRegister(&reader)
        case UInt8(ascii: "P"): writeRegister(&reader)
        case UInt8(ascii: "m"): readMemory(&reader)
        case UInt8(ascii: "M"): writeMemory(&reader) { Hex.decode($0) }
        case UInt8(ascii: "X"): writeMemory(&reader) { [UInt8]($0) }
        case UInt8(ascii: "c"), UInt8(ascii: "s"): resumeHere(payload[0], &reader, hasSignal: false)
        case UInt8(ascii: "C"), UInt8(ascii: "S"): resumeHere(payload[0], &reader, hasSignal: true)
        case UInt8(ascii: "Z"), UInt8(ascii: "z"): changeStop(&reader, adds: payload[0] == UInt8(ascii: "Z"))
        case UInt8(ascii: "H"): selectThread(&reader)
        case UInt8(ascii: "T"): reply(thread(&reader, last: true) != nil ? "OK" : Failure.badArgument)
        case UInt8(ascii: "D"):
            reply("OK")
            detach()
        case UInt8(ascii: "k"): kill()
        case UInt8(ascii: "v"): handleVerbose(payload)
        case UInt8(ascii: "q"): handleQuery(payload)
        case UInt8(ascii: "Q"): handleSetting(payload)
        default: reply("")
        }
    }

    // MARK: Stops

    func replyStop() {
        var payload = [UInt8(ascii: "T")]
        switch lastStop {
        case .signal(let number): payload += Hex.encode([number])
        case .breakpoint, .watchpoint: payload += Hex.encode([Signal.trap])
        }
        append("thread:", to: &payload)
        payload += Hex.encode(UInt64(stoppedThread + 1)) + [UInt8(ascii: ";")]
        switch lastStop {
        case .signal: break
        case .breakpoint(.hardware):
            if understandsBreakpointReasons.hardware { append("hwbreak:;", to: &payload) }
        case .breakpoint:
            if understandsBreakpointReasons.software { append("swbreak:;", to: &payload) }
        case .watchpoint(let kind, let address):
            append(kind == .read ? "rwatch:" : kind == .access ? "awatch:" : "watch:", to: &payload)
            payload += Hex.encode(address) + [UInt8(ascii: ";")]
        }
        reply(payload)
    }

    private func append(_ text: StaticString, to payload: inout [UInt8]) {
        text.withUTF8Buffer { unsafe payload.append(contentsOf: $0) }
    }

    private func changeStop(_ reader: inout PacketReader, adds: Bool) {
        guard let number = reader.number(before: ","), let address = reader.number(before: ","),
            let length = reader.number(), reader.isAtEnd || reader.next == UInt8(ascii: ";")
        else { return reply(Failure.badArgument) }
        guard let kind = UInt8(exactly: number).flatMap({ DebugStop.Kind(rawValue: $0) }) else { return reply("") }
        let stop = DebugStop(kind, address: address, length: length)
        // Both are to be idempotent.
        var changed = stops.filter { $0 != stop }
        if adds { changed.append(stop) }
        guard changed.count <= Self.stopLimit else { return reply(Failure.noRoom) }
        reply(setStops(changed) ? "OK" : Failure.badArgument)
    }

    // MARK: Registers

    /// `g` has the registers of the well-known features. The others are read one by one, when they are asked for.
    private var transferred: Range<Int> {
        0..<(target.registers.firstIndex { $0.feature == .special } ?? target.registers.count)
    }

    private func bytes(ofRegister number: Int) -> [UInt8] {
        let value = target.readRegister(number, thread: selectedThread)
        let size = target.registers[number].bits / 8
        return (0..<size).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (size - 1 - $0))) }
    }

    private func readRegisters() {
        var payload: [UInt8] = []
        for number in transferred { payload += Hex.encode(bytes(ofRegister: number)) }
        reply(payload)
    }

    private func writeRegisters(_ digits: ArraySlice<UInt8>) {
        let registers = target.registers
        let size = transferred.reduce(0) { $0 + registers[$1].bits / 8 }
        guard let bytes = Hex.decode(digits), bytes.count >= size else { return reply(Failure.badArgument) }
        var position = 0
        for number in transferred {
            let end = position + registers[number].bits / 8
            let value = bytes[position..<end].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            _ = target.writeRegister(number, to: value, thread: selectedThread)
            position = end
        }
        reply("OK")
    }

    private func register(_ number: UInt64?) -> Int? {
        guard let number, number < UInt64(target.registers.count) else { return nil }
        return Int(number)
    }

    private func readRegister(_ reader: inout PacketReader) {
        guard let number = register(reader.lastNumber()) else { return reply(Failure.badArgument) }
        reply(Hex.encode(bytes(ofRegister: number)))
    }

    private func writeRegister(_ reader: inout PacketReader) {
        guard let number = register(reader.number(before: "=")), let bytes = Hex.decode(reader.rest),
            bytes.count == target.registers[number].bits / 8,
            target.writeRegister(
                number, to: bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }, thread: selectedThread)
        else { return reply(Failure.badArgument) }
        reply("OK")
    }

    // MARK: Memory

    private func readMemory(_ reader: inout PacketReader) {
        guard let address = reader.number(before: ","), let count = reader.lastNumber() else {
            return reply(Failure.badArgument)
        }
        let limit = UInt64(PacketDecoder.payloadLimit / 2)
        let bytes = target.readMemory(
            at: address, count: Int(min(count, limit)), thread: selectedThread, isPhysical: usesPhysicalMemory)
        if bytes.isEmpty, count > 0 { return reply(Failure.noMemory) }
        reply(Hex.encode(bytes))
    }

    private func writeMemory(_ reader: inout PacketReader, decode: (ArraySlice<UInt8>) -> [UInt8]?) {
        guard let address = reader.number(before: ","), let count = reader.number(before: ":"),
            let bytes = decode(reader.rest), UInt64(bytes.count) == count
        else { return reply(Failure.badArgument) }
        let isDone = target.writeMemory(
            bytes, at: address, thread: selectedThread, isPhysical: usesPhysicalMemory)
        reply(isDone ? "OK" : Failure.noMemory)
    }

    // MARK: Threads

    /// A thread identifier: nil where it names none, `.some(nil)` where it names any or all.
    private func thread(_ reader: inout PacketReader, last: Bool) -> Int?? {
        if reader.take("-1") { return last && !reader.isAtEnd ? nil : .some(nil) }
        guard let number = reader.number(), !last || reader.isAtEnd else { return nil }
        if number == 0 { return .some(nil) }
        return number <= UInt64(target.threadCount) ? .some(Int(number) - 1) : nil
    }

    private func selectThread(_ reader: inout PacketReader) {
        let operation = reader.take()
        guard let choice = thread(&reader, last: true) else { return reply(Failure.badArgument) }
        switch operation {
        case UInt8(ascii: "g"): selectedThread = choice ?? stoppedThread
        case UInt8(ascii: "c"): resumedThread = choice
        default: return reply("")
        }
        reply("OK")
    }

    // MARK: Going on

    /// `c`, `s`, `C` and `S`. The guest knows nothing of the protocol's signals; they are ignored.
    private func resumeHere(_ command: UInt8, _ reader: inout PacketReader, hasSignal: Bool) {
        if hasSignal, reader.number() == nil { return reply(Failure.badArgument) }
        if hasSignal, !reader.isAtEnd, reader.take() != UInt8(ascii: ";") { return reply(Failure.badArgument) }
        let thread = resumedThread ?? stoppedThread
        if !reader.isAtEnd {
            guard let address = reader.lastNumber(),
                let pc = target.registers.firstIndex(where: { $0.isProgramCounter })
            else { return reply(Failure.badArgument) }
            _ = target.writeRegister(pc, to: address, thread: thread)
        }
        let steps = command | 0x20 == UInt8(ascii: "s")
        var plan = ResumePlan(resumedThread == nil ? .run : .stay, threads: target.threadCount)
        plan[thread] = steps ? .step : .run
        resume(plan)
    }

    /// `vCont;action[:thread]…`: of the actions for a thread the first counts.
    private func resumeEach(_ reader: inout PacketReader) {
        let threads = target.threadCount
        var plan = ResumePlan(.stay, threads: threads)
        var decided = [Bool](repeating: false, count: threads)
        while reader.take() == UInt8(ascii: ";") {
            guard let action = action(&reader) else { return reply(Failure.badArgument) }
            var chosen = 0..<threads
            if reader.next == UInt8(ascii: ":") {
                _ = reader.take()
                guard let choice = thread(&reader, last: false) else { return reply(Failure.badArgument) }
                if let choice { chosen = choice..<choice + 1 }
            }
            for thread in chosen where !decided[thread] {
                plan[thread] = action
                decided[thread] = true
            }
        }
        guard reader.isAtEnd, plan.doesAnything else { return reply(Failure.badArgument) }
        resume(plan)
    }

    private func action(_ reader: inout PacketReader) -> ResumePlan.Action? {
        switch reader.take() {
        case UInt8(ascii: "c"): return .run
        case UInt8(ascii: "s"): return .step
        case UInt8(ascii: "C"): return reader.number().map { _ in .run }
        case UInt8(ascii: "S"): return reader.number().map { _ in .step }
        case UInt8(ascii: "r"):
            guard let start = reader.number(before: ","), let end = reader.number() else { return nil }
            return .stepOut(start, end)
        default: return nil
        }
    }

    private func handleVerbose(_ payload: [UInt8]) {
        var reader = PacketReader(payload)
        if reader.take("vCont?") { return reply("vCont;c;C;s;S;r") }
        if reader.take("vCont") { return resumeEach(&reader) }
        if reader.take("vKill") {
            reply("OK")
            return kill()
        }
        // vMustReplyEmpty among others.
        reply("")
    }

    // MARK: Queries and settings

    private func handleQuery(_ payload: [UInt8]) {
        var reader = PacketReader(payload)
        if reader.take("qSupported") {
            negotiate(reader.rest)
        } else if reader.take("qfThreadInfo") {
            listThreads()
        } else if reader.take("qsThreadInfo") {
            reply("l")
        } else if reader.take("qThreadExtraInfo,") {
            guard case .some(.some(let thread)) = thread(&reader, last: true) else { return reply(Failure.badArgument) }
            reply(Hex.encode([UInt8](target.describe(thread: thread).utf8)))
        } else if reader.take("qXfer:features:read:target.xml:") {
            transferDescription(&reader)
        } else if reader.take("qXfer:features:read:") {
            reply("E00")
        } else if reader.take("qRcmd,") {
            monitor(Hex.decode(reader.rest))
        } else if reader.take("qAttached") {
            reply("1")
        } else if reader.take("qSymbol::") {
            reply("OK")
        } else if reader.take("qqemu.PhyMemMode") {
            reply(usesPhysicalMemory ? "1" : "0")
        } else if reader.take("qC"), reader.isAtEnd {
            var answer = [UInt8(ascii: "Q"), UInt8(ascii: "C")]
            answer += Hex.encode(UInt64(selectedThread + 1))
            reply(answer)
        } else {
            reply("")
        }
    }

    private func handleSetting(_ payload: [UInt8]) {
        var reader = PacketReader(payload)
        if reader.take("QStartNoAckMode"), reader.isAtEnd {
            reply("OK")
            stopAcknowledging()
        } else if reader.take("Qqemu.PhyMemMode:") {
            guard let mode = reader.lastNumber(), mode < 2 else { return reply(Failure.badArgument) }
            usesPhysicalMemory = mode == 1
            reply("OK")
        } else {
            reply("")
        }
    }

    private func negotiate(_ features: ArraySlice<UInt8>) {
        for feature in features.split(whereSeparator: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ";") }) {
            var reader = PacketReader([UInt8](feature))
            if reader.take("swbreak+") { understandsBreakpointReasons.software = true }
            if reader.take("hwbreak+") { understandsBreakpointReasons.hardware = true }
        }
        var answer: [UInt8] = []
        append("PacketSize=", to: &answer)
        answer += Hex.encode(UInt64(PacketDecoder.payloadLimit))
        append(
            ";qXfer:features:read+;QStartNoAckMode+;vContSupported+;swbreak+;hwbreak+", to: &answer)
        reply(answer)
    }

    private func listThreads() {
        var answer = [UInt8(ascii: "m")]
        for thread in 0..<target.threadCount {
            if thread > 0 { answer.append(UInt8(ascii: ",")) }
            answer += Hex.encode(UInt64(thread + 1))
        }
        reply(answer)
    }

    private func transferDescription(_ reader: inout PacketReader) {
        guard let offset = reader.number(before: ","), let length = reader.lastNumber() else {
            return reply(Failure.badArgument)
        }
        guard offset < UInt64(description.count) else { return reply("l") }
        let start = Int(offset)
        let count = Int(min(length, UInt64(PacketDecoder.payloadLimit / 2), UInt64(description.count - start)))
        let isLast = start + count == description.count
        reply([isLast ? UInt8(ascii: "l") : UInt8(ascii: "m")] + description[start..<start + count])
    }

    /// `monitor` of the user's: the answer goes as console output in as many packets as it takes.
    private func monitor(_ command: [UInt8]?) {
        guard let command else { return reply(Failure.badArgument) }
        let text = [UInt8](target.monitor(command).utf8)
        let part = PacketDecoder.payloadLimit / 4
        for start in stride(from: 0, to: text.count, by: part) {
            reply([UInt8(ascii: "O")] + Hex.encode([UInt8](text[start..<min(start + part, text.count)])))
        }
        reply("OK")
    }
}

extension RegisterDescription {
    /// Whether it is the program counter: the first code address of the core.
    fileprivate var isProgramCounter: Bool { feature == .core && isCodeAddress }
}
