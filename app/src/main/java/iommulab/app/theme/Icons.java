package iommulab.app.theme;

import javafx.scene.control.Label;
import javafx.scene.control.Labeled;

import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// Icons that grow with the text beside them. A size in `em` in a style sheet would not do: an icon is
/// text itself, and would be measured by its own size.
public final class Icons {
    private static final double BESIDE_TEXT = 1.2;

    private Icons() {}

    /// Puts an icon beside the text of a control.
    public static void put(Labeled control, Feather icon) {
        put(control, icon, BESIDE_TEXT);
    }

    /// @param em size of the icon in sizes of the control's font
    public static void put(Labeled control, Feather icon, double em) {
        var drawn = new FontIcon(icon);
        drawn.setIconSize((int) Math.round(control.getFont().getSize() * em));
        control.setGraphic(drawn);
        control.fontProperty()
                .subscribe(font -> drawn.setIconSize((int) Math.round(font.getSize() * em)));
    }

    /// An icon alone.
    public static Label alone(Feather icon) {
        return alone(icon, BESIDE_TEXT);
    }

    /// @param em size of the icon in sizes of the font
    public static Label alone(Feather icon, double em) {
        var label = new Label();
        put(label, icon, em);
        return label;
    }
}
