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
        for first in stride(from: 0, to: 32, by: 8) {
            let values = (first..<first + 8).map { hex(vcpu.register($0)) }.joined(separator: " ")
            lines.append("r\(first)\(first < 10 ? " " : "") \(values)")
        }
        lines.append(
            SystemRegister.allCases.map { "\($0) \(hex(vcpu.core.systemRegister($0)))" }.joined(separator: "  "))
        for position in -context...context {
            let address = vcpu.core.pc &+ UInt32(bitPattern: Int32(position * 4))
            guard let word = vcpu.core.instruction(at: address) else { continue }
            lines.append(
                "\(position == 0 ? ">" : " ") \(hex(address)): \(hex(word))"
                    + "  \(Disassembler.disassemble(word, at: address, on: vcpu.core.model))")
        }
        return lines.joined(separator: "\n")
    }

    static func text(_ vcpu: SoftwareBook3SCPU) -> String {
        var lines: [String] = []
        lines.append(
            "pc \(hex(vcpu.core.pc))  msr \(hex(vcpu.core.msr))  cr \(hex(vcpu.core.conditionRegister))"
                + "  xer \(hex(UInt32(truncatingIfNeeded: vcpu.core.xer)))")
        lines.append("lr \(hex(vcpu.core.linkRegister))  ctr \(hex(vcpu.core.countRegister))")
        for first in stride(from: 0, to: 32, by: 4) {
            let values = (first..<first + 4).map { hex(vcpu.register($0)) }.joined(separator: " ")
            lines.append("r\(first)\(first < 10 ? " " : "") \(values)")
        }
        lines.append(
            Book3SSystemRegister.allCases.map { "\($0) \(hex(vcpu.core.systemRegister($0)))" }.joined(separator: "  "))
        for position in -context...context {
            let address = vcpu.core.pc &+ UInt64(bitPattern: Int64(position * 4))
            guard let word = vcpu.core.instruction(at: address) else { continue }
            lines.append(
                "\(position == 0 ? ">" : " ") \(hex(address)): \(hex(word))"
                    + "  \(Disassembler.disassembleServer(word, at: address))")
        }
        return lines.joined(separator: "\n")
    }

    private static func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func hex(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
