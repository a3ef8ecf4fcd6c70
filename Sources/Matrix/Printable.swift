extension String {
    /// The text without what would act instead of being shown: control characters become pictures of themselves, and what
    /// turns the direction of writing the replacement character. Guests choose the texts of their consoles.
    ///
    /// - Parameter lines: whether line feeds and tabs stay.
    package func printable(lines: Bool = false) -> String {
        var scalars = UnicodeScalarView()
        for scalar in unicodeScalars {
            switch scalar.value {
            case 0x0D where lines: continue
            case 0x09 where lines, 0x0A where lines: scalars.append(scalar)
            case 0x00...0x1F: scalars.append(Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}")
            case 0x7F: scalars.append("\u{2421}")
            case 0x80...0x9F, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFFFE...0xFFFF:
                scalars.append("\u{FFFD}")
            default: scalars.append(scalar)
            }
        }
        return String(scalars)
    }

    /// The text as part of XML or HTML, in contents and quoted attributes.
    ///
    /// - Parameter lines: whether line feeds and tabs stay.
    package func escaped(lines: Bool = false) -> String {
        var text = ""
        for character in printable(lines: lines).unicodeScalars {
            switch character {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            default: text.unicodeScalars.append(character)
            }
        }
        return text
    }

    /// The text as one word of a shell's command line.
    package var shellWord: String {
        let plain =
            !isEmpty
            && utf8.allSatisfy { byte in
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,+@%".utf8.contains(byte)
            }
        return plain ? self : "'" + replacing("'", with: "'\\''") + "'"
    }
}
