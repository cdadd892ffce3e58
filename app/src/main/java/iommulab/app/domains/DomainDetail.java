package iommulab.app.domains;

import iommulab.app.shell.DomainUse;
import iommulab.app.shell.GuestTable;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Domain;

import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

import org.jspecify.annotations.Nullable;

/// The lower half of the Domains perspective: one domain, its iova space, its mappings, and the form
/// that changes them.
final class DomainDetail extends BorderPane {
    private static final double STRIP = 70;

    private final Workbench workbench;
    private final IovaStrip strip;
    private final MappingTable table;
    private final MappingForm form;
    private final Label name = new Label();
    private final Label facts = new Label();
    private final Label unflushed = new Label();
    private final Button inMemory = new Button("Table in Memory");
    private final Button walk = new Button("Walk it");
    private final Button invalidate = new Button("Invalidation…");
    private @Nullable Domain domain;
    private int remembered = -1;

    DomainDetail(Workbench workbench, DomainsActions actions) {
        this.workbench = workbench;
        strip = new IovaStrip(workbench.palette(), this::selectMapping);
        strip.setId("iova-strip");
        table =
                new MappingTable(mapping -> {
                    selectMapping(mapping.iova());
                    fill(mapping.iova());
                });
        form = new MappingForm(actions::submit);
        name.getStyleClass().add("row-name");
        facts.getStyleClass().addAll("secondary", "not-on-wall");
        name.setMinWidth(USE_PREF_SIZE);
        unflushed.getStyleClass().addAll("warning-box", "secondary");
        unflushed.setWrapText(true);
        unflushed.setMaxWidth(Double.MAX_VALUE);
        walk.setId("mapping-walk");
        walk.setMinWidth(USE_PREF_SIZE);
        walk.getStyleClass().add("not-on-wall");
        inMemory.setId("domain-memory");
        inMemory.setMinWidth(USE_PREF_SIZE);
        inMemory.getStyleClass().add("not-on-wall");
        inMemory.setOnAction(_ -> {
            if (domain != null) {
                workbench.select(new Subject.Memory(domain.table()));
                workbench.open(Perspective.MEMORY);
            }
        });
        invalidate.setId("domain-invalidate");
        invalidate.setMinWidth(USE_PREF_SIZE);
        invalidate.getStyleClass().add("not-on-wall");
        table.getStyleClass().add("not-on-wall");
        walk.setOnAction(_ -> {
            var mapping = table.getSelectionModel().getSelectedItem();
            if (domain != null && mapping != null) {
                actions.walk(domain, mapping.iova());
            }
        });
        var space = new Region();
        HBox.setHgrow(space, Priority.ALWAYS);
        var head = new HBox(name, facts, space, invalidate, inMemory, walk);
        head.getStyleClass().add("detail-head");
        strip.minHeightProperty().bind(strip.scaleProperty().multiply(STRIP));
        strip.prefHeightProperty().bind(strip.scaleProperty().multiply(STRIP));
        table.setMinHeight(60);
        setTop(new VBox(head, unflushed, strip));
        setCenter(table);
        var formScroll = new ScrollPane(form);
        formScroll.setFitToWidth(true);
        formScroll.setMinHeight(0);
        formScroll.getStyleClass().addAll("mapping-form-place", "not-on-wall");
        setRight(formScroll);
        setMinHeight(130);
        getStyleClass().add("domain-detail");
    }

    void show(MachineSnapshot machine, Subject subject) {
        var found =
                DomainsModel.selectedDomain(machine, subject)
                        .or(() -> DomainsModel.domain(machine, remembered))
                        .or(() -> DomainsModel.firstDomain(machine));
        setVisible(found.isPresent());
        if (found.isEmpty()) {
            return;
        }
        var now = found.get();
        remembered = now.id();
        long selected =
                subject instanceof Subject.Mapping(int id, long iova) && id == now.id() ? iova : -1;
        walk.setDisable(selected < 0 || DomainUse.firstOf(now).isEmpty());
        table.show(now, selected);
        strip.show(IovaStripModel.of(now, machine), selected);
        // Below a second stage the table's address is a gpa.
        inMemory.setDisable(now.table() == 0 || now.parent() != 0);
        var guests = GuestTable.of(machine, now.id());
        invalidate.setVisible(guests.isPresent());
        invalidate.setManaged(guests.isPresent());
        invalidate.setOnAction(_ -> guests.ifPresent(workbench::openInvalidation));
        if (now.equals(domain)) {
            return;
        }
        domain = now;
        name.setText("Domain %d  %s".formatted(now.id(), now.name()));
        facts.setText(
                DomainsModel.hasTable(now)
                        ? "%s, top table at %x".formatted(DomainsModel.kind(now), now.table())
                        : DomainsModel.kind(now));
        unflushed.setText(
                "Forgotten, so that caches may still answer: "
                        + String.join("; ", now.unflushed()));
        unflushed.setVisible(!now.unflushed().isEmpty());
        unflushed.setManaged(unflushed.isVisible());
        form.show(now);
    }

    private void selectMapping(long iova) {
        if (domain != null) {
            workbench.select(new Subject.Mapping(domain.id(), iova));
            fill(iova);
        }
    }

    private void fill(long iova) {
        if (domain != null) {
            domain.mappings().stream()
                    .filter(m -> m.iova() == iova)
                    .findFirst()
                    .ifPresent(form::fill);
        }
    }
}
