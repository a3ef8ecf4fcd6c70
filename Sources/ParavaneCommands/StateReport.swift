internal import PowerPC
internal import VMM

/// A vCPU's state for a person: registers, and the code around the program counter.
enum StateReport {
    /// How many instructions before and after the current one are shown.
    private static let context = 4

    static func text(_ vcpu: SoftwareCPU) -> String {
        var lines: [String] = []
        lines.append(
            "pc \(hex(vcpu.core.pc))  msr \(hex(vcpu.core.msr))  cr \(hex(vcpu.core.conditionRegister))"
                + "  xer \(hex(vcpu.core.xer))  lr \(hex(vcpu.core.linkRegister))  ctr \(hex(vcpu.core.countRegister))")
        lines += registers(inRowsOf: 8) { hex(vcpu.register($0)) }
        lines.append(
            SystemRegister.allCases.map { "\($0) \(hex(vcpu.core.systemRegister($0)))" }.joined(separator: "  "))
        lines += code { offset in
            let address = vcpu.core.pc &+ UInt32(truncatingIfNeeded: offset)
            return vcpu.core.instruction(at: address).map { word in
                "\(hex(address)): \(hex(word))  \(Disassembler.disassemble(word, at: address, on: vcpu.core.model))"
            }
        }
        return lines.joined(separator: "\n")
    }

    static func text(_ vcpu: SoftwareBook3SCPU) -> String {
        var lines: [String] = []
        lines.append(
            "pc \(hex(vcpu.core.pc))  msr \(hex(vcpu.core.msr))  cr \(hex(vcpu.core.conditionRegister))"
                + "  xer \(hex(UInt32(truncatingIfNeeded: vcpu.core.xer)))")
        lines.append("lr \(hex(vcpu.core.linkRegister))  ctr \(hex(vcpu.core.countRegister))")
        lines += registers(inRowsOf: 4) { hex(vcpu.register($0)) }
        lines.append(
            Book3SSystemRegister.allCases.map { "\($0) \(hex(vcpu.core.systemRegister($0)))" }.joined(separator: "  "))
        lines += code { offset in
            let address = vcpu.core.pc &+ UInt64(truncatingIfNeeded: offset)
            return vcpu.core.instruction(at: address).map { word in
                "\(hex(address)): \(hex(word))  \(Disassembler.disassembleServer(word, at: address))"
            }
        }
        return lines.joined(separator: "\n")
    }

    /// The general-purpose registers, so many in a line.
    private static func registers(inRowsOf count: Int, _ value: (Int) -> String) -> [String] {
        stride(from: 0, to: 32, by: count).map { first in
            "r\(first)\(first < 10 ? " " : "") " + (first..<first + count).map(value).joined(separator: " ")
        }
    }

    /// The instructions around the current one, which is marked; `line` is asked for each by its distance in bytes.
    private static func code(_ line: (Int) -> String?) -> [String] {
        (-context...context).compactMap { position in line(position * 4).map { (position == 0 ? "> " : "  ") + $0 } }
    }

    private static func hex(_ value: some FixedWidthInteger & UnsignedInteger) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: value.bitWidth / 4 - digits.count) + digits
    }
}
