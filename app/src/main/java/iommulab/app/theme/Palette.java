package iommulab.app.theme;

import javafx.scene.paint.Color;

import java.util.List;

/// The colours of one theme for drawing on a canvas, which cannot look up style sheets. Read once per
/// theme change from the styles of a panel's root, then passed to every drawing.
///
/// @param well surface 0
/// @param canvas surface 1
/// @param bar surface 2, container boxes
/// @param raised surface 3, tracks
/// @param categories twelve colours that carry identity, never meaning
public record Palette(
        boolean dark,
        Color well,
        Color canvas,
        Color bar,
        Color raised,
        Color line,
        Color faintLine,
        Color text1,
        Color text2,
        Color text3,
        Color accent,
        Color accentFill,
        Color accentGround,
        Color hit,
        Color hitGround,
        Color walk,
        Color walkGround,
        Color fault,
        Color faultGround,
        Color stale,
        Color staleGround,
        Color peer,
        Color peerGround,
        Color user,
        Color userGround,
        Color kernel,
        Color kernelGround,
        Color blocked,
        List<Color> categories) {
    public Palette {
        categories = List.copyOf(categories);
    }

    /// The colour of a group, domain or PASID: number n takes row (n mod 12) + 1 and keeps it.
    public Color category(int number) {
        return categories.get(Math.floorMod(number, 12));
    }

    /// The style class that gives a `group-tab` the colour of a group, domain or PASID.
    public static String categoryClass(int number) {
        return "cat-" + (Math.floorMod(number, 12) + 1);
    }
}
