extension HostReport {
    /// The report for a person: lines with their ends.
    public var text: String {
        var lines: [(String, String)] = [("processor", processorText)]
        lines.append(("page size", Self.size(UInt64(max(pageSize, 0)))))
        if let translation { lines.append(("MMU", translation == .hash ? "hashed page table" : "radix tree")) }
        lines.append(("engine soft", "yes: 32-bit guests (e500v2)"))
        lines.append(("engine kvm", obstacle.map { "no: " + $0 } ?? "yes: KVM-PR"))
        if !guestPageSizes.isEmpty {
            lines.append(("guest pages", Self.joined(guestPageSizes.map(Self.size))))
        }
        if !hypercallInstructions.isEmpty {
            lines.append(
                ("hypercalls", Self.joined(hypercallInstructions.map(Self.word)) + (hasIdle ? ", EV_IDLE" : "")))
        }
        for entry in capabilities { lines.append((entry.capability.name.description, "\(entry.value)")) }
        let width = lines.map { $0.0.utf8.count }.max() ?? 0
        var text = ""
        for (name, value) in lines {
            text += name
            for _ in name.utf8.count..<width { text += " " }
            text += "  " + value + "\n"
        }
        return text
    }

    /// The report for a program: one JSON object with sorted keys.
    public var json: String {
        var json = "{\n  \"advice\" : ["
        json += Self.joined(advice.map(Self.quoted)) + "],\n  \"capabilities\" : {"
        var isFirst = true
        for entry in capabilities {
            json +=
                (isFirst ? "\n    " : ",\n    ") + Self.quoted(entry.capability.name.description) + " : \(entry.value)"
            isFirst = false
        }
        json +=
            (isFirst ? "" : "\n  ") + "},\n  \"engines\" : {\n    \"kvm\" : \(runsOnKVM),\n    \"soft\" : true\n  },\n"
        json += "  \"guest_page_sizes\" : [" + Self.joined(guestPageSizes.map { "\($0)" }) + "],\n"
        json += "  \"has_idle\" : \(hasIdle),\n"
        json += "  \"hcall_instructions\" : [" + Self.joined(hypercallInstructions.map { "\($0)" }) + "],\n"
        json += "  \"kvm\" : " + Self.quoted(kvmName) + ",\n"
        json += "  \"mmu\" : " + (translation.map { Self.quoted($0 == .hash ? "hash" : "radix") } ?? "null") + ",\n"
        json += "  \"obstacle\" : " + (obstacle.map(Self.quoted) ?? "null") + ",\n"
        json += "  \"page_size\" : \(pageSize),\n"
        json += "  \"pr_module\" : \(hasPRModule),\n"
        json += "  \"processor\" : " + Self.quoted(processorFamily) + ",\n"
        json += "  \"processor_name\" : " + Self.quoted(processorName) + "\n}\n"
        return json
    }

    // MARK: Words

    private var processorFamily: String {
        switch processor {
        case .powerPC: "ppc64"
        case .x86: "x86_64"
        case .other: "other"
        }
    }

    private var processorText: String {
        processorName.utf8.isEmpty ? processorFamily : processorFamily + ", " + processorName
    }

    private var kvmName: String {
        switch kvm {
        case .missing: "missing"
        case .forbidden: "forbidden"
        case .empty: "empty"
        case .broken: "broken"
        case .pr: "pr"
        case .hv: "hv"
        case .other: "other"
        }
    }

    private static func joined(_ parts: [String]) -> String {
        var text = ""
        for (index, part) in parts.enumerated() { text += (index == 0 ? "" : ", ") + part }
        return text
    }

    /// A number of bytes, in KiB or MiB where it is a multiple.
    private static func size(_ bytes: UInt64) -> String {
        if bytes.isMultiple(of: 1 << 20) { return "\(bytes >> 20) MiB" }
        return bytes.isMultiple(of: 1 << 10) ? "\(bytes >> 10) KiB" : "\(bytes) bytes"
    }

    private static func word(_ word: UInt32) -> String {
        let digits = String(word, radix: 16)
        var text = "0x"
        for _ in digits.utf8.count..<8 { text += "0" }
        return text + digits
    }

    /// A JSON string.
    private static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = [UInt8(ascii: "\"")]
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes += [UInt8(ascii: "\\"), byte]
            case 0..<0x20:
                bytes += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
            default:
                bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
        return String(decoding: bytes, as: UTF8.self)
    }
}
