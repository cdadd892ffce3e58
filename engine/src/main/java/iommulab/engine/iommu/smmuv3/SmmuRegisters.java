package iommulab.engine.iommu.smmuv3;

/// The register pages of an SMMU, non-secure, as software sees them through memory-mapped I/O. A write takes
/// effect at once: acknowledge registers are right when it returns.
/// Spec: SMMUv3, "Memory map and registers".
public final class SmmuRegisters {
    public static final int IDR0 = 0x00;
    public static final int IDR1 = 0x04;
    public static final int IDR3 = 0x0c;
    public static final int IDR5 = 0x14;
    public static final int AIDR = 0x1c;
    public static final int CR0 = 0x20;
    public static final int CR0ACK = 0x24;
    public static final int CR1 = 0x28;
    public static final int CR2 = 0x2c;
    public static final int GBPA = 0x44;
    public static final int GERROR = 0x60;
    public static final int GERRORN = 0x64;
    public static final int STRTAB_BASE = 0x80;
    public static final int STRTAB_BASE_CFG = 0x88;
    public static final int CMDQ_BASE = 0x90;
    public static final int CMDQ_PROD = 0x98;
    public static final int CMDQ_CONS = 0x9c;
    public static final int EVENTQ_BASE = 0xa0;
    public static final int PRIQ_BASE = 0xc0;
    public static final int EVENTQ_PROD = 0x100a8;
    public static final int EVENTQ_CONS = 0x100ac;
    public static final int PRIQ_PROD = 0x100c8;
    public static final int PRIQ_CONS = 0x100cc;

    /// CR0.SMMUEN
    public static final int ENABLED = 1;

    /// CR0.PRIQEN
    public static final int PAGE_QUEUE = 1 << 1;

    /// CR0.EVENTQEN
    public static final int EVENT_QUEUE = 1 << 2;

    /// CR0.CMDQEN
    public static final int COMMAND_QUEUE = 1 << 3;

    /// CR0.ATSCHK: translated requests are looked at.
    public static final int CHECK_TRANSLATED = 1 << 4;

    /// CR0.VMW: low bits of the VMID that invalidations ignore.
    public static final int VMID_WILDCARD_AT = 6;

    /// CR2.E2H: EL2 streams have the regime of a hypervisor that is its host's kernel.
    public static final int HOST = 1;

    /// CR2.RECINVSID
    public static final int RECORD_BAD_STREAMS = 1 << 1;

    /// GBPA.ABORT
    public static final int ABORT = 1 << 20;

    private static final int MOST_WILD = 4;
    private static final int GBPA_UPDATE = 1 << 31;

    private final SmmuState unit;
    private int cr0;
    private int cr1;
    private int cr2;
    private int gbpa;
    private long streamTable;
    private int streamTableConfig;

    SmmuRegisters(SmmuState unit) {
        this.unit = unit;
    }

    /// Everything that a checkpoint remembers of the registers that no other part keeps.
    record State(
            int cr0,
            int cr1,
            int cr2,
            int gbpa,
            long streamTable,
            int streamTableConfig,
            int errors,
            int acknowledged) {}

    State state() {
        return new State(
                cr0,
                cr1,
                cr2,
                gbpa,
                streamTable,
                streamTableConfig,
                unit.errors().errors(),
                unit.errors().acknowledged());
    }

    void restore(State state) {
        cr0 = state.cr0();
        cr1 = state.cr1();
        cr2 = state.cr2();
        gbpa = state.gbpa();
        streamTable = state.streamTable();
        streamTableConfig = state.streamTableConfig();
        unit.errors().restore(state.errors(), state.acknowledged());
        unit.adoptControl(cr0, cr2);
    }

    int control() {
        return cr0;
    }

    /// CR2.E2H, where there are EL2 streams.
    boolean isHost() {
        return (cr2 & HOST) != 0 && unit.capabilities().hypervisor();
    }

    /// CR0.VMW, where there are wildcards; what is reserved counts as none.
    int ignoredVmidBits() {
        int field = cr0 >>> VMID_WILDCARD_AT & 7;
        return unit.capabilities().vmidWildcards() && field <= MOST_WILD ? field : 0;
    }

    int bypass() {
        return gbpa;
    }

    long streamTable() {
        return streamTable;
    }

    int streamTableConfig() {
        return streamTableConfig;
    }

