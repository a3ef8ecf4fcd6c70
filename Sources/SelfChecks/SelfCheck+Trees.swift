internal import DeviceTree
internal import Machines
internal import ParavirtABI

extension SelfCheck {
    /// Device trees: building, writing, reading.
    static let trees: [SelfCheck] = [
        SelfCheck("the e500 machine's tree is the one in dts") { files in
            let golden = files.read(SelfCheckFiles.goldenTree)
            do throws(DeviceTreeError) {
                let built = try e500Tree()
                return try DeviceTree(golden).differences(to: built).first.map { $0.description }
            } catch {
                return error.description
            }
        },
        SelfCheck("a tree is the same after writing and reading") { _ in
            do throws(DeviceTreeError) {
                let built = try e500Tree()
                return try DeviceTree(built.finish()).differences(to: built).first.map { $0.description }
            } catch {
                return error.description
            }
        },
        SelfCheck("a blob that is no tree is refused") { _ in
            do throws(DeviceTreeError) {
                _ = try DeviceTree([UInt8](repeating: 0xD0, count: 64))
                return "it was read"
            } catch {
                return nil
            }
        },
    ]

    /// The tree that `dts/e500.dts` describes.
    private static func e500Tree() throws(DeviceTreeError) -> DeviceTree {
        let words = HypercallInstructions.systemCallMagic.words
        guard
            let configuration = try? E500TreeConfiguration(
                memorySize: 256 << 20, hypervisor: HypervisorNode(hcallInstructions: words.indices.map { words[$0] }))
        else { return DeviceTree() }
        return try E500Tree.build(configuration)
    }
}
