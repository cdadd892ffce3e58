package iommulab.engine.session;

import iommulab.engine.iommu.PageResponse;
import iommulab.engine.os.call.Answer;
import iommulab.engine.session.MachineSnapshot.DmaEvent;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

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

    /// In words, as the transcript has it.
    default String words() {
        return Wording.result(this);
    }

    /// The rule that decided, one sentence; empty if there is nothing to add.
    default String rule() {
        return Wording.rule(this);
    }

    /// What the caller got, by name, as text that can be an argument of another call.
    default SequencedMap<String, String> fields() {
        var fields = new LinkedHashMap<String, String>();
        switch (this) {
            case DomainCreated(int domain) -> fields.put("domain", Integer.toString(domain));
            case PagesRequested(int group) -> fields.put("group", Integer.toString(group));
            case DmaFinished(var event) -> {
                fields.put("outcome", event.outcome().word());
                fields.put("target", "0x" + Long.toHexString(event.target()));
            }
            case Answered(var answer) ->
                    answer.returns().forEach((name, value) -> fields.put(name, value.plainText()));
            case Done _, TimedOut _, PagesAnswered _, TrafficRun _ -> {}
        }
        return fields;
    }
}
