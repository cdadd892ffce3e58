package iommulab.engine.iommu.smmuv3;

import java.util.ArrayList;
import java.util.List;

/// The requests that wait because a fault stalled them: each under a number (STAG) until software lets it
/// go on or ends it.
/// Spec: SMMUv3, "Stall model", "CMD_RESUME", "CMD_STALL_TERM".
public final class StalledRequests {
    /// A request that waits.
    ///
    /// @param tag its number
    /// @param stream of its device
    /// @param substream 20 bits, or negative for none
    /// @param iova as the device gave it
    /// @param access see [iommulab.engine.iommu.Iommu]
    public record Stalled(int tag, int stream, int substream, long iova, int access) {}

    /// A request that software let go on or ended.
    ///
    /// @param request as it waited
    /// @param answer what translating it again gave; ABORTED of [iommulab.engine.iommu.Iommu] if it was
    ///     ended
    public record Ended(Stalled request, long answer) {}

    private static final int REMEMBERED = 16;

    private final int most;
    private List<Stalled> waiting = new ArrayList<>();
    private List<Stalled> toRetry = new ArrayList<>();
    private List<Ended> ended = new ArrayList<>();

    /// @param most that can wait at once
    StalledRequests(int most) {
        this.most = most;
    }

    /// Everything that a checkpoint remembers of them.
    record State(List<Stalled> waiting, List<Ended> ended) {}

    State state() {
        return new State(List.copyOf(waiting), List.copyOf(ended));
    }

    void restore(State state) {
        waiting = new ArrayList<>(state.waiting());
        ended = new ArrayList<>(state.ended());
        toRetry = new ArrayList<>();
    }

    /// Oldest first.
    public List<Stalled> waiting() {
        return List.copyOf(waiting);
    }

    /// The last that went on or were ended, newest first.
    public List<Ended> ended() {
        return List.copyOf(ended).reversed();
    }

    /// The lowest number that is free, -1 if no more can wait.
    int freeTag() {
        for (int tag = 0; tag < most; tag++) {
            int candidate = tag;
            if (waiting.stream().noneMatch(request -> request.tag() == candidate)) {
                return tag;
            }
        }
        return -1;
    }

    void add(Stalled request) {
        waiting.add(request);
    }

    /// A command that names no waiting request does nothing.
    void resume(int stream, int tag, int response) {
        for (var request : List.copyOf(waiting)) {
            if (request.stream() == stream && request.tag() == tag) {
                waiting.remove(request);
                if (response == 1) {
                    toRetry.add(request);
                } else {
                    end(request, iommulab.engine.iommu.Iommu.ABORTED);
                }
            }
        }
    }

    void terminate(int stream) {
        for (var request : List.copyOf(waiting)) {
            if (request.stream() == stream) {
                waiting.remove(request);
                end(request, iommulab.engine.iommu.Iommu.ABORTED);
            }
        }
    }

    /// What software wants to be tried again; the caller tries it and says how it ended.
    List<Stalled> takeRetries() {
        var taken = List.copyOf(toRetry);
        toRetry.clear();
        return taken;
    }

    void end(Stalled request, long answer) {
        if (ended.size() == REMEMBERED) {
            ended.removeFirst();
        }
        ended.add(new Ended(request, answer));
    }
}
