package iommulab.engine.iommu.riscv;

import iommulab.engine.iommu.riscv.RiscvCaches.Addresses;
import iommulab.engine.memory.PhysicalMemory;

import java.util.ArrayList;
import java.util.List;

/// The command queue: a ring in memory that software fills and hardware empties. Hardware runs it as soon
/// as software moves the tail, and stops at a bad command, or at a fence until every ATS invalidation
/// before it is complete.
/// Spec: RISC-V IOMMU, "Command-Queue (CQ)".
public final class CommandQueue {
    /*
     *   status  0 enable | 1 interrupt enable | 8 memory fault | 9 time-out | 10 illegal command
     *           11 fence interrupt | 16 on | 17 busy
     */
    static final int ENABLE = 1;
    static final int INTERRUPT = 1 << 1;
    public static final int MEMORY_FAULT = 1 << 8;
    public static final int TIME_OUT = 1 << 9;
    public static final int ILLEGAL = 1 << 10;
    static final int FENCE_INTERRUPT = 1 << 11;
    static final int ON = 1 << 16;

    /// Commands remembered for [#recent].
    public static final int REMEMBERED = 16;

    private static final int ERRORS = MEMORY_FAULT | TIME_OUT | ILLEGAL | FENCE_INTERRUPT;
    private static final long BASE_BITS = (1L << 44) - 1 << 10 | 0x1f;
    private static final long PPN = (1L << 44) - 1;

    private final PhysicalMemory memory;
    private final RiscvCapabilities capabilities;
    private final AtsMessages ats;
    private long base;
    private int head;
    private int tail;
    private int status;
    private boolean running;
    private long executed;
    private final List<RiscvCommand> recent = new ArrayList<>();

    CommandQueue(PhysicalMemory memory, RiscvCapabilities capabilities, AtsMessages ats) {
        this.memory = memory;
        this.capabilities = capabilities;
        this.ats = ats;
    }

    /// Everything that a checkpoint remembers of a queue.
    record State(
            long base, int head, int tail, int status, long executed, List<RiscvCommand> recent) {}

    State state() {
        return new State(base, head, tail, status, executed, List.copyOf(recent));
    }

    void restore(State state) {
        base = state.base();
        head = state.head();
        tail = state.tail();
        status = state.status();
        executed = state.executed();
        recent.clear();
        recent.addAll(state.recent());
    }

    public long base() {
        return base;
    }

    void setBase(long value) {
        if ((status & ON) == 0) {
            base = value & BASE_BITS;
            head = 0;
        }
    }

    /// Address of the ring.
    public long address() {
        return (base >>> 10 & PPN) << 12;
    }

    /// Commands that fit, one less than its length.
    public int commands() {
        return 2 << (int) (base & 0x1f);
    }

    /// Number of the next command that hardware reads.
    public int head() {
        return head;
    }

    /// Number behind the last that software wrote.
    public int tail() {
        return tail;
    }

    boolean isOn() {
        return (status & ON) != 0;
    }

    public int status() {
        return status;
    }

    /// Commands executed since power-on.
    public long executed() {
        return executed;
    }

    /// The last commands executed, newest first.
    public List<RiscvCommand> recent() {
        return recent.reversed();
    }

    /// Software writes `cqcsr`: ones clear what went wrong, and the queue goes on.
    void setStatus(int value) {
        boolean starts = (value & ENABLE) != 0 && (status & ON) == 0;
        int errors = status & ERRORS & ~value;
        status = errors | value & (ENABLE | INTERRUPT) | ((value & ENABLE) != 0 ? ON : 0);
        if (starts) {
            head = 0;
            tail = 0;
        }
    }

    void setTail(int value) {
        tail = value & commands() - 1;
    }

    boolean interrupts() {
        return (status & INTERRUPT) != 0;
    }

    /// Whether something is to be told by an interrupt.
    boolean wantsInterrupt() {
        return interrupts() && (status & ERRORS) != 0;
    }

    /// Executes commands until the queue is empty or has to stop.
    ///
    /// @param control the `fctl` register
    void run(RiscvCaches caches, int control) {
        // A device may complete an invalidation while the command is still being executed.
        if (!running) {
            running = true;
            runToTheEnd(caches, control);
            running = false;
        }
    }

    private void runToTheEnd(RiscvCaches caches, int control) {
        boolean big = (control & RiscvRegisters.BE) != 0;
        while ((status & ON) != 0
                && (status & (MEMORY_FAULT | TIME_OUT | ILLEGAL)) == 0
                && head != tail) {
            long at = address() + 16L * head;
            if (!memory.isBacked(at) || !memory.isBacked(at + 8)) {
                status |= MEMORY_FAULT;
                return;
            }
            var command = new RiscvCommand(word(at, big), word(at + 8, big));
            if (!command.isLegal(capabilities, (control & RiscvRegisters.WSI) != 0)) {
                status |= ILLEGAL;
                return;
            }
            if (!execute(command, caches, big)) {
                return;
            }
            remember(command);
            head = head + 1 & commands() - 1;
        }
    }

    private long word(long hpa, boolean big) {
        long word = memory.read64(hpa);
        return big ? Long.reverseBytes(word) : word;
    }

    private void remember(RiscvCommand command) {
        executed++;
        recent.add(command);
        if (recent.size() > REMEMBERED) {
            recent.removeFirst();
        }
    }

    /// @return false if the queue stops here
    private boolean execute(RiscvCommand command, RiscvCaches caches, boolean big) {
        switch (command.operation()) {
            case RiscvCommand.IOTINVAL_VMA -> {
                int owner = command.has(RiscvCommand.GV) ? command.gscid() : RiscvCaches.HOST;
                int pscid = command.has(RiscvCommand.PSCV) ? command.pscid() : -1;
                caches.removeFirstStage(owner, pscid, addresses(command));
            }
            case RiscvCommand.IOTINVAL_GVMA -> {
                boolean one = command.has(RiscvCommand.GV);
                // Without GSCID there is no address either: it would be one of every guest.
                var addresses = one ? addresses(command) : new Addresses.All();
                caches.removeSecondStage(one ? command.gscid() : -1, addresses);
            }
            case RiscvCommand.INVAL_DDT -> {
                if (command.has(RiscvCommand.DV)) {
                    caches.removeDevice(command.deviceId());
                } else {
                    caches.removeDevices();
                }
            }
            case RiscvCommand.INVAL_PDT ->
                    caches.removeProcess(command.deviceId(), command.processId());
            case RiscvCommand.ATS_INVAL -> ats.invalidate(command);
            case RiscvCommand.ATS_PRGR -> ats.respond(command);
            default -> {
                return fence(command, big);
            }
        }
        return true;
    }

    private static Addresses addresses(RiscvCommand command) {
        return command.has(RiscvCommand.AV)
                ? new Addresses.Range(
                        command.firstAddress(), command.pageBits(), command.has(RiscvCommand.NL))
                : new Addresses.All();
    }

    /// IOFENCE.C
    private boolean fence(RiscvCommand command, boolean big) {
        if (ats.areWaiting()) {
            return false;
        }
        if (command.has(RiscvCommand.AV)) {
            int data = command.fenceData();
            if (!memory.write32(command.fenceAddress(), big ? Integer.reverseBytes(data) : data)) {
                status |= MEMORY_FAULT;
                return false;
            }
        }
        if (command.has(RiscvCommand.WSI)) {
            status |= FENCE_INTERRUPT;
        }
        return true;
    }

    /// A device did not answer an ATS invalidation in time.
    void timeOut() {
        status |= TIME_OUT;
    }
}
