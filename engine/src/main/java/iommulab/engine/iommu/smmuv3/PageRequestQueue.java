package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.DeviceMessages;
import iommulab.engine.iommu.PageRequest;
import iommulab.engine.iommu.PageResponse;
import iommulab.engine.iommu.QueueState;
import iommulab.engine.memory.PhysicalMemory;

import java.util.ArrayList;
import java.util.List;

/// The PRI queue: a ring in memory of the pages that devices ask for. When it is full, or off, the unit
/// answers complete groups itself.
/// Spec: SMMUv3, "PRI queue", "PRI queue overflow".
public final class PageRequestQueue {
    /*
     *   word 0  63 substream valid | 62 last of its group | 61 write | 60 read | 59 execute |
     *           58 privileged | 51:32 substream | 31:0 stream
     *   word 1  63:12 address | 8:0 group
     */
    static final int ENTRY_BYTES = 16;
    private static final int OVERFLOW = 1 << 31;
    private static final int REMEMBERED = 16;

    private final PhysicalMemory memory;
    private final SmmuErrors errors;
    private final DeviceMessages messages;
    private final Ring ring;
    private boolean enabled;
    private int overflow;
    private int acknowledged;
    private List<PageRequest> recent = new ArrayList<>();

    PageRequestQueue(
            PhysicalMemory memory, SmmuErrors errors, DeviceMessages messages, int mostBits) {
        this.memory = memory;
        this.errors = errors;
        this.messages = messages;
        ring = new Ring(ENTRY_BYTES, mostBits);
    }

    /// Everything that a checkpoint remembers of it.
    record State(
            Ring.State ring,
            boolean enabled,
            int overflow,
            int acknowledged,
            List<PageRequest> recent) {}

    State state() {
        return new State(ring.state(), enabled, overflow, acknowledged, List.copyOf(recent));
    }

    void restore(State state) {
        ring.restore(state.ring());
        enabled = state.enabled();
        overflow = state.overflow();
        acknowledged = state.acknowledged();
        recent = new ArrayList<>(state.recent());
    }

    Ring ring() {
        return ring;
    }

    void setEnabled(boolean value) {
        enabled = value;
    }

    /// CR0.PRIQEN
    public boolean isEnabled() {
        return enabled;
    }

    /// PRIQ_PROD with its overflow flag.
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

    void setConsumerRegister(int value) {
        ring.setConsumer(value & ~OVERFLOW);
        acknowledged = value & OVERFLOW;
    }

    /// Whether a request was lost and software has not acknowledged that.
    public boolean hasOverflown() {
        return overflow != acknowledged;
    }

    QueueState queue() {
        int entries = 1 << ring.bits();
        return new QueueState(
                "PRI queue",
                false,
                ring.base(),
                entries * ENTRY_BYTES,
                ENTRY_BYTES,
                (ring.consumer() & entries - 1) * ENTRY_BYTES,
                (ring.producer() & entries - 1) * ENTRY_BYTES,
                hasOverflown(),
                recent.reversed().stream().map(PageRequestQueue::words).toList());
    }

    private static String words(PageRequest request) {
        return "stream 0x%04x%s, page 0x%x, group %d%s"
                .formatted(
                        request.requester(),
                        request.prefix().isPresent()
                                ? ", substream %d".formatted(request.prefix().pasid())
                                : "",
                        request.iova(),
                        request.group(),
                        request.last() ? ", last" : "");
    }

    /// Writes a request down. Without room for it the device is told that all went well: it tries again,
    /// does not find the page, and asks again.
    void take(PageRequest request) {
        if (!enabled) {
            answer(request, PageResponse.FAILURE);
        } else if (hasOverflown() || ring.isFull()) {
            if (!hasOverflown()) {
                overflow ^= OVERFLOW;
            }
            answer(request, PageResponse.SUCCESS);
        } else {
            write(request);
        }
    }

    private void write(PageRequest request) {
        long hpa = ring.entryHpa(ring.producer());
        long high = request.iova() | request.group();
        if (!memory.write64(hpa, low(request)) || !memory.write64(hpa + 8, high)) {
            errors.raise(SmmuErrors.PAGE_QUEUE_ABORTED);
            answer(request, PageResponse.FAILURE);
            return;
        }
        ring.produced();
        if (recent.size() == REMEMBERED) {
            recent.removeFirst();
        }
        recent.add(request);
    }

    private static long low(PageRequest request) {
        var prefix = request.prefix();
        return request.requester()
                | (prefix.isPresent() ? 1L << 63 | (long) prefix.pasid() << 32 : 0)
                | (request.last() ? 1L << 62 : 0)
                | (request.write() ? 1L << 61 : 0)
                | (request.read() ? 1L << 60 : 0)
                | (prefix.execute() ? 1L << 59 : 0)
                | (prefix.privileged() ? 1L << 58 : 0);
    }

    /// A group gets its answer when it is complete.
    private void answer(PageRequest request, PageResponse response) {
        if (request.last()) {
            messages.respond(
                    request.requester(), request.prefix().pasid(), request.group(), response);
        }
    }
}
