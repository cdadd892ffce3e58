package iommulab.engine.iommu.riscv;

/// A device context: what the requests of one device go through.
/// Spec: RISC-V IOMMU, "Device-context".
///
/// @param tc translation control
/// @param iohgatp second stage: mode, GSCID, root
/// @param ta PSCID and quality-of-service IDs
/// @param fsc first stage (`iosatp`) or process directory (`pdtp`)
/// @param msiptp MSI page table: mode and address
/// @param msiMask bits of a page number that index the MSI page table
/// @param msiPattern what the other bits of the page number of an MSI address are
record DeviceContext(
        long tc, long iohgatp, long ta, long fsc, long msiptp, long msiMask, long msiPattern) {
    static final long VALID = 1;
    static final long EN_ATS = 1 << 1;
    static final long EN_PRI = 1 << 2;
    static final long T2GPA = 1 << 3;
    static final long DTF = 1 << 4;
    static final long PDTV = 1 << 5;
    static final long PRPR = 1 << 6;
    static final long GADE = 1 << 7;
    static final long SADE = 1 << 8;
    static final long DPE = 1 << 9;
    static final long SBE = 1 << 10;
    static final long SXL = 1 << 11;

    static final long PPN = (1L << 44) - 1;
    static final int MODE_AT = 60;
    static final int BARE = 0;

    boolean has(long bit) {
        return (tc & bit) != 0;
    }

    /// 0 Bare, 8 Sv39x4 (Sv32x4 if `fctl.GXL`), 9 Sv48x4, 10 Sv57x4.
    int secondMode() {
        return mode(iohgatp);
    }

    int gscid() {
        return (int) (iohgatp >>> 44) & 0xffff;
    }

    int pscid() {
        return (int) (ta >>> 12) & 0xf_ffff;
    }

    /// Without PDTV: 0 Bare, 8 Sv39 (Sv32 if SXL), 9 Sv48, 10 Sv57. With PDTV: 0 Bare, 1 PD8, 2 PD17, 3
    /// PD20.
    int firstMode() {
        return mode(fsc);
    }

    boolean hasMsiTable() {
        return mode(msiptp) != 0;
    }

    /// Whether the page that holds a guest-physical address is a virtual interrupt file.
    boolean isMsi(long gpa) {
        return hasMsiTable() && ((gpa >>> 12 ^ msiPattern) & ~msiMask) == 0;
    }

    /// Whether a page holds any virtual interrupt file, though its first address need not be in one.
    boolean overlapsMsi(long gpa, int pageShift) {
        long within = (1L << pageShift - 12) - 1;
        return hasMsiTable() && ((gpa >>> 12 ^ msiPattern) & ~msiMask & ~within) == 0;
    }

    static int mode(long word) {
        return (int) (word >>> MODE_AT);
    }

    /// Address of the table that a mode word points to.
    static long root(long word) {
        return (word & PPN) << 12;
    }
}
