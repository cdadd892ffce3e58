package iommulab.engine.iommu.vtd;

/// The register page of a VT-d unit, as software sees it through memory-mapped I/O. A write takes effect
/// at once: status bits and the busy bits of commands are right when it returns.
/// Spec: VT-d, "Register Descriptions".
public final class VtdRegisters {
    public static final int VERSION = 0x00;
    public static final int CAP = 0x08;
    public static final int ECAP = 0x10;
    public static final int GLOBAL_COMMAND = 0x18;
    public static final int GLOBAL_STATUS = 0x1c;
    public static final int ROOT_TABLE_ADDRESS = 0x20;
    public static final int CONTEXT_COMMAND = 0x28;
    public static final int FAULT_STATUS = 0x34;
    public static final int QUEUE_HEAD = 0x80;
    public static final int QUEUE_TAIL = 0x88;
    public static final int QUEUE_ADDRESS = 0x90;
    public static final int INVALIDATION_COMPLETION = 0x9c;
    public static final int PAGE_REQUEST_HEAD = 0xc0;
    public static final int PAGE_REQUEST_TAIL = 0xc8;
    public static final int PAGE_REQUEST_ADDRESS = 0xd0;
    public static final int PAGE_REQUEST_STATUS = 0xdc;

    /// GCMD.TE, GSTS.TES
    public static final int TRANSLATION = 1 << 31;

    /// GCMD.SRTP, GSTS.RTPS
    public static final int ROOT_POINTER = 1 << 30;

    /// GCMD.QIE, GSTS.QIES
    public static final int QUEUE = 1 << 26;

    private static final long REVISION = 0x10;
    private static final long BUSY = 1L << 63;

    private final VtdState unit;
    private long rootTableAddress;
    private long contextCommand;
    private long invalidateAddress;
    private long iotlbInvalidate;
    private boolean rootPointerSet;

    VtdRegisters(VtdState unit) {
        this.unit = unit;
    }

    /// Everything that a checkpoint remembers of the registers that no other part keeps.
    record State(
            long rootTableAddress,
            long contextCommand,
            long invalidateAddress,
            long iotlbInvalidate,
            boolean rootPointerSet) {}

    State state() {
        return new State(
                rootTableAddress,
                contextCommand,
                invalidateAddress,
                iotlbInvalidate,
                rootPointerSet);
    }

    void restore(State state) {
        rootTableAddress = state.rootTableAddress();
        contextCommand = state.contextCommand();
        invalidateAddress = state.invalidateAddress();
        iotlbInvalidate = state.iotlbInvalidate();
        rootPointerSet = state.rootPointerSet();
    }

    /// @param offset multiple of 4
    public int read32(int offset) {
        long both = read64(offset & ~7);
        return (int) ((offset & 4) == 0 ? both : both >>> 32);
    }

    /// @param offset multiple of 8
    /// @return 0 where no register is
    public long read64(int offset) {
        var capabilities = unit.capabilities();
        int fault = faultRecordAt(offset);
        if (fault >= 0) {
            return (offset & 8) == 0 ? unit.faults().low(fault) : unit.faults().high(fault);
        }
        if (offset == capabilities.iotlbRegisterOffset()) {
            return invalidateAddress;
        }
        if (offset == capabilities.iotlbRegisterOffset() + 8) {
            return iotlbInvalidate;
        }
        return switch (offset) {
            case VERSION -> REVISION;
            case CAP -> capabilities.cap();
            case ECAP -> capabilities.ecap();
            case GLOBAL_COMMAND -> (long) globalStatus() << 32;
            case ROOT_TABLE_ADDRESS -> rootTableAddress;
            case CONTEXT_COMMAND -> contextCommand;
            case FAULT_STATUS & ~7 -> (long) unit.faults().status() << 32;
            case QUEUE_HEAD -> unit.queue().head();
            case QUEUE_TAIL -> unit.queue().tail();
            case QUEUE_ADDRESS -> unit.queue().address();
            case INVALIDATION_COMPLETION & ~7 -> unit.queue().hasWaitCompleted() ? 1L << 32 : 0;
            case PAGE_REQUEST_HEAD -> unit.pageRequests().head();
            case PAGE_REQUEST_TAIL -> unit.pageRequests().tail();
            case PAGE_REQUEST_ADDRESS -> unit.pageRequests().address();
            case PAGE_REQUEST_STATUS & ~7 -> (long) unit.pageRequests().status() << 32;
            default -> 0;
        };
    }

    private int globalStatus() {
        return (unit.isTranslating() ? TRANSLATION : 0)
                | (rootPointerSet ? ROOT_POINTER : 0)
                | (unit.queue().isEnabled() ? QUEUE : 0);
    }

    private int faultRecordAt(int offset) {
        int first = unit.capabilities().faultRecordOffset();
        int record = offset - first >> 4;
        return offset >= first && record < unit.faults().registers() ? record : -1;
    }

