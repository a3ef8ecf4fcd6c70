/// The instructions that work on vector-scalar registers. Raw values are what predecoded operations hold.
enum VectorOperation: UInt16 {
    /// Not one of them.
    case none = 0

    // MARK: Vector facility (VMX)

    // Addition and subtraction.
    case vaddubm, vadduhm, vadduwm, vaddudm, vadduqm, vaddcuq, vaddcuw, vaddubs, vadduhs, vadduws, vaddsbs,
        vaddshs, vaddsws, vsububm, vsubuhm, vsubuwm, vsubudm, vsubuqm, vsubcuq, vsubcuw, vsububs, vsubuhs,
        vsubuws, vsubsbs, vsubshs, vsubsws

    // Addition and subtraction with carry of quadwords.
    case vaddeuqm, vaddecuq, vsubeuqm, vsubecuq

    // Maxima, minima and averages.
    case vmaxub, vmaxuh, vmaxuw, vmaxud, vmaxsb, vmaxsh, vmaxsw, vmaxsd, vminub, vminuh, vminuw, vminud, vminsb,
        vminsh, vminsw, vminsd, vavgub, vavguh, vavguw, vavgsb, vavgsh, vavgsw

    // Shifts and rotates.
    case vrlb, vrlh, vrlw, vrld, vslb, vslh, vslw, vsld, vsl, vsrb, vsrh, vsrw, vsrd, vsr, vsrab, vsrah, vsraw,
        vsrad, vslo, vsro

    // Logic.
    case vand, vandc, vor, vxor, vnor, vorc, vnand, veqv

    // Counts and bits.
    case vclzb, vclzh, vclzw, vclzd, vpopcntb, vpopcnth, vpopcntw, vpopcntd, vgbbd
    case vbpermq

    // Comparisons.
    case vcmpequb, vcmpequh, vcmpequw, vcmpequd, vcmpgtub, vcmpgtuh, vcmpgtuw, vcmpgtud, vcmpgtsb, vcmpgtsh,
        vcmpgtsw, vcmpgtsd

    // Products and sums.
    case vmuloub, vmulouh, vmulouw, vmuluwm, vmulosb, vmulosh, vmulosw, vmuleub, vmuleuh, vmuleuw, vmulesb,
        vmulesh, vmulesw, vpmsumb, vpmsumh, vpmsumw, vpmsumd, vsum4ubs, vsum4shs, vsum2sws, vsum4sbs, vsumsws
    case vmhaddshs, vmhraddshs, vmladduhm, vmsumubm, vmsummbm, vmsumuhm, vmsumuhs, vmsumshm, vmsumshs

    // Cryptography.
    case vcipher, vcipherlast, vncipher, vncipherlast
    case vsbox
    case vshasigmaw, vshasigmad
    case vpermxor

    // Decimal numbers.
    case bcdadd, bcdsub

    // Permutations.
    case vmrghb, vmrghh, vmrghw, vmrglb, vmrglh, vmrglw, vmrgow, vmrgew, vpkuhum, vpkuwum, vpkudum, vpkuhus,
        vpkuwus, vpkudus, vpkshus, vpkswus, vpksdus, vpkshss, vpkswss, vpksdss, vpkpx
    case vupkhsb, vupkhsh, vupkhsw, vupklsb, vupklsh, vupklsw, vupkhpx, vupklpx
    case vspltb, vsplth, vspltw
    case vspltisb, vspltish, vspltisw
    case vsel, vperm
    case vsldoi

    // Floating point.
    case vaddfp, vsubfp, vmaxfp, vminfp
    case vmaddfp, vnmsubfp
    case vrefp, vrsqrtefp, vexptefp, vlogefp, vrfin, vrfiz, vrfip, vrfim
    case vcfux, vcfsx, vctuxs, vctsxs
    case vcmpeqfp, vcmpgefp, vcmpgtfp, vcmpbfp

    // VSCR.
    case mfvscr
    case mtvscr

    // MARK: Vector-scalar extension (VSX)

