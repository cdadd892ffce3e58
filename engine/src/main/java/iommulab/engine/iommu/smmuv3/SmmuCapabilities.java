package iommulab.engine.iommu.smmuv3;

/// What an SMMU can do, as its identification registers say. Tables of AArch32 and the secure state
/// (SMMU_S_IDR1.SECURE_IMPL) are implemented by none.
/// Spec: SMMUv3, "SMMU_IDR0", "SMMU_IDR1", "SMMU_IDR3", "SMMU_IDR5", "SMMU_AIDR".
///
/// @param idr0 SMMU_IDR0
/// @param idr1 SMMU_IDR1
/// @param idr3 SMMU_IDR3
/// @param idr5 SMMU_IDR5
/// @param aidr SMMU_AIDR
public record SmmuCapabilities(int idr0, int idr1, int idr3, int idr5, int aidr) {
    private static final int AARCH64 = 2;
    private static final int[] ADDRESS_BITS = {32, 36, 40, 42, 44, 48, 52};

    /// Both stages, AArch64 tables of three granules, 48-bit addresses, access and dirty flag by hardware,
    /// 16-bit ASID and VMID, ATS, PRI, stall and terminate, two-level stream and CD tables, 24-bit stream
    /// and 20-bit substream numbers, EL2 streams, VMID wildcards, range invalidation; SMMUv3.2.
    public static final SmmuCapabilities EVERYTHING =
            new SmmuCapabilities(
                    3 | 2 << 2 | 1 << 4 | 2 << 6 | 1 << 9 | 1 << 10 | 1 << 12 | 1 << 16 | 1 << 17
                            | 1 << 18 | 1 << 19 | 2 << 21 | 1 << 27,
                    24 | 20 << 6 | 10 << 11 | 10 << 16 | 10 << 21 | 1 << 26,
                    1 << 2 | 1 << 4 | 1 << 10,
                    5 | 7 << 4 | 64 << 16,
                    2);

    public SmmuCapabilities {
        if ((idr5 & 7) >= ADDRESS_BITS.length) {
            throw new IllegalArgumentException(
                    "IDR5.OAS is %d: take 0 to 6 (32 to 52 bits)".formatted(idr5 & 7));
        }
        if ((idr0 >>> 2 & 3) != AARCH64) {
            throw new IllegalArgumentException(
                    "IDR0.TTF is %d: take 2, tables of AArch64 alone".formatted(idr0 >>> 2 & 3));
        }
    }

    private static boolean bit(int register, int number) {
        return (register >>> number & 1) != 0;
    }

    /// IDR0.S1P
    public boolean stage1() {
        return bit(idr0, 1);
    }

    /// IDR0.S2P
    public boolean stage2() {
        return bit(idr0, 0);
    }

    /// IDR0.HTTU: sets the access flag.
    public boolean setsAccessFlag() {
        return (idr0 >>> 6 & 3) != 0;
    }

    /// IDR0.HTTU: sets the access flag and the dirty state.
    public boolean setsDirtyState() {
        return (idr0 >>> 6 & 3) == 2;
    }

    /// IDR0.Hyp: has EL2 streams.
    public boolean hypervisor() {
        return bit(idr0, 9);
    }

    /// IDR0.ATS
    public boolean ats() {
        return bit(idr0, 10);
    }

    /// IDR0.PRI
    public boolean pri() {
        return bit(idr0, 16);
    }

    /// Bits of an ASID: 8 or 16.
    public int asidBits() {
        return bit(idr0, 12) ? 16 : 8;
    }

    /// Bits of a VMID: 8 or 16.
    public int vmidBits() {
        return bit(idr0, 18) ? 16 : 8;
    }

    /// IDR0.VMW: invalidations may ignore low bits of the VMID.
    public boolean vmidWildcards() {
        return bit(idr0, 17);
    }

    /// IDR0.CD2L: two-level tables of context descriptors.
    public boolean twoLevelDescriptors() {
        return bit(idr0, 19);
    }

