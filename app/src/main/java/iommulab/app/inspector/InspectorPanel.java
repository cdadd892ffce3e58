package iommulab.app.inspector;

import iommulab.app.shell.InspectorFold;
import iommulab.app.shell.Panel;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.engine.pci.DeviceNames;
import iommulab.engine.session.MachineSnapshot;

import javafx.scene.Cursor;
import javafx.scene.Node;
import javafx.scene.control.ScrollPane;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/// Shows what is selected; what it says comes from [Inspected]. Only sections whose words have changed
/// are built anew, and while traffic runs at most four times a second.
public final class InspectorPanel implements Panel {
    private static final long PAUSE_NANOS = 250_000_000;
    private static final double NARROWEST = 280;
    private static final double WIDEST = 480;

    private final SectionViews views;
    private final PathBar path;
    private final DeviceNames names;
    private final VBox head = new VBox(2);
    private final VBox body = new VBox();
    private final ScrollPane scroll = new ScrollPane(body);
    private final BorderPane root = new BorderPane(scroll);
    private final List<Section> shownSections = new ArrayList<>();
    private @Nullable Inspected shown;
    private @Nullable Subject shownSubject;
    private long shownAt;
    private boolean shownFolded;

    /// An inspector of nothing.
    public InspectorPanel(Workbench bench) {
        views = new SectionViews(bench);
        path = new PathBar(bench);
        names = bench.names();
        root.setId("inspector");
        root.getStyleClass().add("inspector");
        root.setAccessibleText("Inspector");
        head.getStyleClass().add("inspector-head");
        root.setTop(head);
        path.show(List.of());
        scroll.setFitToWidth(true);
        scroll.setHbarPolicy(ScrollPane.ScrollBarPolicy.NEVER);
        scroll.setAccessibleText("Details");
        root.setLeft(edge());
        root.setMinHeight(0);
        head.setMinWidth(0);
        scroll.setMinWidth(0);
        body.setMinWidth(0);
    }

    /// The left edge, by which the inspector is made wider.
    private Region edge() {
        var edge = new Region();
        edge.getStyleClass().add("inspector-edge");
        edge.setCursor(Cursor.H_RESIZE);
        edge.setOnMouseDragged(drag -> {
            if (!isFolded()) {
                double right = root.localToScene(root.getWidth(), 0).getX();
                double em = edge.getWidth() / 3;
                widen(Math.clamp(right - drag.getSceneX(), NARROWEST * em, WIDEST * em));
            }
        });
        return edge;
    }

    private void widen(double width) {
        root.setStyle(
                "-fx-min-width: %1$spx; -fx-pref-width: %1$spx; -fx-max-width: %1$spx"
                        .formatted(width));
    }

    @Override
    public Node view() {
        return root;
    }

    @Override
    public void show(MachineSnapshot machine, Subject subject) {
        long now = System.nanoTime();
        if (isFolded()) {
            root.setStyle("");
        }
        boolean another = !subject.equals(shownSubject) || isFolded() != shownFolded;
        if (!another && machine.running() && now - shownAt < PAUSE_NANOS) {
            return;
        }
        shownAt = now;
        var model = Inspected.of(machine, subject, names);
        // A narrow column has no room for a way; the fact "Behind" tells the next step.
        path.show(isFolded() ? List.of() : Whereabouts.of(machine, subject));
        if (!another && model.equals(shown)) {
            return;
        }
        showHead(model);
        showSections(model.sections(), another);
        if (another) {
            scroll.setVvalue(0);
        }
        shown = model;
        shownSubject = subject;
        shownFolded = isFolded();
    }

    private Node node(Section section) {
        return isFolded() ? views.compact(section) : views.of(section);
    }

    private boolean isFolded() {
        return root.getPseudoClassStates().contains(InspectorFold.FOLDED);
    }

    private void showHead(Inspected model) {
        head.getChildren().setAll(path.view());
        head.getChildren().addAll(views.head(model));
    }

    private void showSections(List<Section> sections, boolean another) {
        if (another) {
            body.getChildren().clear();
            shownSections.clear();
        }
        for (int i = 0; i < sections.size(); i++) {
            var section = sections.get(i);
            if (i == shownSections.size()) {
                shownSections.add(section);
                body.getChildren().add(node(section));
            } else if (!section.equals(shownSections.get(i))) {
                shownSections.set(i, section);
                body.getChildren().set(i, node(section));
            }
        }
        while (shownSections.size() > sections.size()) {
            shownSections.removeLast();
            body.getChildren().removeLast();
        }
    }
}