    /// @param offset multiple of 4
    /// @return 0 where no register is
    public int read32(int offset) {
        var capabilities = unit.capabilities();
        return switch (offset) {
            case IDR0 -> capabilities.idr0();
            case IDR1 -> capabilities.idr1();
            case IDR3 -> capabilities.idr3();
            case IDR5 -> capabilities.idr5();
            case AIDR -> capabilities.aidr();
            case CR0, CR0ACK -> cr0;
            case CR1 -> cr1;
            case CR2 -> cr2;
            case GBPA -> gbpa;
            case GERROR -> unit.errors().errors();
            case GERRORN -> unit.errors().acknowledged();
            case STRTAB_BASE_CFG -> streamTableConfig;
            case CMDQ_PROD -> unit.commands().ring().producer();
            case CMDQ_CONS -> unit.commands().consumerRegister();
            case EVENTQ_PROD -> unit.events().producerRegister();
            case EVENTQ_CONS -> unit.events().consumerRegister();
            case PRIQ_PROD -> unit.pageRequests().producerRegister();
            case PRIQ_CONS -> unit.pageRequests().consumerRegister();
            default -> {
                long both = wide(offset & ~7);
                yield (int) ((offset & 4) == 0 ? both : both >>> 32);
            }
        };
    }

    /// @param offset multiple of 8
    /// @return 0 where no register is
    public long read64(int offset) {
        return isWide(offset)
                ? wide(offset)
                : read32(offset) & 0xffff_ffffL | (long) read32(offset + 4) << 32;
    }

    private static boolean isWide(int offset) {
        return offset == STRTAB_BASE
                || offset == CMDQ_BASE
                || offset == EVENTQ_BASE
                || offset == PRIQ_BASE;
    }

    private long wide(int offset) {
        return switch (offset) {
            case STRTAB_BASE -> streamTable;
            case CMDQ_BASE -> unit.commands().ring().baseRegister();
            case EVENTQ_BASE -> unit.events().ring().baseRegister();
            case PRIQ_BASE -> unit.pageRequests().ring().baseRegister();
            default -> 0;
        };
    }

    /// @param offset multiple of 4; other registers are read-only, or not there
    public void write32(int offset, int value) {
        switch (offset) {
            case CR0 -> {
                cr0 = value;
                unit.adoptControl(cr0, cr2);
                unit.runCommands();
            }
            case CR1 -> cr1 = value;
            case CR2 -> {
                cr2 = value;
                unit.adoptControl(cr0, cr2);
            }
            // Without the update bit a write is ignored, and the bit reads as zero once it is done.
            case GBPA -> {
                if ((value & GBPA_UPDATE) != 0) {
                    gbpa = value & ~GBPA_UPDATE;
                    unit.tablesChanged();
                }
            }
            case GERRORN -> {
                unit.errors().acknowledge(value);
                unit.runCommands();
            }
            case STRTAB_BASE_CFG -> {
                streamTableConfig = value;
                unit.tablesChanged();
            }
            case CMDQ_PROD -> {
                unit.commands().ring().setProducer(value);
                unit.runCommands();
            }
            case CMDQ_CONS -> unit.commands().setConsumerRegister(value);
            case EVENTQ_PROD -> unit.events().setProducerRegister(value);
            case EVENTQ_CONS -> unit.events().setConsumerRegister(value);
            case PRIQ_PROD -> unit.pageRequests().setProducerRegister(value);
            case PRIQ_CONS -> unit.pageRequests().setConsumerRegister(value);
            default -> writeHalf(offset, value);
        }
    }

    private void writeHalf(int offset, int value) {
        int register = offset & ~7;
        if (isWide(register)) {
            long old = wide(register);
            write64(
                    register,
                    (offset & 4) == 0
                            ? old & -1L << 32 | value & 0xffff_ffffL
                            : old & 0xffff_ffffL | (long) value << 32);
        }
    }

    /// @param offset multiple of 8
    public void write64(int offset, long value) {
        switch (offset) {
            case STRTAB_BASE -> {
                streamTable = value;
                unit.tablesChanged();
            }
            case CMDQ_BASE -> unit.commands().ring().setBaseRegister(value);
            case EVENTQ_BASE -> unit.events().ring().setBaseRegister(value);
            case PRIQ_BASE -> unit.pageRequests().ring().setBaseRegister(value);
            default -> {
                write32(offset, (int) value);
                write32(offset + 4, (int) (value >>> 32));
            }
        }
    }
}
