package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.QueueState;
import iommulab.engine.memory.PhysicalMemory;

import java.util.ArrayList;
import java.util.List;

/// The event queue: a ring of records in memory that hardware fills and software empties. A record that
/// finds no room is lost, unless its request is stalled: then it waits for room. Where a stream allows it,
/// an event that repeats the newest record is not written as long as software has not read that one.
/// Spec: SMMUv3, "Event queue".
public final class EventQueue {
    /// Records remembered for [#recent].
    public static final int REMEMBERED = 16;

    private static final int OVERFLOW = 1 << 31;

    private final PhysicalMemory memory;
    private final SmmuErrors errors;
    private final Ring ring;
    private final boolean rehearses;
    /* No state: for whoever asks after a request. */
    private EventRecord last = new EventRecord(0, 0, 0, 0);
    private boolean enabled;
    private int overflow;
    private int acknowledged;
    private long recorded;
    private List<EventRecord> waiting = new ArrayList<>();
    private List<EventRecord> recent = new ArrayList<>();

    /// @param rehearses whether memory stays as it is
    EventQueue(PhysicalMemory memory, SmmuErrors errors, int mostBits, boolean rehearses) {
        this.memory = memory;
        this.errors = errors;
        this.rehearses = rehearses;
        ring = new Ring(EventRecord.BYTES, mostBits);
    }

    /// Everything that a checkpoint remembers of it.
    record State(
            Ring.State ring,
            boolean enabled,
            int overflow,
            int acknowledged,
            long recorded,
            List<EventRecord> waiting,
            List<EventRecord> recent) {}

    State state() {
        return new State(
                ring.state(),
                enabled,
                overflow,
                acknowledged,
                recorded,
                List.copyOf(waiting),
                List.copyOf(recent));
    }

    void restore(State state) {
        ring.restore(state.ring());
        enabled = state.enabled();
        overflow = state.overflow();
        acknowledged = state.acknowledged();
        recorded = state.recorded();
        waiting = new ArrayList<>(state.waiting());
        recent = new ArrayList<>(state.recent());
    }

    Ring ring() {
        return ring;
    }

    void setEnabled(boolean value) {
        enabled = value;
        flush();
    }

    /// CR0.EVENTQEN
    public boolean isEnabled() {
        return enabled;
    }

    /// EVENTQ_PROD with its overflow flag.
    int producerRegister() {
        return ring.producer() | overflow;
    }

    void setProducerRegister(int value) {
        ring.setProducer(value & ~OVERFLOW);
        overflow = value & OVERFLOW;
    }

    int consumerRegister() {
        return ring.consumer() | acknowledged;
    }

    /// Software has read records, and may acknowledge an overflow.
    void setConsumerRegister(int value) {
        ring.setConsumer(value & ~OVERFLOW);
        acknowledged = value & OVERFLOW;
        flush();
    }

    /// Whether a record was lost and software has not acknowledged that.
    public boolean hasOverflown() {
        return overflow != acknowledged;
    }

    QueueState queue() {
        return new QueueState(
                "event queue",
                false,
                base(),
                entries() * EventRecord.BYTES,
                EventRecord.BYTES,
                consumer() * EventRecord.BYTES,
                producer() * EventRecord.BYTES,
                hasOverflown(),
                recent().stream().map(EventRecord::toString).toList());
    }

    /// Records written since power-on.
    public long recorded() {
        return recorded;
    }

    /// The last records written, newest first.
    public List<EventRecord> recent() {
        return List.copyOf(recent).reversed();
    }

    /// hpa of the ring.
    public long base() {
        return ring.base();
    }

    /// Entries of the ring.
    public int entries() {
        return 1 << ring.bits();
    }

    /// Index of the next record that software reads.
    public int consumer() {
        return ring.consumer() & entries() - 1;
    }

    /// Index of the next record that hardware writes.
    public int producer() {
        return ring.producer() & entries() - 1;
    }

    /// The record that was made last, in the queue or waiting for room in it.
    EventRecord last() {
        return last;
    }

    /// @param merges whether a record that is still unread may stand for this event, too
    /// @return whether it is, or will be, in the queue
    boolean record(EventRecord event, boolean merges) {
        last = event;
        if (!enabled) {
            return false;
        }
        if (merges && !ring.isEmpty() && !recent.isEmpty() && recent.getLast().standsFor(event)) {
            return true;
        }
        if (ring.isFull()) {
            if (event.isStalled()) {
                waiting.add(event);
                return true;
            }
            if (!hasOverflown()) {
                overflow ^= OVERFLOW;
            }
            return false;
        }
        return write(event);
    }

    private boolean write(EventRecord event) {
        long hpa = ring.entryHpa(ring.producer());
        if (!(rehearses ? memory.isBacked(hpa) : put(hpa, event))) {
            errors.raise(SmmuErrors.EVENT_QUEUE_ABORTED);
            return false;
        }
        ring.produced();
        recorded++;
        if (recent.size() == REMEMBERED) {
            recent.removeFirst();
        }
        recent.add(event);
        return true;
    }

    private boolean put(long hpa, EventRecord event) {
        return memory.write64(hpa, event.word0())
                && memory.write64(hpa + 8, event.word1())
                && memory.write64(hpa + 16, event.word2())
                && memory.write64(hpa + 24, event.word3());
    }

    private void flush() {
        while (enabled && !waiting.isEmpty() && !ring.isFull()) {
            write(waiting.removeFirst());
        }
    }
}
