import DeviceTree
import TestTools
import Testing

/// Whatever bytes a user hands over, nothing here may crash or hang: the process would end, or the time limit would.
@Suite struct MutationTests {
    @Test(.timeLimit(.minutes(5))) func `Every change of one byte's bit is survived`() throws {
        let (tree, overlay) = try samples()
        let base = try DeviceTree(tree)
        var opened = 0
        for sample in [tree, overlay] {
            for index in sample.indices {
                for bit in 0..<8 {
                    var changed = sample
                    changed[index] ^= 1 << bit
                    opened += use(changed, with: base)
                }
            }
        }
        // Values may change freely, so that many changed blobs are sound; the header may not.
        #expect(opened > 1000)
    }

    @Test(.timeLimit(.minutes(5)), arguments: UInt64(0)..<10)
    func `Ten thousand blobs with several changes each are survived`(seed: UInt64) throws {
        let (tree, overlay) = try samples()
        let base = try DeviceTree(tree)
        var random = SeededRandom(seed: seed)
        var opened = 0
        for round in 0..<10_000 {
            var changed = round.isMultiple(of: 2) ? tree : overlay
            for _ in 0...random.below(4) {
                mutate(&changed, &random)
            }
            opened += use(changed, with: base)
        }
        #expect(opened > 100)
    }

    @Test(.timeLimit(.minutes(5))) func `SeededRandom bytes behind a sound header are survived`() throws {
        let (tree, _) = try samples()
        let base = try DeviceTree(tree)
        var random = SeededRandom(seed: 1)
        for _ in 0..<10_000 {
            let noise = (0..<random.below(300)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            _ = use([UInt8](tree[..<40]) + noise, with: base)
        }
    }

    /// A tree with symbols, and an overlay for it that uses every mechanism.
    private func samples() throws -> (tree: [UInt8], overlay: [UInt8]) {
        (
            try DeviceTreeCompiler.compile(overlayBase, symbols: true),
            try DeviceTreeCompiler.compile(richOverlay, symbols: true)
        )
    }

    /// Changes one to four bytes: a bit, a byte, a word that is an edge case, or two bytes exchanged.
    private func mutate(_ blob: inout [UInt8], _ random: inout SeededRandom) {
        let index = random.below(blob.count - 4)
        switch random.below(4) {
        case 0: blob[index] ^= 1 << random.below(8)
        case 1: blob[index] = UInt8(truncatingIfNeeded: random.next())
        case 2:
            let edges: [UInt32] = [0, 1, 2, 3, 4, 9, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFF4, 0xFFFF_FFFC, 0xFFFF_FFFF]
            blob = patching(blob, [(index & ~3, edges[random.below(edges.count)])])
        default: blob.swapAt(index, random.below(blob.count))
        }
    }

    /// Opens the blob and does with it everything that there is; 1 where it could be opened.
    private func use(_ blob: [UInt8], with base: borrowing DeviceTree) -> Int {
        do {
            var tree = try DeviceTree(blob)
            tree.root.forEach { path, node in
                _ = (tree.property("reg", at: path), node.isCompatible(with: "simple-bus"), node.phandle)
            }
            _ = (tree.source, tree.differences(to: base), tree.path(ofPhandle: 1), tree.reservations)
            var merged = base.copy()
            try? merged.apply(overlay: tree)
            _ = (merged.source, merged.finish())
            try? tree.apply(overlay: base)
            try? tree.setProperty("added", .u32(1), at: "/")
            try? tree.addNode("/soc/added")
            _ = try? tree.phandle(of: "/soc/added")
            try? tree.removeNode("/soc")
            guard (try? DeviceTree(tree.finish())) != nil else {
                Issue.record("a changed tree is not sound: \(blob)")
                return 0
            }
            return 1
        } catch {
            return 0
        }
    }
}
