package iommulab.engine.iommu;

/// The PASID prefix of a request, if it has one: which address space of the device is meant, and with what
/// intent. Spec: PCI Express, "PASID TLP Prefix".
///
/// @param pasid 20 bits, or [Iommu#NO_PASID]
/// @param execute the bytes read will be executed
/// @param privileged the device acts for a supervisor
public record PasidPrefix(int pasid, boolean execute, boolean privileged) {
    public PasidPrefix {
        if (pasid != Iommu.NO_PASID && pasid >>> 20 != 0) {
            throw new IllegalArgumentException("PASID 0x%x has more than 20 bits".formatted(pasid));
        }
        if (pasid == Iommu.NO_PASID && (execute || privileged)) {
            throw new IllegalArgumentException("intent without a PASID");
        }
    }

    /// The request has no prefix.
    public static final PasidPrefix NONE = new PasidPrefix(Iommu.NO_PASID, false, false);

    /// An ordinary request for an address space.
    public static PasidPrefix of(int pasid) {
        return new PasidPrefix(pasid, false, false);
    }

    public boolean isPresent() {
        return pasid != Iommu.NO_PASID;
    }

    /// What a request with this prefix needs, as [Iommu#translate] wants it.
    public int rights(Access access) {
        return (access == Access.READ ? Iommu.READ : Iommu.WRITE)
                | (execute ? Iommu.EXECUTE : 0)
                | (privileged ? Iommu.PRIVILEGED : 0);
    }

    /// `PASID 0x2a`, `PASID 0x2a, execute, privileged`; empty without a prefix
    @Override
    public String toString() {
        return isPresent()
                ? "PASID 0x%x%s%s"
                        .formatted(
                                pasid, execute ? ", execute" : "", privileged ? ", privileged" : "")
                : "";
    }
}
