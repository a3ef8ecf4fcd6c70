import GuestMemory
import ParavirtABI
import PowerPC
import Testing
import VMM

@Suite struct SoftwareBook3SCPUTests {
    @Test func `mapping the magic page answers what Linux's kvmppc_kvm_pv does`() throws {
        let vcpu = SoftwareBook3SCPU(
            index: 0, memory: try GuestMemory(size: 1 << 20), pageTable: try #require(HashedPageTable(order: 18)),
            time: .virtual, sharesMemory: false)
        let features = vcpu.mapMagicPage(
            realAddress: MagicPage.linuxAddress, effectiveAddress: MagicPage.linuxAddress,
            flags: MagicPageFlags.notMappedNX.rawValue)
        #expect(MagicPageFeatures(rawValue: features) == [.segmentRegisters, .mas0ToSPRG7])
    }
}
