package iommulab.engine.session;

import iommulab.engine.os.call.Answer;
import iommulab.engine.session.MachineSnapshot.DmaEvent;

/// What the caller of a command is told.
public sealed interface Outcome {
    record Done() implements Outcome {}

    record DomainCreated(int domain) implements Outcome {}

    record DmaFinished(DmaEvent event) implements Outcome {}

    /// @param requests how many were run
    record TrafficRun(long requests) implements Outcome {}

    /// The kernel answered a call: with success, or with an error after work that stays done.
    record Answered(Answer answer) implements Outcome {}
}
