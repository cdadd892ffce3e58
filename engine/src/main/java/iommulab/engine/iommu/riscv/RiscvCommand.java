package iommulab.engine.iommu.riscv;

import iommulab.engine.iommu.PageResponse;

/// A command of the command queue, 16 bytes.
/// Spec: RISC-V IOMMU, "Command-Queue (CQ)".
///
/// @param low opcode and most operands
/// @param high address or payload
public record RiscvCommand(long low, long high) {
    /*
     * low   6:0 opcode | 9:7 func3 | operands
     */
    static final int IOTINVAL_VMA = 1;
    static final int IOTINVAL_GVMA = 1 | 1 << 7;
    static final int IOFENCE = 2;
    static final int INVAL_DDT = 3;
    static final int INVAL_PDT = 3 | 1 << 7;
    static final int ATS_INVAL = 4;
    static final int ATS_PRGR = 4 | 1 << 7;

    static final long AV = 1 << 10;
    static final long WSI = 1 << 11;
    static final long PSCV = 1L << 32;
    static final long GV = 1L << 33;
    static final long NL = 1L << 34;
    static final long DV = 1L << 33;
    static final long PV = 1L << 32;
    static final long DSV = 1L << 33;
    static final long S = 1 << 9;

    static final long IOTINVAL_RESERVED = 0xfL << 60 | 0x1ffL << 35 | 1 << 11;
    static final long IOTINVAL_HIGH_RESERVED = 3L << 62 | 0x1ff;
    static final long IOFENCE_RESERVED = 0xffff_c000L;
    static final long IOFENCE_HIGH_RESERVED = 3L << 62;
    static final long IODIR_RESERVED = 0x3fL << 34 | 1L << 32 | 3 << 10;
    static final long ATS_RESERVED = 0x3fL << 34 | 3 << 10;

    private static final int PID = 0xf_ffff;

    /// Forgets first-stage translations of a PSCID.
    ///
    /// @param gscid of the second stage behind it, -1 for none
    /// @param pscid -1 for all
    public static RiscvCommand invalidateFirstStage(int gscid, int pscid) {
        return new RiscvCommand(IOTINVAL_VMA | guest(gscid) | process(pscid), 0);
    }

    /// Forgets the first-stage translation of one page; entries that point to tables stay.
    ///
    /// @param gscid of the second stage behind it, -1 for none
    public static RiscvCommand invalidateFirstStagePage(int gscid, int pscid, long iova) {
        return new RiscvCommand(
                IOTINVAL_VMA | AV | guest(gscid) | process(pscid), iova >>> 12 << 10);
    }

    /// Forgets second-stage translations of a GSCID.
    ///
    /// @param gscid -1 for all
    public static RiscvCommand invalidateSecondStage(int gscid) {
        return new RiscvCommand(IOTINVAL_GVMA | guest(gscid), 0);
    }

    /// Forgets the second-stage translation of one page; entries that point to tables stay.
    public static RiscvCommand invalidateSecondStagePage(int gscid, long gpa) {
        return new RiscvCommand(IOTINVAL_GVMA | AV | guest(gscid), gpa >>> 12 << 10);
    }

    private static long guest(int gscid) {
        return gscid < 0 ? 0 : GV | (long) gscid << 44;
    }

    private static long process(int pscid) {
        return pscid < 0 ? 0 : PSCV | (long) pscid << 12;
    }

    /// Forgets the context of a device, and those of its processes.
    ///
    /// @param device -1 for all
    public static RiscvCommand invalidateDevice(int device) {
        return new RiscvCommand(INVAL_DDT | (device < 0 ? 0 : DV | (long) device << 40), 0);
    }

    /// Forgets the context of a process of a device.
    public static RiscvCommand invalidateProcess(int device, int process) {
        return new RiscvCommand(INVAL_PDT | DV | (long) device << 40 | (long) process << 12, 0);
    }

    /// Forgets what a device keeps of a range.
    ///
    /// @param process of the translations, -1 for none
    /// @param iova aligned to the size
    /// @param rangeShift two to this power is the size in bytes, from 12
    public static RiscvCommand invalidateDeviceTlb(
            int requester, int process, long iova, int rangeShift) {
        long ones = rangeShift >= 64 ? -1L : (1L << rangeShift - 1) - 1;
        long payload =
                rangeShift == 12
                        ? iova & -4096L
                        : (iova & -1L << rangeShift | ones) & -4096L | 1 << 11;
        return new RiscvCommand(ATS_INVAL | (long) requester << 40 | ofProcess(process), payload);
    }

    /// Answers a group of page requests of a device.
    ///
    /// @param process -1 for none
    /// @param group 9 bits
    public static RiscvCommand respond(
            int requester, int process, int group, PageResponse response) {
        return new RiscvCommand(
                ATS_PRGR | (long) requester << 40 | ofProcess(process),
                (long) requester << 48 | (long) response.code() << 44 | (long) group << 32);
    }