    /// Writes half of a 64-bit register, or a 32-bit register. A 64-bit command starts with its upper
    /// half.
    ///
    /// @param offset multiple of 4
    public void write32(int offset, int value) {
        switch (offset) {
            case GLOBAL_COMMAND -> command(value);
            case FAULT_STATUS -> {
                unit.faults().writeStatus(value);
                unit.runQueue();
            }
            case INVALIDATION_COMPLETION -> {
                if ((value & 1) != 0) {
                    unit.queue().acknowledgeWait();
                }
            }
            case PAGE_REQUEST_STATUS -> unit.pageRequests().writeStatus(value);
            default -> writeHalf(offset, value);
        }
    }

    private void writeHalf(int offset, int value) {
        long old = read64(offset & ~7);
        if ((offset & 4) == 0) {
            // Command bits are in the upper half: put without them, nothing starts.
            write64(offset, old & ~BUSY & -1L << 32 | value & 0xffff_ffffL);
        } else {
            write64(offset & ~7, old & 0xffff_ffffL | (long) value << 32);
        }
    }

    /// @param offset multiple of 8
    public void write64(int offset, long value) {
        int iotlb = unit.capabilities().iotlbRegisterOffset();
        int fault = faultRecordAt(offset);
        if (fault >= 0) {
            if ((offset & 8) != 0) {
                unit.faults().writeHigh(fault, value);
            }
        } else if (offset == iotlb) {
            invalidateAddress = value;
        } else if (offset == iotlb + 8) {
            invalidateIotlb(value);
        } else {
            switch (offset) {
                case GLOBAL_COMMAND -> write32(GLOBAL_COMMAND, (int) value);
                case ROOT_TABLE_ADDRESS -> rootTableAddress = value;
                case CONTEXT_COMMAND -> invalidateContexts(value);
                case FAULT_STATUS & ~7 -> write32(FAULT_STATUS, (int) (value >>> 32));
                case QUEUE_TAIL -> unit.setQueueTail(value);
                case QUEUE_ADDRESS -> unit.queue().setAddress(value);
                case INVALIDATION_COMPLETION & ~7 ->
                        write32(INVALIDATION_COMPLETION, (int) (value >>> 32));
                case PAGE_REQUEST_HEAD -> unit.pageRequests().setHead(value);
                case PAGE_REQUEST_TAIL -> unit.pageRequests().setTail(value);
                case PAGE_REQUEST_ADDRESS -> unit.pageRequests().setAddress(value);
                case PAGE_REQUEST_STATUS & ~7 -> write32(PAGE_REQUEST_STATUS, (int) (value >>> 32));
                // The rest is read-only, or not there.
                default -> {}
            }
        }
    }

    private void command(int value) {
        if ((value & ROOT_POINTER) != 0) {
            unit.setRootTableAddress(rootTableAddress);
            rootPointerSet = true;
        }
        if (unit.capabilities().queuedInvalidation()) {
            unit.queue().setEnabled((value & QUEUE) != 0);
            unit.runQueue();
        }
        unit.setTranslating((value & TRANSLATION) != 0);
    }

    /// CCMD_REG: 63 ICC | 62:61 CIRG | 60:59 CAIG | 33:32 FM | 31:16 SID | 15:0 DID
    private void invalidateContexts(long value) {
        contextCommand = value & ~BUSY & ~(3L << 59);
        int granularity = (int) (value >>> 61) & 3;
        if (value >= 0 || granularity == 0 || unit.queue().isEnabled()) {
            return;
        }
        int domain = (int) value & 0xffff;
        switch (granularity) {
            case 1 -> unit.caches().removeContexts();
            case 2 -> unit.caches().removeContexts(domain);
            default ->
                    unit.caches()
                            .removeContexts(
                                    domain,
                                    (int) (value >>> 16) & 0xffff,
                                    (int) (value >>> 32) & 3);
        }
        contextCommand |= (long) granularity << 59;
    }

    /// IOTLB_REG: 63 IVT | 61:60 IIRG | 58:57 IAIG | 47:32 DID, with IVA_REG: 63:12 iova | 6 IH | 5:0 AM
    private void invalidateIotlb(long value) {
        iotlbInvalidate = value & ~BUSY & ~(3L << 57);
        int granularity = (int) (value >>> 60) & 3;
        int addressMask = (int) invalidateAddress & 0x3f;
        boolean valid =
                granularity == 3
                        ? addressMask <= unit.capabilities().maxAddressMask()
                        : granularity != 0;
        if (value >= 0 || !valid || unit.queue().isEnabled()) {
            return;
        }
        int domain = (int) (value >>> 32) & 0xffff;
        switch (granularity) {
            case 1 -> unit.caches().removeTranslations();
            case 2 -> unit.caches().removeTranslations(domain);
            default ->
                    unit.caches()
                            .removePages(
                                    domain,
                                    invalidateAddress & -4096L,
                                    addressMask,
                                    (invalidateAddress & 1 << 6) != 0);
        }
        iotlbInvalidate |= (long) granularity << 57;
    }
}