    /// IDR0.ST_LEVEL: two-level stream tables.
    public boolean twoLevelStreams() {
        return bit(idr0, 27);
    }

    /// IDR0.TTENDIAN: whether tables may be little-endian (`big` false) or big-endian.
    public boolean hasEndianness(boolean big) {
        int offered = idr0 >>> 21 & 3;
        return offered == 0 || offered == (big ? 3 : 2);
    }

    /// IDR0.STALL_MODEL: faulting requests may be stalled.
    public boolean mayStall() {
        return (idr0 >>> 24 & 3) != 1;
    }

    /// IDR0.STALL_MODEL: faulting requests are always stalled.
    public boolean mustStall() {
        return (idr0 >>> 24 & 3) == 2;
    }

    /// IDR0.STALL_MODEL is 0: a stream may be kept from stalling.
    public boolean choosesToStall() {
        return (idr0 >>> 24 & 3) == 0;
    }

    /// IDR0.TERM_MODEL: a terminated request is always aborted.
    public boolean alwaysAborts() {
        return bit(idr0, 26);
    }

    /// IDR1.SIDSIZE: bits of a stream number.
    public int streamBits() {
        return idr1 & 63;
    }

    /// IDR1.SSIDSIZE: bits of a substream number; 0 if there are no substreams.
    public int substreamBits() {
        return idr1 >>> 6 & 31;
    }

    /// IDR1.PRIQS: two to this power is the most entries of the PRI queue.
    public int pageQueueBits() {
        return idr1 >>> 11 & 31;
    }

    /// IDR1.EVENTQS: two to this power is the most entries of the event queue.
    public int eventQueueBits() {
        return idr1 >>> 16 & 31;
    }

    /// IDR1.CMDQS: two to this power is the most entries of the command queue.
    public int commandQueueBits() {
        return idr1 >>> 21 & 31;
    }

    /// IDR1.ATTR_PERMS_OVR: a stream entry may override privilege and instruction of its requests.
    public boolean overridesPermissions() {
        return bit(idr1, 26);
    }

    /// IDR3.HAD: rights in table descriptors can be disabled.
    public boolean disablesTableRights() {
        return bit(idr3, 2);
    }

    /// IDR3.XNX: stage 2 tells privileged execution apart.
    public boolean privilegedExecuteNever() {
        return bit(idr3, 4);
    }

    /// IDR3.STT: small translation tables.
    public boolean smallTables() {
        return bit(idr3, 9);
    }

    /// IDR3.RIL: range invalidation.
    public boolean rangeInvalidation() {
        return bit(idr3, 10);
    }

    /// IDR5.OAS: bits of a physical address.
    public int outputBits() {
        return ADDRESS_BITS[idr5 & 7];
    }

    /// Bits of an intermediate address: what stage 2 takes at most.
    public int intermediateBits() {
        return outputBits();
    }

    /// The size of addresses that a field IPS or S2PS names, capped to what there is.
    public int outputBits(int field) {
        return field >= ADDRESS_BITS.length
                ? outputBits()
                : Math.min(ADDRESS_BITS[field], outputBits());
    }

    /// IDR5.GRAN4K, GRAN16K, GRAN64K.
    public boolean has(Granule granule) {
        return switch (granule) {
            case FOUR_KIB -> bit(idr5, 4);
            case SIXTEEN_KIB -> bit(idr5, 5);
            case SIXTY_FOUR_KIB -> bit(idr5, 6);
        };
    }

    /// IDR5.VAX: virtual addresses of 52 bits, with the 64 KiB granule.
    public boolean wideVirtual() {
        return (idr5 >>> 10 & 3) == 1;
    }

    /// IDR5.STALL_MAX: requests that may be stalled at once.
    public int mostStalled() {
        return idr5 >>> 16;
    }

    /// Whether it is SMMUv3.1 or later.
    public boolean isAtLeast(int minor) {
        return (aidr >>> 4 & 15) > 0 || (aidr & 15) >= minor;
    }
}