    private static long ofProcess(int process) {
        return process < 0 ? 0 : PV | (long) process << 12;
    }

    /// Completes when everything before it has.
    public static RiscvCommand fence() {
        return new RiscvCommand(IOFENCE | 3 << 12, 0);
    }

    /// Opcode and function together.
    int operation() {
        return (int) low & 0x3ff;
    }

    boolean has(long bit) {
        return (low & bit) != 0;
    }

    int pscid() {
        return (int) (low >>> 12) & PID;
    }

    int gscid() {
        return (int) (low >>> 44) & 0xffff;
    }

    int processId() {
        return (int) (low >>> 12) & PID;
    }

    int deviceId() {
        return (int) (low >>> 40);
    }

    /// Requester of an ATS message.
    int requester() {
        return (int) (low >>> 40) & 0xffff;
    }

    int segment() {
        return (int) (low >>> 56);
    }

    /// First address of an IOTINVAL: with S the lowest clear bit tells the size of the range.
    long firstAddress() {
        return (page() & -1L << pageBits()) << 12;
    }

    /// An IOTINVAL covers two to this power pages.
    int pageBits() {
        return (high & S) == 0 ? 0 : Math.min(52, 1 + Long.numberOfTrailingZeros(~page()));
    }

    private long page() {
        return high >>> 10 & (1L << 52) - 1;
    }

    /// Where IOFENCE.C writes its data.
    long fenceAddress() {
        return high << 2;
    }

    int fenceData() {
        return (int) (low >>> 32);
    }

    /// Whether hardware of these capabilities can execute it.
    ///
    /// @param wiredInterrupts `fctl.WSI`
    boolean isLegal(RiscvCapabilities capabilities, boolean wiredInterrupts) {
        return switch (operation()) {
            case IOTINVAL_VMA, IOTINVAL_GVMA -> isLegalInvalidation(capabilities);
            case IOFENCE ->
                    (low & IOFENCE_RESERVED) == 0
                            && (high & IOFENCE_HIGH_RESERVED) == 0
                            && (wiredInterrupts || !has(WSI));
            case INVAL_DDT, INVAL_PDT -> isLegalDirectory(capabilities);
            case ATS_INVAL, ATS_PRGR -> capabilities.ats() && (low & ATS_RESERVED) == 0;
            default -> false;
        };
    }

    private boolean isLegalInvalidation(RiscvCapabilities capabilities) {
        boolean guest = operation() == IOTINVAL_GVMA;
        return (low & IOTINVAL_RESERVED) == 0
                && (high & IOTINVAL_HIGH_RESERVED) == 0
                && !(guest && has(PSCV))
                && (capabilities.nonLeafInvalidation() || !has(NL))
                && (capabilities.rangeInvalidation() || (high & S) == 0);
    }

    private boolean isLegalDirectory(RiscvCapabilities capabilities) {
        if ((low & IODIR_RESERVED) != 0 || high != 0) {
            return false;
        }
        boolean deviceKnown = !has(DV) || deviceId() >>> capabilities.deviceIdBits() == 0;
        return operation() == INVAL_DDT
                ? deviceKnown && processId() == 0
                : deviceKnown && has(DV) && processId() >>> capabilities.processIdBits() == 0;
    }

    /// `IOTINVAL.VMA GSCID 3, PSCID 5, 0x1000`
    @Override
    public String toString() {
        return switch (operation()) {
            case IOTINVAL_VMA -> "IOTINVAL.VMA" + guest() + process() + range();
            case IOTINVAL_GVMA -> "IOTINVAL.GVMA" + guest() + range();
            case IOFENCE -> "IOFENCE.C" + (has(AV) ? " to 0x%x".formatted(fenceAddress()) : "");
            case INVAL_DDT -> "IODIR.INVAL_DDT" + device();
            case INVAL_PDT -> "IODIR.INVAL_PDT" + device() + " process " + processId();
            case ATS_INVAL -> "ATS.INVAL requester 0x%x".formatted(requester());
            case ATS_PRGR -> "ATS.PRGR requester 0x%x".formatted(requester());
            default -> "illegal command 0x%x 0x%x".formatted(low, high);
        };
    }

    private String guest() {
        return has(GV) ? " GSCID " + gscid() : "";
    }

    private String process() {
        return has(PSCV) ? " PSCID " + pscid() : "";
    }

    private String device() {
        return has(DV) ? " device 0x%x".formatted(deviceId()) : " all devices";
    }

    private String range() {
        if (!has(AV)) {
            return " all addresses";
        }
        String tables = has(NL) ? " with tables" : "";
        return " 0x%x, %d KiB%s".formatted(firstAddress(), 4L << pageBits(), tables);
    }
}
