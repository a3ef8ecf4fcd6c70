import PowerPC

extension WideComparison {
    private static let all = Vector128(.max, .max)
    private static let (fr, fi, fx, fprf) = (
        UInt64(FPSCR.fr), UInt64(FPSCR.fi), UInt64(FPSCR.fx), UInt64(FPSCR.fprf)
    )
    /// FPRF's bit C, CR1, and FX as CR1 shows it.
    private static let (classBit, cr1, summaryInCR1): (UInt64, UInt64, UInt64) = (1 << 16, 0x0F00_0000, 0x0800_0000)

    static let deviations: [Deviation] = [
        Deviation(reason: "QEMU never sets or clears FR", status: fr) { !$0.isVector },
        Deviation(
            reason: "QEMU sets FX although no exception bit went from 0 to 1", status: fx, condition: summaryInCR1
        ) { !$0.before(FPSCR.fx) && !$0.ours(FPSCR.fx) },
        Deviation(reason: "QEMU's FPRF calls denormalized numbers of single precision normal", status: classBit) {
            $0.isSingle && [0b11000, 0b10100].contains($0.ours[WideState.fpscr] >> 12 & 0x1F)
        },
        Deviation(reason: "QEMU's comparisons clear FI and FR", status: fi | fr) { $0.isComparison },
        Deviation(reason: "QEMU's invalid comparisons set FPRF's C", status: classBit) {
            $0.isComparison && $0.ours[WideState.fpscr] & 0xF000 == 0x1000
        },
        Deviation(reason: "an invalid conversion leaves FPRF open", status: fprf) {
            $0.isIntegerConversion && !$0.isVector && $0.ours(FPSCR.vxcvi)
        },
        Deviation(
            reason: "QEMU's fcfids, fcfidu, fcfidus do not set FPRF", status: fprf
        ) { ["fcfids", "fcfidu", "fcfidus"].contains($0.mnemonic) },
        Deviation(reason: "QEMU's mtfsb1 does not set FX with an exception bit", status: fx, condition: summaryInCR1) {
            $0.mnemonic == "mtfsb1" && !$0.before(FPSCR.fx)
        },
        Deviation(reason: "QEMU's mtfsb1 does not set NI", status: UInt64(FPSCR.ni)) { $0.mnemonic == "mtfsb1" },
        Deviation(
            reason: "QEMU rounds the negative multiply-adds after the negation", status: .max, condition: cr1,
            target: all
        ) {
            $0.isNegating && $0.before[WideState.fpscr] & UInt64(FPSCR.rn) >= 2
                && ($0.ours(FPSCR.fi) || $0.isVector && $0.ours(FPSCR.xx))
        },
        Deviation(
            reason: "QEMU's multiply-adds of infinity, zero and a signaling NaN are only one invalid operation",
            status: UInt64(FPSCR.vxsnan)
        ) { $0.isMultiplyAdd && $0.ours(FPSCR.vxsnan) && $0.ours(FPSCR.vximz) },
        Deviation(
            reason: "QEMU's mtvscr keeps bits that are reserved", saturation: ~0x1_0001
        ) { $0.mnemonic == "mtvscr" },
        Deviation(
            reason: "QEMU leaves the other doubleword as it is, which the ISA leaves open", target: Vector128(0, .max)
        ) { $0.mnemonic.hasPrefix("mtvsr") || $0.mnemonic.hasPrefix("lxs") },
        Deviation(
            reason: "multiplications and divisions of words leave the upper word and CR0 open", condition: 0xF000_0000,
            general: ~0xFFFF_FFFF
        ) { $0.mnemonic.hasPrefix("mulhw") || $0.mnemonic.hasPrefix("divw") },
        Deviation(reason: "a quotient that does not exist is open, as is CR0", condition: 0xE000_0000, general: .max) {
            $0.isUndefinedDivision
        },
        Deviation(reason: "the estimates are compared with their functions elsewhere", target: all) {
            $0.mnemonic == "vexptefp" || $0.mnemonic == "vlogefp"
        },
        Deviation(reason: "QEMU's invalid operations and divisions by zero on vectors clear FR and FI", status: fr | fi)
        {
            $0.isVector && $0.ours(FPSCR.vx | FPSCR.zx)
        },
        Deviation(reason: "QEMU does not tell of an underflow when another element overflows", status: UInt64(FPSCR.ux))
        {
            $0.isVector && $0.ours(FPSCR.ox) && $0.ours(FPSCR.ux)
        },
        Deviation(
            reason: "QEMU rounds scalar results of single precision to double precision first",
            status: fprf | fi | UInt64(FPSCR.xx | FPSCR.ox | FPSCR.ux | FPSCR.fx | FPSCR.fex), target: all
        ) {
            $0.isScalar && $0.isSingle && !["xsrsp", "xscvdpsp"].contains($0.mnemonic)
                && ($0.isMultiplyAdd || $0.mnemonic.hasPrefix("xsrsqrte") || $0.operands.contains { !isSingle($0) })
        },
        Deviation(
            reason: "QEMU's estimates of VSX do not tell of a division by zero",
            status: UInt64(FPSCR.zx | FPSCR.fx | FPSCR.fex)
        ) { $0.isEstimate && $0.ours(FPSCR.zx) },
        Deviation(
            reason: "QEMU's estimates of VSX have a result although divisions by zero are enabled",
            status: fprf | fi, target: all
        ) { $0.isEstimate && $0.ours(FPSCR.zx) && $0.before(FPSCR.ze) },
        Deviation(
            reason: "QEMU's fre and fres say that the reciprocal of zero is 0.5", status: fprf, target: all
        ) { ["fre", "fres"].contains($0.mnemonic) && $0.operands[0] & ~(1 << 63) == 0 },
        Deviation(reason: "a conversion to a word leaves the upper word open", target: Vector128(~0xFFFF_FFFF, 0)) {
            $0.mnemonic.hasPrefix("fctiw")
        },
        Deviation(
            reason: "QEMU gives decimal numbers with invalid digits a result where it does not look at the digits",
            condition: 0xF0, target: all
        ) { $0.mnemonic.hasPrefix("bcd") && $0.ours[WideState.cr] & 0xF0 == 0x10 },
        Deviation(
            reason: "QEMU takes an element behind an invalid one for invalid, too", target: all
        ) { $0.isIntegerConversion && $0.isVector && $0.ours(FPSCR.vxcvi) },

        Deviation(
            reason: "QEMU's divdeo takes quotients for representable that need the sign bit", condition: 0x1000_0000,
            exception: 0xC000_0000
        ) { $0.mnemonic == "divde" && $0.isUndefinedDivision },

        // Enabled exceptions.
        Deviation(reason: "a signal in QEMU loses DRN", status: 7 << 32) { $0.ours(FPSCR.fex) || $0.before(FPSCR.fex) },
        Deviation(
            reason: "QEMU keeps FI and FR when an enabled invalid operation or division by zero has no result",
            status: fi | fr
        ) { ($0.before(FPSCR.ve) && $0.ours(FPSCR.vx)) || ($0.before(FPSCR.ze) && $0.ours(FPSCR.zx)) },
        Deviation(
            reason: "operands that are no single-precision numbers leave adjusted results of single precision open",
            status: fprf | fi | fr | UInt64(FPSCR.xx | FPSCR.ox | FPSCR.fx | FPSCR.fex), condition: cr1, target: all
        ) {
            $0.isSingle && $0.before(FPSCR.oe | FPSCR.ue) && $0.ours(FPSCR.ox | FPSCR.ux)
                && $0.operands.contains { !isSingle($0) }
        },
        Deviation(
            reason: "QEMU's ordered comparisons set VXVC for a signaling NaN also while invalid operations are enabled",
            status: UInt64(FPSCR.vxvc)
        ) {
            ($0.mnemonic.hasSuffix("cmpo") || $0.mnemonic == "xscmpodp" || $0.mnemonic.hasPrefix("xvcmpg"))
                && $0.before(FPSCR.ve) && $0.ours(FPSCR.vxsnan)
        },
        Deviation(reason: "QEMU leaves CR1 as it was when an enabled exception interrupts", condition: cr1) {
            $0.ours(FPSCR.fex)
        },
        Deviation(
            reason: "QEMU writes vectors in spite of an enabled overflow, underflow or inexact result", target: all
        ) {
            $0.isVector
                && ($0.before(FPSCR.oe) && $0.ours(FPSCR.ox) || $0.before(FPSCR.ue) && $0.ours(FPSCR.ux)
                    || $0.before(FPSCR.xe) && $0.ours(FPSCR.xx))
        },
        Deviation(
            reason: "QEMU writes vectors in spite of enabled invalid comparisons", condition: 0xF0, target: all
        ) { $0.mnemonic.hasPrefix("xvcmp") && $0.before(FPSCR.ve) && $0.ours(FPSCR.vx) },
        Deviation(
            reason: "QEMU adjusts what is no result of rounding when underflow is enabled",
            status: ~0, target: all
        ) { ($0.mnemonic.contains("max") || $0.mnemonic.contains("min")) && $0.before(FPSCR.ue) },
        Deviation(
            reason: "QEMU does not write the result of conversions when an inexact result or overflow is enabled",
            status: fprf, target: all
        ) { ($0.mnemonic.hasPrefix("fcfid") || $0.mnemonic == "xsrsp") && $0.ours(FPSCR.fex) },
        Deviation(reason: "a signal in QEMU has lost DRN", target: Vector128(7 << 32, 0)) {
            $0.mnemonic == "mffs" && $0.before(FPSCR.fex)
        },
        Deviation(
            reason: "QEMU ends at the first element with an enabled exception",
            status: UInt64(FPSCR.exceptions | FPSCR.fx | FPSCR.vx | FPSCR.fex), condition: 0x00F0
        ) { $0.isVector && $0.ours(FPSCR.fex) },
    ]

    /// Whether a number of double format is one of single format.
    private static func isSingle(_ bits: UInt64) -> Bool {
        SoftFloat.double(fromSingle: SoftFloat.single(fromDouble: bits)) == bits
    }
}
