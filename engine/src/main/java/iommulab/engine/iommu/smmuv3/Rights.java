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
    static long told(long leaf, int access, StreamContext context) {
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
        if (!context.hasPrivileges()) {
            plain =
                    rights >>> 56 & (TableEntry.READ | TableEntry.WRITE)
                            | rights & TableEntry.EXECUTE;
        }
        return leaf & ~TableEntry.RIGHTS | plain;
    }

    /// What a request needs in its context. With one privilege AP[1] and the privileged execute-never bit say
    /// nothing: what may be read and written is what a supervisor may, what may be executed is what a user
    /// may.
    static long needed(int access, StreamContext context) {
        int effective = effective(access, context);
        if (context.hasPrivileges()) {
            return needed(effective);
        }
        return isFetch(effective)
                ? TableEntry.EXECUTE
                : (long) (effective & (Iommu.READ | Iommu.WRITE)) << 56;
    }

    private static boolean isFetch(int access) {
        return (access & Iommu.EXECUTE) != 0 && (access & Iommu.WRITE) == 0;
    }

    /// Rights as [TableEntry] has them. An instruction fetch needs to execute, not to read.
    private static long needed(int access) {
        if ((access & (Iommu.EXECUTE | Iommu.PRIVILEGED)) == 0) {
            return access & (Iommu.READ | Iommu.WRITE);
        }
        boolean fetch = isFetch(access);
        int plain = fetch ? TableEntry.EXECUTE : access & (Iommu.READ | Iommu.WRITE);
        if ((access & Iommu.PRIVILEGED) == 0) {
            return plain;
        }
        return fetch ? TableEntry.PRIV_EXECUTE : (long) plain << 56;
    }
}
