package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.PageRequest;
import iommulab.engine.memory.PhysicalMemory;

import java.util.ArrayList;
import java.util.List;

/// The page request queue: a ring of descriptors in memory that hardware fills with what devices ask for
/// and software empties.
/// Spec: VT-d, "Page Request Queue", "Page Request Descriptor".
public final class PageRequestQueue {
    /*
     *   word 0  7:0 type 1 | 8 has PASID | 31:16 requester | 51:32 PASID | 52 execute | 53 privileged
     *   word 1  0 read | 1 write | 2 last of its group | 11:3 group | 63:12 address
     *   words 2 and 3 zero
     */
    /// PRS.PPR: a request was written.
    public static final int PENDING = 1;

    /// PRS.PRO: a request was lost for want of room.
    public static final int OVERFLOW = 1 << 1;

    private static final int ENTRY_BYTES = 32;
    private static final int REMEMBERED = 16;
    private static final int OFFSETS = 0x7ffe0;
    private static final long TYPE = 1;
    private static final int HAS_PASID = 1 << 8;

    private final PhysicalMemory memory;
    private State state = State.POWER_ON;

    PageRequestQueue(PhysicalMemory memory) {
        this.memory = memory;
    }

    /// Everything that a checkpoint remembers of it.
    record State(long address, int head, int tail, int status, long written) {
        static final State POWER_ON = new State(0, 0, 0, 0, 0);
    }

    State state() {
        return state;
    }

    void restore(State then) {
        state = then;
    }

    /// PQA_REG: 63:12 base, 2:0 PQS (4096 << PQS bytes).
    public long address() {
        return state.address();
    }

    void setAddress(long value) {
        state = new State(value, state.head(), state.tail(), state.status(), state.written());
    }

    /// hpa of the ring.
    public long base() {
        return state.address() & -4096L;
    }

    /// Size of the ring.
    public int bytes() {
        return 4096 << (int) (state.address() & 7);
    }

    public int entryBytes() {
        return ENTRY_BYTES;
    }

    /// Byte offset of the next descriptor that software reads.
    public int head() {
        return state.head();
    }

    void setHead(long offset) {
        int head = (int) offset & OFFSETS;
        state = new State(state.address(), head, state.tail(), state.status(), state.written());
    }

    /// Byte offset behind the last that hardware wrote.
    public int tail() {
        return state.tail();
    }

    void setTail(long offset) {
        int tail = (int) offset & OFFSETS;
        state = new State(state.address(), state.head(), tail, state.status(), state.written());
    }

    /// PRS_REG: [#PENDING], [#OVERFLOW].
    public int status() {
        return state.status();
    }

    /// Ones clear.
    void writeStatus(int value) {
        setStatus(state.status() & ~(value & (PENDING | OVERFLOW)));
    }

    private void setStatus(int status) {
        state = new State(state.address(), state.head(), state.tail(), status, state.written());
    }

    /// Requests written since power-on.
    public long written() {
        return state.written();
    }

    /// Writes a request down, if there is room. After an overflow none is taken until software has
    /// acknowledged it.
    ///
    /// @return whether it was written
    boolean take(PageRequest request) {
        int next = (state.tail() + ENTRY_BYTES) % bytes();
        if ((state.status() & OVERFLOW) != 0) {
            return false;
        }
        if (next == state.head()) {
            setStatus(state.status() | OVERFLOW);
            return false;
        }
        long at = base() + state.tail();
        boolean written =
                memory.write64(at, low(request))
                        && memory.write64(at + 8, high(request))
                        && memory.write64(at + 16, 0)
                        && memory.write64(at + 24, 0);
        if (written) {
            state =
                    new State(
                            state.address(),
                            state.head(),
                            next,
                            state.status() | PENDING,
                            state.written() + 1);
        }
        return written;
    }

    /// The last requests that lie in the ring, newest first, in words.
    public List<String> recent() {
        var words = new ArrayList<String>();
        long kept = Math.min(Math.min(state.written(), REMEMBERED), bytes() / ENTRY_BYTES);
        for (int i = 1; i <= kept; i++) {
            int offset = Math.floorMod(state.tail() - i * ENTRY_BYTES, bytes());
            long at = base() + offset;
            words.add(words(memory.read64(at), memory.read64(at + 8)));
        }
        return words;
    }

    private static String words(long low, long high) {
        String pasid =
                (low & HAS_PASID) == 0 ? "" : ", PASID 0x%x".formatted(low >>> 32 & 0xf_ffff);
        return "0x%04x%s asks for 0x%x%s%s, group %d%s"
                .formatted(
                        low >>> 16 & 0xffff,
                        pasid,
                        high & -4096L,
                        (high & 1) != 0 ? ", read" : "",
                        (high & 2) != 0 ? ", write" : "",
                        high >>> 3 & 0x1ff,
                        (high & 4) != 0 ? ", last" : "");
    }

    private static long low(PageRequest request) {
        var prefix = request.prefix();
        long low = TYPE | (long) request.requester() << 16;
        if (prefix.pasid() == Iommu.NO_PASID) {
            return low;
        }
        return low
                | HAS_PASID
                | (long) prefix.pasid() << 32
                | (prefix.execute() ? 1L << 52 : 0)
                | (prefix.privileged() ? 1L << 53 : 0);
    }

    private static long high(PageRequest request) {
        return request.iova()
                | (long) request.group() << 3
                | (request.last() ? 1 << 2 : 0)
                | (request.write() ? 1 << 1 : 0)
                | (request.read() ? 1 : 0);
    }
}
