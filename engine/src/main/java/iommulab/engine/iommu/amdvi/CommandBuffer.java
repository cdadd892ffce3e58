package iommulab.engine.iommu.amdvi;

import iommulab.engine.iommu.DeviceMessages;
import iommulab.engine.iommu.QueueState;
import iommulab.engine.memory.PhysicalMemory;

import java.util.ArrayList;
import java.util.List;

/// The command buffer: a ring of commands in memory that software fills and hardware empties. Hardware
/// runs it as soon as software moves the tail, and stops at the first command that it cannot execute,
/// until software switches the buffer off and on again.
/// Spec: AMD IOMMU, "Command Buffer".
public final class CommandBuffer {
    /// Commands remembered for [#recent].
    public static final int REMEMBERED = 16;

    private static final int ENTRY = 16;
    private static final int SMALLEST = 8;
    private static final long STORE_ADDRESS = (1L << 52) - 8;

    private final PhysicalMemory memory;
    private final AmdCapabilities capabilities;
    private final DeviceMessages messages;
    /* Device-TLB invalidations whose completion is missing, in the order in which they were sent. */
    private final List<Open> open = new ArrayList<>();
    private boolean executing;
    private long base;
    private int head;
    private int tail;
    private boolean running;
    private boolean waitCompleted;
    private long executed;
    private final long[] recentLows = new long[REMEMBERED];
    private final long[] recentHighs = new long[REMEMBERED];

    CommandBuffer(PhysicalMemory memory, AmdCapabilities capabilities, DeviceMessages messages) {
        this.memory = memory;
        this.capabilities = capabilities;
        this.messages = messages;
    }

    /// @param at hpa of the command
    private record Open(int device, long at) {}

    /// Everything that a checkpoint remembers of a buffer.
    record State(
            long base,
            int head,
            int tail,
            boolean running,
            boolean waitCompleted,
            long executed,
            List<AmdCommand> recent,
            List<Open> open) {}

    State state() {
        return new State(
                base, head, tail, running, waitCompleted, executed, recent(), List.copyOf(open));
    }

    void restore(State state) {
        base = state.base();
        head = state.head();
        tail = state.tail();
        running = state.running();
        waitCompleted = state.waitCompleted();
        executed = state.executed();
        open.clear();
        open.addAll(state.open());
        for (int i = 0; i < state.recent().size(); i++) {
            remember(executed - 1 - i, state.recent().get(i));
        }
    }

    private void remember(long number, AmdCommand command) {
        recentLows[(int) (number % REMEMBERED)] = command.low();
        recentHighs[(int) (number % REMEMBERED)] = command.high();
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

    /// hpa of the ring.
    public long address() {
        return base & (1L << 52) - 4096;
    }

    /// Size of the ring; lengths below 8 are reserved and taken as 8.
    public int bytes() {
        return ENTRY << Math.max(SMALLEST, (int) (base >>> 56) & 0xf);
    }

    /// Byte offset of the next command that hardware reads.
    public int head() {
        return head;
    }

    /// Byte offset behind the last that software wrote.
    public int tail() {
        return tail;
    }

    void setHead(long value) {
        head = (int) value & bytes() - ENTRY;
    }

    void setTail(long value) {
        tail = (int) value & bytes() - ENTRY;
    }

    /// Whether hardware executes commands.
    public boolean isRunning() {
        return running;
    }

    void setRunning(boolean value) {
        running = value;
    }

    /// A completion wait asked for an interrupt and is done.
    public boolean hasWaitCompleted() {
        return waitCompleted;
    }

    void acknowledgeWait() {
        waitCompleted = false;
    }

    /// Commands executed since power-on.
    public long executed() {
        return executed;
    }

    /// The last commands executed, newest first.
    public List<AmdCommand> recent() {
        var commands = new ArrayList<AmdCommand>();
        for (long number = executed - 1; number >= 0 && number >= executed - REMEMBERED; number--) {
            int place = (int) (number % REMEMBERED);
            commands.add(new AmdCommand(recentLows[place], recentHighs[place]));
        }
        return commands;
    }

    /// The buffer as the registers say.
    QueueState toQueueState() {
        return new QueueState(
                "command buffer",
                true,
                address(),
                bytes(),
                ENTRY,
                head,
                tail,
                false,
                recent().stream().map(AmdCommand::toString).toList());
    }

    /// Executes commands until the buffer is empty, one is bad, or one has to wait for devices.
    void run(AmdState unit) {
        // A device may complete an invalidation while the command is still being executed.
        if (!executing) {
            executing = true;
            runToTheEnd(unit);
            executing = false;
        }
    }

    private void runToTheEnd(AmdState unit) {
        while (running && head != tail) {
            long at = address() + head;
            var command = new AmdCommand(memory.read64(at), memory.read64(at + 8));
            if (!memory.isBacked(at)) {
                stop(unit, AmdEvent.COMMAND_HARDWARE_ERROR, AmdEvent.MASTER_ABORT, at);
            } else if (!command.isValid(capabilities)) {
                stop(unit, AmdEvent.ILLEGAL_COMMAND_ERROR, 0, at);
            } else if (waitsForDevices(command, at)) {
                return;
            } else {
                execute(command, unit, at);
            }
        }
    }

    /// A completion wait waits for the completions of all device-TLB invalidations before it; such an
    /// invalidation waits for a free tag.
    private boolean waitsForDevices(AmdCommand command, long at) {
        return switch (command.opcode()) {
            case AmdCommand.COMPLETION_WAIT -> messages.openInvalidations() > 0;
            case AmdCommand.INVALIDATE_IOTLB_PAGES -> !tellDevice(command, at);
            default -> false;
        };
    }

    private boolean tellDevice(AmdCommand command, long at) {
        var sent = new Open(command.device(), at);
        open.add(sent);
        int before = messages.openInvalidations();
        boolean taken =
                messages.invalidate(
                        command.device(),
                        command.pasid(),
                        command.rangeStart(),
                        command.rangeBits(),
                        false);
        if (!taken || messages.openInvalidations() == before) {
            open.remove(sent);
        }
        return taken;
    }

    /// A device has forgotten what it was told to.
    void deviceCompleted(int device) {
        open.stream().filter(sent -> sent.device() == device).findFirst().ifPresent(open::remove);
    }

    /// The completions that are missing will not come any more.
    void timeOut(AmdState unit) {
        for (var sent : open) {
            unit.log(AmdEvent.ofTimeout(sent.device(), sent.at()));
        }
        open.clear();
    }

    private void stop(AmdState unit, int code, int flags, long at) {
        running = false;
        unit.log(AmdEvent.ofCommand(code, flags, at));
    }

    private void execute(AmdCommand command, AmdState unit, long at) {
        if (command.opcode() == AmdCommand.COMPLETION_WAIT && !complete(command)) {
            stop(unit, AmdEvent.COMMAND_HARDWARE_ERROR, AmdEvent.MASTER_ABORT, at);
            return;
        }
        remember(executed++, command);
        unit.execute(command);
        head = head + ENTRY & bytes() - ENTRY;
    }

    /// @return whether the data could be stored
    private boolean complete(AmdCommand command) {
        if ((command.low() & 1) != 0
                && !memory.write64(command.low() & STORE_ADDRESS, command.high())) {
            return false;
        }
        waitCompleted |= (command.low() & 2) != 0;
        return true;
    }
}
