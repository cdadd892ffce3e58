package iommulab.app.faults;

import iommulab.app.shell.Panel;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.engine.session.MachineSnapshot;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;

import org.jspecify.annotations.Nullable;

/// Layout and gestures of the Faults perspective; what it says comes from [FaultsModel].
public final class FaultsPanel implements Panel {
    private static final double SIDE_BY_SIDE = 1000;

    private final Workbench workbench;
    private final Label headline = new Label();
    private final Button clear = new Button("Clear faults");
    private final Inbox inbox;
    private final CaseView caseView;
    private final WalkSide side;
    private final VBox centre = new VBox();
    private final ScrollPane scroll = new ScrollPane(centre);
    private final ScrollPane sideScroll = new ScrollPane();
    private final BorderPane content = new BorderPane();
    private final VBox empty = new VBox();
    private final BorderPane root = new BorderPane();
    private @Nullable FaultsModel shown;

    /// @param workbench takes the commands and answers what the hardware would do
    public FaultsPanel(Workbench workbench) {
        this.workbench = workbench;
        inbox = new Inbox(kind -> workbench.select(new Subject.Fault(kind.newest().sequence())));
        caseView = new CaseView(workbench);
        side = new WalkSide(workbench);
        scroll.setFitToWidth(true);
        sideScroll.setFitToWidth(true);
        sideScroll.getStyleClass().add("fault-side-scroll");
        inbox.setPrefWidth(270);
        inbox.setMinWidth(220);
        content.setLeft(inbox);
        content.setCenter(scroll);
        root.setTop(tools());
        root.setCenter(new StackPane(content, emptyState()));
        root.getStyleClass().addAll("canvas-surface", "faults");
        root.widthProperty().addListener((_, _, width) -> arrange(width.doubleValue()));
        arrange(0);
    }

    private Node tools() {
        var title = new Label("Faults");
        title.getStyleClass().add("panel-title");
        headline.getStyleClass().add("muted");
        clear.setId("fault-clear");
        clear.setOnAction(_ ->
                FaultsActions.clear(workbench.machine())
                        .forEach(command -> workbench.submit(command, clear)));
        var space = new Region();
        HBox.setHgrow(space, Priority.ALWAYS);
        var tools = new HBox(title, headline, space, clear);
        tools.getStyleClass().add("panel-tools");
        return tools;
    }

    private Node emptyState() {
        var sentence = new Label("No faults. Every request that came so far was let through.");
        var make = new Button("Make one happen");
        make.setId("fault-make");
        make.getStyleClass().add("primary");
        make.setOnAction(_ ->
                FaultsActions.makeOne(workbench.machine())
                        .ifPresent(command -> workbench.submit(command, make)));
        empty.getStyleClass().add("empty-state");
        empty.getChildren().addAll(sentence, make);
        return empty;
    }

    /// Where there is no room for the walk beside the case, it stands below it.
    private void arrange(double width) {
        boolean wide = width >= SIDE_BY_SIDE;
        if (wide && content.getRight() == null) {
            centre.getChildren().setAll(caseView);
            sideScroll.setContent(side);
            sideScroll.setPrefWidth(390);
            content.setRight(sideScroll);
        } else if (!wide && centre.getChildren().size() < 2) {
            sideScroll.setContent(null);
            content.setRight(null);
            centre.getChildren().setAll(caseView, side);
        }
        VBox.setVgrow(caseView, Priority.NEVER);
    }

    @Override
    public Node view() {
        return root;
    }

    @Override
    public void show(MachineSnapshot machine, Subject subject) {
        var model = FaultsModel.of(machine, subject);
        int journal = machine.journal().position();
        clear.setDisable(FaultsActions.clear(machine).isEmpty());
        model.chosen().ifPresent(chosen -> side.show(chosen, journal));
        if (model.equals(shown)) {
            return;
        }
        shown = model;
        empty.setVisible(model.kinds().isEmpty());
        content.setVisible(!model.kinds().isEmpty());
        headline.setText(model.kinds().isEmpty() ? "" : model.headline());
        inbox.show(
                model.kinds(), model.chosen().map(c -> model.kinds().indexOf(c.kind())).orElse(-1));
        model.chosen().ifPresent(caseView::show);
    }
}
