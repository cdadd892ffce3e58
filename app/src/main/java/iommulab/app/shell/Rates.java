package iommulab.app.shell;

import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Counters;

import java.util.ArrayDeque;
import java.util.Deque;

/// How fast the machine's counters rise, measured between two snapshots that lie about a second apart.
public final class Rates {
    private static final long WINDOW_NANOS = 1_000_000_000L;
    private static final long SHORTEST_NANOS = 100_000_000L;

    private final Deque<Sample> samples = new ArrayDeque<>();

    private record Sample(long nanos, Counters counters) {}

    /// No samples yet: every rate is 0.
    public Rates() {}

    /// @param nanos when the snapshot was looked at, by `System.nanoTime()`
    public void look(MachineSnapshot machine, long nanos) {
        var counters = machine.counters();
        if (!samples.isEmpty() && counters.requests() < samples.getLast().counters().requests()) {
            samples.clear();
        }
        samples.addLast(new Sample(nanos, counters));
        while (samples.size() > 2 && nanos - second().nanos() >= WINDOW_NANOS) {
            samples.removeFirst();
        }
    }

    private Sample second() {
        var iterator = samples.iterator();
        iterator.next();
        return iterator.next();
    }

    /// DMA requests per second.
    public double requestsPerSecond() {
        return rate(last().requests() - first().requests());
    }

    /// Bytes moved per second.
    public double bytesPerSecond() {
        return rate(last().bytes() - first().bytes());
    }

    /// Share of the translated requests that the IOTLB served alone, 0 to 1; NaN if there were none.
    public double hitRate() {
        long hits = last().hits() - first().hits();
        long translated = hits + last().walks() - first().walks();
        return translated == 0 ? Double.NaN : (double) hits / translated;
    }

    private double rate(long rise) {
        if (samples.size() < 2) {
            return 0;
        }
        long nanos = samples.getLast().nanos() - samples.getFirst().nanos();
        return nanos < SHORTEST_NANOS ? 0 : rise * 1e9 / nanos;
    }

    private Counters first() {
        return samples.isEmpty() ? Counters.ZERO : samples.getFirst().counters();
    }

    private Counters last() {
        return samples.isEmpty() ? Counters.ZERO : samples.getLast().counters();
    }
}
