package iommulab.app.theme;

import javafx.scene.text.Font;
import javafx.scene.text.FontWeight;

/// The roles of text on a canvas, with family, size and weight. Sizes are those of 100 %, where the
/// root font has 12 pixels; a [Drawing] scales them with everything else.
public enum Type {
    FINDING(Family.SANS, 15, true),
    TITLE(Family.SANS, 14, true),
    HEAD(Family.SANS, 12.5, true),
    BODY(Family.SANS, 12, false),
    BODY_BOLD(Family.SANS, 12, true),
    SECONDARY(Family.SANS, 11, false),
    SECONDARY_BOLD(Family.SANS, 11, true),
    DENSE(Family.CONDENSED, 11, false),
    DENSE_BOLD(Family.CONDENSED, 11, true),
    SECOND_LINE(Family.CONDENSED, 10.5, false),
    SMALLEST(Family.SANS, 10, false),
    SMALLEST_BOLD(Family.SANS, 10, true),
    RAW(Family.MONO, 13, false),
    RAW_BOLD(Family.MONO, 13, true),
    MONO(Family.MONO, 11.5, false),
    MONO_BOLD(Family.MONO, 11.5, true),
    BIT(Family.MONO, 10, false),
    BIT_ON(Family.MONO, 10, true);

    private final Font font;
    private final double size;

    Type(Family family, double size, boolean bold) {
        this.size = size;
        this.font = Font.font(family.installed, bold ? FontWeight.BOLD : FontWeight.NORMAL, size);
    }

    Font font() {
        return font;
    }

    /// The role that stands for this one on a wall, where nothing is smaller than 11 pixels at 100 %.
    Type onWall() {
        return switch (this) {
            case SECOND_LINE -> DENSE;
            case SMALLEST -> SECONDARY;
            case SMALLEST_BOLD -> SECONDARY_BOLD;
            case BIT -> MONO;
            case BIT_ON -> MONO_BOLD;
            case FINDING,
                    TITLE,
                    HEAD,
                    BODY,
                    BODY_BOLD,
                    SECONDARY,
                    SECONDARY_BOLD,
                    DENSE,
                    DENSE_BOLD,
                    RAW,
                    RAW_BOLD,
                    MONO,
                    MONO_BOLD ->
                    this;
        };
    }

    /// Height of the font in pixels at 100 %.
    public double size() {
        return size;
    }

    /// The family of running text: Inter if it is installed, else the bundled DejaVu Sans.
    static String sansFamily() {
        return Family.SANS.installed;
    }

    private enum Family {
        SANS("Inter", "DejaVu Sans"),
        CONDENSED("DejaVu Sans Condensed", "DejaVu Sans"),
        MONO("DejaVu Sans Mono", "Monospaced");

        private final String installed;

        Family(String wanted, String otherwise) {
            installed = Theme.fontFamilies().contains(wanted) ? wanted : otherwise;
        }
    }
}