    // Scalar arithmetic.
    case xsadddp, xssubdp, xsmuldp, xsdivdp, xsaddsp, xssubsp, xsmulsp, xsdivsp

    // Scalar multiply-adds.
    case xsmaddadp, xsmaddmdp, xsmsubadp, xsmsubmdp, xsnmaddadp, xsnmaddmdp, xsnmsubadp, xsnmsubmdp, xsmaddasp,
        xsmaddmsp, xsmsubasp, xsmsubmsp, xsnmaddasp, xsnmaddmsp, xsnmsubasp, xsnmsubmsp
    case xssqrtdp, xssqrtsp, xsredp, xsresp, xsrsqrtedp, xsrsqrtesp, xsrsp

    // Scalar rounding and conversion.
    case xsrdpi, xsrdpiz, xsrdpip, xsrdpim, xsrdpic, xscvdpsp, xscvspdp, xscvdpspn, xscvspdpn, xscvdpsxds,
        xscvdpuxds, xscvdpsxws, xscvdpuxws, xscvsxddp, xscvuxddp, xscvsxdsp, xscvuxdsp

    // Scalar comparisons.
    case xsmaxdp, xsmindp
    case xscmpudp, xscmpodp, xstdivdp
    case xstsqrtdp

    // Scalar signs.
    case xsabsdp, xsnabsdp, xsnegdp
    case xscpsgndp

    // Vector arithmetic.
    case xvadddp, xvsubdp, xvmuldp, xvdivdp, xvaddsp, xvsubsp, xvmulsp, xvdivsp

    // Vector multiply-adds.
    case xvmaddadp, xvmaddmdp, xvmsubadp, xvmsubmdp, xvnmaddadp, xvnmaddmdp, xvnmsubadp, xvnmsubmdp, xvmaddasp,
        xvmaddmsp, xvmsubasp, xvmsubmsp, xvnmaddasp, xvnmaddmsp, xvnmsubasp, xvnmsubmsp
    case xvsqrtdp, xvsqrtsp, xvredp, xvresp, xvrsqrtedp, xvrsqrtesp

    // Vector rounding and conversion.
    case xvrdpi, xvrdpiz, xvrdpip, xvrdpim, xvrdpic, xvrspi, xvrspiz, xvrspip, xvrspim, xvrspic, xvcvdpsp,
        xvcvspdp, xvcvdpsxds, xvcvdpuxds, xvcvdpsxws, xvcvdpuxws, xvcvspsxds, xvcvspuxds, xvcvspsxws,
        xvcvspuxws, xvcvsxddp, xvcvuxddp, xvcvsxwdp, xvcvuxwdp, xvcvsxdsp, xvcvuxdsp, xvcvsxwsp, xvcvuxwsp

    // Vector comparisons.
    case xvmaxdp, xvmindp, xvmaxsp, xvminsp
    case xvcmpeqdp, xvcmpgtdp, xvcmpgedp, xvcmpeqsp, xvcmpgtsp, xvcmpgesp
    case xvtdivdp, xvtdivsp
    case xvtsqrtdp, xvtsqrtsp

    // Vector signs.
    case xvabsdp, xvnabsdp, xvnegdp, xvabssp, xvnabssp, xvnegsp
    case xvcpsgndp, xvcpsgnsp

    // Logic.
    case xxland, xxlandc, xxlor, xxlxor, xxlnor, xxlorc, xxlnand, xxleqv

    // Permutations.
    case xxmrghw, xxmrglw
    case xxsldwi, xxpermdi
    case xxspltw
    case xxsel

    // General-purpose registers.
    case mfvsrd, mfvsrwz
    case mtvsrd, mtvsrwa, mtvsrwz

    // MARK: Both

    // Accesses to storage.
    case lvsl, lvsr, lvebx, lvehx, lvewx, lvx, stvebx, stvehx, stvewx, stvx
    case lxsiwzx, lxsiwax, lxsspx, lxsdx, lxvdsx, lxvw4x, lxvd2x, stxsiwx, stxsspx, stxsdx, stxvw4x, stxvd2x
}
