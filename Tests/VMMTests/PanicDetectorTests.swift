import Testing
import VMM

@Suite struct PanicDetectorTests {
    private func detector(after text: String) -> PanicDetector {
        var detector = PanicDetector()
        for byte in text.utf8 { detector.see(byte) }
        return detector
    }

    @Test(arguments: [
        "[    0.4] Kernel panic - not syncing: x\r\n[    0.5] ---[ end Kernel panic - not syncing: x ]---\r\n",
        "[    0.4] Kernel panic - not syncing: x\r\n[    0.5] Rebooting in 180 seconds..\r\n",
        "KKernel panic - not syncing: x\n[[ end Kernel panic\n",
    ])
    func `a panic is complete with its report's last line`(text: String) {
        #expect(detector(after: text).isComplete)
        #expect(!detector(after: String(text.dropLast(2))).isComplete)
    }

    @Test(arguments: [
        "Rebooting in 5 seconds..\n", "---[ end Kernel panic\n", "Kernel panic - not synching\nRebooting in \n", "",
    ])
    func `a last line without a panic before it is none`(text: String) {
        #expect(!detector(after: text).isComplete)
    }

    @Test func `the message alone is no complete panic`() {
        let detector = detector(after: "Kernel panic - not syncing: x\n")
        #expect(detector.sawMessage)
        #expect(!detector.isComplete)
    }
}
