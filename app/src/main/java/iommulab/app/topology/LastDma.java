package iommulab.app.topology;

import iommulab.app.theme.Sign;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;

/// How the newest request of a device ended, and the way it took.
///
/// @param words beside the sign: cost, reads, or fault code
/// @param way along which it went, as far as it got
record LastDma(DmaEvent event, String words, List<Point> way) {
    /// At most so many devices show their last request.
    static final int MOST = 24;

    LastDma {
        way = List.copyOf(way);
    }

    PciAddress device() {
        return event.device();
    }

    DmaOutcome outcome() {
        return event.outcome();
    }

    /// The newest request of each device, newest first.
    static List<LastDma> of(MachineSnapshot machine, Plan plan, Ways ways) {
        var seen = new HashSet<PciAddress>();
        var last = new ArrayList<LastDma>();
        for (var event : machine.events()) {
            if (last.size() < MOST && seen.add(event.device())) {
                last.add(of(event, plan, ways));
            }
        }
        return last;
    }

    static LastDma of(DmaEvent event, Plan plan, Ways ways) {
        return new LastDma(event, words(event), way(event, plan, ways));
    }

    /// The shape of an outcome on a link.
    static Sign sign(DmaOutcome outcome) {
        return switch (outcome) {
            case HIT -> Sign.HIT;
            case WALK -> Sign.WALK;
            case STALE -> Sign.STALE;
            case FAULT -> Sign.FAULT;
            case PEER -> Sign.PEER;
            case BLOCKED -> Sign.BLOCKED;
            case BYPASS, INTERRUPT -> Sign.PROBE;
        };
    }

    private static String words(DmaEvent event) {
        return switch (event.outcome()) {
            case HIT, STALE -> event.cycles() + " cy";
            case WALK -> event.reads() + " rd";
            case FAULT ->
                    event.fault().map(reason -> "%02xh".formatted(reason.code())).orElse("fault");
            case PEER -> "peer";
            case BLOCKED -> "blocked";
            case BYPASS -> "no IOMMU";
            case INTERRUPT -> "MSI";
        };
    }

    private static List<Point> way(DmaEvent event, Plan plan, Ways ways) {
        int unit = MachineModel.unitIndex(plan, event.unit());
        var target = event.target() == 0 ? OptionalLong.empty() : OptionalLong.of(event.target());
        return switch (event.outcome()) {
            case HIT, WALK, STALE, BYPASS, INTERRUPT ->
                    ways.toMemory(event.device(), unit, plan.memory(), target);
            case FAULT -> ways.toUnit(event.device(), unit);
            case PEER ->
                    event.peer()
                            .map(peer -> ways.toPeer(event.device(), peer))
                            .orElse(ways.toRoot(event.device()));
            case BLOCKED ->
                    ways.linksUp(event.device()).stream()
                            .findFirst()
                            .map(Link::points)
                            .orElse(List.of());
        };
    }
}
