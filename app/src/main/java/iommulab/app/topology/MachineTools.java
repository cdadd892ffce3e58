package iommulab.app.topology;

import iommulab.app.shell.ProposalLabel;
import iommulab.engine.session.MachineSnapshot;

import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ContentDisplay;
import javafx.scene.control.Label;
import javafx.scene.control.ToggleButton;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;

import org.controlsfx.control.SegmentedButton;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// The tool bar of the Machine perspective: layers, picture or table, zoom.
final class MachineTools {
    private final PictureView picture;
    private final Label origin = new Label();
    private final Map<Layer, ToggleButton> chips = new EnumMap<>(Layer.class);
    private final ReadOnlyObjectWrapper<Set<Layer>> layers = new ReadOnlyObjectWrapper<>();
    private final ToggleButton asPicture = new ToggleButton("Picture");
    private final ToggleButton asTable = new ToggleButton("Table");
    private final Button percent = new Button("100 %");
    private final ProposalLabel proposal = ProposalLabel.ofMachine();
    private final HBox bar;

    MachineTools(PictureView picture) {
        this.picture = picture;
        var title = new Label("Machine");
        title.getStyleClass().add("panel-title");
        title.setMinWidth(Region.USE_PREF_SIZE);
        origin.getStyleClass().add("muted");
        origin.setMinWidth(0);
        bar = new HBox(title, origin);
        bar.getStyleClass().add("panel-tools");
        addChips();
        var gap = new Region();
        HBox.setHgrow(gap, Priority.ALWAYS);
        bar.getChildren().addAll(gap, proposal, notOnWall(pictureOrTable()), notOnWall(zoom()));
    }

    private void addChips() {
        for (var layer : Layer.values()) {
            var key = new Label(String.valueOf(layer.ordinal() + 1));
            key.getStyleClass().add("key-cap");
            var chip = new ToggleButton(layer.title(), key);
            chip.setId("layer-" + layer.title().toLowerCase(Locale.ROOT));
            chip.setContentDisplay(ContentDisplay.RIGHT);
            chip.getStyleClass().add("chip");
            chip.setMinWidth(Region.USE_PREF_SIZE);
            chip.setSelected(layer != Layer.HEAT);
            chip.selectedProperty().subscribe(this::readChips);
            chips.put(layer, chip);
            bar.getChildren().add(chip);
        }
        readChips();
    }

    /// Keys and wheel do the same.
    private static Node notOnWall(Node node) {
        node.getStyleClass().add("not-on-wall");
        return node;
    }

    private void readChips() {
        var on = EnumSet.noneOf(Layer.class);
        chips.forEach((layer, chip) -> {
            if (chip.isSelected()) {
                on.add(layer);
            }
        });
        layers.set(on);
    }

    private Node pictureOrTable() {
        asPicture.setSelected(true);
        asPicture.setId("as-picture");
        asTable.setId("as-table");
        var both = new SegmentedButton(asPicture, asTable);
        both.getToggleGroup()
                .selectedToggleProperty()
                .addListener((_, before, now) -> {
                    if (now == null && before != null) {
                        before.setSelected(true);
                    }
                });
        both.setMinWidth(Region.USE_PREF_SIZE);
        return both;
    }

    private Node zoom() {
        var out = button("−", "Zoom out (−)", picture::zoomOut);
        var in = button("+", "Zoom in (+)", picture::zoomIn);
        var fit = button("Fit", "Show everything (F)", picture::fit);
        fit.setId("zoom-fit");
        in.setId("zoom-in");
        out.setId("zoom-out");
        percent.setOnAction(_ -> picture.zoomTo(1));
        percent.setMinWidth(Region.USE_PREF_SIZE);
        percent.setAccessibleText("Zoom to 100 %");
        percent.getStyleClass().add("center-pill");
        out.getStyleClass().add("left-pill");
        in.getStyleClass().add("center-pill");
        fit.getStyleClass().add("right-pill");
        picture.view().subscribe(view -> percent.setText("%.0f %%".formatted(view.zoom() * 100)));
        var buttons = new HBox(out, percent, in, fit);
        buttons.getStyleClass().add("segmented-button");
        buttons.setAlignment(javafx.geometry.Pos.CENTER);
        return buttons;
    }

    private static Button button(String text, String says, Runnable run) {
        var button = new Button(text);
        button.setAccessibleText(says);
        button.setMinWidth(Region.USE_PREF_SIZE);
        button.setOnAction(_ -> run.run());
        return button;
    }

    Node view() {
        return bar;
    }

    ReadOnlyObjectProperty<Set<Layer>> layers() {
        return layers.getReadOnlyProperty();
    }

    ReadOnlyBooleanProperty asTable() {
        return asTable.selectedProperty();
    }

    void show(MachineSnapshot machine, String name, String from) {
        proposal.show(machine);
        var words = from.isEmpty() ? name : name + ", " + from;
        if (!words.equals(origin.getText())) {
            origin.setText(words);
        }
    }

    /// Digits switch layers; + − 0 F zoom.
    ///
    /// @return whether the key meant something
    boolean key(KeyEvent event) {
        if (event.isShortcutDown() || event.isAltDown()) {
            return false;
        }
        int digit = event.getCode().isDigitKey() ? event.getCode().getName().charAt(0) - '0' : -1;
        if (event.getCode().isDigitKey() && digit >= 1 && digit <= Layer.values().length) {
            var chip = chips.get(Layer.values()[digit - 1]);
            if (chip != null) {
                chip.setSelected(!chip.isSelected());
            }
            return true;
        }
        switch (event.getCode()) {
            case PLUS, EQUALS, ADD -> picture.zoomIn();
            case MINUS, SUBTRACT -> picture.zoomOut();
            case DIGIT0, NUMPAD0 -> picture.zoomTo(1);
            case F -> picture.fit();
            default -> {
                return false;
            }
        }
        return true;
    }
}
