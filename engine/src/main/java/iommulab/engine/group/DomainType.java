package iommulab.engine.group;

/// The type of a group's default domain, as `/sys/kernel/iommu_groups/N/type` prints it.
public enum DomainType {
    IDENTITY("identity"),
    DMA("DMA"),
    DMA_FQ("DMA-FQ"),
    BLOCKED("blocked"),
    UNMANAGED("unmanaged");

    private final String sysfs;

    DomainType(String sysfs) {
        this.sysfs = sysfs;
    }

    /// The kernel's spelling.
    public String sysfs() {
        return sysfs;
    }
}
