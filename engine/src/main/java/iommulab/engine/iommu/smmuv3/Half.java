package iommulab.engine.iommu.smmuv3;

import iommulab.engine.cache.Spaces;

/// One half of the address space of stage 1: TTBR0's below, TTBR1's above.
///
/// @param enabled whether it is walked at all (EPD clear)
/// @param topByteIgnored TBI
/// @param granule of its tables
/// @param inputBits bits of the address that its tables translate
/// @param levels of its tree
/// @param table address of the first table, aligned to its size
/// @param space tag in the caches
/// @param regime see [StageOneFormat]
record Half(
        boolean enabled,
        boolean topByteIgnored,
        Granule granule,
        int inputBits,
        int levels,
        long table,
        int space,
        long regime) {
    private static final Half NONE =
            new Half(false, false, Granule.FOUR_KIB, 48, 4, 0, Tag.NO_SPACE, 0);

    static Half of(int half, ContextSource source, SmmuCapabilities capabilities, Spaces spaces) {
        var descriptor = source.descriptor();
        var world = source.world();
        if (descriptor == null || half == 1 && !world.hasUpperHalf()) {
            return NONE;
        }
        if (!descriptor.isEnabled(half, world)) {
            return NONE.ignoringTopByte(descriptor.ignoresTopByte(half));
        }
        var granule = Granule.values()[descriptor.granule(half)];
        int inputBits = descriptor.inputBits(half);
        int levels = granule.levelsFor(inputBits);
        int outputBits = descriptor.tableBits(granule, capabilities);
        int inner =
                Tag.stage1(
                        world.hasAsids() ? descriptor.asid(capabilities) : 0,
                        half,
                        inputBits,
                        granule,
                        world.hasAsids() && descriptor.isPrivateSet(),
                        source.kind() == StreamContext.Kind.NESTED);
        return new Half(
                true,
                descriptor.ignoresTopByte(half),
                granule,
                inputBits,
                levels,
                firstTable(descriptor.table(half), granule, inputBits, levels, outputBits),
                spaces.of(source.owner(capabilities), inner),
                StageOneFormat.regime(source, half, granule, capabilities));
    }

    private Half ignoringTopByte(boolean ignores) {
        return new Half(enabled, ignores, granule, inputBits, levels, table, space, regime);
    }

    /// Low bits inside the table count as zero; with 52 bits it is aligned to 64 bytes at least.
    private static long firstTable(
            long table, Granule granule, int inputBits, int levels, int outputBits) {
        int shift = 3 + granule.firstIndexBits(inputBits, levels);
        return table & -1L << Math.max(shift, outputBits > 48 ? 6 : 4);
    }

    /// Whether all bits above those that are translated say the same as bit 55.
    boolean translates(long iova) {
        long address = topByteIgnored ? iova << 8 >> 8 : iova;
        return enabled && address >> inputBits == iova << 8 >> 63;
    }

    /// The bits that are translated.
    long input(long iova) {
        return iova & (1L << inputBits) - 1;
    }
}
