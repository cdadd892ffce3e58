package iommulab.engine.iommu.amdvi;

import iommulab.engine.iommu.QueueState;
import iommulab.engine.memory.PhysicalMemory;

import java.util.ArrayList;

/// A log in memory that hardware fills and software empties: the event log and the page request log.
/// Entries of 16 bytes; one place always stays free. When software does not keep up, the log stops and
/// says so in the status register.
/// Spec: AMD IOMMU, "Event Log", "Peripheral Page Request Log".
public final class LogRing {
    private static final int ENTRY = 16;
    private static final int SMALLEST = 8;
    private static final int REMEMBERED = 16;

    private long base;
    private int head;
    private int tail;
    private boolean running;
    private boolean overflowed;
    private boolean interrupting;
    private long written;

    LogRing() {}

    /// Everything that a checkpoint remembers of a log.
    record State(
            long base,
            int head,
            int tail,
            boolean running,
            boolean overflowed,
            boolean interrupting,
            long written) {}

    State state() {
        return new State(base, head, tail, running, overflowed, interrupting, written);
    }

    void restore(State state) {
        base = state.base();
        head = state.head();
        tail = state.tail();
        running = state.running();
        overflowed = state.overflowed();
        interrupting = state.interrupting();
        written = state.written();
    }

    /// Base address register: 51:12 address, 59:56 length.
    public long baseRegister() {
        return base;
    }

    /// Also sets head and tail to the beginning.
    void setBase(long value) {
        base = value;
        head = 0;
        tail = 0;
    }

    /// hpa of the log.
    public long address() {
        return base & (1L << 52) - 4096;
    }

    /// Size of the log; lengths below 8 are reserved and taken as 8.
    public int bytes() {
        return ENTRY << Math.max(SMALLEST, (int) (base >>> 56) & 0xf);
    }

    /// Byte offset of the first entry that software has not read.
    public int head() {
        return head;
    }

    /// Byte offset where hardware writes next.
    public int tail() {
        return tail;
    }

    void setHead(long value) {
        head = (int) value & bytes() - ENTRY;
    }

    void setTail(long value) {
        tail = (int) value & bytes() - ENTRY;
    }

    /// Whether hardware writes to it.
    public boolean isRunning() {
        return running;
    }

    /// Software's enable bit; switching it on starts a log that had stopped.
    void setEnabled(boolean enabled) {
        running = enabled && !overflowed;
    }

    /// An entry was lost for want of room; the log has stopped.
    public boolean hasOverflowed() {
        return overflowed;
    }

    void clearOverflow() {
        overflowed = false;
    }

    /// An entry was written that software has not acknowledged.
    public boolean isInterrupting() {
        return interrupting;
    }

    void clearInterrupt() {
        interrupting = false;
    }

    /// Entries written since power-on.
    public long written() {
        return written;
    }

    /// Whether it would take an entry.
    boolean takes() {
        return running && !isFull();
    }

    private boolean isFull() {
        return (tail + ENTRY & bytes() - ENTRY) == head;
    }

    /// Writes an entry, if the log runs and has room.
    ///
    /// @return false if it was lost
    boolean write(PhysicalMemory memory, long low, long high) {
        if (!running) {
            return false;
        }
        if (isFull()) {
            overflowed = true;
            interrupting = true;
            running = false;
            return false;
        }
        memory.write64(address() + tail + 8, high);
        memory.write64(address() + tail, low);
        tail = tail + ENTRY & bytes() - ENTRY;
        interrupting = true;
        written++;
        return true;
    }

    /// Says an entry in words.
    interface Wording {
        String of(long low, long high);
    }

    /// The log as the registers say, with its last entries as they lie in memory.
    QueueState toQueueState(String name, PhysicalMemory memory, Wording wording) {
        var recent = new ArrayList<String>();
        for (int back = 1; back <= Math.min(written, REMEMBERED); back++) {
            long at = address() + (tail - back * ENTRY & bytes() - ENTRY);
            recent.add(wording.of(memory.read64(at), memory.read64(at + 8)));
        }
        return new QueueState(
                name, false, address(), bytes(), ENTRY, head, tail, overflowed, recent);
    }
}
