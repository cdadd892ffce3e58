package iommulab.app.pasids;

import iommulab.app.pasids.PasidsLayout.Thing;
import iommulab.app.shell.AddressSpace;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.engine.iommu.Access;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.WalkQuestion;

import javafx.scene.Node;

import java.util.concurrent.CompletionStage;

/// Gestures of the PASIDs perspective turned into commands and questions.
final class PasidsActions {
    private static final int REQUEST_BYTES = 64;

    private final Workbench workbench;

    PasidsActions(Workbench workbench) {
        this.workbench = workbench;
    }

    void select(Thing thing) {
        switch (thing) {
            case Thing.OfName(var entry) -> select(entry.space());
            case Thing.Nowhere(var entry) -> select(entry.space());
            case Thing.OfSpace(var space) -> workbench.select(new Subject.Domain(space.id()));
            case Thing.OfDevice(var device) ->
                    workbench.select(new Subject.Function(device.address()));
        }
    }

    private void select(AddressSpace space) {
        workbench.select(new Subject.Pasid(space.function(), space.pasid()));
    }

    /// @return completes when it is attached
    CompletionStage<?> attach(AddressSpace space, int domain, Node where) {
        return workbench
                .submit(new Command.AttachPasid(space.function(), space.pasid(), domain), where)
                .thenRun(() -> select(space));
    }

    void detach(AddressSpace space, Node where) {
        workbench.submit(new Command.DetachPasid(space.function(), space.pasid()), where);
    }

    void walk(AddressSpace space) {
        workbench.openWalk(question(workbench.machine(), space, true), -1);
    }

    /// What would happen to a read of the first address that the space maps.
    static WalkQuestion question(MachineSnapshot machine, AddressSpace space, boolean withCaches) {
        return new WalkQuestion(
                space.function(),
                firstAddress(machine, space),
                REQUEST_BYTES,
                Access.READ,
                space.prefix(),
                withCaches);
    }

    /// Where the space maps something; 0 if it maps nothing.
    static long firstAddress(MachineSnapshot machine, AddressSpace space) {
        return space.domain(machine).stream()
                .flatMap(domain -> domain.mappings().stream())
                .findFirst()
                .map(MachineSnapshot.Mapping::iova)
                .orElse(0L);
    }
}
