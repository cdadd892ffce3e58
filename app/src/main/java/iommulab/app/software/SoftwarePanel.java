package iommulab.app.software;

import iommulab.app.shell.DeedList;
import iommulab.app.shell.Panel;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.ProposalLabel;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.app.software.SoftwareModel.Box;
import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.call.Answer;
import iommulab.engine.session.Call;
import iommulab.engine.session.MachineSnapshot;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.Label;
import javafx.scene.control.MenuItem;
import javafx.scene.control.ScrollPane;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;

import org.jspecify.annotations.Nullable;

import java.util.Optional;
import java.util.OptionalInt;

/// Layout and gestures of the Software perspective; what it says comes from [SoftwareModel].
public final class SoftwarePanel implements Panel {
    private final Workbench workbench;
    private final SoftwareCanvas canvas;
    private final DeedList deeds;
    private final SoftwareSide side;
    private final Label headline = new Label();
    private final ProposalLabel proposal = ProposalLabel.ofMachine();
    private final Button open = new Button("Open an IOMMUFD");
    private final BorderPane root = new BorderPane();
    private final ContextMenu menu = new ContextMenu();
    private @Nullable SoftwareModel shown;

    /// @param workbench takes the calls and answers what the kernel would say
    public SoftwarePanel(Workbench workbench) {
        this.workbench = workbench;
        canvas =
                new SoftwareCanvas(
                        workbench.palette(),
                        new SoftwareCanvas.Gestures() {
                            @Override
                            public void select(Box box) {
                                choose(box);
                            }

                            @Override
                            public void menu(Box box, double x, double y) {
                                offer(box, x, y);
                            }
                        });
        canvas.setId("software-picture");
        deeds = new DeedList(workbench, this::selectMade, this::judged);
        side = new SoftwareSide(workbench, deeds);
        var scroll = new ScrollPane(side);
        scroll.setFitToWidth(true);
        scroll.getStyleClass().addAll("fault-side-scroll", "pasid-side-scroll");
        root.setTop(tools());
        root.setCenter(canvas);
        root.setRight(scroll);
        root.getStyleClass().add("canvas-surface");
    }

    private Node tools() {
        var title = new Label("Software");
        title.getStyleClass().add("panel-title");
        title.setMinWidth(Region.USE_PREF_SIZE);
        headline.getStyleClass().add("muted");
        headline.setMinWidth(0);
        headline.setId("software-headline");
        open.setId("software-open");
        open.getStyleClass().addAll("primary", "not-on-wall");
        open.setMinWidth(Region.USE_PREF_SIZE);
        open.setOnAction(_ -> deeds.send(Call.of("iommufd.open"), open));
        var space = new Region();
        HBox.setHgrow(space, Priority.ALWAYS);
        var tools = new HBox(title, headline, space, proposal, open);
        tools.getStyleClass().add("panel-tools");
        return tools;
    }

    private void choose(Box box) {
        workbench.select(
                box.rank() == Rank.GROUP
                        ? new Subject.Group(box.number())
                        : new Subject.Software(box.key()));
    }

    private void offer(Box box, double x, double y) {
        choose(box);
        menu.getItems().clear();
        if (box.rank() == Rank.GROUP) {
            var ownership = new MenuItem("Show its owner");
            ownership.setOnAction(_ -> workbench.open(Perspective.OWNERSHIP));
            menu.getItems().add(ownership);
        } else {
            show(workbench.machine(), workbench.subject().get());
            menu.getItems().setAll(deeds.menuItems(canvas));
        }
        if (!menu.getItems().isEmpty()) {
            menu.show(canvas, x, y);
        }
    }

    /// What a call has made is looked at next.
    private void selectMade(Call call, Answer answer) {
        Made.by(call, answer).ifPresent(key -> workbench.select(new Subject.Software(key)));
    }

    @Override
    public Node view() {
        return root;
    }

    @Override
    public boolean takesInspectorsPlace() {
        return true;
    }

    @Override
    public void show(MachineSnapshot machine, Subject subject) {
        var software = machine.software();
        var node = chosen(software, subject);
        proposal.show(machine);
        side.show(
                machine,
                node,
                subject instanceof Subject.Group(int id)
                        ? OptionalInt.of(id)
                        : OptionalInt.empty());
        draw(machine, subject);
    }

    private static Optional<SoftwareView.Node> chosen(SoftwareView software, Subject subject) {
        return switch (subject) {
            case Subject.Software(var key) -> software.node(key);
            case Subject.Domain(int id) ->
                    software.nodes().stream().filter(n -> n.domain() == id).findFirst();
            case Subject.Nothing _,
                    Subject.Function _,
                    Subject.Group _,
                    Subject.Pasid _,
                    Subject.Mapping _,
                    Subject.Unit _,
                    Subject.CacheLine _,
                    Subject.Fault _,
                    Subject.DmaEvent _,
                    Subject.WalkStep _,
                    Subject.Memory _ ->
                    Optional.empty();
        };
    }

    /// It is known now what the kernel would refuse: an open menu says so too.
    private void judged() {
        draw(workbench.machine(), workbench.subject().get());
        if (menu.isShowing() && workbench.subject().get() instanceof Subject.Software) {
            menu.getItems().setAll(deeds.menuItems(canvas));
        }
    }

    private void draw(MachineSnapshot machine, Subject subject) {
        boolean blocked =
                deeds.verdict("iommufd.destroy").filter(trial -> !trial.succeeds()).isPresent();
        var about =
                chosen(machine.software(), subject)
                        .<Subject>map(node -> new Subject.Software(node.key()))
                        .orElse(subject);
        var model = SoftwareModel.of(machine.software(), about, blocked);
        if (!model.equals(shown)) {
            shown = model;
            headline.setText(model.headline());
            canvas.show(model);
        }
    }
}
