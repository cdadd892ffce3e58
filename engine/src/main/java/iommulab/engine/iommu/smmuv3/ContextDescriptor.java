package iommulab.engine.iommu.smmuv3;

/// A context descriptor (CD): one address space of stage 1, in two halves. Of its eight words the memory
/// attributes do not concern addresses and are not kept.
/// Spec: SMMUv3, "Context Descriptor".
///
/// @param word0 63:48 ASID | 47 ASET | 46 A | 45 R | 44 S | 43 HA | 42 HD | 41 AA64 | 40 PAN | 39:38 TBI | 37
///     UWXN | 36 WXN | 35 AFFD | 34:32 IPS | 31 V | 30 EPD1 | 23:22 TG1 | 21:16 T1SZ | 15 ENDI | 14 EPD0 |
///     7:6 TG0 | 5:0 T0SZ
/// @param word1 51:4 TTB0 | 1 HAD0
/// @param word2 51:4 TTB1 | 1 HAD1
record ContextDescriptor(long word0, long word1, long word2) {
    static final int BYTES = 64;

    private boolean bit(int number) {
        return (word0 >>> number & 1) != 0;
    }

    boolean isValid() {
        return bit(31);
    }

    boolean isBigEndian() {
        return bit(15);
    }

    /// AA64. Tables of AArch32 are executed by no unit here: none may offer them.
    boolean isAarch64() {
        return bit(41);
    }

    int asid(SmmuCapabilities capabilities) {
        return (int) (word0 >>> 48) & (1 << capabilities.asidBits()) - 1;
    }

    /// ASET: the ASID is not shared with processors.
    boolean isPrivateSet() {
        return bit(47);
    }

    /// A: a terminated request is aborted; else it is acknowledged, and a read gives zero.
    boolean aborts() {
        return bit(46);
    }

    boolean records() {
        return bit(45);
    }

    boolean stalls() {
        return bit(44);
    }

    boolean setsAccessFlag() {
        return bit(43);
    }

    boolean setsDirtyState() {
        return bit(42);
    }

    boolean privilegedAccessNever() {
        return bit(40);
    }

    /// UWXN: what unprivileged requests may write is not executed with privilege.
    boolean unprivilegedWritableNeverExecutes() {
        return bit(37);
    }

    /// WXN: what may be written is not executed.
    boolean writableNeverExecutes() {
        return bit(36);
    }

    boolean ignoresAccessFlag() {
        return bit(35);
    }

    /// IPS in bits, capped to what the unit has.
    int outputBits(SmmuCapabilities capabilities) {
        return capabilities.outputBits((int) (word0 >>> 32) & 7);
    }

    // ---- by half: 0 for addresses with bit 55 clear, 1 for the others

    /// Whether a half is walked: EPD is clear, and the world has it.
    boolean isEnabled(int half, StreamWorld world) {
        return !bit(half == 0 ? 14 : 30) && (half == 0 || world.hasUpperHalf());
    }

    boolean ignoresTopByte(int half) {
        return bit(38 + half);
    }

    int sizeField(int half) {
        return (int) (word0 >>> 16 * half) & 63;
    }

    int inputBits(int half) {
        return 64 - sizeField(half);
    }

    /// Ordinal of a [Granule], -1 if there is none.
    int granule(int half) {
        return half == 0
                ? Granule.ofTg0((int) (word0 >>> 6) & 3)
                : Granule.ofTg1((int) (word0 >>> 22) & 3);
    }

    /// TTB as it stands, low bits included.
    long table(int half) {
        return (half == 0 ? word1 : word2) & (1L << 52) - 16;
    }

    /// HAD: rights in table descriptors do not count.
    boolean disablesTableRights(int half, SmmuCapabilities capabilities) {
        return capabilities.disablesTableRights() && ((half == 0 ? word1 : word2) >>> 1 & 1) != 0;
    }

    /// Whether hardware takes it.
    ///
    /// @param stream through which it was found
    /// @param world of that stream
    boolean isLegal(StreamEntry stream, StreamWorld world, SmmuCapabilities capabilities) {
        boolean faults =
                (aborts() || !capabilities.alwaysAborts())
                        && (!stalls() || !stream.forbidsStall())
                        && (stream.forbidsStall()
                                || StreamEntry.stallIsLegal(stalls(), capabilities));
        boolean httu =
                (!setsAccessFlag() || capabilities.setsAccessFlag())
                        && (!setsDirtyState() || capabilities.setsDirtyState());
        return isValid()
                && isAarch64()
                && faults
                && httu
                && capabilities.hasEndianness(isBigEndian())
                && (!isEnabled(0, world) || halfIsLegal(0, capabilities))
                && (!isEnabled(1, world) || halfIsLegal(1, capabilities));
    }

    private boolean halfIsLegal(int half, SmmuCapabilities capabilities) {
        if (granule(half) < 0 || !capabilities.has(Granule.values()[granule(half)])) {
            return false;
        }
        var granule = Granule.values()[granule(half)];
        boolean large = granule == Granule.SIXTY_FOUR_KIB;
        int smallest = large && capabilities.wideVirtual() ? 12 : 16;
        int largest = capabilities.smallTables() ? large ? 47 : 48 : 39;
        int size = sizeField(half);
        return size >= smallest
                && size <= largest
                && table(half) >>> tableBits(granule, capabilities) == 0;
    }

    /// Bits of the address of a table: only the largest granule reaches beyond 48.
    int tableBits(Granule granule, SmmuCapabilities capabilities) {
        int bits = outputBits(capabilities);
        return granule == Granule.SIXTY_FOUR_KIB ? bits : Math.min(bits, 48);
    }
}
