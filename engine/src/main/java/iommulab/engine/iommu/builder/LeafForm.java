package iommulab.engine.iommu.builder;

/// What the leaves of a domain have beside address and rights.
///
/// @param clean whether they are written as clean, so that hardware marks the first write
/// @param snooping whether they make requests look into the processors' caches
public record LeafForm(boolean clean, boolean snooping) {
    /// Neither.
    public static final LeafForm PLAIN = new LeafForm(false, false);

    public LeafForm withClean(boolean isClean) {
        return new LeafForm(isClean, snooping);
    }

    public LeafForm withSnooping(boolean isSnooping) {
        return new LeafForm(clean, isSnooping);
    }

    long formed(EntryEncoder encoder, long leaf) {
        long snooped = snooping ? encoder.snooping(leaf) : leaf;
        return clean ? encoder.clean(snooped) : snooped;
    }
}
