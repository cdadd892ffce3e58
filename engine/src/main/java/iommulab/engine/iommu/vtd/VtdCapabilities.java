package iommulab.engine.iommu.vtd;

/// What a VT-d unit can do, as its capability registers say.
/// Spec: VT-d, "Capability Register", "Extended Capability Register".
///
/// @param cap CAP_REG, 64 bits
/// @param ecap ECAP_REG, 64 bits
/// @param hostAddressBits host address width: bits from here to 51 of every address field are reserved
public record VtdCapabilities(long cap, long ecap, int hostAddressBits) {
    private static final long SAGAW_39_48_57 = 7L << 9;
    private static final long PAGE_SELECTIVE = 1L << 39;

    /// Everything that legacy mode has: 57 bits of iova in 3, 4 or 5 levels, 2 MiB and 1 GiB pages, one
    /// fault record, invalidation queue, device-TLB, pass-through, snoop control, 64 Ki domains.
    public static final VtdCapabilities EVERYTHING =
            new VtdCapabilities(
                    6L
                            | SAGAW_39_48_57
                            | 56L << 16
                            | 0x22L << 24
                            | 3L << 34
                            | PAGE_SELECTIVE
                            | 18L << 48,
                    1L << 1 | 1L << 2 | 1L << 6 | 1L << 7 | 0xfL << 8,
                    52);

    /// Everything that scalable mode has beside [#EVERYTHING]: both stages, nesting, PASIDs of 20 bits,
    /// page requests, execute and supervisor requests, accessed and dirty bits in both stages.
    public static final VtdCapabilities SCALABLE =
            new VtdCapabilities(
                    EVERYTHING.cap() | 1L << 56 | 1L << 60,
                    EVERYTHING.ecap()
                            | 1L << 26
                            | 7L << 29
                            | 1L << 34
                            | 19L << 35
                            | 1L << 40
                            | 1L << 43
                            | 0xfL << 45,
                    52);

    public VtdCapabilities {
        if (hostAddressBits < 32 || hostAddressBits > 52) {
            throw new IllegalArgumentException(
                    "host address width of %d bits: take 32 to 52".formatted(hostAddressBits));
        }
    }

    /// CAP.CM: software must invalidate also when it makes an entry present.
    public boolean cachingMode() {
        return bit(cap, 7);
    }

    /// CAP.SAGAW: whether trees of 3, 4 or 5 levels are supported.
    public boolean supportsLevels(int levels) {
        return levels >= 3 && levels <= 5 && bit(cap, 6 + levels);
    }

    /// Levels of the deepest tree supported, 0 if none.
    public int deepestLevels() {
        for (int levels = 5; levels >= 3; levels--) {
            if (supportsLevels(levels)) {
                return levels;
            }
        }
        return 0;
    }

    /// CAP.MGAW: widest iova, in bits.
    public int iovaBits() {
        return (int) (cap >>> 16 & 0x3f) + 1;
    }

    /// CAP.NFR: number of fault recording registers.
    public int faultRecords() {
        return (int) (cap >>> 40 & 0xff) + 1;
    }

    /// CAP.FRO: offset of the first fault recording register, in bytes.
    public int faultRecordOffset() {
        return (int) (cap >>> 24 & 0x3ff) * 16;
    }

    /// CAP.SLLPS: whether entries of a level may map a page of 2 MiB (level 2) or 1 GiB (level 3).
    public boolean supportsLargePages(int level) {
        return level >= 2 && level <= 3 && bit(cap, 32 + level);
    }

    /// CAP.MAMV: largest address mask of a page-selective invalidation.
    public int maxAddressMask() {
        return (int) (cap >>> 48 & 0x3f);
    }

    /// CAP.ESRTPS: setting the root pointer empties the caches.
    public boolean rootPointerEmptiesCaches() {
        return bit(cap, 63);
    }

    /// ECAP.QI
    public boolean queuedInvalidation() {
        return bit(ecap, 1);
    }

    /// ECAP.DT: devices may have a TLB of their own.
    public boolean deviceTlb() {
        return bit(ecap, 2);
    }

    /// ECAP.IR: interrupt remapping.
    public boolean interruptRemapping() {
        return bit(ecap, 3);
    }

    /// ECAP.PT
    public boolean passThrough() {
        return bit(ecap, 6);
    }

    /// ECAP.SC: leaf entries may force snooping.
    public boolean snoopControl() {
        return bit(ecap, 7);
    }

    /// ECAP.SMTS: has scalable mode.
    public boolean scalable() {
        return bit(ecap, 43);
    }

    /// ECAP.SSTS: scalable mode has a second stage.
    public boolean secondStage() {
        return scalable() && bit(ecap, 46);
    }

    /// ECAP.FSTS: scalable mode has a first stage.
    public boolean firstStage() {
        return scalable() && bit(ecap, 47);
    }

    /// ECAP.NEST: a first stage may lie above a second one.
    public boolean nested() {
        return firstStage() && secondStage() && bit(ecap, 26);
    }

    /// ECAP.PRS: devices may ask for pages.
    public boolean pageRequests() {
        return bit(ecap, 29);
    }

    /// ECAP.ERS: requests may ask for the right to execute.
    public boolean executeRequests() {
        return bit(ecap, 30);
    }

    /// ECAP.SRS: requests may be those of a supervisor.
    public boolean supervisorRequests() {
        return bit(ecap, 31);
    }

    /// ECAP.EAFS: first-stage entries may have an extended accessed bit.
    public boolean extendedAccessed() {
        return bit(ecap, 34);
    }

    /// ECAP.PASID: requests may have a PASID.
    public boolean pasids() {
        return scalable() && bit(ecap, 40);
    }

    /// ECAP.SSADS: hardware can set accessed and dirty bits in second-stage entries.
    public boolean secondStageMarks() {
        return bit(ecap, 45);
    }

    /// ECAP.SMPWCS: scalable mode decides by PASID whether walks snoop the processors' caches.
    public boolean choosesWalkSnoop() {
        return bit(ecap, 48);
    }

    /// CAP.FS1GP: first-stage entries of level 3 may map a page of 1 GiB.
    public boolean firstStageGigapages() {
        return bit(cap, 56);
    }

    /// CAP.FS5LP: the first stage may have 5 levels.
    public boolean firstStageFiveLevels() {
        return bit(cap, 60);
    }

    /// ECAP.IRO: offset of the IOTLB registers, in bytes.
    public int iotlbRegisterOffset() {
        return (int) (ecap >>> 8 & 0x3ff) * 16;
    }

    /// The bits of an address field that this host does not have.
    public long addressesBeyondHost() {
        return (1L << 52) - (1L << hostAddressBits);
    }

    private static boolean bit(long register, int number) {
        return (register >>> number & 1) != 0;
    }
}
