package iommulab.app.caches;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.Replacement;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot.Unit;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.layout.GridPane;
import javafx.util.StringConverter;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/// The shape of one cache, to be changed: sets, ways, who makes room.
final class GeometryForm extends GridPane {
    private final ComboBox<CacheKind> cache = new ComboBox<>();
    private final ComboBox<Integer> sets = new ComboBox<>();
    private final ComboBox<Integer> ways = new ComboBox<>();
    private final ComboBox<Replacement> replacement = new ComboBox<>();
    private final Button apply = new Button("Apply");
    private final Label remark = new Label("A change empties the cache. 0 sets is off.");
    private @Nullable Unit unit;

    GeometryForm(BiConsumer<Command, Node> submit) {
        getStyleClass().add("form-grid");
        cache.setConverter(
                new StringConverter<>() {
                    @Override
                    public String toString(CacheKind kind) {
                        return kind == null ? "" : kind.words();
                    }

                    @Override
                    public CacheKind fromString(String words) {
                        return CacheKind.valueOf(words);
                    }
                });
        sets.getItems()
                .addAll(List.of(0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 65_536));
        ways.getItems().addAll(List.of(1, 2, 3, 4, 6, 8, 12, 16, 32, 64));
        replacement.getItems().addAll(Replacement.values());
        cache.setId("geometry-cache");
        sets.setId("geometry-sets");
        ways.setId("geometry-ways");
        replacement.setId("geometry-replacement");
        apply.setId("geometry-apply");
        for (var box : List.of(cache, sets, ways, replacement)) {
            box.setMaxWidth(Double.MAX_VALUE);
        }
        remark.setWrapText(true);
        remark.getStyleClass().add("secondary");
        addRow(0, caption("cache"), cache);
        addRow(1, caption("sets"), sets);
        addRow(2, caption("ways"), ways);
        addRow(3, caption("replaces"), replacement);
        add(apply, 1, 4);
        add(remark, 0, 5, 2, 1);
        cache.valueProperty().addListener((_, _, _) -> fill());
        for (var box : List.of(sets, ways, replacement)) {
            box.valueProperty().addListener((_, _, _) -> judge());
        }
        apply.setOnAction(_ ->
                geometry()
                        .ifPresent(g -> {
                            if (unit != null) {
                                submit.accept(
                                        new Command.SetCacheGeometry(
                                                unit.name(), cache.getValue(), g),
                                        apply);
                            }
                        }));
        judge();
    }

    private static Label caption(String text) {
        var label = new Label(text);
        label.getStyleClass().add("secondary");
        label.setMinWidth(USE_PREF_SIZE);
        return label;
    }

    void show(Unit shown) {
        boolean first = unit == null || !unit.name().equals(shown.name());
        unit = shown;
        if (first) {
            cache.getItems().setAll(kinds(shown));
            cache.setValue(CacheKind.IOTLB);
            fill();
        } else if (!cache.getItems().equals(kinds(shown))) {
            var chosen = cache.getValue();
            cache.getItems().setAll(kinds(shown));
            cache.setValue(kinds(shown).contains(chosen) ? chosen : CacheKind.IOTLB);
        }
    }

    private static List<CacheKind> kinds(Unit unit) {
        return unit.cachesAndDeviceTlbs().stream().map(CacheSnapshot::kind).distinct().toList();
    }

    private void fill() {
        if (unit == null) {
            return;
        }
        unit.cachesAndDeviceTlbs().stream()
                .filter(c -> c.kind() == cache.getValue())
                .findFirst()
                .ifPresent(c -> {
                    sets.setValue(c.geometry().sets());
                    ways.setValue(c.geometry().ways());
                    replacement.setValue(c.geometry().replacement());
                });
    }

    private Optional<CacheGeometry> geometry() {
        if (sets.getValue() == null || ways.getValue() == null || replacement.getValue() == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    new CacheGeometry(sets.getValue(), ways.getValue(), replacement.getValue()));
        } catch (IllegalArgumentException refused) {
            remark.setText(refused.getMessage());
            return Optional.empty();
        }
    }

    private void judge() {
        remark.setText("A change empties the cache. 0 sets is off.");
        apply.setDisable(geometry().isEmpty());
    }
}
