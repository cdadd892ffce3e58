package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.smmuv3.StalledRequests.Stalled;

import org.jspecify.annotations.Nullable;

/// Turns what stopped a request into an event record, and lets the request wait if its stream or context
/// says so.
/// Spec: SMMUv3, "Faults and errors", "Event records".
final class FaultReporting {
    private final EventQueue events;
    private final StalledRequests stalled;
    private boolean recordsBadStreams;

    FaultReporting(EventQueue events, StalledRequests stalled) {
        this.events = events;
        this.stalled = stalled;
    }

    /// CR2.RECINVSID: streams that do not exist are recorded, too.
    void recordBadStreams(boolean value) {
        recordsBadStreams = value;
    }

    boolean recordsBadStreams() {
        return recordsBadStreams;
    }

    /// @param context whose flags decide; null if the request never came to one
    /// @param request with its access as overridden by the stream entry; its tag does not count
    /// @return whether an event was recorded
    boolean report(StopReport stop, @Nullable StreamContext context, Stalled request) {
        var fault = stop.fault();
        if (fault == SmmuFault.BAD_STREAM_ID && !recordsBadStreams) {
            return false;
        }
        int tag = -1;
        if (context != null && !stop.isAlwaysRecorded()) {
            boolean second = stop.isSecondStage();
            tag = context.stalls(second) ? stalled.freeTag() : -1;
            if (tag < 0 && !context.records(second)) {
                return false;
            }
        }
        if (tag >= 0) {
            stalled.add(
                    new Stalled(
                            tag,
                            request.stream(),
                            request.substream(),
                            request.iova(),
                            request.access()));
        }
        boolean merges = context != null && context.stream().mergesEvents();
        return events.record(event(stop, tag, request), merges);
    }

    private static EventRecord event(StopReport stop, int tag, Stalled request) {
        boolean substream = request.substream() >= 0;
        long word0 =
                stop.fault().code()
                        | (substream
                                ? EventRecord.SUBSTREAM_VALID | (long) request.substream() << 12
                                : 0)
                        | (long) request.stream() << 32;
        return switch (stop.fault()) {
            case BAD_STREAM_ID,
                    BAD_STREAM_ENTRY,
                    STREAM_DISABLED,
                    BAD_SUBSTREAM_ID,
                    BAD_DESCRIPTOR ->
                    new EventRecord(word0, 0, 0, 0);
            case STREAM_FETCH, DESCRIPTOR_FETCH -> new EventRecord(word0, 0, 0, stop.address());
            case UNSUPPORTED_UPSTREAM, BAD_ATS_REQUEST, TRANSLATED_FORBIDDEN ->
                    new EventRecord(word0, access(request), request.iova(), 0);
            case WALK_ABORT, TRANSLATION, ADDRESS_SIZE, ACCESS_FLAG, PERMISSION ->
                    new EventRecord(
                            word0,
                            access(request) | where(stop) | stall(tag),
                            request.iova(),
                            stop.address());
        };
    }

    private static long access(Stalled request) {
        int access = request.access();
        return ((access & Iommu.WRITE) == 0 ? EventRecord.READ : 0)
                | ((access & Iommu.PRIVILEGED) != 0 ? EventRecord.PRIVILEGED : 0)
                | ((access & Iommu.EXECUTE) != 0 ? EventRecord.INSTRUCTION : 0);
    }

    private static long where(StopReport stop) {
        return (long) stop.eventClass() << EventRecord.CLASS_AT
                | (stop.isSecondStage() ? EventRecord.SECOND_STAGE : 0);
    }

    private static long stall(int tag) {
        return tag < 0 ? 0 : EventRecord.STALL | tag;
    }
}
