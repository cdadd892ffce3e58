package iommulab.app.topology;

import iommulab.app.shell.Panel;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;

import javafx.scene.Node;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.Tooltip;
import javafx.scene.input.ContextMenuEvent;
import javafx.scene.input.KeyEvent;
import javafx.scene.input.MouseButton;
import javafx.scene.input.MouseEvent;
import javafx.scene.layout.Priority;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import javafx.util.Duration;

import org.jspecify.annotations.Nullable;

/// The Machine perspective: the whole machine as nested boxes, or the same as a table. Layout of the
/// parts; what they say comes from [MachineModel].
public final class MachinePanel implements Panel {
    private static final double DWELL_MILLIS = 600;

    private final Workbench workbench;
    private final MachineActions actions;
    private final PictureView picture;
    private final MarksView marks;
    private final MachineTable table;
    private final MachineTools tools;
    private final Legend legend;
    private final MachineMemory memory = new MachineMemory();
    private final Tooltip tooltip = new Tooltip();
    private final ContextMenu menu = new ContextMenu();
    private final VBox root;
    private @Nullable Box pointedAt;

    /// A panel that shows the machine of a workbench.
    public MachinePanel(Workbench workbench) {
        this.workbench = workbench;
        this.actions = new MachineActions(workbench);
        this.picture = new PictureView(workbench.palette());
        this.marks = new MarksView(workbench.palette(), picture.view(), workbench.reducedMotion());
        this.table = new MachineTable(workbench);
        this.tools = new MachineTools(picture);
        this.legend = new Legend(workbench.palette());
        picture.setId("machine-picture");
        picture.setAccessibleText("The machine as a picture; the table beside it says the same");
        var stage = new StackPane(picture, marks, table.view());
        stage.setMinSize(0, 0);
        VBox.setVgrow(stage, Priority.ALWAYS);
        legend.getStyleClass().add("machine-legend");
        root = new VBox(tools.view(), stage, legend);
        root.setId("machine-panel");
        root.getStyleClass().add("canvas-surface");
        root.setMinSize(0, 0);
        follow();
    }

    private void follow() {
        tools.layers().addListener((_, _, layers) -> picture.show(layers));
        tools.asTable().addListener((_, _, asTable) -> showTable(asTable));
        showTable(false);
        picture.onWall().addListener((_, _, onWall) -> layOut(onWall));
        picture.addEventHandler(MouseEvent.MOUSE_CLICKED, this::click);
        picture.addEventHandler(MouseEvent.MOUSE_MOVED, this::point);
        picture.addEventHandler(ContextMenuEvent.CONTEXT_MENU_REQUESTED, this::askMenu);
        root.addEventHandler(KeyEvent.KEY_PRESSED, this::key);
        tooltip.setShowDelay(Duration.millis(DWELL_MILLIS));
        tooltip.setWrapText(true);
        tooltip.setMaxWidth(420);
    }

    /// Requests on their way were on the links of the other picture.
    private void layOut(boolean onWall) {
        memory.use(onWall ? BoxSizes.ON_WALL : BoxSizes.USUAL);
        marks.clear();
        picture.fit();
        show(workbench.machine(), workbench.subject().get());
    }

    private void showTable(boolean asTable) {
        picture.setVisible(!asTable);
        marks.setVisible(!asTable);
        legend.setVisible(!asTable);
        legend.setManaged(!asTable);
        table.view().setVisible(asTable);
        table.show(workbench.machine(), workbench.subject().get());
    }

    @Override
    public Node view() {
        return root;
    }

    @Override
    public void show(MachineSnapshot machine, Subject subject) {
        var fresh = memory.take(machine, subject, System.nanoTime());
        var model = memory.model();
        if (memory.isAnotherMachine()) {
            picture.fit();
            marks.clear();
        }
        picture.show(model, memory.heat());
        if (memory.heat().equals(Heat.NONE)) {
            marks.start(fresh);
        } else if (workbench.reducedMotion().get()) {
            marks.clear();
        }
        tools.show(machine, model.name(), model.origin());
        legend.show(model.counts());
        table.show(machine, subject);
        Looks.functionOf(machine, subject)
                .map(model.picture().boxOf()::get)
                .ifPresent(picture::reveal);
    }

    private void click(MouseEvent event) {
        if (event.getButton() != MouseButton.PRIMARY || !event.isStillSincePress()) {
            return;
        }
        var request =
                marks.requestAt(event.getX(), event.getY())
                        .or(() -> picture.requestAt(event.getX(), event.getY()));
        if (request.isPresent()) {
            actions.follow(request.get().event(), event.getClickCount() == 2);
            return;
        }
        var box = picture.boxAt(event);
        if (event.getClickCount() == 2) {
            box.ifPresentOrElse(this::openBox, picture::fit);
            return;
        }
        workbench.select(
                box.map(b -> actions.subjectOf(b, memory.model())).orElse(new Subject.Nothing()));
    }

    /// A stack opens into its functions, a device goes to its group, a container is zoomed into.
    private void openBox(Box box) {
        switch (box.kind()) {
            case STACK -> {
                memory.expand(box.functions().getFirst());
                show(workbench.machine(), workbench.subject().get());
            }
            case PORT, BRIDGE, DEVICE, ROW -> actions.openGroup(box);
            case MEMORY, SPAN, UNIT, COMPLEX, SWITCH, EMPTY_SLOT -> picture.goTo(box);
        }
    }

    private void point(MouseEvent event) {
        var box = picture.boxAt(event).orElse(null);
        if (box == pointedAt) {
            return;
        }
        pointedAt = box;
        Tooltip.uninstall(picture, tooltip);
        var words = box == null ? "" : actions.fullName(box, memory.model(), workbench.machine());
        if (!words.isEmpty()) {
            tooltip.setText(words);
            Tooltip.install(picture, tooltip);
        }
    }

    private void askMenu(ContextMenuEvent event) {
        menu.hide();
        event.consume();
        if (event.isKeyboardTrigger()) {
            Looks.functionOf(workbench.machine(), workbench.subject().get())
                    .ifPresent(this::showMenuBeside);
        } else if (pointedAt != null && pointedAt.isFunction()) {
            menu.getItems().setAll(actions.menuFor(pointedAt.functions().getFirst(), picture));
            menu.show(picture, event.getScreenX(), event.getScreenY());
        }
    }

    private void showMenuBeside(PciAddress function) {
        picture.rectOf(function)
                .map(at -> picture.localToScreen(at.centreX(), at.centreY()))
                .ifPresent(at -> {
                    menu.getItems().setAll(actions.menuFor(function, picture));
                    menu.show(picture, at.getX(), at.getY());
                });
    }

    private void key(KeyEvent event) {
        if (tools.key(event) || actions.key(event, memory.model())) {
            event.consume();
        }
    }
}
