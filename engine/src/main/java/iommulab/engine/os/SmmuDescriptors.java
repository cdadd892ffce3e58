package iommulab.engine.os;

/// The table of context descriptors of one stream: two levels, 64 descriptors in a lower table. Source:
/// kernel `arm_smmu_alloc_cd_tables`, `arm_smmu_write_cd_l1_desc`.
record SmmuDescriptors() implements PasidDirectory.Shape {
    private static final long VALID = 1;

    @Override
    public int leafBits() {
        return 6;
    }

    @Override
    public int entryBytes() {
        return 64;
    }

    @Override
    public long pointer(long table) {
        return table | VALID;
    }
}
