package iommulab.app.traffic;

import iommulab.app.theme.LinePlot.Point;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Counters;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/// What the counters did over time. Rates come from two samples about a second apart; the plots from
/// samples that lie some requests apart, fewer as the run gets longer.
final class RateHistory {
    private static final long WINDOW_NANOS = 1_000_000_000L;
    private static final int KEPT = 300;

    private record Moment(long nanos, Counters counters, Map<Integer, Long> served) {}

    private final ArrayDeque<Moment> recent = new ArrayDeque<>();
    private final List<Counters> story = new ArrayList<>();
    private long apart = 1;

    RateHistory() {}

    /// @param nanos of a clock that only rises
    void add(long nanos, MachineSnapshot machine) {
        var counters = machine.counters();
        if (!recent.isEmpty() && counters.requests() < recent.getLast().counters().requests()) {
            recent.clear();
            story.clear();
            apart = 1;
        }
        recent.addLast(new Moment(nanos, counters, machine.served()));
        while (recent.size() > 2 && nanos - recent.getFirst().nanos() > WINDOW_NANOS) {
            recent.removeFirst();
        }
        if (story.isEmpty() || counters.requests() - story.getLast().requests() >= apart) {
            story.add(counters);
            if (story.size() > KEPT) {
                for (int i = story.size() - 2; i > 0; i -= 2) {
                    story.remove(i);
                }
                apart *= 2;
            }
        }
    }

    /// Requests a second, 0 while nothing runs.
    double rate() {
        return perSecond(m -> m.counters().requests());
    }

    /// Bytes a second.
    double bytesRate() {
        return perSecond(m -> m.counters().bytes());
    }

    /// Requests a second of one source.
    double rate(int source) {
        return perSecond(m -> m.served().getOrDefault(source, 0L));
    }

    private double perSecond(ToLongFunction<Moment> count) {
        if (recent.size() < 2) {
            return 0;
        }
        long nanos = recent.getLast().nanos() - recent.getFirst().nanos();
        long moved = count.applyAsLong(recent.getLast()) - count.applyAsLong(recent.getFirst());
        return nanos <= 0 ? 0 : moved * 1e9 / nanos;
    }

    /// Of what was translated, the share that the IOTLB gave alone, in percent.
    List<Point> hitRate() {
        return between((from, to) -> {
            long hits = to.hits() - from.hits();
            long all = hits + to.walks() - from.walks();
            return all == 0 ? Double.NaN : 100.0 * hits / all;
        });
    }

    /// Cycles for one request.
    List<Point> cycles() {
        return between((from, to) ->
                (double) (to.cycles() - from.cycles()) / (to.requests() - from.requests()));
    }

    /// Memory reads for one request.
    List<Point> reads() {
        return between((from, to) ->
                (double) (to.reads() - from.reads()) / (to.requests() - from.requests()));
    }

    private interface Measure {
        double between(Counters from, Counters to);
    }

    private List<Point> between(Measure measure) {
        var points = new ArrayList<Point>();
        for (int i = 1; i < story.size(); i++) {
            double value = measure.between(story.get(i - 1), story.get(i));
            if (Double.isFinite(value)) {
                points.add(new Point(story.get(i).requests(), value));
            }
        }
        return points;
    }
}
