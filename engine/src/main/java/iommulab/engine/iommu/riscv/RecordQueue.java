package iommulab.engine.iommu.riscv;

import iommulab.engine.memory.PhysicalMemory;

/// A queue in memory that hardware fills and software empties: the fault queue and the page-request queue.
/// Base, head, tail and status as their registers show them.
/// Spec: RISC-V IOMMU, "Fault/Event-Queue (FQ)", "Page-Request-Queue (PQ)".
final class RecordQueue {
    /*
     *   base    53:10 PPN | 4:0 log2(records) - 1
     *   status  0 enable | 1 interrupt enable | 8 memory fault | 9 overflow | 16 on | 17 busy
     */
    static final int ENABLE = 1;
    static final int INTERRUPT = 1 << 1;
    static final int MEMORY_FAULT = 1 << 8;
    static final int OVERFLOW = 1 << 9;
    static final int ON = 1 << 16;

    private static final long BASE_BITS = (1L << 44) - 1 << 10 | 0x1f;
    private static final long PPN = (1L << 44) - 1;

    private final PhysicalMemory memory;
    private final int recordShift;
    private long base;
    private int head;
    private int tail;
    private int status;

    /// @param recordShift two to this power is the size of a record in bytes
    RecordQueue(PhysicalMemory memory, int recordShift) {
        this.memory = memory;
        this.recordShift = recordShift;
    }

    /// Everything that a checkpoint remembers of a queue.
    record State(long base, int head, int tail, int status) {}

    State state() {
        return new State(base, head, tail, status);
    }

    void restore(State state) {
        base = state.base();
        head = state.head();
        tail = state.tail();
        status = state.status();
    }

    long base() {
        return base;
    }

    /// Software moves the queue; while it is on, that is ignored.
    void setBase(long value) {
        if (!isOn()) {
            base = value & BASE_BITS;
            tail &= records() - 1;
            head &= records() - 1;
        }
    }

    int head() {
        return head;
    }

    void setHead(int value) {
        head = value & records() - 1;
    }

    int tail() {
        return tail;
    }

    /// Software sets the tail; while the queue is on, that is ignored.
    void setTail(int value) {
        if (!isOn()) {
            tail = value & records() - 1;
        }
    }

    int status() {
        return status;
    }

    /// Software writes the status register: ones clear what went wrong.
    void setStatus(int value) {
        int errors = status & (MEMORY_FAULT | OVERFLOW) & ~value;
        int enabled = value & (ENABLE | INTERRUPT);
        status = errors | enabled | ((value & ENABLE) != 0 ? ON : 0);
    }

    boolean isOn() {
        return (status & ON) != 0;
    }

    boolean interrupts() {
        return (status & INTERRUPT) != 0;
    }

    int records() {
        return 2 << (int) (base & 0x1f);
    }

    /// Address of the ring.
    long address() {
        return (base >>> 10 & PPN) << 12;
    }

    /// Whether a record can be appended now.
    boolean accepts() {
        return isOn() && (status & (MEMORY_FAULT | OVERFLOW)) == 0;
    }

    /// Appends a record, if the queue is on and has not stopped.
    ///
    /// @param big whether it is written big-endian
    /// @return whether the record lies in memory now
    boolean append(boolean big, long... words) {
        if (!accepts()) {
            return false;
        }
        int next = tail + 1 & records() - 1;
        if (next == head) {
            status |= OVERFLOW;
            return false;
        }
        long at = address() + ((long) tail << recordShift);
        for (int i = 0; i < words.length; i++) {
            long word = big ? Long.reverseBytes(words[i]) : words[i];
            if (!memory.write64(at + 8L * i, word)) {
                status |= MEMORY_FAULT;
                return false;
            }
        }
        tail = next;
        return true;
    }

    boolean has(int error) {
        return (status & error) != 0;
    }

    /// A record that software has not taken yet.
    ///
    /// @param number from [#head]
    /// @param word of the record
    long word(int number, int word) {
        return memory.read64(address() + ((long) number << recordShift) + 8L * word);
    }
}
