package iommulab.engine.iommu.riscv;

/// The register page of a RISC-V IOMMU, as software sees it through memory-mapped I/O. A write takes effect
/// at once: busy bits are never seen.
/// Spec: RISC-V IOMMU, "Memory-mapped register interface".
public final class RiscvRegisters {
    public static final int CAPABILITIES = 0;
    public static final int FCTL = 8;
    public static final int DDTP = 16;
    public static final int CQB = 24;
    public static final int CQH = 32;
    public static final int CQT = 36;
    public static final int FQB = 40;
    public static final int FQH = 48;
    public static final int FQT = 52;
    public static final int PQB = 56;
    public static final int PQH = 64;
    public static final int PQT = 68;
    public static final int CQCSR = 72;
    public static final int FQCSR = 76;
    public static final int PQCSR = 80;
    public static final int IPSR = 84;
    public static final int ICVEC = 760;
    public static final int MSI_TABLE = 768;

    /// `fctl.BE`: directories, second stage, MSI tables and queues are big-endian.
    public static final int BE = 1;

    /// `fctl.WSI`: interrupts by wire.
    public static final int WSI = 1 << 1;

    /// `fctl.GXL`: guests have 32 bits, the second stage is Sv32x4.
    public static final int GXL = 1 << 2;

    private static final int MSI_ENTRY_BYTES = 16;
    private static final int MSI_TABLE_BYTES = MSI_ENTRY_BYTES * Interrupts.VECTORS;

    private final RiscvState unit;

    RiscvRegisters(RiscvState unit) {
        this.unit = unit;
    }

    /// @param offset multiple of 4
    public int read32(int offset) {
        long both = read64(offset & ~7);
        return (int) ((offset & 4) == 0 ? both : both >>> 32);
    }

    /// @param offset multiple of 8
    /// @return 0 where no register is
    public long read64(int offset) {
        return switch (offset) {
            case CAPABILITIES -> unit.capabilities().bits();
            case FCTL -> unit.control();
            case DDTP -> unit.directory();
            case CQB -> unit.commands().base();
            case CQH -> pair(unit.commands().head(), unit.commands().tail());
            case FQB -> unit.faults().base();
            case FQH -> pair(unit.faults().head(), unit.faults().tail());
            case PQB -> unit.pageRequests().base();
            case PQH -> pair(unit.pageRequests().head(), unit.pageRequests().tail());
            case CQCSR -> pair(unit.commands().status(), unit.faults().status());
            case PQCSR -> pair(unit.pageRequests().status(), unit.interrupts().pending());
            case ICVEC -> unit.interrupts().vectors();
            default -> readMessage(offset - MSI_TABLE);
        };
    }

    private static long pair(int low, int high) {
        return low & 0xffff_ffffL | (long) high << 32;
    }

    private long readMessage(int offset) {
        if (offset < 0 || offset >= MSI_TABLE_BYTES) {
            return 0;
        }
        int vector = offset / MSI_ENTRY_BYTES;
        var interrupts = unit.interrupts();
        return offset % MSI_ENTRY_BYTES == 0
                ? interrupts.address(vector)
                : pair(interrupts.data(vector), interrupts.control(vector));
    }

    /// @param offset multiple of 4, of a register of 4 bytes or half of one of 8
    public void write32(int offset, int value) {
        switch (offset) {
            case FCTL -> unit.setControl(value);
            case CQT -> unit.setCommandTail(value);
            case FQH -> unit.faults().setHead(value);
            case FQT -> unit.faults().setTail(value);
            case PQH -> unit.pageRequests().setHead(value);
            case PQT -> unit.pageRequests().setTail(value);
            case CQCSR -> unit.setCommandStatus(value);
            case FQCSR -> unit.setFaultStatus(value);
            case PQCSR -> unit.setPageRequestStatus(value);
            case IPSR -> unit.acknowledge(value);
            default -> writeHalf(offset, value);
        }
    }

    private void writeHalf(int offset, int value) {
        int vector = (offset - MSI_TABLE) / MSI_ENTRY_BYTES;
        if (offset >= MSI_TABLE && offset < MSI_TABLE + MSI_TABLE_BYTES && (offset & 8) != 0) {
            if ((offset & 4) == 0) {
                unit.interrupts().setData(vector, value);
            } else {
                unit.setMessageControl(vector, value);
            }
            return;
        }
        long other = read64(offset & ~7);
        write64(
                offset & ~7,
                (offset & 4) == 0
                        ? other & -1L << 32 | value & 0xffff_ffffL
                        : other & 0xffff_ffffL | (long) value << 32);
    }

    /// @param offset multiple of 8, of a register of 8 bytes
    public void write64(int offset, long value) {
        switch (offset) {
            case DDTP -> unit.setDirectory(value);
            case CQB -> unit.commands().setBase(value);
            case FQB -> unit.faults().setBase(value);
            case PQB -> unit.pageRequests().setBase(value);
            case ICVEC -> unit.interrupts().setVectors(value);
            default -> {
                int message = offset - MSI_TABLE;
                if (message >= 0 && message < MSI_TABLE_BYTES && message % MSI_ENTRY_BYTES == 0) {
                    unit.interrupts().setAddress(message / MSI_ENTRY_BYTES, value);
                }
            }
        }
    }
}
