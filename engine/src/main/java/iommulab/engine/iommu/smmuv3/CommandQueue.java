package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.DeviceMessages;
import iommulab.engine.iommu.QueueState;
import iommulab.engine.memory.PhysicalMemory;

import java.util.ArrayList;
import java.util.List;

/// The command queue: a ring of commands in memory that software fills and hardware empties. Hardware runs
/// it as soon as software moves the producer index, and stops at the first command that it cannot execute.
/// Spec: SMMUv3, "Command queue", "Command queue errors".
public final class CommandQueue {
    /// Commands remembered for [#recent].
    public static final int REMEMBERED = 16;

    /// CMDQ_CONS.ERR: the command is illegal.
    public static final int ILLEGAL = 1;

    /// CMDQ_CONS.ERR: the command could not be read.
    public static final int ABORTED = 2;

    /// CMDQ_CONS.ERR: a device did not complete an invalidation before this SYNC.
    public static final int NOT_COMPLETED = 3;

    private static final int ERROR_AT = 24;

    private final PhysicalMemory memory;
    private final SmmuCapabilities capabilities;
    private final SmmuErrors errors;
    private final DeviceMessages messages;
    private final Ring ring;
    private boolean enabled;
    private int error;
    private boolean syncSignalled;
    private boolean running;
    /* Of registers: no state of its own. */
    private boolean host;
    private int wildVmidBits;
    private long executed;
    private List<SmmuCommand> recent = new ArrayList<>();

    CommandQueue(
            PhysicalMemory memory,
            SmmuCapabilities capabilities,
            SmmuErrors errors,
            DeviceMessages messages) {
        this.messages = messages;
        this.memory = memory;
        this.capabilities = capabilities;
        this.errors = errors;
        ring = new Ring(SmmuCommand.BYTES, capabilities.commandQueueBits());
    }

    /// Everything that a checkpoint remembers of it.
    record State(
            Ring.State ring,
            boolean enabled,
            int error,
            boolean syncSignalled,
            long executed,
            List<SmmuCommand> recent) {}

    State state() {
        return new State(
                ring.state(), enabled, error, syncSignalled, executed, List.copyOf(recent));
    }

    void restore(State state) {
        ring.restore(state.ring());
        enabled = state.enabled();
        error = state.error();
        syncSignalled = state.syncSignalled();
        executed = state.executed();
        recent = new ArrayList<>(state.recent());
    }

    Ring ring() {
        return ring;
    }

    void setEnabled(boolean value) {
        enabled = value;
    }

    /// CR2.E2H: what commands about EL2 mean.
    void serveHost(boolean value) {
        host = value;
    }

    /// CR0.VMW
    void ignoreVmidBits(int bits) {
        wildVmidBits = bits;
    }

    /// CR0.CMDQEN
    public boolean isEnabled() {
        return enabled;
    }

    /// hpa of the ring.
    public long base() {
        return ring.base();
    }

    /// Entries of the ring.
    public int entries() {
        return 1 << ring.bits();
    }

    /// Index of the next command that software writes.
    public int producer() {
        return ring.producer() & entries() - 1;
    }

    /// Index of the next command that hardware reads.
    public int consumer() {
        return ring.consumer() & entries() - 1;
    }

    /// CMDQ_CONS.ERR: why the queue stopped, 0 if it never did.
    public int error() {
        return error;
    }

    int consumerRegister() {
        return ring.consumer() | error << ERROR_AT;
    }

    void setConsumerRegister(int value) {
        ring.setConsumer(value & 0xfffff);
        error = value >>> ERROR_AT & 0x7f;
    }

    /// Whether a SYNC asked for an interrupt or an event since this was asked last.
    boolean takeSignal() {
        boolean signalled = syncSignalled;
        syncSignalled = false;
        return signalled;
    }

    QueueState queue() {
        return new QueueState(
                "command queue",
                true,
                base(),
                entries() * SmmuCommand.BYTES,
                SmmuCommand.BYTES,
                consumer() * SmmuCommand.BYTES,
                producer() * SmmuCommand.BYTES,
                false,
                recent().stream().map(SmmuCommand::toString).toList());
    }

    /// Commands executed since power-on.
    public long executed() {
        return executed;
    }

    /// The last commands executed, newest first.
    public List<SmmuCommand> recent() {
        return List.copyOf(recent).reversed();
    }

