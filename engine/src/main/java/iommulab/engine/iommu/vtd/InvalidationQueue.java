package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.DeviceMessages;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

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
    private final DeviceMessages messages;
    private boolean running;
    private long address;
    private int head;
    private int tail;
    private boolean enabled;
    private boolean waitCompleted;
    private long executed;
    private final long[] recentLows = new long[REMEMBERED];
    private final long[] recentHighs = new long[REMEMBERED];

    InvalidationQueue(
            PhysicalMemory memory, VtdCapabilities capabilities, DeviceMessages messages) {
        this.memory = memory;
        this.messages = messages;
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

    /// Executes descriptors until the queue is empty, one is bad, or one has to wait for a device.
    void run(VtdCaches caches, FaultRecording faults) {
        // A device may complete an invalidation while it is told of it.
        if (running || !enabled || faults.stopsQueue()) {
            return;
        }
        int step = descriptorBytes();
        if (tail >= bytes() || tail % step != 0) {
            faults.raiseQueueError();
            return;
        }
        running = true;
        boolean goesOn = true;
        while (head != tail && goesOn) {
            var descriptor = next();
            if (descriptor == null || !descriptor.isValid(capabilities)) {
                faults.raiseQueueError();
                goesOn = false;
            } else {
                goesOn = execute(descriptor, caches);
            }
            head = goesOn ? (head + step) % bytes() : head;
        }
        running = false;
    }

    /// The descriptor at the head, null if it cannot be one.
    private @Nullable InvalidationDescriptor next() {
        long at = base() + head;
        boolean readable =
                memory.isBacked(at)
                        && (descriptorBytes() == 16
                                || (memory.read64(at + 16) | memory.read64(at + 24)) == 0);
        return readable
                ? new InvalidationDescriptor(memory.read64(at), memory.read64(at + 8))
                : null;
    }

    /// @return false if it has to be tried again later
    private boolean execute(InvalidationDescriptor descriptor, VtdCaches caches) {
        boolean done =
                switch (descriptor.type()) {
                    // What was asked of devices before it must be done.
                    case InvalidationDescriptor.WAIT -> messages.openInvalidations() == 0;
                    case InvalidationDescriptor.DEVICE_TLB -> invalidateDevice(descriptor);
                    case InvalidationDescriptor.PASID_DEVICE_TLB ->
                            invalidatePasidOfDevice(descriptor);
                    default -> true;
                };
        if (!done) {
            return false;
        }
        remember(executed++, descriptor);
        switch (descriptor.type()) {
            case InvalidationDescriptor.WAIT -> completeWait(descriptor);
            case InvalidationDescriptor.PAGE_GROUP_RESPONSE -> respond(descriptor);
            default -> CacheInvalidations.apply(descriptor, caches);
        }
        return true;
    }

    private boolean invalidateDevice(InvalidationDescriptor descriptor) {
        long address = descriptor.high() & -4096L;
        int shift = DeviceMessages.rangeShift(address, (descriptor.high() & 1) != 0);
        return messages.invalidate(
                descriptor.requester(), Iommu.NO_PASID, start(address, shift), shift, false);
    }

    private boolean invalidatePasidOfDevice(InvalidationDescriptor descriptor) {
        long address = descriptor.high() & -4096L;
        int shift = DeviceMessages.rangeShift(address, (descriptor.high() & 1 << 11) != 0);
        return messages.invalidate(
                (int) (descriptor.low() >>> 16) & 0xffff,
                descriptor.pasid(),
                start(address, shift),
                shift,
                (descriptor.high() & 1) != 0);
    }

    private static long start(long address, int shift) {
        return shift >= 64 ? 0 : address & -1L << shift;
    }

    private void respond(InvalidationDescriptor descriptor) {
        boolean hasPasid = (descriptor.low() & 1 << 4) != 0;
        messages.respond(
                (int) (descriptor.low() >>> 16) & 0xffff,
                DeviceMessages.pasid(hasPasid, descriptor.pasid()),
                (int) (descriptor.high() >>> 3) & 0x1ff,
                descriptor.response().orElseThrow());
    }

    /// The time for the completions of devices is over: the wait that stands at the head is given up.
    void timeOut(FaultRecording faults) {
        if (messages.openInvalidations() == 0) {
            return;
        }
        messages.forgetOpen();
        faults.raiseTimeOut();
        var descriptor = head == tail ? null : next();
        if (descriptor != null && descriptor.type() == InvalidationDescriptor.WAIT) {
            head = (head + descriptorBytes()) % bytes();
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
