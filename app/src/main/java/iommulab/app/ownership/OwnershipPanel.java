package iommulab.app.ownership;

import iommulab.app.shell.DeedList;
import iommulab.app.shell.Panel;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.ProposalLabel;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.engine.os.SoftwareView.Group;
import iommulab.engine.session.Call;
import iommulab.engine.session.MachineSnapshot;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;

/// Layout and gestures of the Ownership perspective; what it says comes from [OwnershipModel].
public final class OwnershipPanel implements Panel {
    private final Workbench workbench;
    private final OwnershipCanvas canvas;
    private final DeedList deeds;
    private final Label headline = new Label();
    private final VBox callsOfGroup = new VBox();
    private final Label finding = new Label();
    private final Label title = new Label();
    private final FlowPane links = new FlowPane();
    private final Button open = new Button("Open an IOMMUFD");
    private final VBox side = new VBox();
    private final ProposalLabel proposal = ProposalLabel.ofMachine();
    private final BorderPane root = new BorderPane();
    private @Nullable OwnershipModel shown;
    private Optional<Group> chosen = Optional.empty();

    /// @param workbench takes the calls and answers what the kernel would say
    public OwnershipPanel(Workbench workbench) {
        this.workbench = workbench;
        canvas =
                new OwnershipCanvas(
                        workbench.palette(),
                        workbench.reducedMotion(),
                        id -> workbench.select(new Subject.Group(id)));
        canvas.setId("ownership-picture");
        deeds = new DeedList(workbench, (_, _) -> {}, () -> {});
        open.setId("ownership-open");
        open.setOnAction(_ -> deeds.send(Call.of("iommufd.open"), open));
        finding.setId("ownership-finding");
        finding.setWrapText(true);
        finding.setMinHeight(Region.USE_PREF_SIZE);
        finding.getStyleClass().add("value");
        title.getStyleClass().add("panel-title");
        links.getStyleClass().add("pasid-buttons");
        var head = new VBox(title);
        head.getStyleClass().add("inspector-head");
        var calls = new Label("Calls");
        calls.getStyleClass().add("section-head");
        callsOfGroup.getStyleClass().add("inspector-section");
        callsOfGroup.getChildren().addAll(calls, deeds);
        callsOfGroup.managedProperty().bind(callsOfGroup.visibleProperty());
        side.getChildren().setAll(head, section(finding, links), callsOfGroup);
        side.getStyleClass().add("pasid-side");
        var scroll = new ScrollPane(side);
        scroll.setFitToWidth(true);
        scroll.getStyleClass().addAll("fault-side-scroll", "pasid-side-scroll");
        root.setTop(tools());
        root.setCenter(canvas);
        root.setRight(scroll);
        root.getStyleClass().add("canvas-surface");
    }

    private static VBox section(Node... content) {
        var section = new VBox(content);
        section.getStyleClass().add("inspector-section");
        return section;
    }

    private Node tools() {
        var name = new Label("Ownership");
        name.getStyleClass().add("panel-title");
        name.setMinWidth(Region.USE_PREF_SIZE);
        headline.getStyleClass().add("muted");
        headline.setMinWidth(0);
        headline.setId("ownership-headline");
        open.getStyleClass().addAll("primary", "not-on-wall");
        open.setMinWidth(Region.USE_PREF_SIZE);
        var space = new Region();
        HBox.setHgrow(space, Priority.ALWAYS);
        var tools = new HBox(name, headline, space, proposal, open);
        tools.getStyleClass().add("panel-tools");
        return tools;
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
        proposal.show(machine);
        var software = machine.software();
        var model = OwnershipModel.of(software, subject);
        var group =
                software.groups().stream()
                        .filter(g -> OwnershipModel.isChosen(g, subject))
                        .findFirst();
        if (!group.map(Group::id).equals(chosen.map(Group::id))) {
            deeds.forgetAnswer();
        }
        if (!model.equals(shown) || !group.equals(chosen)) {
            shown = model;
            chosen = group;
            headline.setText(model.headline());
            finding.setText(model.finding());
            title.setText(group.map(g -> "Group " + g.id()).orElse("No group is selected"));
            callsOfGroup.setVisible(group.isPresent());
            links.getChildren().setAll(group.map(this::links).orElse(List.of()));
            canvas.show(model);
        }
        deeds.show(group.map(g -> new OwnershipDeeds(software).of(g)).orElse(List.of()), machine);
    }

    private List<Node> links(Group group) {
        var nodes = new java.util.ArrayList<Node>();
        nodes.add(link("Why this group", new Subject.Group(group.id()), Perspective.GROUPS));
        if (!group.user().isEmpty()) {
            nodes.add(link(group.user(), new Subject.Software(group.user()), Perspective.SOFTWARE));
        }
        if (group.domain() != 0) {
            nodes.add(
                    link(
                            "domain " + group.domain(),
                            new Subject.Domain(group.domain()),
                            Perspective.DOMAINS));
        }
        return nodes;
    }

    private Hyperlink link(String words, Subject subject, Perspective perspective) {
        var link = new Hyperlink(words);
        link.getStyleClass().add("link");
        link.setOnAction(_ -> {
            workbench.select(subject);
            workbench.open(perspective);
        });
        return link;
    }
}