    /// Executes commands until the queue is empty or one cannot be executed.
    void run(SmmuCaches caches, StalledRequests stalled) {
        // A device may complete an invalidation while the command is still being executed.
        if (!running) {
            running = true;
            runToTheEnd(caches, stalled);
            running = false;
        }
    }

    private void runToTheEnd(SmmuCaches caches, StalledRequests stalled) {
        while (enabled && !errors.isActive(SmmuErrors.COMMAND_QUEUE) && !ring.isEmpty()) {
            long hpa = ring.entryHpa(ring.consumer());
            if (!memory.isBacked(hpa)) {
                stopAt(ABORTED);
                return;
            }
            var command = new SmmuCommand(memory.read64(hpa), memory.read64(hpa + 8));
            if (!command.isLegal(capabilities)) {
                stopAt(ILLEGAL);
                return;
            }
            if (waitsForDevices(command)) {
                return;
            }
            ring.consumed();
            remember(command);
            execute(command, caches, stalled);
        }
    }

    /// A SYNC waits for the completions of all device-TLB invalidations before it; such an invalidation
    /// waits for a free tag.
    private boolean waitsForDevices(SmmuCommand command) {
        return switch (command.opcode()) {
            case SmmuCommand.SYNC -> messages.openInvalidations() > 0;
            case SmmuCommand.ATC_INV ->
                    !messages.invalidate(
                            command.stream(),
                            command.substreamOrNone(),
                            command.deviceRangeStart(),
                            command.deviceRangeShift(),
                            command.isGlobal());
            default -> false;
        };
    }

    /// The SYNC at which the queue waits cannot be completed any more.
    void failSync() {
        if (enabled && !ring.isEmpty() && !errors.isActive(SmmuErrors.COMMAND_QUEUE)) {
            stopAt(NOT_COMPLETED);
        }
    }

    private void stopAt(int reason) {
        error = reason;
        errors.raise(SmmuErrors.COMMAND_QUEUE);
    }

    private void remember(SmmuCommand command) {
        executed++;
        if (recent.size() == REMEMBERED) {
            recent.removeFirst();
        }
        recent.add(command);
    }

    private void execute(SmmuCommand command, SmmuCaches caches, StalledRequests stalled) {
        switch (command.opcode()) {
            case SmmuCommand.CFGI_STE -> caches.removeStreams(command.stream(), 0);
            case SmmuCommand.CFGI_STE_RANGE ->
                    caches.removeStreams(command.stream(), command.ignoredStreamBits());
            case SmmuCommand.CFGI_CD ->
                    caches.removeDescriptor(command.stream(), command.substream());
            case SmmuCommand.CFGI_CD_ALL -> caches.removeDescriptors(command.stream());
            case SmmuCommand.RESUME ->
                    stalled.resume(command.stream(), command.tag(), command.response());
            case SmmuCommand.STALL_TERM -> stalled.terminate(command.stream());
            case SmmuCommand.SYNC -> complete(command);
            case SmmuCommand.PRI_RESP ->
                    messages.respond(
                            command.stream(),
                            command.substreamOrNone(),
                            command.pageGroup(),
                            command.pageResponse());
            default -> invalidate(command, caches);
        }
    }

    /// What of the translations a command reaches; prefetching and what devices keep for themselves
    /// reach none.
    private void invalidate(SmmuCommand command, SmmuCaches caches) {
        var reach = TlbReach.of(command, capabilities, host, wildVmidBits);
        if (reach.isEmpty()) {
            return;
        }
        if (command.isByAddress()) {
            byAddress(command, caches, reach.get());
        } else {
            caches.removeTranslations(reach.get());
        }
    }

    /// Cuts the range into pieces that are aligned to their size.
    private void byAddress(SmmuCommand command, SmmuCaches caches, SmmuCaches.TagTest test) {
        long page = command.address() >>> 12;
        long end = page + (command.bytes(capabilities) >>> 12);
        while (page < end) {
            int mask = 63 - Long.numberOfLeadingZeros(end - page);
            mask = Math.min(mask, Long.numberOfTrailingZeros(page));
            caches.removePages(test, page << 12, mask, command.leavesOnly());
            page += 1L << mask;
        }
    }

    private void complete(SmmuCommand command) {
        if (command.signal() == 1 && command.messageAddress() != 0) {
            memory.write32(command.messageAddress(), command.messageData());
        }
        syncSignalled |= command.signal() != 0;
    }
}
