package iommulab.app.topology;

import iommulab.app.shell.Subject;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciTopology;
import iommulab.engine.session.MachineSnapshot;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// What the Machine perspective keeps from one snapshot to the next: the picture for as long as the
/// machine keeps its shape, which requests were already shown, how fast they come.
final class MachineMemory {
    private static final long RATE_NANOS = 500_000_000;
    private static final int SET_OUT_AT_ONCE = 12;

    private final Set<PciAddress> expanded = new HashSet<>();
    private MachineSnapshot shown = MachineSnapshot.POWER_OFF;
    private Subject subject = new Subject.Nothing();
    private Plan plan = Plan.of(shown, expanded);
    private Picture picture = MachineLayout.of(plan);
    private Ways ways = new Ways(picture);
    private MachineModel model = MachineModel.of(shown, subject, plan, picture);
    private Heat heat = Heat.NONE;
    private MachineSnapshot rated = shown;
    private long ratedAt;
    private boolean anotherMachine;
    private boolean expandedMore;
    private BoxSizes sizes = BoxSizes.USUAL;

    /// Takes in a snapshot.
    ///
    /// @param nanos time of the frame
    /// @return requests made since the last snapshot, oldest first
    List<LastDma> take(MachineSnapshot machine, Subject selected, long nanos) {
        anotherMachine = !machine.name().equals(shown.name());
        if (hasAnotherShape(machine)) {
            expandedMore = false;
            var next = Plan.of(machine, expanded);
            if (!next.equals(plan)) {
                plan = next;
                layOut();
            }
        }
        var fresh = anotherMachine ? List.<LastDma>of() : newRequests(machine);
        rate(machine, nanos);
        if (machine != shown || !selected.equals(subject) || model.picture() != picture) {
            model = MachineModel.of(machine, selected, plan, picture);
        }
        shown = machine;
        subject = selected;
        return fresh;
    }

    private void layOut() {
        picture = MachineLayout.of(plan, sizes);
        ways = new Ways(picture);
    }

    /// Lays the picture out with boxes of other sizes from now on.
    void use(BoxSizes wanted) {
        if (wanted != sizes) {
            sizes = wanted;
            layOut();
        }
    }

    /// Shape is topology, units, memory and what domains map of it; most snapshots share all of them.
    private boolean hasAnotherShape(MachineSnapshot machine) {
        PciTopology before = shown.topology();
        return expandedMore
                || machine.topology() != before
                || machine.units().size() != shown.units().size()
                || machine.memory() != shown.memory()
                || machine.domains() != shown.domains();
    }

    private List<LastDma> newRequests(MachineSnapshot machine) {
        long last = shown.events().isEmpty() ? -1 : shown.events().getFirst().tick();
        var fresh = new ArrayList<LastDma>();
        for (var event : machine.events()) {
            if (event.tick() <= last || fresh.size() == SET_OUT_AT_ONCE) {
                break;
            }
            fresh.addFirst(LastDma.of(event, plan, ways));
        }
        return fresh;
    }

    private void rate(MachineSnapshot machine, long nanos) {
        if (anotherMachine || machine.counters().requests() < rated.counters().requests()) {
            heat = Heat.NONE;
            rated = machine;
            ratedAt = nanos;
        } else if (nanos - ratedAt >= RATE_NANOS) {
            heat = Heat.between(rated, machine, (nanos - ratedAt) / 1e9, plan, ways);
            rated = machine;
            ratedAt = nanos;
        }
    }

    /// Shows the functions of a stack one by one from now on.
    void expand(PciAddress first) {
        expanded.add(first);
        expandedMore = true;
    }

    MachineModel model() {
        return model;
    }

    Heat heat() {
        return heat;
    }

    /// Whether the last snapshot was of another machine than the one before.
    boolean isAnotherMachine() {
        return anotherMachine;
    }
}
