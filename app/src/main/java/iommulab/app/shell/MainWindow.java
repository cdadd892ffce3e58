package iommulab.app.shell;

import javafx.application.Platform;
import javafx.css.PseudoClass;
import javafx.scene.Node;
import javafx.scene.Scene;
import javafx.scene.image.WritableImage;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import javafx.stage.Screen;
import javafx.stage.Stage;
import javafx.stage.Window;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// The window's frame: top bar, rail, the panel of the open perspective, inspector, drawer, status bar.
public final class MainWindow {
    private static final PseudoClass PRESENTING = PseudoClass.getPseudoClass("presenting");
    private static final double USUAL_WIDTH = 1600;
    private static final double USUAL_HEIGHT = 1000;
    private static final double SHARE_OF_SCREEN = 0.8;
    private static final double FULL_WIDTH = 1366;
    private static final double FULL_HEIGHT = 800;

    private final Bench bench;
    private final Map<Perspective, Panel> panels;
    private final Panel inspector;

    /// Title of the tab with the frame editor for invalidations.
    public static final String INVALIDATION = "Invalidation";

    private final Drawer drawer;
    private final TopBar topBar;
    private final StatusLine statusLine;
    private final StackPane place = new StackPane();
    private final StackPane root = new StackPane();
    private final Rail rail;
    private final Scene scene;
    private final FramePulse pulse;
    private final Finder finder;
    private final List<WindowAction> actions;
    private final ShortcutSheet shortcuts = new ShortcutSheet();

    /// @param panels one for each perspective that the rail shall offer
    /// @param inspector what is selected, at the right
    /// @param drawerTabs at the bottom
    /// @param more actions of the program around the window: files, lessons
    public MainWindow(
            Bench bench,
            Map<Perspective, Panel> panels,
            Panel inspector,
            List<DrawerTab> drawerTabs,
            List<WindowAction> more) {
        this.bench = bench;
        this.panels = new EnumMap<>(panels);
        this.inspector = inspector;
        this.drawer = new Drawer(bench, drawerTabs);
        var all = new ArrayList<>(more);
        all.addAll(new StandardActions(bench, this).all());
        this.actions = List.copyOf(all);
        this.finder = new Finder(bench, actions);
        this.topBar = new TopBar(bench, actions, finder.field());
        this.statusLine = new StatusLine(bench);
        this.pulse = new FramePulse(bench, this::visiblePanels);
        this.rail = new Rail(bench, this.panels.keySet());
        this.scene = new Scene(root);
        Keys.listen(scene, actions);
        Keys.onQuestionMark(scene, this::showShortcuts);
        arrange();
        follow();
    }

    private void arrange() {
        place.setId("perspective");
        place.setMinSize(0, 0);
        place.setPrefSize(0, 0);
        HBox.setHgrow(place, Priority.ALWAYS);
        var middle = new HBox(place, inspector.view());
        middle.setMinHeight(0);
        VBox.setVgrow(middle, Priority.ALWAYS);
        var right = new VBox(middle, drawer);
        right.setMinSize(0, 0);
        var frame = new BorderPane(right);
        frame.setTop(topBar.view());
        frame.setLeft(rail);
        frame.setBottom(statusLine.view());
        root.getChildren().addAll(bench.paletteReader(), frame, finder.overlay());
        openPerspective();
    }

    private void follow() {
        var settings = bench.settings();
        settings.theme().addListener((_, _, _) -> dress());
        settings.textScale().addListener((_, _, _) -> dress());
        settings.presenting().addListener((_, _, _) -> dress());
        settings.drawerOpen().addListener((_, _, _) -> pulse.showAgain());
        drawer.onTabChange(pulse::showAgain);
        bench.askedTable()
                .addListener((_, _, asked) -> asked.ifPresent(_ -> openDrawerTab(INVALIDATION)));
        bench.perspective().addListener((_, _, _) -> openPerspective());
        dress();
        scene.widthProperty().addListener((_, _, _) -> foldToFit());
        scene.heightProperty()
                .addListener((_, before, now) -> {
                    boolean was = before.doubleValue() >= FULL_HEIGHT;
                    boolean is = now.doubleValue() >= FULL_HEIGHT;
                    if (before.doubleValue() > 0 && was != is) {
                        settings.drawerOpen().set(is);
                    }
                });
    }

    private void dress() {
        var settings = bench.settings();
        settings.theme().get().dress(scene, settings.textScaleInForce());
        root.pseudoClassStateChanged(PRESENTING, settings.presenting().get());
        showFrame();
        foldToFit();
    }

