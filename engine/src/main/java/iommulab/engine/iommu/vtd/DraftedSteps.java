package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.Walk.Step;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/// Steps of a walk that are not yet told whether it failed at them, or what hardware set in their entries.
final class DraftedSteps {
    private final List<Draft> drafts = new ArrayList<>();

    private static final class Draft {
        private final Maker maker;
        private final long entryHpa;
        private String marks = "";

        Draft(Maker maker, long entryHpa) {
            this.maker = maker;
            this.entryHpa = entryHpa;
        }
    }

    /// Makes the step once all is known.
    interface Maker {
        /// @param marks what hardware set, in words; empty if nothing
        Step make(String marks, @Nullable VtdFault fault);
    }

    /// @param entryHpa -1 if a cache gave the entry
    void add(long entryHpa, Maker maker) {
        drafts.add(new Draft(maker, entryHpa));
    }

    /// Hardware sets bits in an entry that was read last at an address.
    void mark(long entryHpa, long raw) {
        for (var draft : drafts.reversed()) {
            if (draft.entryHpa == entryHpa) {
                draft.marks = "; hardware makes it 0x%x".formatted(raw);
                return;
            }
        }
    }

    /// All steps; a fault is that of the last.
    List<Step> steps(@Nullable VtdFault fault) {
        var steps = new ArrayList<Step>();
        for (var draft : drafts) {
            steps.add(draft.maker.make(draft.marks, draft == drafts.getLast() ? fault : null));
        }
        return steps;
    }
}
