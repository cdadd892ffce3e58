package iommulab.app.domains;

import iommulab.app.domains.FlowLayout.Thing;
import iommulab.app.shell.NewDomainForm;
import iommulab.app.shell.Panel;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Domain;

import javafx.geometry.Orientation;
import javafx.geometry.Point2D;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.Label;
import javafx.scene.control.Menu;
import javafx.scene.control.MenuButton;
import javafx.scene.control.MenuItem;
import javafx.scene.control.SplitPane;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Pane;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// Layout and gestures of the Domains perspective; what it says comes from [DomainsModel].
public final class DomainsPanel implements Panel, FlowCanvas.Gestures {
    private final Workbench workbench;
    private final DomainsActions actions;
    private final FlowCanvas flow;
    private final Region dropped = new Region();
    private final DomainDetail detail;
    private final NewDomainForm newDomain;
    private final Label headline = new Label();
    private final Button create = new Button("New domain…");
    private final MenuButton attach = new MenuButton("Attach to");
    private final Button detach = new Button("Detach");
    private final Button delete = new Button("Delete");
    private final ContextMenu menu = new ContextMenu();
    private final BorderPane root = new BorderPane();
    private @Nullable DomainsModel shown;

    /// @param workbench takes the commands
    public DomainsPanel(Workbench workbench) {
        this.workbench = workbench;
        actions = new DomainsActions(workbench);
        flow = new FlowCanvas(workbench.palette(), this);
        flow.setId("domains-flow");
        flow.setMinHeight(120);
        detail = new DomainDetail(workbench, actions);
        newDomain = new NewDomainForm((command, where) -> create(command, where));
        // A refusal of a drop is shown where it was dropped: at this unseen node.
        dropped.setManaged(false);
        dropped.setMouseTransparent(true);
        var split = new SplitPane(new StackPane(flow, overlay()), detail);
        split.setOrientation(Orientation.VERTICAL);
        split.setDividerPositions(0.52);
        root.setTop(tools());
        root.setCenter(split);
        root.getStyleClass().addAll("canvas-surface", "domains");
    }

    private Pane overlay() {
        var overlay = new Pane(dropped);
        overlay.setMouseTransparent(true);
        return overlay;
    }

    private Node tools() {
        var title = new Label("Domains");
        title.getStyleClass().add("panel-title");
        title.setMinWidth(Region.USE_PREF_SIZE);
        headline.getStyleClass().addAll("muted", "not-on-wall");
        headline.setMinWidth(0);
        for (var button : List.of(attach, detach, delete)) {
            // The context menu of a box does the same.
            button.getStyleClass().add("not-on-wall");
            button.setMinWidth(Region.USE_PREF_SIZE);
        }
        create.setMinWidth(Region.USE_PREF_SIZE);
        create.setId("domain-new");
        create.getStyleClass().add("primary");
        attach.setId("domain-attach");
        detach.setId("domain-detach");
        delete.setId("domain-delete");
        create.setOnAction(_ ->
                newDomain.open(
                        create,
                        workbench.machine(),
                        DomainsModel.selectedFunction(
                                workbench.machine(), workbench.subject().get()),
                        NewDomainForm.Sort.PAGE_TABLE));
        detach.setOnAction(_ ->
                DomainsModel.selectedFunction(workbench.machine(), workbench.subject().get())
                        .ifPresent(f -> actions.submit(new Command.DetachDevice(f), detach)));
        delete.setOnAction(_ ->
                DomainsModel.selectedDomain(workbench.machine(), workbench.subject().get())
                        .ifPresent(d -> actions.submit(new Command.DeleteDomain(d.id()), delete)));
        attach.setOnShowing(_ -> attach.getItems().setAll(attachItems(attach)));
        attach.getItems().setAll(List.of(new MenuItem("no domain")));
        var space = new Region();
        HBox.setHgrow(space, Priority.ALWAYS);
        var tools = new HBox(title, headline, space, attach, detach, delete, create);
        tools.getStyleClass().add("panel-tools");
        return tools;
    }

    private void create(Command command, Node where) {
        workbench
                .submit(command, where)
                .thenAccept(outcome -> {
                    newDomain.close();
                    if (outcome
                            instanceof iommulab.engine.session.Outcome.DomainCreated(int domain)) {
                        workbench.select(new Subject.Domain(domain));
                    }
                });
    }

    private List<MenuItem> attachItems(Node where) {
        var machine = workbench.machine();
        var function = DomainsModel.selectedFunction(machine, workbench.subject().get());
        return machine.domains().stream()
                .map(d -> {
                    var item = new MenuItem("%d  %s".formatted(d.id(), d.name()));
                    item.setId("attach-to-" + d.id());
                    item.setOnAction(_ ->
                            function.ifPresent(f ->
                                    actions.submit(new Command.AttachDevice(f, d.id()), where)));
                    return item;
                })
                .toList();
    }

    @Override
    public Node view() {
        return root;
    }

    @Override
    public void show(MachineSnapshot machine, Subject subject) {
        var model = DomainsModel.of(machine, subject);
        if (!model.equals(shown)) {
            shown = model;
            headline.setText(model.headline());
            flow.show(model);
        }
        var function = DomainsModel.selectedFunction(machine, subject);
        attach.setDisable(function.isEmpty());
        detach.setDisable(
                function.flatMap(f -> DomainsModel.domainOf(machine, f))
                        .filter(Domain::byUser)
                        .isEmpty());
        var domain = DomainsModel.selectedDomain(machine, subject);
        delete.setDisable(function.isPresent() || domain.filter(Domain::byUser).isEmpty());
        detail.show(machine, subject);
    }

    @Override
    public void select(Thing thing) {
        actions.select(thing);
    }

    @Override
    public void attach(Thing what, int domain, Point2D at) {
        dropped.resizeRelocate(at.getX(), at.getY(), 1, 1);
        actions.attach(what, domain, dropped);
    }

    @Override
    public void menu(Thing thing, double screenX, double screenY) {
        actions.select(thing);
        menu.getItems().clear();
        switch (thing) {
            case Thing.OfDevice _, Thing.OfGroup _ -> {
                var attachTo = new Menu("Attach to");
                attachTo.getItems().setAll(attachItems(flow));
                var give = new MenuItem("Detach: back to its default domain");
                give.setOnAction(_ -> detach.fire());
                give.setDisable(detach.isDisabled());
                menu.getItems().addAll(List.of(attachTo, give));
            }
            case Thing.OfPasid _ -> {
                var show = new MenuItem("Show in PASIDs");
                show.setOnAction(_ -> workbench.open(Perspective.PASIDS));
                menu.getItems().add(show);
            }
            case Thing.OfDomain _ -> {
                var remove = new MenuItem("Delete domain");
                remove.setOnAction(_ -> delete.fire());
                remove.setDisable(delete.isDisabled());
                menu.getItems().add(remove);
            }
            case Thing.NoDomain() -> {}
        }
        if (!menu.getItems().isEmpty()) {
            menu.show(flow, screenX, screenY);
        }
    }

    /// For tests: where a device and a domain are drawn.
    FlowCanvas flow() {
        return flow;
    }
}
