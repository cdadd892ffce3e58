package iommulab.app.shell;

import iommulab.app.theme.Theme;

import javafx.beans.property.BooleanProperty;
import javafx.beans.property.DoubleProperty;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.SimpleBooleanProperty;
import javafx.beans.property.SimpleDoubleProperty;
import javafx.beans.property.SimpleObjectProperty;

import java.util.LinkedHashMap;
import java.util.Map;

/// How the user wants to see things: belongs to the window, never to the machine.
public final class ViewSettings {
    /// Smallest and largest text, 1 being 12 px.
    public static final double SMALLEST_TEXT = 0.75;

    public static final double LARGEST_TEXT = 3;
    private static final String THEME = "theme";
    private static final String TEXT_SCALE = "textScale";
    private static final String MOTION = "motion";
    private static final String REDUCED = "reduced";
    private static final String FULL = "full";
    private static final String PERSPECTIVE = "perspective";
    private static final double STEP = 1.1;

    /// The smallest text on a wall has 11 px at 100 %: with this 20 pt.
    private static final double WALL = 2.45;

    private final ObjectProperty<Theme> theme = new SimpleObjectProperty<>(Theme.LIGHT);
    private final DoubleProperty textScale = new SimpleDoubleProperty(1);
    private final BooleanProperty presenting = new SimpleBooleanProperty();
    private final BooleanProperty reducedMotion = new SimpleBooleanProperty();
    private final BooleanProperty drawerOpen = new SimpleBooleanProperty(true);
    private final ObjectProperty<Perspective> perspective =
            new SimpleObjectProperty<>(Perspective.MACHINE);
    private final WalkLook walks = new WalkLook();

    /// Light, 100 %, drawer open, the machine in front.
    public ViewSettings() {}

    public ObjectProperty<Theme> theme() {
        return theme;
    }

    /// The scale that the user set; see [#textScaleInForce].
    public DoubleProperty textScale() {
        return textScale;
    }

    /// Whether the window is shown on a wall.
    public BooleanProperty presenting() {
        return presenting;
    }

    /// Whether nothing moves on the screen: what would move stands at its end.
    public BooleanProperty reducedMotion() {
        return reducedMotion;
    }

    public BooleanProperty drawerOpen() {
        return drawerOpen;
    }

    /// The perspective that is open.
    public ObjectProperty<Perspective> perspective() {
        return perspective;
    }

    public WalkLook walks() {
        return walks;
    }

    /// The user's scale, larger on a wall.
    public double textScaleInForce() {
        return Math.min(LARGEST_TEXT, textScale.get() * (presenting.get() ? WALL : 1));
    }

    /// The members of a file's view that keep these settings, beside those that belong to others.
    public Map<String, String> toView(Map<String, String> others) {
        var view = new LinkedHashMap<>(others);
        view.put(THEME, theme.get().name());
        view.put(TEXT_SCALE, Double.toString(textScale.get()));
        view.put(MOTION, reducedMotion.get() ? REDUCED : FULL);
        view.put(PERSPECTIVE, perspective.get().name());
        view.putAll(walks.toView());
        return view;
    }

    /// Takes over what a file kept; what it does not know or what makes no sense stays as it is.
    public void restore(Map<String, String> view) {
        for (var known : Theme.values()) {
            if (known.name().equals(view.get(THEME))) {
                theme.set(known);
            }
        }
        for (var known : Perspective.values()) {
            if (known.name().equals(view.get(PERSPECTIVE))) {
                perspective.set(known);
            }
        }
        walks.restore(view);
        var motion = view.getOrDefault(MOTION, "");
        if (motion.equals(REDUCED) || motion.equals(FULL)) {
            reducedMotion.set(motion.equals(REDUCED));
        }
        try {
            double scale = Double.parseDouble(view.getOrDefault(TEXT_SCALE, ""));
            if (scale >= SMALLEST_TEXT && scale <= LARGEST_TEXT) {
                textScale.set(scale);
            }
        } catch (NumberFormatException _) {
            // A file without a scale, or with one that another program wrote: ours stays.
        }
    }

    void largerText() {
        textScale.set(Math.min(LARGEST_TEXT, textScale.get() * STEP));
    }

    void smallerText() {
        textScale.set(Math.max(SMALLEST_TEXT, textScale.get() / STEP));
    }
}
