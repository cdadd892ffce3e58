package iommulab.engine.os;

import java.util.Set;
import java.util.TreeSet;

/// What entries of devices and PASIDs must say for some domains beside where their tables are: that
/// hardware marks what is written, that requests look into the processors' caches.
///
/// Not thread-safe: one engine thread owns it.
final class DomainWishes {
    private final TreeSet<Integer> tracked;
    private final TreeSet<Integer> snooping;

    /// The wishes at one instant, by number of the domain.
    record State(Set<Integer> tracked, Set<Integer> snooping) {
        static final State NONE = new State(Set.of(), Set.of());

        State {
            tracked = Set.copyOf(tracked);
            snooping = Set.copyOf(snooping);
        }
    }

    DomainWishes(State then) {
        tracked = new TreeSet<>(then.tracked());
        snooping = new TreeSet<>(then.snooping());
    }

    State state() {
        return new State(tracked, snooping);
    }

    boolean tracks(int tag) {
        return tracked.contains(tag);
    }

    boolean snoops(int tag) {
        return snooping.contains(tag);
    }

    void track(int tag, boolean on) {
        if (on) {
            tracked.add(tag);
        } else {
            tracked.remove(tag);
        }
    }

    void snoop(int tag) {
        snooping.add(tag);
    }

    void forget(int tag) {
        tracked.remove(tag);
        snooping.remove(tag);
    }
}
