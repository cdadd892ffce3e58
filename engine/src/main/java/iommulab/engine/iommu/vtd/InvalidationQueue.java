package iommulab.engine.iommu.vtd;

import iommulab.engine.memory.PhysicalMemory;

import java.util.ArrayList;
import java.util.List;

/// The invalidation queue: a ring of descriptors in memory that software fills and hardware empties.
/// Hardware runs it as soon as software moves the tail, and stops at the first bad descriptor.
/// Spec: VT-d, "Queued Invalidation Interface".
public final class InvalidationQueue {
    /// Descriptors remembered for [#recent].
    public static final int REMEMBERED = 16;

    private static final int WIDE = 1 << 11;
    private static final int OFFSETS = 0x7fff0;

    private final PhysicalMemory memory;
    private final VtdCapabilities capabilities;
    private long address;
    private int head;
    private int tail;
    private boolean enabled;
    private boolean waitCompleted;
    private long executed;
    private final long[] recentLows = new long[REMEMBERED];
    private final long[] recentHighs = new long[REMEMBERED];

    InvalidationQueue(PhysicalMemory memory, VtdCapabilities capabilities) {
        this.memory = memory;
        this.capabilities = capabilities;
    }

    /// Everything that a checkpoint remembers of a queue.
    record State(
            long address,
            int head,
            int tail,
            boolean enabled,
            boolean waitCompleted,
            long executed,
            List<InvalidationDescriptor> recent) {}

    State state() {
        return new State(address, head, tail, enabled, waitCompleted, executed, recent());
    }

    void restore(State state) {
        address = state.address();
        head = state.head();
        tail = state.tail();
        enabled = state.enabled();
        waitCompleted = state.waitCompleted();
        executed = state.executed();
        for (int i = 0; i < state.recent().size(); i++) {
            remember(executed - 1 - i, state.recent().get(i));
        }
    }

    private void remember(long number, InvalidationDescriptor descriptor) {
        recentLows[(int) (number % REMEMBERED)] = descriptor.low();
        recentHighs[(int) (number % REMEMBERED)] = descriptor.high();
    }

    /// IQA_REG: 63:12 base, 11 DW (256-bit descriptors), 2:0 QS (4096 << QS bytes).
    public long address() {
        return address;
    }

    void setAddress(long value) {
        address = value;
    }

    /// hpa of the ring.
    public long base() {
        return address & -4096L;
    }

    /// Size of the ring.
    public int bytes() {
        return 4096 << (int) (address & 7);
    }

    /// Size of one descriptor.
    public int descriptorBytes() {
        return (address & WIDE) == 0 ? 16 : 32;
    }

    /// Byte offset of the next descriptor that hardware reads.
    public int head() {
        return head;
    }

    /// Byte offset behind the last that software wrote.
    public int tail() {
        return tail;
    }

    /// GSTS.QIES
    public boolean isEnabled() {
        return enabled;
    }

    /// Enabling starts at the beginning of the ring.
    void setEnabled(boolean value) {
        if (value && !enabled) {
            head = 0;
        }
        enabled = value;
    }

    /// ICS.IWC: a wait descriptor asked for an interrupt and is done.
    public boolean hasWaitCompleted() {
        return waitCompleted;
    }

    void acknowledgeWait() {
        waitCompleted = false;
    }

    /// Descriptors executed since power-on.
    public long executed() {
        return executed;
    }

    /// The last descriptors executed, newest first.
    public List<InvalidationDescriptor> recent() {
        var descriptors = new ArrayList<InvalidationDescriptor>();
        for (long number = executed - 1; number >= 0 && number >= executed - REMEMBERED; number--) {
            int place = (int) (number % REMEMBERED);
            descriptors.add(new InvalidationDescriptor(recentLows[place], recentHighs[place]));
        }
        return descriptors;
    }

    void setTail(long offset, VtdCaches caches, FaultRecording faults) {
        tail = (int) offset & OFFSETS;
        run(caches, faults);
    }

    /// Executes descriptors until the queue is empty or one is bad.
    void run(VtdCaches caches, FaultRecording faults) {
        if (!enabled || faults.hasQueueError()) {
            return;
        }
        int step = descriptorBytes();
        if (tail >= bytes() || tail % step != 0) {
            faults.raiseQueueError();
            return;
        }
        while (head != tail) {
            long at = base() + head;
            var descriptor = new InvalidationDescriptor(memory.read64(at), memory.read64(at + 8));
            boolean readable =
                    memory.isBacked(at)
                            && (step == 16
                                    || (memory.read64(at + 16) | memory.read64(at + 24)) == 0);
            if (!readable || !descriptor.isValid(capabilities)) {
                faults.raiseQueueError();
                return;
            }
            execute(descriptor, caches);
            head = (head + step) % bytes();
        }
    }

    private void execute(InvalidationDescriptor descriptor, VtdCaches caches) {
        remember(executed++, descriptor);
        switch (descriptor.type()) {
            case InvalidationDescriptor.CONTEXT -> context(descriptor, caches);
            case InvalidationDescriptor.IOTLB -> iotlb(descriptor, caches);
            case InvalidationDescriptor.WAIT -> completeWait(descriptor);
            case InvalidationDescriptor.PASID_IOTLB -> pasidIotlb(descriptor, caches.scalable());
            case InvalidationDescriptor.PASID_CACHE -> pasidCache(descriptor, caches.scalable());
            // Nothing of what the others invalidate is ever cached here.
            default -> {}
        }
    }

    private static void context(InvalidationDescriptor descriptor, VtdCaches caches) {
        switch (descriptor.granularity()) {
            case InvalidationDescriptor.GLOBAL -> caches.removeContexts();
            case InvalidationDescriptor.DOMAIN -> caches.removeContexts(descriptor.domain());
            default ->
                    caches.removeContexts(
                            descriptor.domain(), descriptor.requester(), descriptor.functionMask());
        }
    }

    private static void iotlb(InvalidationDescriptor descriptor, VtdCaches caches) {
        switch (descriptor.granularity()) {
            case InvalidationDescriptor.GLOBAL -> caches.removeTranslations();
            case InvalidationDescriptor.DOMAIN -> caches.removeTranslations(descriptor.domain());
            default ->
                    caches.removePages(
                            descriptor.domain(),
                            descriptor.high() & -4096L,
                            descriptor.addressMask(),
                            descriptor.leavesOnly());
        }
    }

    private static void pasidIotlb(InvalidationDescriptor descriptor, ScalableCaches caches) {
        if (descriptor.granularity() == InvalidationDescriptor.DOMAIN) {
            caches.removePasidTranslations(descriptor.domain(), descriptor.pasid());
        } else {
            caches.removePasidPages(
                    descriptor.domain(),
                    descriptor.pasid(),
                    descriptor.high() & -4096L,
                    descriptor.addressMask(),
                    descriptor.leavesOnly());
        }
    }

    private static void pasidCache(InvalidationDescriptor descriptor, ScalableCaches caches) {
        switch (descriptor.granularity()) {
            case InvalidationDescriptor.ALL_OF_DOMAIN -> caches.removePasids(descriptor.domain());
            case InvalidationDescriptor.ONE_PASID ->
                    caches.removePasids(descriptor.domain(), descriptor.pasid());
            default -> caches.removePasids();
        }
    }

    private void completeWait(InvalidationDescriptor descriptor) {
        if ((descriptor.low() & 1 << 5) != 0) {
            memory.write32(descriptor.high() & -4L, (int) (descriptor.low() >>> 32));
        }
        if ((descriptor.low() & 1 << 4) != 0) {
            waitCompleted = true;
        }
    }
}
