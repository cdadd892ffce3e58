package iommulab.app.memory;

import iommulab.app.shell.Workbench;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Walk;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.WalkQuestion;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalInt;

/// Finds a request whose walk reads a given entry: asks the engine about requests that would be likely
/// to, one after the other, until one does. So it holds for every format of tables.
final class WayThrough {
    private static final int MOST = 128;
    private static final int MAPPINGS = 4;
    private static final int REQUEST_BYTES = 4;

    private final Workbench workbench;
    private final long entry;
    private final List<WalkQuestion> candidates;
    private final Runnable onNone;

    private WayThrough(
            Workbench workbench, long entry, List<WalkQuestion> candidates, Runnable onNone) {
        this.workbench = workbench;
        this.entry = entry;
        this.candidates = candidates;
        this.onNone = onNone;
    }

    /// Shows the walk of a request that reads an entry, at the step that does.
    ///
    /// @param entry its hpa
    /// @param target where it leads, -1 if nowhere
    /// @param onNone told if no such request was found
    static void show(Workbench workbench, long entry, long target, Runnable onNone) {
        var candidates = candidates(workbench.machine(), target);
        new WayThrough(workbench, entry, candidates, onNone).ask(0);
    }

    private void ask(int candidate) {
        if (candidate == candidates.size()) {
            onNone.run();
            return;
        }
        var question = candidates.get(candidate);
        workbench
                .explain(question)
                .thenAccept(walk -> {
                    var step = stepAt(walk, entry);
                    if (step.isPresent()) {
                        workbench.openWalk(question, step.getAsInt());
                    } else {
                        ask(candidate + 1);
                    }
                });
    }

    static OptionalInt stepAt(Walk walk, long entry) {
        for (int step = 0; step < walk.steps().size(); step++) {
            var made = walk.steps().get(step);
            if (!made.raw().isEmpty() && made.entryHpa() == entry) {
                return OptionalInt.of(step);
            }
        }
        return OptionalInt.empty();
    }

    /// Requests worth a question, those first that would end where the entry leads.
    static List<WalkQuestion> candidates(MachineSnapshot machine, long target) {
        var likely = new LinkedHashSet<WalkQuestion>();
        for (var domain : machine.domains()) {
            for (var mapping : domain.mappings()) {
                long offset = target - mapping.hpa();
                if (target >= 0 && Long.compareUnsigned(offset, mapping.bytes()) < 0) {
                    likely.addAll(from(domain, mapping.iova() + offset));
                }
            }
        }
        for (var domain : machine.domains()) {
            domain.mappings().stream()
                    .limit(MAPPINGS)
                    .forEach(m -> likely.addAll(from(domain, m.iova())));
        }
        for (var unit : machine.units()) {
            unit.functions().forEach(f -> likely.add(read(f, PasidPrefix.NONE, 0)));
        }
        return List.copyOf(new ArrayList<>(likely).subList(0, Math.min(MOST, likely.size())));
    }

    private static List<WalkQuestion> from(Domain domain, long iova) {
        var questions = new ArrayList<WalkQuestion>();
        domain.attached().forEach(f -> questions.add(read(f, PasidPrefix.NONE, iova)));
        domain.pasids()
                .forEach(p -> questions.add(read(p.function(), PasidPrefix.of(p.pasid()), iova)));
        return questions;
    }

    private static WalkQuestion read(PciAddress function, PasidPrefix prefix, long iova) {
        return new WalkQuestion(function, iova, REQUEST_BYTES, Access.READ, prefix, false);
    }
}
