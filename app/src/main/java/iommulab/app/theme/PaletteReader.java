package iommulab.app.theme;

import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.css.CssMetaData;
import javafx.css.SimpleStyleableObjectProperty;
import javafx.css.Styleable;
import javafx.css.StyleableProperty;
import javafx.css.converter.ColorConverter;
import javafx.scene.layout.Region;
import javafx.scene.paint.Color;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// An unseen node that reads the colours of the theme in force, for what is drawn on a canvas and
/// cannot look up style sheets. When the theme changes, [#palette] changes once.
public final class PaletteReader extends Region {
    private static final List<String> NAMES =
            Stream.concat(
                            Stream.of(
                                    "well",
                                    "canvas",
                                    "bar",
                                    "raised",
                                    "line",
                                    "faint-line",
                                    "text-1",
                                    "text-2",
                                    "text-3",
                                    "accent",
                                    "accent-fill",
                                    "accent-ground",
                                    "hit",
                                    "hit-ground",
                                    "walk",
                                    "walk-ground",
                                    "fault",
                                    "fault-ground",
                                    "stale",
                                    "stale-ground",
                                    "peer",
                                    "peer-ground",
                                    "user",
                                    "user-ground",
                                    "kernel",
                                    "kernel-ground",
                                    "blocked"),
                            IntStream.rangeClosed(1, 12).mapToObj(n -> "cat-" + n))
                    .toList();
    private static final Map<String, CssMetaData<PaletteReader, Color>> COLOURS =
            new LinkedHashMap<>();
    private static final List<CssMetaData<? extends Styleable, ?>> ALL =
            new ArrayList<>(Region.getClassCssMetaData());

    static {
        for (var name : NAMES) {
            COLOURS.put(
                    name,
                    new ReadValue<>(
                            "-lab-read-" + name,
                            ColorConverter.getInstance(),
                            Color.GRAY,
                            p -> p.colours.get(name)));
        }
        ALL.addAll(COLOURS.values());
    }

    private final Map<String, SimpleStyleableObjectProperty<Color>> colours = new LinkedHashMap<>();
    private final ReadOnlyObjectWrapper<Palette> palette = new ReadOnlyObjectWrapper<>();
    private boolean changed;

    /// A reader that has not been styled yet: everything is grey until it is in a dressed scene.
    public PaletteReader() {
        getStyleClass().add("palette-reader");
        setManaged(false);
        setMouseTransparent(true);
        COLOURS.forEach((name, meta) -> {
            var colour = new SimpleStyleableObjectProperty<>(meta, this, name, Color.GRAY);
            colour.addListener((_, _, _) -> readAgain());
            colours.put(name, colour);
        });
        palette.set(read());
    }

    /// The colours in force.
    public ReadOnlyObjectProperty<Palette> palette() {
        return palette.getReadOnlyProperty();
    }

    private void readAgain() {
        changed = true;
        requestLayout();
    }

    /// Styles are applied before layout in the same pulse, so that here all of them are known.
    @Override
    protected void layoutChildren() {
        if (changed) {
            changed = false;
            palette.set(read());
        }
    }

    private Palette read() {
        var canvas = colour("canvas");
        return new Palette(
                canvas.getBrightness() < 0.5,
                colour("well"),
                canvas,
                colour("bar"),
                colour("raised"),
                colour("line"),
                colour("faint-line"),
                colour("text-1"),
                colour("text-2"),
                colour("text-3"),
                colour("accent"),
                colour("accent-fill"),
                colour("accent-ground"),
                colour("hit"),
                colour("hit-ground"),
                colour("walk"),
                colour("walk-ground"),
                colour("fault"),
                colour("fault-ground"),
                colour("stale"),
                colour("stale-ground"),
                colour("peer"),
                colour("peer-ground"),
                colour("user"),
                colour("user-ground"),
                colour("kernel"),
                colour("kernel-ground"),
                colour("blocked"),
                IntStream.rangeClosed(1, 12).mapToObj(n -> colour("cat-" + n)).toList());
    }

    private Color colour(String name) {
        var property = colours.get(name);
        return property == null ? Color.GRAY : property.get();
    }

    @Override
    public List<CssMetaData<? extends Styleable, ?>> getCssMetaData() {
        return ALL;
    }

    /// What the style sheets call one of our values.
    private static final class ReadValue<T> extends CssMetaData<PaletteReader, T> {
        private final Function<PaletteReader, StyleableProperty<T>> property;

        ReadValue(
                String name,
                javafx.css.StyleConverter<?, T> converter,
                T initial,
                Function<PaletteReader, StyleableProperty<T>> property) {
            super(name, converter, initial);
            this.property = property;
        }

        @Override
        public boolean isSettable(PaletteReader reader) {
            return true;
        }

        @Override
        public StyleableProperty<T> getStyleableProperty(PaletteReader reader) {
            return property.apply(reader);
        }
    }
}
