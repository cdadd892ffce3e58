package iommulab.engine.session;

import iommulab.engine.session.MachineSnapshot.DmaEvent;

import java.util.ArrayDeque;
import java.util.List;

/// The last things that happened, newest first, at most so many. No part of the machine's state: going
/// back empties it of what has not happened yet.
final class RecentEvents {
    private final ArrayDeque<DmaEvent> newestFirst = new ArrayDeque<>();
    private List<DmaEvent> view = List.of();
    private boolean changed;

    void add(DmaEvent event) {
        if (newestFirst.size() == MachineSnapshot.EVENTS_KEPT) {
            newestFirst.removeLast();
        }
        newestFirst.addFirst(event);
        changed = true;
    }

    /// Forgets what happened after a tick.
    void forgetAfter(long tick) {
        changed |= newestFirst.removeIf(event -> event.tick() > tick);
    }

    List<DmaEvent> view() {
        if (changed) {
            view = List.copyOf(newestFirst);
            changed = false;
        }
        return view;
    }
}
