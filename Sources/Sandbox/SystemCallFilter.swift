public import CSandbox

/// The BPF program that judges system calls by a list of rules.
///
/// The kernel runs it on a `struct seccomp_data`: the number of the call, the architecture whose numbers these are, the
/// instruction's address, six arguments of 64 bits.
public struct SystemCallFilter {
    /// The program.
    public let program: [sandbox_instruction]

    /// Offsets into `struct seccomp_data`.
    private enum Offset {
        static let number: UInt32 = 0
        static let architecture: UInt32 = 4
        /// The low half of argument `index`, on a little-endian host.
        static func argument(_ index: Int) -> UInt32 { 16 + 8 * UInt32(index) }
    }

    /// BPF operations (linux/bpf_common.h).
    private enum Operation {
        static let load: UInt16 = 0x20
        static let jumpIfEqual: UInt16 = 0x15
        static let jumpIfAtLeast: UInt16 = 0x35
        static let and: UInt16 = 0x54
        static let end: UInt16 = 0x06
    }

    /// What a filter answers (linux/seccomp.h).
    private enum Verdict {
        static let killProcess: UInt32 = 0x8000_0000
        static let allow: UInt32 = 0x7FFF_0000
        /// SECCOMP_RET_ERRNO with EPERM.
        static let notPermitted: UInt32 = 0x0005_0001
    }

    /// On x86-64, from here on numbers are those of the x32 ABI, which shares the architecture's name.
    private static let foreignNumbers: UInt32 = 0x4000_0000

    /// The filter of `rules` for the process with that number.
    public init(_ rules: [SystemCallRule], process: Int32) {
        var program: [sandbox_instruction] = [
            Self.load(Offset.architecture),
            Self.jump(Operation.jumpIfEqual, sandbox_architecture(), ifTrue: 1, ifFalse: 0),
            Self.end(Verdict.killProcess),
            Self.load(Offset.number),
            Self.jump(Operation.jumpIfAtLeast, Self.foreignNumbers, ifTrue: 0, ifFalse: 1),
            Self.end(Verdict.killProcess),
        ]
        for rule in rules {
            guard let number = Self.number(of: rule.name) else { continue }
            let body = Self.body(of: rule, process: process)
            program.append(
                Self.jump(Operation.jumpIfEqual, number, ifTrue: 0, ifFalse: UInt8(clamping: body.count)))
            program += body
        }
        program.append(Self.end(Verdict.killProcess))
        self.program = program
    }

    /// The number of a call, or nil where this architecture has none of that name.
    public static func number(of name: StaticString) -> UInt32? {
        let number = name.withUTF8Buffer { utf8 in
            unsafe (Array(utf8) + [0]).withUnsafeBytes { bytes in
                unsafe sandbox_call_number(bytes.baseAddress!.assumingMemoryBound(to: CChar.self))
            }
        }
        return UInt32(exactly: number)
    }

    /// The instructions for a call of the rule's number. Every way through them ends.
    private static func body(of rule: SystemCallRule, process: Int32) -> [sandbox_instruction] {
        var body: [sandbox_instruction] = []
        for condition in rule.conditions {
            switch condition {
            case .isOneOf(let argument, let values):
                body.append(load(Offset.argument(argument)))
                for (position, value) in values.enumerated() {
                    // Behind the other values and the verdict.
                    let rest = UInt8(clamping: values.count - position)
                    body.append(jump(Operation.jumpIfEqual, value, ifTrue: rest, ifFalse: 0))
                }
                body.append(end(Verdict.killProcess))
            case .isThisProcess(let argument):
                body.append(load(Offset.argument(argument)))
                body.append(jump(Operation.jumpIfEqual, UInt32(bitPattern: process), ifTrue: 1, ifFalse: 0))
                body.append(end(Verdict.killProcess))
            case .hasAll(let argument, let mask), .hasNone(let argument, let mask):
                let wanted: UInt32 = if case .hasAll = condition { mask } else { 0 }
                body.append(load(Offset.argument(argument)))
                body.append(sandbox_instruction(code: Operation.and, jump_true: 0, jump_false: 0, operand: mask))
                body.append(jump(Operation.jumpIfEqual, wanted, ifTrue: 1, ifFalse: 0))
                body.append(end(Verdict.killProcess))
            }
        }
        body.append(end(verdict(rule.answer)))
        return body
    }

    private static func verdict(_ answer: SystemCallRule.Answer) -> UInt32 {
        switch answer {
        case .allow: Verdict.allow
        case .refuse: Verdict.notPermitted
        }
    }

    private static func load(_ offset: UInt32) -> sandbox_instruction {
        sandbox_instruction(code: Operation.load, jump_true: 0, jump_false: 0, operand: offset)
    }

    private static func jump(
        _ operation: UInt16, _ operand: UInt32, ifTrue: UInt8, ifFalse: UInt8
    ) -> sandbox_instruction {
        sandbox_instruction(code: operation, jump_true: ifTrue, jump_false: ifFalse, operand: operand)
    }

    private static func end(_ verdict: UInt32) -> sandbox_instruction {
        sandbox_instruction(code: Operation.end, jump_true: 0, jump_false: 0, operand: verdict)
    }
}
