package iommulab.engine.iommu.amdvi;

/// What an AMD IOMMU can do, as its capability block and its extended feature register say.
/// Spec: AMD IOMMU, "Capability Header", "MMIO Offset 0030h IOMMU Extended Feature Register".
///
/// @param features the extended feature register, 64 bits
/// @param deviceTlb IotlbSup of the capability header: devices may have a TLB of their own
public record AmdCapabilities(long features, boolean deviceTlb) {
    /// Host tables of six levels, guest tables of four and five levels, GCR3 tables of three levels,
    /// 20-bit PASIDs, page requests, no-execute, all accessed and dirty bits set by hardware.
    public static final AmdCapabilities EVERYTHING =
            new AmdCapabilities(
                    1L | 1L << 1 | 1L << 3 | 1L << 4 | 1L << 6 | 2L << 10 | 1L << 12 | 2L << 14
                            | 19L << 32 | 1L << 48 | 1L << 49 | 1L << 52,
                    true);

    /// The capability header, 32 bits: what it is, IotlbSup, and that there is a feature register.
    public long header() {
        return 0xf | 3 << 16 | 1 << 19 | (deviceTlb ? 1 << 24 : 0) | 1 << 27;
    }

    /// PPRSup: devices may ask for pages.
    public boolean pageRequests() {
        return bit(1);
    }

    /// NXSup: guest entries may forbid execution; else the bit is reserved.
    public boolean noExecute() {
        return bit(3);
    }

    /// GTSup: guest tables.
    public boolean guestTranslation() {
        return bit(4);
    }

    /// IASup: the command that invalidates everything.
    public boolean invalidateAll() {
        return bit(6);
    }

    /// HATS: levels of the deepest host table, 4 to 6.
    public int hostLevels() {
        return 4 + Math.min(2, field(10, 3));
    }

    /// GATS: levels of the deepest guest table, 4 or 5.
    public int guestLevels() {
        return 4 + Math.min(1, field(12, 3));
    }

    /// GLXSup: levels of the deepest GCR3 table, 1 to 3.
    public int gcr3Levels() {
        return 1 + Math.min(2, field(14, 3));
    }

    /// PASmax: bits of a PASID.
    public int pasidBits() {
        return 1 + field(32, 0x1f);
    }

    /// GIoSup: requests without a PASID may use guest tables, with PASID 0.
    public boolean guestWithoutPasid() {
        return bit(48);
    }

    /// GCR3TRPMode of the second feature register: GCR3 tables may lie in what the host table maps. No capture
    /// tells that register; hardware with guest tables is taken to have it.
    public boolean guestPointers() {
        return guestTranslation();
    }

    /// The second feature register, 64 bits.
    public long moreFeatures() {
        return guestPointers() ? 1 << 3 : 0;
    }

    /// HASup: hardware sets the accessed bit of host entries.
    public boolean hostAccessed() {
        return bit(49);
    }

    /// HDSup: hardware sets the dirty bit of host entries.
    public boolean hostDirty() {
        return bit(52);
    }

    private int field(int low, int mask) {
        return (int) (features >>> low) & mask;
    }

    private boolean bit(int number) {
        return (features >>> number & 1) != 0;
    }
}
