package iommulab.app.theme;

import atlantafx.base.theme.PrimerDark;
import atlantafx.base.theme.PrimerLight;

import javafx.scene.Scene;
import javafx.scene.text.Font;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// The looks of the window. A theme is a set of colours (one sheet), a base by AtlantaFX, and the sheets
/// that all themes share; it is put on a scene, and popups and dialogs of that scene follow.
public enum Theme {
    LIGHT("Light", "light", false),
    DARK("Dark", "dark", true),
    HIGH_CONTRAST("High contrast", "high-contrast", true),
    PRINT("Print", "print", false);

    private static final List<String> SHARED =
            List.of("meaning", "controls", "classes", "perspectives", "console");
    private static final List<String> FONT_FILES =
            List.of(
                    "DejaVuSans",
                    "DejaVuSans-Bold",
                    "DejaVuSansCondensed",
                    "DejaVuSansCondensed-Bold",
                    "DejaVuSansMono",
                    "DejaVuSansMono-Bold");

    /// Height of body text in pixels at 100 %.
    private static final double BODY = 12;

    private final String title;
    private final String sheet;
    private final boolean dark;

    Theme(String title, String sheet, boolean dark) {
        this.title = title;
        this.sheet = sheet;
        this.dark = dark;
    }

    /// The name in the View menu.
    public String title() {
        return title;
    }

    /// Whether light text stands on dark ground.
    public boolean isDark() {
        return dark;
    }

    /// The theme that a click on the theme button changes to.
    public Theme opposite() {
        return dark ? LIGHT : DARK;
    }

    /// Dresses a scene.
    ///
    /// @param textScale 1 for 12 px body text; 0.75 to 3
    public void dress(Scene scene, double textScale) {
        var base = dark ? new PrimerDark() : new PrimerLight();
        scene.setUserAgentStylesheet(base.getUserAgentStylesheet());
        scene.getStylesheets().setAll(sheets());
        scene.getRoot().setStyle(font(textScale));
    }

    /// The style of a root: a dialog takes colours from its owner, but not the size of its text.
    public static String font(double textScale) {
        return "-fx-font-family: \"%s\"; -fx-font-size: %spx;"
                .formatted(Type.sansFamily(), BODY * textScale);
    }

    /// The style sheets, colours first.
    List<String> sheets() {
        var names = new ArrayList<String>(List.of(sheet));
        names.addAll(SHARED);
        return names.stream().map(name -> resource("/theme/" + name + ".css")).toList();
    }

    /// Every family of fonts that can be used, the bundled ones among them.
    static List<String> fontFamilies() {
        FONT_FILES.forEach(file -> Font.loadFont(resource("/fonts/" + file + ".ttf"), BODY));
        return Font.getFamilies();
    }

    private static String resource(String path) {
        return Objects.requireNonNull(Theme.class.getResource(path), path).toExternalForm();
    }
}