    /// On a wall there is room for the open perspective only; in it, the inspector may have to go.
    private void showFrame() {
        boolean framed = !bench.settings().presenting().get();
        for (var part : List.of(topBar.view(), rail, drawer, statusLine.view())) {
            show(part, framed);
        }
        var panel = panels.get(bench.perspective().get());
        boolean hasSide = panel != null && panel.takesInspectorsPlace();
        show(inspector.view(), framed && !hasSide);
    }

    private static void show(Node part, boolean shown) {
        part.setManaged(shown);
        part.setVisible(shown);
    }

    private void foldToFit() {
        foldToFit(scene.getWidth());
    }

    private void foldToFit(double width) {
        boolean narrow = width < FULL_WIDTH * bench.settings().textScaleInForce();
        inspector.view().pseudoClassStateChanged(InspectorFold.FOLDED, narrow);
        pulse.showAgain();
    }

    private void openPerspective() {
        var panel = panels.get(bench.perspective().get());
        if (panel != null) {
            place.getChildren().setAll(panel.view());
        }
        showFrame();
        pulse.showAgain();
    }

    private List<Panel> visiblePanels() {
        var visible = new ArrayList<Panel>();
        visible.add(topBar);
        var open = panels.get(bench.perspective().get());
        if (open != null) {
            visible.add(open);
        }
        if (inspector.view().isVisible()) {
            visible.add(inspector);
        }
        visible.add(drawer);
        drawer.visiblePanel().ifPresent(visible::add);
        visible.add(statusLine);
        return visible;
    }

    /// A picture of the frame at any size, drawn without a stage, of the newest snapshot.
    public WritableImage picture(double width, double height) {
        root.setPrefSize(width, height);
        root.resize(width, height);
        foldToFit(width);
        bench.settings().drawerOpen().set(height >= FULL_HEIGHT);
        // The first layout reads the colours; the second draws with them, at the final sizes.
        for (int pass = 0; pass < 2; pass++) {
            pulse.showAgain();
            pulse.handle(System.nanoTime());
            root.applyCss();
            root.resize(width, height);
            root.layout();
        }
        return scene.snapshot(new WritableImage((int) width, (int) height));
    }

    /// The scene with the whole frame in it.
    public Scene scene() {
        return scene;
    }

    /// Puts the frame on a stage and begins to follow the machine.
    public void openOn(Stage stage) {
        stage.setScene(scene);
        stage.setTitle("IOMMU Lab");
        stage.setFullScreenExitHint("");
        bench.settings()
                .presenting()
                .addListener((_, _, presenting) -> stage.setFullScreen(presenting));
        stage.fullScreenProperty()
                .addListener((_, was, is) -> {
                    if (was && !is) {
                        bench.settings().presenting().set(false);
                    }
                });
        bench.settings().reducedMotion().set(Platform.getPreferences().isReducedMotion());
        start();
        var screen = Screen.getPrimary().getVisualBounds();
        stage.setWidth(fitting(USUAL_WIDTH, screen.getWidth()));
        stage.setHeight(fitting(USUAL_HEIGHT, screen.getHeight()));
        bench.settings().drawerOpen().set(stage.getHeight() >= FULL_HEIGHT);
        stage.show();
    }

    /// The usual length, more on a screen of which it would be a small part, less where there is less.
    static double fitting(double usual, double screen) {
        return Math.min(screen, Math.max(usual, Math.rint(SHARE_OF_SCREEN * screen)));
    }

    /// Begins to follow the machine. Stops while the window is closed: a scene without an open window has
    /// no style sheets, and every colour that a change looks up there would be missing.
    public void start() {
        pulse.start();
        scene.windowProperty()
                .flatMap(Window::showingProperty)
                .addListener((_, _, open) -> {
                    if (open != null && open) {
                        pulse.start();
                    } else {
                        pulse.stop();
                    }
                });
    }

    /// Opens the drawer at a tab, with the keyboard in it.
    void openDrawerTab(String title) {
        drawer.open(title);
    }

    /// The field stands in the top bar, which is hidden on a wall.
    void search() {
        bench.settings().presenting().set(false);
        finder.begin();
    }

    void showShortcuts() {
        var owner = scene.getWindow();
        if (owner != null) {
            shortcuts.toggle(owner, ShortcutList.of(actions), bench.settings().textScale().get());
        }
    }

    void runOrPause() {
        topBar.runOrPause();
    }

    Node center() {
        return place;
    }
}
