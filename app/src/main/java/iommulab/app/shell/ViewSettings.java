package iommulab.app.shell;

import iommulab.app.theme.Theme;

import javafx.beans.property.BooleanProperty;
import javafx.beans.property.DoubleProperty;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.SimpleBooleanProperty;
import javafx.beans.property.SimpleDoubleProperty;
import javafx.beans.property.SimpleObjectProperty;

/// How the user wants to see things: belongs to the window, never to the machine.
public final class ViewSettings {
    /// Smallest and largest text, 1 being 12 px.
    public static final double SMALLEST_TEXT = 0.75;

    public static final double LARGEST_TEXT = 3;
    private static final double STEP = 1.1;
    private static final double WALL = 1.6;

    private final ObjectProperty<Theme> theme = new SimpleObjectProperty<>(Theme.LIGHT);
    private final DoubleProperty textScale = new SimpleDoubleProperty(1);
    private final BooleanProperty presenting = new SimpleBooleanProperty();
    private final BooleanProperty drawerOpen = new SimpleBooleanProperty(true);

    /// Light, 100 %, drawer open.
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

    public BooleanProperty drawerOpen() {
        return drawerOpen;
    }

    /// The user's scale, larger on a wall.
    public double textScaleInForce() {
        return Math.min(LARGEST_TEXT, textScale.get() * (presenting.get() ? WALL : 1));
    }

    void largerText() {
        textScale.set(Math.min(LARGEST_TEXT, textScale.get() * STEP));
    }

    void smallerText() {
        textScale.set(Math.max(SMALLEST_TEXT, textScale.get() / STEP));
    }
}
