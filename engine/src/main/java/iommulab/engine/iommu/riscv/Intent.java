package iommulab.engine.iommu.riscv;

import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.TableEntry;

/// What a request is about: the rights that it wants, how a fault of it is told, and what an ATS request is
/// granted. Access flags are those of [Iommu].
final class Intent {
    private static final int RWX = Iommu.READ | Iommu.WRITE | Iommu.EXECUTE;

    private Intent() {}

    /// The rights that a request wants: what is read untranslated to be executed needs no right to be read;
    /// an ATS request always asks to read.
    static int wanted(int access, int pasid) {
        int rights = access & RWX;
        if ((access & Iommu.ASKS) != 0) {
            return rights | Iommu.READ;
        }
        if ((rights & Iommu.EXECUTE) == 0) {
            return rights;
        }
        if ((access & Iommu.TRANSLATED) == 0) {
            return Iommu.EXECUTE;
        }
        return pasid < 0 ? Iommu.READ : Iommu.READ | Iommu.EXECUTE;
    }

    /// What the cause of a fault is chosen by.
    static long judged(int access, int pasid) {
        if ((access & Iommu.ASKS) != 0) {
            return pasid >= 0 && (access & Iommu.EXECUTE) != 0 ? Iommu.EXECUTE : Iommu.READ;
        }
        return access & RWX;
    }

    /// Without the right to read, nothing is granted; nor is writing where the dirty bit is not set.
    static long granted(long leaf, int access) {
        long mine =
                (access & Iommu.PRIVILEGED) == 0
                        ? leaf
                        : leaf >>> 56 & 3 | leaf >>> 54 & Iommu.EXECUTE;
        if ((mine & Iommu.READ) == 0) {
            return 0;
        }
        long write = (leaf & TableEntry.CLEAN) == 0 ? mine & Iommu.WRITE : 0;
        return Iommu.READ | write | mine & access & Iommu.EXECUTE;
    }

    /// TTYP of its fault record.
    static int transactionType(int access, int pasid) {
        if ((access & Iommu.ASKS) != 0) {
            return FaultRecord.ATS_REQUEST;
        }
        boolean translated = (access & Iommu.TRANSLATED) != 0;
        int base = translated ? FaultRecord.TRANSLATED : 0;
        if ((access & Iommu.EXECUTE) != 0) {
            return base + (translated && pasid < 0 ? FaultRecord.READ : FaultRecord.EXECUTE);
        }
        return base + ((access & Iommu.WRITE) != 0 ? FaultRecord.WRITE : FaultRecord.READ);
    }

    /// The rights that a request wants, of its privilege.
    static long rights(int access) {
        long plain = access & (TableEntry.READ | TableEntry.WRITE | TableEntry.EXECUTE);
        return (access & Iommu.PRIVILEGED) == 0
                ? plain
                : (plain & 3) << 56 | (plain & TableEntry.EXECUTE) << 54;
    }
}
