internal import Foundation

/// Where the programs and guests are that cells name.
package struct Surroundings: Sendable {
    /// The directory that `make matrix-guests` prints.
    package let guests: String
    /// The directory with this project's programs.
    package let programs: String
    /// Directories with the host's programs.
    package let path: [String]

    /// The environment variable that names the directory of the guests.
    package static let guestsVariable = "PARAVANE_MATRIX_GUESTS"

    /// These directories; by default those of the environment, and the one of this program.
    package init(
        guests: String? = nil, programs: String? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let cache = value("XDG_CACHE_HOME") ?? (value("HOME") ?? "") + "/.cache"
        self.guests = guests ?? value(Self.guestsVariable) ?? cache + "/paravane/matrix"
        self.programs =
            programs
            ?? URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
        path = (value("PATH") ?? "/usr/bin:/bin").split(separator: ":").map(String.init)
    }

    /// Something that a cell needs and that is not there.
    package struct Absence: Error, Equatable {
        /// What is missing, as a sentence without a full stop.
        package let reason: String
        /// The command that would bring it.
        package let remedy: String?
    }

    /// The command line of a cell with everything in its place.
    package func command(of cell: Cell) throws(Absence) -> [String] {
        for program in cell.needs { _ = try locate(program) }
        var words: [String] = []
        for word in cell.command { words.append(try place(of: word)) }
        return words
    }

    /// Why a cell cannot run here; nil where it can, as far as that is to be seen without running it.
    package func absence(of cell: Cell) -> Absence? {
        do throws(Absence) {
            _ = try command(of: cell)
            return nil
        } catch {
            return error
        }
    }

    /// The known differences, which lie among the guests. None where the file is not there.
    package func differences() throws(Differences.Malformed) -> Differences {
        let text = FileManager.default.contents(atPath: guests + "/differences").map {
            String(decoding: $0, as: UTF8.self)
        }
        return try Differences(text ?? "")
    }

    private func place(of word: Word) throws(Absence) -> String {
        switch word {
        case .literal(let text):
            return text
        case .program(let name):
            let file = programs + "/" + name
            guard FileManager.default.isExecutableFile(atPath: file) else {
                throw Absence(reason: "\(file) is not built", remedy: "make matrix-programs")
            }
            return file
        case .tool(let program):
            return try locate(program)
        case .guest(let name, let prefix):
            let file = guests + "/" + name
            guard FileManager.default.fileExists(atPath: file) else {
                throw Absence(reason: "there is no \(file)", remedy: "make matrix-guests")
            }
            return prefix + file
        }
    }

    private func locate(_ program: HostProgram) throws(Absence) -> String {
        for folder in path {
            let file = folder + "/" + program.rawValue
            if FileManager.default.isExecutableFile(atPath: file) { return file }
        }
        throw Absence(reason: "\(program.rawValue) is not on PATH", remedy: "apt-get install \(program.package)")
    }
}
