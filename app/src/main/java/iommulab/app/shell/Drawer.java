package iommulab.app.shell;

import iommulab.app.theme.Icons;
import iommulab.engine.session.MachineSnapshot;

import javafx.application.Platform;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.Tab;
import javafx.scene.control.TabPane;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.HBox;
import javafx.scene.layout.StackPane;

import org.kordamp.ikonli.feather.Feather;

import java.util.List;
import java.util.Optional;

/// The drawer at the bottom: tabs that can be folded away; folded it still shows the last call.
final class Drawer extends StackPane implements Panel {
    /// Between tabs and last call, and around it, in pixels.
    private static final double MARGIN = 48;

    private final List<DrawerTab> tabs;
    private final TabPane pane = new TabPane();
    private final Label last = new Label();
    private final Button fold = new Button();
    private final Bench bench;

    /// @param tabs from the left
    Drawer(Bench bench, List<DrawerTab> tabs) {
        this.bench = bench;
        this.tabs = List.copyOf(tabs);
        getStyleClass().add("drawer");
        pane.setTabClosingPolicy(TabPane.TabClosingPolicy.UNAVAILABLE);
        pane.setId("drawer");
        pane.setAccessibleText("Drawer");
        for (var tab : tabs) {
            var shown = new Tab(tab.title(), tab.panel().view());
            shown.setGraphic(countLabel());
            pane.getTabs().add(shown);
        }
        last.getStyleClass().add("mono-secondary");
        last.setMinWidth(0);
        fold.setId("fold-drawer");
        fold.getStyleClass().add("flat");
        fold.setAccessibleText("Fold or open the drawer");
        fold.setTooltip(new Tooltip("Fold or open the drawer (Ctrl+J)"));
        var open = bench.settings().drawerOpen();
        fold.setOnAction(_ -> open.set(!open.get()));
        open.addListener((_, _, now) -> showOpen(now));
        showOpen(open.get());
        var corner = new HBox(8, last, fold);
        corner.setAlignment(Pos.CENTER_RIGHT);
        corner.setPickOnBounds(false);
        corner.getStyleClass().add("drawer-corner");
        corner.setMaxSize(USE_PREF_SIZE, USE_PREF_SIZE);
        setAlignment(corner, Pos.TOP_RIGHT);
        getChildren().addAll(pane, corner);
        setMinHeight(0);
    }

    /// The last call has the room that the tabs leave.
    @Override
    protected void layoutChildren() {
        var heads = pane.lookup(".headers-region");
        double tabs = heads == null ? getWidth() : heads.prefWidth(-1);
        last.setMaxWidth(Math.max(0, getWidth() - tabs - fold.prefWidth(-1) - MARGIN));
        super.layoutChildren();
    }

    private static Label countLabel() {
        var count = new Label();
        count.getStyleClass().addAll("count", "fault");
        count.setVisible(false);
        count.managedProperty().bind(count.visibleProperty());
        return count;
    }

    private void showOpen(boolean open) {
        pseudoClassStateChanged(javafx.css.PseudoClass.getPseudoClass("folded"), !open);
        Icons.put(fold, open ? Feather.CHEVRON_DOWN : Feather.CHEVRON_UP);
        last.setVisible(!open);
    }

    /// The panel of the tab that can be seen, if the drawer is open.
    Optional<Panel> visiblePanel() {
        int chosen = pane.getSelectionModel().getSelectedIndex();
        return bench.settings().drawerOpen().get() && chosen >= 0
                ? Optional.of(tabs.get(chosen).panel())
                : Optional.empty();
    }

    /// Opens a tab.
    void open(String title) {
        bench.settings().drawerOpen().set(true);
        for (int i = 0; i < tabs.size(); i++) {
            if (tabs.get(i).title().equals(title)) {
                pane.getSelectionModel().select(i);
                Platform.runLater(tabs.get(i).panel().view()::requestFocus);
            }
        }
    }

    /// Calls back when another tab is chosen.
    void onTabChange(Runnable changed) {
        pane.getSelectionModel().selectedIndexProperty().addListener((_, _, _) -> changed.run());
    }

    @Override
    public Node view() {
        return this;
    }

    @Override
    public void show(MachineSnapshot machine, Subject subject) {
        for (int i = 0; i < tabs.size(); i++) {
            long count = tabs.get(i).count().applyAsLong(machine);
            if (pane.getTabs().get(i).getGraphic() instanceof Label label) {
                label.setText(Words.amount(count));
                label.setVisible(count > 0);
            }
        }
        last.setText(
                machine.journal()
                        .undoable()
                        .map(e -> "#%d  %s  %s".formatted(e.number(), e.call(), e.result()))
                        .orElse(""));
    }
}
