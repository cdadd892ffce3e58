package iommulab.app.theme;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.Robot;
import iommulab.app.StyleWarnings;

import javafx.beans.property.SimpleStringProperty;
import javafx.collections.FXCollections;
import javafx.concurrent.Task;
import javafx.scene.Scene;
import javafx.scene.control.*;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.Pane;
import javafx.scene.paint.Color;
import javafx.scene.text.Font;

import org.controlsfx.control.BreadCrumbBar;
import org.controlsfx.control.Notifications;
import org.controlsfx.control.PopOver;
import org.controlsfx.control.PropertySheet;
import org.controlsfx.control.SearchableComboBox;
import org.controlsfx.control.SegmentedButton;
import org.controlsfx.control.StatusBar;
import org.controlsfx.control.TaskProgressView;
import org.controlsfx.control.ToggleSwitch;
import org.controlsfx.control.textfield.CustomTextField;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.List;
import java.util.Map;

class ThemeTest {
    /// WCAG 2.2, "Contrast (Minimum)": 4.5 to 1.
    private static final double ENOUGH = 4.5;

    @ParameterizedTest
    @EnumSource(Theme.class)
    void textStandsOutFromEverySurfaceItIsPutOn(Theme theme) {
        var p = paletteOf(theme);
        for (var ground : List.of(p.well(), p.canvas(), p.bar(), p.accentGround())) {
            assertStandsOut(theme + " text 1", p.text1(), ground);
            assertStandsOut(theme + " text 2", p.text2(), ground);
        }
        assertStandsOut(theme + " text 1 on raised", p.text1(), p.raised());
        assertStandsOut(theme + " text 2 on raised", p.text2(), p.raised());
        for (var ground : List.of(p.well(), p.canvas(), p.bar())) {
            assertStandsOut(theme + " text 3", p.text3(), ground);
            assertStandsOut(theme + " accent", p.accent(), ground);
        }
        assertStandsOut(theme + " primary button", Color.WHITE, p.accentFill());
    }

    @ParameterizedTest
    @EnumSource(Theme.class)
    void wordsOfAnOutcomeStandOutFromTheirGround(Theme theme) {
        var p = paletteOf(theme);
        var pairs =
                Map.of(
                        "hit", List.of(p.hit(), p.hitGround()),
                        "walk", List.of(p.walk(), p.walkGround()),
                        "fault", List.of(p.fault(), p.faultGround()),
                        "stale", List.of(p.stale(), p.staleGround()),
                        "peer", List.of(p.peer(), p.peerGround()),
                        "user", List.of(p.user(), p.userGround()),
                        "kernel", List.of(p.kernel(), p.kernelGround()));
        pairs.forEach((name, pair) -> {
            for (var ground : List.of(pair.get(1), p.canvas(), p.bar())) {
                assertStandsOut(theme + " " + name, pair.get(0), ground);
            }
        });
    }

    @ParameterizedTest
    @EnumSource(Theme.class)
    void everyControlWeUseIsStyledWithoutAWarning(Theme theme) {
        var warnings = StyleWarnings.listen();
        try (var window = Robot.at(() -> dressed(everyControl(), theme))) {
            Robot.onScreen(() -> {
                var root = window.stage().getScene().getRoot();
                new PopOver(new Label("a refusal")).show(root, 10, 10);
                Notifications.create().owner(root).title("Saved").text("a file").show();
                new Tooltip("a tooltip").show(window.stage());
                new ContextMenu(new MenuItem("an item"), new SeparatorMenuItem())
                        .show(window.stage());
                var alert = new Alert(Alert.AlertType.ERROR, "a defect");
                alert.initOwner(window.stage());
                alert.show();
            });
            window.settle();
            window.look();
            Robot.onScreen(() -> theme.opposite().dress(window.stage().getScene(), 1.5));
            window.settle();
            window.look();
        }
        assertThat(warnings).isEmpty();
    }

    @Test
    void theColoursForDrawingFollowTheTheme() {
        var reader = new PaletteReader[1];
        try (var window =
                Robot.at(() -> {
                    reader[0] = new PaletteReader();
                    return dressed(new Pane(reader[0]), Theme.LIGHT);
                })) {
            window.look();
            assertThat(reader[0].palette().get().canvas()).isEqualTo(Color.web("#ffffff"));
            assertThat(reader[0].palette().get().dark()).isFalse();
            Robot.onScreen(() -> Theme.DARK.dress(window.stage().getScene(), 1));
            window.settle();
            window.look();
            assertThat(reader[0].palette().get().canvas()).isEqualTo(Color.web("#0d1117"));
            assertThat(reader[0].palette().get().category(0)).isEqualTo(Color.web("#5187d6"));
            assertThat(reader[0].palette().get().dark()).isTrue();
        }
    }

