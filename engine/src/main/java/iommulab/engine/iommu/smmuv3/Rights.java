package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.TableEntry;

/// What a request needs of the tables, by its attributes and what the stream entry makes of them.
/// Spec: SMMUv3, "Attribute and permission overrides".
final class Rights {
    private static final int SET = 3;

    private Rights() {}

    /// The request with privilege and instruction as INSTCFG and PRIVCFG have them.
    ///
    /// @param access see [Iommu]
    static int effective(int access, StreamContext context) {
        if (!context.overrides()) {
            return access;
        }
        int effective = access;
        effective =
                switch (context.stream().privilege()) {
                    case 2 -> effective & ~Iommu.PRIVILEGED;
                    case SET -> effective | Iommu.PRIVILEGED;
                    default -> effective;
                };
        // What writes is data, whatever the entry says.
        return switch (context.stream().instruction()) {
            case 2 -> effective & ~Iommu.EXECUTE;
            case SET -> (access & Iommu.WRITE) == 0 ? effective | Iommu.EXECUTE : effective;
            default -> effective;
        };
    }

    /// What a device is told of a leaf: the rights of its own privilege in the plain bits, and none to
    /// write what is still clean.
    static long told(long leaf, int access) {
        long rights = TableEntry.rights(leaf);
        if ((leaf & TableEntry.CLEAN) != 0) {
            rights &= ~TableEntry.ANY_WRITE;
        }
        long plain = rights & (TableEntry.READ | TableEntry.WRITE | TableEntry.EXECUTE);
        if ((access & Iommu.PRIVILEGED) != 0) {
            plain =
                    rights >>> 56 & (TableEntry.READ | TableEntry.WRITE)
                            | ((rights & TableEntry.PRIV_EXECUTE) != 0 ? TableEntry.EXECUTE : 0);
        }
        return leaf & ~TableEntry.RIGHTS | plain;
    }

    /// Rights as [TableEntry] has them. An instruction fetch needs to execute, not to read.
    static long needed(int access) {
        if ((access & (Iommu.EXECUTE | Iommu.PRIVILEGED)) == 0) {
            return access & (Iommu.READ | Iommu.WRITE);
        }
        boolean fetch = (access & Iommu.EXECUTE) != 0 && (access & Iommu.WRITE) == 0;
        int plain = fetch ? TableEntry.EXECUTE : access & (Iommu.READ | Iommu.WRITE);
        if ((access & Iommu.PRIVILEGED) == 0) {
            return plain;
        }
        return fetch ? TableEntry.PRIV_EXECUTE : (long) plain << 56;
    }
}
