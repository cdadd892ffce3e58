package iommulab.engine.iommu.smmuv3;

/// The global error registers: hardware toggles a bit of GERROR, software acknowledges by making GERRORN
/// equal.
/// Spec: SMMUv3, "SMMU_GERROR", "SMMU_GERRORN".
public final class SmmuErrors {
    /// The command queue has stopped at a command.
    public static final int COMMAND_QUEUE = 1;

    /// A record could not be written into the event queue.
    public static final int EVENT_QUEUE_ABORTED = 1 << 2;

    /// A request could not be written into the PRI queue.
    public static final int PAGE_QUEUE_ABORTED = 1 << 3;

    private int errors;
    private int acknowledged;

    SmmuErrors() {}

    /// A bit that is not acknowledged yet stays as it is.
    void raise(int bit) {
        if (!isActive(bit)) {
            errors ^= bit;
        }
    }

    /// Whether an error is there that software has not acknowledged.
    public boolean isActive(int bit) {
        return ((errors ^ acknowledged) & bit) != 0;
    }

    /// GERROR
    public int errors() {
        return errors;
    }

    /// GERRORN
    public int acknowledged() {
        return acknowledged;
    }

    void acknowledge(int value) {
        acknowledged = value;
    }

    void restore(int newErrors, int newAcknowledged) {
        errors = newErrors;
        acknowledged = newAcknowledged;
    }
}
