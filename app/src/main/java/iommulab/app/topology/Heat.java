package iommulab.app.topology;

import iommulab.engine.session.MachineSnapshot;

import java.util.HashMap;
import java.util.Map;

/// How many requests per second go over each link, where they are too many to be drawn one by one.
record Heat(Map<Link, Double> perSecond) {
    /// Above so many requests a second links grow wide instead.
    static final double TOO_MANY = 30;

    static final Heat NONE = new Heat(Map.of());

    Heat {
        perSecond = Map.copyOf(perSecond);
    }

    double rate(Link link) {
        return perSecond.getOrDefault(link, 0.0);
    }

    /// What was served between two snapshots, link by link; nothing if that was little.
    static Heat between(
            MachineSnapshot before, MachineSnapshot now, double seconds, Plan plan, Ways ways) {
        long requests = now.counters().requests() - before.counters().requests();
        if (seconds <= 0 || requests / seconds <= TOO_MANY) {
            return NONE;
        }
        var rates = new HashMap<Link, Double>();
        for (var source : now.sources()) {
            long served =
                    now.served().getOrDefault(source.id(), 0L)
                            - before.served().getOrDefault(source.id(), 0L);
            if (served > 0) {
                for (var link : ways.linksUp(source.device())) {
                    rates.merge(link, served / seconds, Double::sum);
                }
            }
        }
        for (int i = 0; i < now.units().size() && i < before.units().size(); i++) {
            long served =
                    now.units().get(i).counters().requests()
                            - before.units().get(i).counters().requests();
            if (served > 0) {
                for (var link : ways.ofUnit(i)) {
                    rates.merge(link, served / seconds, Double::sum);
                }
            }
        }
        return new Heat(rates);
    }
}
