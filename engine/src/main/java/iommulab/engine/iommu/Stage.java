package iommulab.engine.iommu;

/// Which of two page tables, one behind the other, an entry belongs to.
public enum Stage {
    /// From the address that a device uses to a guest-physical address; to a host address if there is no
    /// second stage.
    FIRST("first stage"),
    /// From a guest-physical address (or, alone, from the device's address) to a host address.
    SECOND("second stage");

    private final String words;

    Stage(String words) {
        this.words = words;
    }

    public String words() {
        return words;
    }
}
