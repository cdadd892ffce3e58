package iommulab.engine.iommu.amdvi;

import iommulab.engine.memory.PhysicalMemory;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/// The page request log, and the answers that software gives to the groups in it. A device whose entry
/// does not allow page requests is refused; when the log is full, the unit answers itself.
/// Spec: AMD IOMMU, "Peripheral Page Request (PPR) Logging", "COMPLETE_PPR_REQUEST".
public final class PageRequests {
    /// Responses remembered for [#responses].
    public static final int REMEMBERED = 64;

    private static final long PAGE_SERVICE = 1L << 60;
    private static final int EXECUTE_AT = 49;
    private static final int READ_AT = 50;
    private static final int WRITE_AT = 53;
    private static final int USER_AT = 54;
    private static final int GUEST_AT = 56;
    private static final int FAILURE = 15;
    private static final int INVALID = 1;

    private final PhysicalMemory memory;
    private final LogRing log = new LogRing();
    private final Deque<Response> responses = new ArrayDeque<>();

    PageRequests(PhysicalMemory memory) {
        this.memory = memory;
    }

    /// A device asks for one page.
    ///
    /// @param pasid 20 bits, or -1
    /// @param group page request group index, 9 bits
    /// @param last whether it is the last request of its group
    public record Request(
            int device,
            int pasid,
            long address,
            boolean read,
            boolean write,
            boolean execute,
            boolean privileged,
            int group,
            boolean last) {
        /// First word of its entry in the log.
        long low() {
            long low =
                    PAGE_SERVICE
                            | (write ? 1L << WRITE_AT : 0)
                            | (read ? 1L << READ_AT : 0)
                            | (execute ? 1L << EXECUTE_AT : 0)
                            | (privileged ? 0 : 1L << USER_AT)
                            | (last ? 1L << 41 : 0)
                            | (group & 0x1ffL) << 32
                            | device;
            return pasid < 0
                    ? low
                    : low | 1L << GUEST_AT | (pasid & 0xffffL) << 16 | (pasid >>> 16 & 0xfL) << 42;
        }
    }

    /// What a device is told about a group of its requests.
    ///
    /// @param pasid -1 if the response carries none
    /// @param status 0 success, 1 invalid request, 15 failure
    public record Response(int device, int pasid, int group, int status) {}

    /// Everything that a checkpoint remembers.
    record State(LogRing.State log, List<Response> responses) {}

    State state() {
        return new State(log.state(), List.copyOf(responses));
    }

    void restore(State state) {
        log.restore(state.log());
        responses.clear();
        responses.addAll(state.responses());
    }

    public LogRing log() {
        return log;
    }

    /// What devices were told, newest first.
    public List<Response> responses() {
        return List.copyOf(responses);
    }

    /// Takes a request that its device may make.
    ///
    /// @return false if there was no room, and the device was told so
    boolean take(Request request) {
        if (log.write(memory, request.low(), request.address() & -4096L)) {
            return true;
        }
        if (request.last()) {
            respond(new Response(request.device(), request.pasid(), request.group(), FAILURE));
        }
        return false;
    }

    void refuse(Request request) {
        respond(new Response(request.device(), request.pasid(), request.group(), INVALID));
    }

    void respond(Response response) {
        responses.addFirst(response);
        if (responses.size() > REMEMBERED) {
            responses.removeLast();
        }
    }

    /// An entry of the log in words.
    static String words(long low, long high) {
        boolean guest = (low >>> GUEST_AT & 1) != 0;
        return "device 0x%04x%s, page 0x%x, group %d%s"
                .formatted(
                        low & 0xffff,
                        guest
                                ? " PASID %d"
                                        .formatted(low >>> 16 & 0xffff | (low >>> 42 & 0xf) << 16)
                                : "",
                        high & -4096L,
                        low >>> 32 & 0x1ff,
                        (low >>> 41 & 1) != 0 ? ", last" : "");
    }
}