    @Test
    void theBundledFontsAreThereUnderTheNamesThatTheSheetsUse() {
        Robot.start();
        assertThat(Theme.fontFamilies())
                .contains("DejaVu Sans", "DejaVu Sans Condensed", "DejaVu Sans Mono");
        assertThat(Font.font("DejaVu Sans Condensed", 12).getFamily())
                .isEqualTo("DejaVu Sans Condensed");
    }

    private static void assertStandsOut(String what, Color text, Color ground) {
        assertThat(contrast(text, ground))
                .as("contrast of %s: %s on %s", what, text, ground)
                .isGreaterThanOrEqualTo(ENOUGH);
    }

    private static double contrast(Color a, Color b) {
        double la = luminance(a);
        double lb = luminance(b);
        return (Math.max(la, lb) + 0.05) / (Math.min(la, lb) + 0.05);
    }

    private static double luminance(Color c) {
        return 0.2126 * linear(c.getRed())
                + 0.7152 * linear(c.getGreen())
                + 0.0722 * linear(c.getBlue());
    }

    private static double linear(double channel) {
        return channel <= 0.04045 ? channel / 12.92 : Math.pow((channel + 0.055) / 1.055, 2.4);
    }

    private static Palette paletteOf(Theme theme) {
        var reader = new PaletteReader[1];
        try (var window =
                Robot.at(() -> {
                    reader[0] = new PaletteReader();
                    return dressed(new Pane(reader[0]), theme);
                })) {
            window.look();
            return reader[0].palette().get();
        }
    }

    private static Scene dressed(Pane root, Theme theme) {
        var scene = new Scene(root, 900, 600);
        theme.dress(scene, 1);
        return scene;
    }

    private static Pane everyControl() {
        var status = new StatusBar();
        status.getLeftItems().add(new Label("tick"));
        var tasks = new TaskProgressView<Task<?>>();
        tasks.getTasks().add(new IdleTask());
        var sheet = new PropertySheet();
        sheet.getItems().add(new OneProperty());
        var table = new TableView<>(FXCollections.observableArrayList("a", "b"));
        var column = new TableColumn<String, String>("call");
        column.setCellValueFactory(row -> new SimpleStringProperty(row.getValue()));
        table.getColumns().add(column);
        var combo =
                new SearchableComboBox<>(FXCollections.observableArrayList("03:00.0", "03:00.1"));
        var pane =
                new FlowPane(
                        status,
                        tasks,
                        sheet,
                        table,
                        combo,
                        new SegmentedButton(new ToggleButton("Ladder"), new ToggleButton("Grid")),
                        new ToggleSwitch("ACS"),
                        new BreadCrumbBar<>(new TreeItem<>("0000:00")),
                        new CustomTextField(),
                        new TextField("text"),
                        new TextArea("text"),
                        new Button("Run"),
                        new MenuBar(new Menu("File", null, new MenuItem("Open"))),
                        new MenuButton("Speed", null, new MenuItem("1×")),
                        new ComboBox<>(FXCollections.observableArrayList("LRU")),
                        new ChoiceBox<>(FXCollections.observableArrayList("LRU")),
                        new Spinner<Integer>(1, 9, 3),
                        new Slider(0, 1, 0.5),
                        new CheckBox("caches"),
                        new RadioButton("cold"),
                        new Hyperlink("03:00.0"),
                        new ProgressBar(0.4),
                        new TabPane(new Tab("Timeline")),
                        new SplitPane(new Label("a"), new Label("b")),
                        new ScrollPane(new Label("a")),
                        new ListView<>(FXCollections.observableArrayList("a")),
                        new TreeView<>(new TreeItem<>("a")),
                        new TreeTableView<>(new TreeItem<>("a")),
                        new TitledPane("a", new Label("b")),
                        new Accordion(new TitledPane("a", new Label("b"))),
                        new Separator());
        for (var name :
                List.of("finding", "chip", "badge", "group-tab", "refusal-box", "empty-state")) {
            var label = new Label(name);
            label.getStyleClass().add(name);
            pane.getChildren().add(label);
        }
        return pane;
    }

    /// A task that nobody runs: shown as waiting.
    private static final class IdleTask extends Task<Void> {
        IdleTask() {
            updateTitle("Importing");
        }

        @Override
        protected Void call() {
            return null;
        }
    }

    private static final class OneProperty implements PropertySheet.Item {
        @Override
        public Class<?> getType() {
            return String.class;
        }

        @Override
        public String getCategory() {
            return "ACS";
        }

        @Override
        public String getName() {
            return "SV";
        }

        @Override
        public String getDescription() {
            return "source validation";
        }

        @Override
        public Object getValue() {
            return "1";
        }

        @Override
        public void setValue(Object value) {}

        @Override
        public java.util.Optional<javafx.beans.value.ObservableValue<?>> getObservableValue() {
            return java.util.Optional.empty();
        }
    }
}
