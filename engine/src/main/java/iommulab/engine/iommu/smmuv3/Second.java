package iommulab.engine.iommu.smmuv3;

import iommulab.engine.cache.Spaces;

/// Stage 2 of a stream.
///
/// @param granule of its tables
/// @param inputBits bits of an intermediate address that its tables translate
/// @param levels of its tree
/// @param table address of the first table (of up to sixteen, one behind the other), aligned to its size
/// @param space tag in the caches
/// @param regime see [StageTwoFormat]
record Second(Granule granule, int inputBits, int levels, long table, int space, long regime) {
    private static final Second NONE = new Second(Granule.FOUR_KIB, 48, 4, 0, Tag.NO_SPACE, 0);

    static Second of(StreamEntry stream, SmmuCapabilities capabilities, Spaces spaces) {
        if (!stream.stage2()) {
            return NONE;
        }
        var granule = Granule.values()[stream.secondGranule()];
        int inputBits = stream.secondInputBits();
        int levels = stream.secondLevels(granule, capabilities);
        int outputBits = stream.secondOutputBits(granule, capabilities);
        int shift = 3 + granule.firstIndexBits(inputBits, levels);
        return new Second(
                granule,
                inputBits,
                levels,
                stream.secondTable() & -1L << Math.max(shift, outputBits > 48 ? 6 : 4),
                spaces.of(
                        StreamContext.vmid(stream, capabilities),
                        Tag.stage2(inputBits, levels, granule)),
                StageTwoFormat.regime(stream, granule, capabilities));
    }
}
