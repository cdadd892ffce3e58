package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.Iommu;

/// The fault recording registers and the fault status register, as hardware fills them and software
/// acknowledges them.
/// Spec: VT-d, "Primary Fault Logging", "Fault Status Register", "Fault Recording Registers".
public final class FaultRecording {
    /*
     *   low   63:12 iova                                            11:0 zero
     *   high  63 F: filled | 62 T: 1 = read | 61:60 address type | 59:40 PASID | 39:32 reason
     *         31 has PASID | 30 execute | 29 privileged | 15:0 requester
     */
    /// FSTS.PFO: a fault was lost because the next register was still filled.
    public static final int OVERFLOW = 1;

    /// FSTS.PPF: a register is filled.
    public static final int PENDING = 1 << 1;

    /// FSTS.IQE: the invalidation queue has stopped at a bad descriptor.
    public static final int QUEUE_ERROR = 1 << 4;

    /// FSTS.ICE: a device completed an invalidation that nobody had asked for. FSTS.ITE: one did not
    /// complete in time.
    private static final int COMPLETION_ERROR = 1 << 5;

    private static final int TIME_OUT = 1 << 6;

    private static final long FILLED = 1L << 63;
    private static final long READ = 1L << 62;

    private final long[] lows;
    private final long[] highs;
    private int next;
    private int status;
    private int firstPending;

    /// @param registers how many there are
    public FaultRecording(int registers) {
        lows = new long[registers];
        highs = new long[registers];
    }

    private FaultRecording(FaultRecording other) {
        lows = other.lows.clone();
        highs = other.highs.clone();
        next = other.next;
        status = other.status;
        firstPending = other.firstPending;
    }

    public FaultRecording copy() {
        return new FaultRecording(this);
    }

    private static final int ADDRESS_TYPE_AT = 60;
    private static final int PASID_AT = 40;
    private static final int HAS_PASID = 1 << 31;
    private static final int EXECUTES = 1 << 30;
    private static final int PRIVILEGED = 1 << 29;

    /// Kind of a page request: T2.
    static final long PAGE_REQUEST = 1 << 28;

    /// What a record says of the kind of request.
    ///
    /// @param pasid or [Iommu#NO_PASID]
    /// @param access as in [Iommu#translate]
    static long kind(int pasid, int access) {
        long type = (access & Iommu.TRANSLATED) != 0 ? 2 : (access & Iommu.ASKS) != 0 ? 1 : 0;
        long kind = type << ADDRESS_TYPE_AT;
        if (pasid >= 0) {
            kind |= (long) pasid << PASID_AT | HAS_PASID & 0xffff_ffffL;
            kind |= (access & Iommu.EXECUTE) != 0 ? EXECUTES : 0;
            kind |= (access & Iommu.PRIVILEGED) != 0 ? PRIVILEGED : 0;
        }
        return kind;
    }

    /// Records a fault of a plain request, see the other `record`.
    public boolean record(int reason, int requester, long iova, boolean read) {
        return record(reason, requester, iova, read, 0);
    }

    /// Records a fault, if hardware has room to.
    ///
    /// @param kind see [#kind]
    /// @return false if it was dropped: after an overflow, because the same requester already has one
    ///     pending, or because this one overflows
    boolean record(int reason, int requester, long iova, boolean read, long kind) {
        if ((status & OVERFLOW) != 0 || isPending(requester)) {
            return false;
        }
        if (highs[next] < 0) {
            status |= OVERFLOW;
            return false;
        }
        if (!anyPending()) {
            firstPending = next;
        }
        lows[next] = iova & -4096L;
        highs[next] = FILLED | (read ? READ : 0) | (long) reason << 32 | requester | kind;
        next = (next + 1) % lows.length;
        return true;
    }

    private boolean isPending(int requester) {
        for (long high : highs) {
            if (high < 0 && (high & 0xffff) == requester) {
                return true;
            }
        }
        return false;
    }

    private boolean anyPending() {
        for (long high : highs) {
            if (high < 0) {
                return true;
            }
        }
        return false;
    }

    /// Number of registers.
    public int registers() {
        return lows.length;
    }

    public long low(int register) {
        return lows[register];
    }

    public long high(int register) {
        return highs[register];
    }

    /// Software writes the upper word of a register: a 1 in F empties it.
    public void writeHigh(int register, long value) {
        if (value < 0) {
            highs[register] &= ~FILLED;
        }
    }

    /// FSTS_REG as software reads it.
    public int status() {
        return status | (anyPending() ? PENDING : 0) | firstPending << 8;
    }

    /// Software writes FSTS_REG: ones clear what may be cleared.
    public void writeStatus(int value) {
        status &= ~(value & (OVERFLOW | QUEUE_ERROR | COMPLETION_ERROR | TIME_OUT));
    }

    /// FSTS.IQE
    public boolean hasQueueError() {
        return (status & QUEUE_ERROR) != 0;
    }

    /// FSTS.ITE
    public boolean hasTimeOut() {
        return (status & TIME_OUT) != 0;
    }

    /// Whether the queue has to wait until software acknowledges an error.
    boolean stopsQueue() {
        return hasQueueError() || hasTimeOut();
    }

    void raiseTimeOut() {
        status |= TIME_OUT;
    }

    void raiseCompletionError() {
        status |= COMPLETION_ERROR;
    }

    void raiseQueueError() {
        status |= QUEUE_ERROR;
    }

    long stateHash() {
        long hash = java.util.Arrays.hashCode(lows) * 31L + java.util.Arrays.hashCode(highs);
        return ((hash * 31 + next) * 31 + status) * 31 + firstPending;
    }
}
