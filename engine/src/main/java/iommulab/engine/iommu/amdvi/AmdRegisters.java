package iommulab.engine.iommu.amdvi;

/// The register page of an AMD IOMMU, as software sees it through memory-mapped I/O. A write takes effect
/// at once.
/// Spec: AMD IOMMU, "MMIO Registers".
public final class AmdRegisters {
    public static final int DEVICE_TABLE = 0x00;
    public static final int COMMAND_BASE = 0x08;
    public static final int EVENT_BASE = 0x10;
    public static final int CONTROL = 0x18;
    public static final int EXCLUSION_BASE = 0x20;
    public static final int EXCLUSION_LIMIT = 0x28;
    public static final int FEATURES = 0x30;
    public static final int PPR_BASE = 0x38;
    public static final int MORE_FEATURES = 0x1a0;
    public static final int COMMAND_HEAD = 0x2000;
    public static final int COMMAND_TAIL = 0x2008;
    public static final int EVENT_HEAD = 0x2010;
    public static final int EVENT_TAIL = 0x2018;
    public static final int STATUS = 0x2020;
    public static final int PPR_HEAD = 0x2030;
    public static final int PPR_TAIL = 0x2038;

    /// Control: translation.
    public static final long ENABLE = 1;

    /// Control: events are logged.
    public static final long EVENT_LOG = 1 << 2;

    /// Control: commands are executed.
    public static final long COMMANDS = 1 << 12;

    /// Control: page requests are logged.
    public static final long PPR_LOG = 1 << 13;

    /// Control: page requests are taken.
    public static final long PPR = 1 << 15;

    /// Control: guest translation.
    public static final long GUEST_TRANSLATION = 1 << 16;

    /// Control: addresses of GCR3 tables are guest-physical below a host table (GCR3TRPMode).
    public static final long GUEST_POINTERS = 1L << 58;

    /// Status: an event was lost.
    public static final long EVENT_OVERFLOW = 1;

    /// Status: an event was logged.
    public static final long EVENT_INTERRUPT = 1 << 1;

    /// Status: a completion wait is done.
    public static final long WAIT_INTERRUPT = 1 << 2;

    /// Status: the event log runs.
    public static final long EVENT_RUN = 1 << 3;

    /// Status: the command buffer runs.
    public static final long COMMAND_RUN = 1 << 4;

    /// Status: a page request was lost.
    public static final long PPR_OVERFLOW = 1 << 5;

    /// Status: a page request was logged.
    public static final long PPR_INTERRUPT = 1 << 6;

    /// Status: the page request log runs.
    public static final long PPR_RUN = 1 << 7;

    private static final long ADDRESS = (1L << 52) - 4096;
    private static final long LENGTH = 0xfL << 56;

    private final AmdState unit;
    private long control;
    private long exclusionBase;
    private long exclusionLimit;

    AmdRegisters(AmdState unit) {
        this.unit = unit;
    }

    /// Everything that a checkpoint remembers of the registers that no other part keeps.
    record State(long control, long exclusionBase, long exclusionLimit) {}

    State state() {
        return new State(control, exclusionBase, exclusionLimit);
    }

    void restore(State state) {
        control = state.control();
        exclusionBase = state.exclusionBase();
        exclusionLimit = state.exclusionLimit();
    }

    /// The control register.
    public long control() {
        return control;
    }

    /// Exclusion base register: 51:12 first page, 1 for all devices, 0 enabled.
    long exclusionBase() {
        return exclusionBase;
    }

