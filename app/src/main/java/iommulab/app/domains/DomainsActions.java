package iommulab.app.domains;

import iommulab.app.domains.FlowLayout.Thing;
import iommulab.app.shell.DomainUse;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.Outcome;

import javafx.scene.Node;

import java.util.Optional;

/// Gestures of the Domains perspective turned into commands.
final class DomainsActions {
    private final Workbench workbench;

    DomainsActions(Workbench workbench) {
        this.workbench = workbench;
    }

    void submit(Command command, Node where) {
        workbench
                .submit(command, where)
                .thenAccept(outcome -> {
                    if (outcome instanceof Outcome.DomainCreated(int domain)) {
                        workbench.select(new Subject.Domain(domain));
                    }
                });
    }

    void attach(Thing what, int domain, Node where) {
        functionOf(what, workbench.machine())
                .ifPresent(f -> submit(new Command.AttachDevice(f, domain), where));
    }

    /// A group is named by its first function: attaching moves all of it anyway.
    static Optional<PciAddress> functionOf(Thing thing, MachineSnapshot machine) {
        return switch (thing) {
            case Thing.OfDevice(var row) -> Optional.of(row.address());
            case Thing.OfGroup(var row) ->
                    DomainsModel.selectedFunction(machine, new Subject.Group(row.id()));
            case Thing.OfPasid _, Thing.OfDomain _, Thing.NoDomain _ -> Optional.empty();
        };
    }

    void select(Thing thing) {
        switch (thing) {
            case Thing.OfDevice(var row) -> workbench.select(new Subject.Function(row.address()));
            case Thing.OfPasid(var row) ->
                    workbench.select(
                            new Subject.Pasid(row.space().function(), row.space().pasid()));
            case Thing.OfGroup(var row) -> workbench.select(new Subject.Group(row.id()));
            case Thing.OfDomain(var card) -> workbench.select(new Subject.Domain(card.id()));
            case Thing.NoDomain() -> {}
        }
    }

    /// Shows how the first device of a domain gets to the start of a mapping.
    void walk(MachineSnapshot.Domain domain, long iova) {
        DomainUse.firstOf(domain).ifPresent(user -> workbench.openWalk(user.read(iova, true), -1));
    }
}
