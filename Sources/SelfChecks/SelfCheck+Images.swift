internal import Machines

extension SelfCheck {
    /// Kernel images: an ELF file, a compressed uImage, and what is neither.
    static let images: [SelfCheck] = [
        SelfCheck("an ELF file is read as one") { files in
            do throws(ImageError) {
                let image = try KernelImage(files.read(SelfCheckFiles.packedPayload))
                guard image.kind == .elf else { return "it was read as something else" }
                return difference("the lowest address", image.lowestAddress, 0x1_0000)
            } catch {
                return error.description
            }
        },
        SelfCheck("a compressed uImage unpacks to its payload") { files in
            do throws(ImageError) {
                let image = try KernelImage(files.read(SelfCheckFiles.packedImage))
                guard image.kind == .uImage else { return "it was read as something else" }
                return image.bytes == files.read(SelfCheckFiles.packedPayload) ? nil : "its bytes are others"
            } catch {
                return error.description
            }
        },
        SelfCheck("a uImage with a byte changed is refused") { files in
            var file = files.read(SelfCheckFiles.packedImage)
            guard let last = file.last else { return "the file is empty" }
            file[file.count - 1] = ~last
            do throws(ImageError) {
                _ = try KernelImage(file)
                return "it was read"
            } catch {
                if case .badDataChecksum = error { return nil }
                return error.description
            }
        },
    ]
}
