package iommulab.engine.iommu.riscv;

import iommulab.engine.iommu.AtsDevice;
import iommulab.engine.iommu.DeviceMessages;
import iommulab.engine.iommu.PageResponse;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The messages that an IOMMU sends to devices' translation caches, and the invalidations that it waits
/// for.
/// Spec: RISC-V IOMMU, "IOMMU ATS commands"; PCI Express, "ATS Invalidation Protocol".
public final class AtsMessages {
    /// Message code: invalidate.
    public static final int INVALIDATE = 1;

    /// Message code: page request group response.
    public static final int GROUP_RESPONSE = 5;

    /// Messages remembered.
    public static final int REMEMBERED = 32;

    /// One message.
    ///
    /// @param code [#INVALIDATE] or [#GROUP_RESPONSE]
    /// @param requester to whom, 16 bits
    /// @param segment to which PCIe segment, -1 if it is not told
    /// @param process process_id, -1 if there is none
    /// @param payload what it says
    public record Message(int code, int requester, int segment, int process, long payload) {}

    private static final int GLOBAL = 1;
    private static final int SIZED = 1 << 11;

    private final Map<Integer, AtsDevice> devices = new HashMap<>();
    private final List<Message> sent = new ArrayList<>();
    private final List<Message> waiting = new ArrayList<>();
    private long count;

    AtsMessages() {}

    /// Whom messages for a requester reach. Wiring, not state.
    void connect(int requester, AtsDevice device) {
        devices.put(requester, device);
    }

    /// Everything that a checkpoint remembers.
    record State(List<Message> sent, List<Message> waiting, long count) {}

    State state() {
        return new State(List.copyOf(sent), List.copyOf(waiting), count);
    }

    void restore(State state) {
        sent.clear();
        sent.addAll(state.sent());
        waiting.clear();
        waiting.addAll(state.waiting());
        count = state.count();
    }

    /// ATS.INVAL
    void invalidate(RiscvCommand command) {
        var message = message(INVALIDATE, command);
        waiting.add(message);
        send(message);
    }

    /// ATS.PRGR
    void respond(RiscvCommand command) {
        send(message(GROUP_RESPONSE, command));
    }

    private static Message message(int code, RiscvCommand command) {
        return new Message(
                code,
                command.requester(),
                command.has(RiscvCommand.DSV) ? command.segment() : -1,
                command.has(RiscvCommand.PV) ? command.processId() : -1,
                command.high());
    }

    void send(Message message) {
        count++;
        sent.add(message);
        if (sent.size() > REMEMBERED) {
            sent.removeFirst();
        }
        var device = devices.get(message.requester());
        if (device != null) {
            deliver(message, device);
        }
    }

    private static void deliver(Message message, AtsDevice device) {
        long payload = message.payload();
        if (message.code() == INVALIDATE) {
            int shift = DeviceMessages.rangeShift(payload & -4096L, (payload & SIZED) != 0);
            long start = shift >= Long.SIZE ? 0 : payload & -1L << shift;
            device.invalidate(message.process(), start, shift, (payload & GLOBAL) != 0, 0);
        } else {
            PageResponse.ofCode((int) (payload >>> 44) & 0xf)
                    .ifPresent(code ->
                            device.respond(
                                    message.process(), (int) (payload >>> 32) & 0x1ff, code));
        }
    }

    /// The last messages sent, oldest first.
    public List<Message> sent() {
        return List.copyOf(sent);
    }

    /// Requester IDs whose completion is missing, none twice.
    List<Integer> awaitedDevices() {
        return waiting.stream().map(Message::requester).distinct().toList();
    }

    /// Messages sent since power-on.
    public long count() {
        return count;
    }

    /// Invalidations that no device has answered yet.
    int waiting() {
        return waiting.size();
    }

    /// Whether a device has not answered an invalidation yet.
    public boolean areWaiting() {
        return !waiting.isEmpty();
    }

    /// A device has answered an invalidation.
    ///
    /// @param requester who, 16 bits
    /// @return whether any was waited for
    boolean complete(int requester) {
        for (var message : waiting) {
            if (message.requester() == requester) {
                return waiting.remove(message);
            }
        }
        return false;
    }

    /// Nobody waits any longer.
    void giveUp() {
        waiting.clear();
    }
}
