package iommulab.engine.iommu.riscv;

/// A process context: the address space that a process_id of a device stands for.
/// Spec: RISC-V IOMMU, "Process-context".
///
/// @param ta translation attributes
/// @param fsc first stage: mode and root
record ProcessContext(long ta, long fsc) {
    static final long VALID = 1;
    static final long ENS = 1 << 1;
    static final long SUM = 1 << 2;

    /// Requests with supervisor privilege are allowed.
    boolean allowsSupervisor() {
        return (ta & ENS) != 0;
    }

    /// Supervisor requests may read and write the user's pages.
    boolean sum() {
        return (ta & SUM) != 0;
    }

    int pscid() {
        return (int) (ta >>> 12) & 0xf_ffff;
    }

    int firstMode() {
        return DeviceContext.mode(fsc);
    }
}
