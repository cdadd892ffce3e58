package iommulab.engine.session;

import iommulab.engine.iommu.PageResponse;
import iommulab.engine.os.call.Answer;
import iommulab.engine.session.MachineSnapshot.DmaEvent;

import java.util.List;

/// What the caller of a command is told.
public sealed interface Outcome {
    record Done() implements Outcome {}

    /// It is done, but a device did not answer.
    ///
    /// @param invalidations how many of its TLB timed out
    record TimedOut(int invalidations) implements Outcome {}

    record DomainCreated(int domain) implements Outcome {}

    record DmaFinished(DmaEvent event) implements Outcome {}

    /// @param group page request group index, 9 bits
    record PagesRequested(int group) implements Outcome {}

    /// @param tried what the device tried again
    record PagesAnswered(PageResponse response, List<DmaEvent> tried) implements Outcome {
        public PagesAnswered {
            tried = List.copyOf(tried);
        }
    }

    /// @param requests how many were run
    record TrafficRun(long requests) implements Outcome {}

    /// The kernel answered a call: with success, or with an error after work that stays done.
    record Answered(Answer answer) implements Outcome {}
}
