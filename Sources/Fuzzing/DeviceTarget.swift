internal import Devices
internal import Machines
internal import PowerPC
internal import VMM

/// Random loads and stores to every device of the e500 machine, with time passing and console input between them.
final class DeviceTarget: FuzzTarget {
    let casesPerInput = 200

    /// The devices, their registers' busiest parts, and what is beside them.
    private static let places: [AddressRange] = {
        func device(_ range: AddressRange) -> AddressRange {
            AddressRange(base: E500MemoryMap.ccsr.base + range.base, size: range.size)
        }
        let mpic = device(E500MemoryMap.CCSR.mpic).base
        return [
            device(E500MemoryMap.CCSR.serial0), device(E500MemoryMap.CCSR.serial0), device(E500MemoryMap.CCSR.serial1),
            AddressRange(base: device(E500MemoryMap.CCSR.serial0).base, size: 8),
            device(E500MemoryMap.CCSR.guts), device(E500MemoryMap.CCSR.gpio), device(E500MemoryMap.CCSR.mpic),
            AddressRange(base: mpic + 0x1000, size: 0x400), AddressRange(base: mpic + 0x1600, size: 0x200),
            AddressRange(base: mpic + 0x1_0000, size: 0x2000), AddressRange(base: mpic + 0x2_0000, size: 0x8000),
            AddressRange(base: mpic, size: 0x100), E500MemoryMap.spinTable, E500MemoryMap.ccsr,
            AddressRange(base: 0, size: 1 << 36),
        ]
    }()

    func generate(_ random: inout FuzzRandom) -> [UInt8] {
        random.bytes(casesPerInput * 14)
    }

    func run(_ input: [UInt8]) {
        var reader = InputReader(input)
        let machine: E500Machine
        let console = FuzzConsole([])
        do {
            machine = try E500Machine(
                .init(
                    memorySize: 1 << 20, cpuCount: Int(reader.byte() % 8) + 1, time: .virtual,
                    answersHypercalls: true, offersMagicPage: true), console: console)
        } catch {
            fatalError("the host has no memory: \(error)")
        }
        var tick: UInt64 = 0
        for _ in 0..<casesPerInput where !reader.isAtEnd {
            let flags = reader.byte()
            let vcpu = machine.cpus[Int(reader.byte()) % machine.cpus.count]
            let width = [1, 2, 4, 4, 4, 8, 4, 1][Int(flags & 7)]
            let address = Self.address(&reader, width: width)
            if flags & 8 == 0 {
                machine.handle(.deviceRead(address: address, width: width), of: vcpu)
            } else {
                machine.handle(.deviceWrite(address: address, width: width, value: reader.value()), of: vcpu)
            }
            switch flags >> 4 {
            case 0: console.feed([UInt8](repeating: reader.byte(), count: Int(reader.byte())))
            case 1, 2: tick &+= reader.value()
            case 3: tick &+= UInt64(reader.byte())
            case 4, 5: machine.handle(.acknowledge, of: vcpu)
            case 6: machine.handle(.invalidateTLB(operand: reader.word()), of: vcpu)
            case 7: _ = vcpu.nextTimerEvent()
            default: break
            }
            machine.poll(at: tick)
            _ = machine.nextDeviceEvent()
            check(machine.runningCPUs.count <= machine.cpus.count, "no vCPU runs twice")
        }
    }

    private static func address(_ reader: inout InputReader, width: Int) -> UInt64 {
        let place = places[Int(reader.byte()) % places.count]
        let choice = reader.byte()
        // Mostly aligned; now and then just before, at, or just behind an end.
        switch choice & 15 {
        case 0: return place.base &+ place.size &- UInt64(choice >> 4)
        case 1: return place.base &- UInt64(choice >> 4)
        case 2: return reader.doubleword()
        case 3: return place.base &+ reader.doubleword() % place.size
        default: return place.base &+ (reader.doubleword() % place.size & ~UInt64(width - 1))
        }
    }
}
