internal import Devices
internal import GuestMemory

extension RTASHost {
    /// Carries out a service, whose arguments and results are as many as it has.
    func carryOut(_ service: RTAS.Service, _ call: inout RTASCall) -> RTAS.Status {
        switch service {
        case .displayCharacter:
            terminal(0)?.send(UInt8(truncatingIfNeeded: call[0]))
            return .success
        case .getTimeOfDay:
            let date = CalendarDate(nanoseconds: timeOfDay)
            for (position, value) in date.values.enumerated() { call.setResult(1 + position, to: value) }
            return .success
        case .setTimeOfDay:
            guard let nanoseconds = CalendarDate(values: (0..<7).map { call[$0] })?.nanoseconds else {
                return .parameterError
            }
            timeOfDay = nanoseconds
            return .success
        case .powerOff:
            requestPowerOff()
            return .success
        case .systemReboot:
            requestReset()
            return .success
        case .osTerm:
            reportPanic()
            return .success
        case .queryCPUStoppedState:
            guard let number = number(call[0]) else { return .parameterError }
            call.setResult(1, to: isStopped(number) ? 0 : 2)
            return .success
        case .startCPU:
            guard let number = number(call[0]) else { return .parameterError }
            guard isStopped(number) else { return .hardwareError }
            start(number, at: UInt64(call[1]), r3: UInt64(call[2]), like: call.vcpu)
            return .success
        case .stopSelf:
            stop(call.vcpu)
            return .success
        case .setXIVE, .getXIVE, .interruptOff, .interruptOn:
            return carryOutInterrupt(service, &call)
        case .getSystemParameter:
            return getSystemParameter(call)
        case .eventScan, .checkException:
            return .noEvents
        case .nvramFetch, .nvramStore:
            return copyNonvolatileMemory(isStore: service == .nvramStore, &call)
        }
    }

    private func number(_ argument: UInt32) -> Int? { argument < UInt32(cpuCount) ? Int(argument) : nil }

    private func carryOutInterrupt(_ service: RTAS.Service, _ call: inout RTASCall) -> RTAS.Status {
        let source = Int(call[0])
        switch service {
        case .setXIVE:
            guard call[2] <= 0xFF else { return .parameterError }
            let isDone = interruptController.configure(
                source, server: Int(call[1]), priority: UInt8(truncatingIfNeeded: call[2]))
            return isDone ? .success : .parameterError
        case .getXIVE:
            guard let (server, priority) = interruptController.configuration(of: source) else { return .parameterError }
            call.setResult(1, to: UInt32(server))
            call.setResult(2, to: UInt32(priority))
            return .success
        case .interruptOff: return interruptController.switchOff(source) ? .success : .parameterError
        default: return interruptController.switchOn(source) ? .success : .parameterError
        }
    }

    /// Parameters are a length of two bytes and that many bytes, cut to the caller's room.
    private func getSystemParameter(_ call: RTASCall) -> RTAS.Status {
        let value: [UInt8]
        switch call[0] {
        case 20:
            let megabytes = memory.ram.size >> 20
            value =
                Array(
                    "MaxEntCap=\(cpuCount),DesMem=\(megabytes),DesProcs=\(cpuCount),MaxPlatProcs=\(cpuCount)".utf8)
                + [0]
        // Diagnostics do not run.
        case 42: value = [0]
        default: return .parameterError
        }
        let room = Int(call[2])
        let bytes = [UInt8(value.count >> 8), UInt8(value.count & 0xFF)] + value
        do throws(GuestMemoryError) {
            try memory.write(Array(bytes.prefix(room)), at: UInt64(call[1]))
        } catch {
            return .parameterError
        }
        return .success
    }

    private func copyNonvolatileMemory(isStore: Bool, _ call: inout RTASCall) -> RTAS.Status {
        let (offset, address, count) = (Int(call[0]), UInt64(call[1]), Int(call[2]))
        guard offset <= nonvolatileMemory.count, count <= nonvolatileMemory.count - offset else {
            return .parameterError
        }
        do throws(GuestMemoryError) {
            if isStore {
                nonvolatileMemory.replaceSubrange(
                    offset..<offset + count, with: try memory.read(at: address, count: count))
            } else {
                try memory.write(Array(nonvolatileMemory[offset..<offset + count]), at: address)
            }
        } catch {
            return .hardwareError
        }
        call.setResult(1, to: UInt32(count))
        return .success
    }
}

/// A date and time of day in the calendar of today, UTC.
struct CalendarDate: Equatable {
    /// Year, month, day, hour, minute, second, nanosecond.
    let values: [UInt32]

    /// The years that a date may have.
    private static let years: ClosedRange<UInt32> = 1970...2550

    private static let second: UInt64 = 1_000_000_000
    private static let day = 86400 * second

    /// The date so many nanoseconds after 1970 began.
    init(nanoseconds: UInt64) {
        // Years begin in March, so that leap days are at their ends; 719468 days are from such a year 0 to 1970.
        let days = nanoseconds / Self.day + 719_468
        let era = days / 146_097
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
        let time = nanoseconds % Self.day
        let seconds = time / Self.second
        values = [
            year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1, seconds / 3600, seconds / 60 % 60,
            seconds % 60, time % Self.second,
        ].map { UInt32($0) }
    }

    /// The date of seven values; nil where there is no such date.
    init?(values: [UInt32]) {
        guard values.count == 7, Self.years.contains(values[0]), (1...12).contains(values[1]),
            values[2] >= 1, values[3] < 24, values[4] < 60, values[5] < 60, values[6] < 1_000_000_000
        else { return nil }
        let (year, month) = (values[0], values[1])
        let isLeap = year.isMultiple(of: 4) && !year.isMultiple(of: 100) || year.isMultiple(of: 400)
        let days: UInt32 =
            switch month {
            case 2: isLeap ? 29 : 28
            case 4, 6, 9, 11: 30
            default: 31
            }
        guard values[2] <= days else { return nil }
        self.values = values
    }

    /// Nanoseconds since 1970 began.
    var nanoseconds: UInt64 {
        let v = values.map { UInt64($0) }
        let year = v[1] <= 2 ? v[0] - 1 : v[0]
        let monthFromMarch = v[1] > 2 ? v[1] - 3 : v[1] + 9
        let yearOfEra = year % 400
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + v[2] - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = year / 400 * 146_097 + dayOfEra - 719_468
        return days * Self.day + (v[3] * 3600 + v[4] * 60 + v[5]) * Self.second + v[6]
    }
}
