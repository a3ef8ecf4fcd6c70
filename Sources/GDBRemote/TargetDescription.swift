/// The XML by which a debugger learns the registers (GDB manual, appendix G).
enum TargetDescription {
    static func xml(_ registers: [RegisterDescription]) -> String {
        var text = """
            <?xml version="1.0"?>
            <!DOCTYPE target SYSTEM "gdb-target.dtd">
            <target version="1.0">
            <architecture>powerpc:common</architecture>

            """
        var open: RegisterDescription.Feature?
        for (number, register) in registers.enumerated() {
            if register.feature != open {
                if open != nil { text += "</feature>\n" }
                text += "<feature name=\"\(name(register.feature))\">\n"
                open = register.feature
            }
            text += "<reg name=\"\(register.name)\" bitsize=\"\(register.bits)\" regnum=\"\(number)\""
            text += " type=\"\(type(register))\""
            if register.feature == .special { text += " group=\"spr\"" }
            text += "/>\n"
        }
        if open != nil { text += "</feature>\n" }
        return text + "</target>\n"
    }

    private static func name(_ feature: RegisterDescription.Feature) -> StaticString {
        switch feature {
        case .core: "org.gnu.gdb.power.core"
        case .floatingPoint: "org.gnu.gdb.power.fpu"
        case .special: "org.paravane.power.spr"
        }
    }

    private static func type(_ register: RegisterDescription) -> StaticString {
        if register.isCodeAddress { return "code_ptr" }
        switch (register.feature, register.bits) {
        case (.floatingPoint, 64): return "ieee_double"
        case (_, 64): return "uint64"
        default: return "uint32"
        }
    }
}