    /// Exclusion limit register: 51:12 last page.
    long exclusionLimit() {
        return exclusionLimit;
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
            case DEVICE_TABLE -> unit.deviceTableBase();
            case COMMAND_BASE -> unit.commands().baseRegister();
            case EVENT_BASE -> unit.events().baseRegister();
            case CONTROL -> control;
            case EXCLUSION_BASE -> exclusionBase;
            case EXCLUSION_LIMIT -> exclusionLimit;
            case FEATURES -> unit.capabilities().features();
            case PPR_BASE -> unit.pageRequests().log().baseRegister();
            case MORE_FEATURES -> unit.capabilities().moreFeatures();
            case COMMAND_HEAD -> unit.commands().head();
            case COMMAND_TAIL -> unit.commands().tail();
            case EVENT_HEAD -> unit.events().head();
            case EVENT_TAIL -> unit.events().tail();
            case STATUS -> status();
            case PPR_HEAD -> unit.pageRequests().log().head();
            case PPR_TAIL -> unit.pageRequests().log().tail();
            default -> 0;
        };
    }

    private long status() {
        var requests = unit.pageRequests().log();
        return (unit.events().hasOverflowed() ? EVENT_OVERFLOW : 0)
                | (unit.events().isInterrupting() ? EVENT_INTERRUPT : 0)
                | (unit.commands().hasWaitCompleted() ? WAIT_INTERRUPT : 0)
                | (unit.events().isRunning() ? EVENT_RUN : 0)
                | (unit.commands().isRunning() ? COMMAND_RUN : 0)
                | (requests.hasOverflowed() ? PPR_OVERFLOW : 0)
                | (requests.isInterrupting() ? PPR_INTERRUPT : 0)
                | (requests.isRunning() ? PPR_RUN : 0);
    }

    /// Writes half of a register; the other half stays.
    ///
    /// @param offset multiple of 4
    public void write32(int offset, int value) {
        long old = offset / 8 * 8 == STATUS ? 0 : read64(offset & ~7);
        long bits = value & 0xffff_ffffL;
        write64(
                offset & ~7,
                (offset & 4) == 0 ? old & ~0xffff_ffffL | bits : old & 0xffff_ffffL | bits << 32);
    }

    /// @param offset multiple of 8
    public void write64(int offset, long value) {
        switch (offset) {
            case DEVICE_TABLE -> unit.setDeviceTable(value & (ADDRESS | 0x1ff));
            case COMMAND_BASE -> unit.commands().setBase(value & (ADDRESS | LENGTH));
            case EVENT_BASE -> unit.events().setBase(value & (ADDRESS | LENGTH));
            case CONTROL -> setControl(value);
            case EXCLUSION_BASE -> {
                exclusionBase = value & (ADDRESS | 3);
                unit.setExclusion();
            }
            case EXCLUSION_LIMIT -> {
                exclusionLimit = value & ADDRESS;
                unit.setExclusion();
            }
            case PPR_BASE -> unit.pageRequests().log().setBase(value & (ADDRESS | LENGTH));
            case COMMAND_HEAD -> unit.commands().setHead(value);
            case COMMAND_TAIL -> {
                unit.commands().setTail(value);
                unit.runCommands();
            }
            case EVENT_HEAD -> unit.events().setHead(value);
            case EVENT_TAIL -> unit.events().setTail(value);
            case STATUS -> acknowledge(value);
            case PPR_HEAD -> unit.pageRequests().log().setHead(value);
            case PPR_TAIL -> unit.pageRequests().log().setTail(value);
            // The rest is read-only, or not there.
            default -> {}
        }
    }

    /// Ones clear what may be cleared.
    private void acknowledge(long value) {
        var requests = unit.pageRequests().log();
        if ((value & EVENT_OVERFLOW) != 0) {
            unit.events().clearOverflow();
        }
        if ((value & EVENT_INTERRUPT) != 0) {
            unit.events().clearInterrupt();
        }
        if ((value & WAIT_INTERRUPT) != 0) {
            unit.commands().acknowledgeWait();
        }
        if ((value & PPR_OVERFLOW) != 0) {
            requests.clearOverflow();
        }
        if ((value & PPR_INTERRUPT) != 0) {
            requests.clearInterrupt();
        }
    }

    private void setControl(long value) {
        long changed = control ^ value;
        control = value;
        unit.events().setEnabled((value & (ENABLE | EVENT_LOG)) == (ENABLE | EVENT_LOG));
        unit.pageRequests()
                .log()
                .setEnabled((value & (ENABLE | PPR_LOG | PPR)) == (ENABLE | PPR_LOG | PPR));
        if ((changed & (ENABLE | COMMANDS)) != 0) {
            unit.commands().setRunning((value & (ENABLE | COMMANDS)) == (ENABLE | COMMANDS));
        }
        unit.setControl(value);
        unit.runCommands();
    }
}
