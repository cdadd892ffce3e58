package iommulab.app.topology;

import iommulab.app.theme.Category;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Type;

import javafx.scene.paint.Color;

import java.util.List;
import java.util.Set;

/// Draws single boxes of the picture. Places come in as they lie on the canvas; text keeps its size, and
/// a line that has no room is left out.
final class BoxCanvas {
    /// Lowest box with a name: the smallest text, and the outline of a group clear of it.
    private static final double READABLE = 13;

    private final Pen pen;
    private final Palette palette;
    private final Set<Layer> layers;
    private final double zoom;
    private final Type mono;
    private final Type name;

    BoxCanvas(Pen pen, Set<Layer> layers, double zoom) {
        this.pen = pen;
        this.palette = pen.palette();
        this.layers = layers;
        this.zoom = zoom;
        this.mono = zoom < 0.85 ? Type.BIT : Type.MONO_BOLD;
        this.name = zoom < 0.85 ? Type.SECOND_LINE : Type.DENSE;
    }

    // containers

    void container(Rect at, Look look) {
        box(at, palette.bar(), palette.line(), 1, 6);
        if (at.width() < 60 || zoom < 0.5 || pen.onWall()) {
            return;
        }
        double room = at.width() - 20;
        var title = pen.cut(look.title(), Type.SECONDARY_BOLD, room);
        pen.text(title, Type.SECONDARY_BOLD, palette.text1(), at.x() + 10, at.y() + 16);
        double used = pen.width(title, Type.SECONDARY_BOLD) + 8;
        if (!look.name().isEmpty() && used + 40 < room) {
            pen.textWithin(
                    look.name(),
                    Type.BIT,
                    palette.text2(),
                    at.x() + 10 + used,
                    at.y() + 16,
                    room - used);
        }
    }

    // units

    void unit(Rect at, UnitLook look) {
        box(at, palette.bar(), palette.walk(), 1.5, 6);
        if (at.width() < 24 || at.height() < 20) {
            return;
        }
        if (pen.onWall()) {
            double room = at.width() - 2;
            boolean fits = pen.width(look.name(), Type.DENSE_BOLD) <= room;
            var type = fits ? Type.DENSE_BOLD : Type.DENSE;
            pen.textCentre(
                    pen.cut(look.name(), type, room),
                    type,
                    palette.text1(),
                    at.centreX(),
                    at.centreY() + 4);
            return;
        }
        if (at.width() < 50) {
            return;
        }
        boolean narrow = pen.width(look.name(), Type.HEAD) > at.width() - 20;
        double pad = narrow && at.width() < 80 ? 4 : 10;
        double x = at.x() + pad;
        double right = at.right() - pad;
        pen.textWithin(
                look.name(),
                narrow ? Type.DENSE_BOLD : Type.HEAD,
                palette.text1(),
                x,
                at.y() + 19,
                right - x);
        double named = pen.width(look.name(), Type.HEAD) + 10;
        if (at.width() - 20 > named + 40) {
            var words = look.architecture();
            boolean fits = pen.width(words, Type.SECOND_LINE) < at.width() - 20 - named;
            pen.textRight(fits ? words : "", Type.SECOND_LINE, palette.text2(), right, at.y() + 19);
        }
        double y = at.y() + 37;
        if (zoom > 0.85) {
            pen.textWithin(
                    look.scope(), Type.SECOND_LINE, palette.text2(), x, y - 3, at.width() - 20);
            y += 16;
        }
        if (!look.state().isEmpty() && y < at.bottom() - 3) {
            pen.textWithin(look.state(), Type.DENSE, palette.stale(), x, y, at.width() - 20);
            y += 18;
        }
        unitLines(look, x, right, y, at.bottom() - 9);
    }

    /// As many lines as have room: state before caches, the first caches before the others.
    private void unitLines(UnitLook look, double x, double right, double top, double bottom) {
        int room = (int) Math.floor((bottom - top) / 13) + 1;
        int caches = Math.min(look.caches().size(), Math.max(0, room - 2));
        int lines = Math.min(room, caches + 2);
        double names =
                look.caches().stream()
                        .limit(caches)
                        .mapToDouble(cache -> pen.width(cache.name(), Type.DENSE))
                        .max()
                        .orElse(0);
        if (lines < 1 || right - x < 56) {
            return;
        }
        double step = lines == 1 ? 0 : Math.min(UnitText.LINE, (bottom - top) / (lines - 1));
        double y = top;
        for (var cache : look.caches().subList(0, caches)) {
            cacheLine(cache, x, right, y, x + Math.max(66, names + 8));
            y += step;
        }
        double named = right - x - pen.width(look.faults(), Type.BIT) - 4;
        pen.textWithin("faults", Type.DENSE, palette.text2(), x, y, named);
        var colour = look.faulty() ? palette.fault() : palette.text1();
        pen.textRight(look.faults(), Type.BIT, colour, right, y);
        if (lines > 1) {
            stale(look, x, right, y + step);
        }
    }

    private void stale(UnitLook look, double x, double right, double y) {
        pen.text("stale", Type.DENSE, palette.text2(), x, y);
        var colour = look.stale() > 0 ? palette.stale() : palette.text1();
        var words = String.valueOf(look.stale());
        pen.textRight(words, Type.BIT, colour, right, y);
        if (look.stale() > 0) {
            double left = right - pen.width(words, Type.BIT) - 12;
            pen.sign(iommulab.app.theme.Sign.STALE, left, y - 3.5, 11);
        }
    }

    /// @param from where the bar begins, right of all names
    private void cacheLine(
            UnitLook.CacheLine cache, double x, double right, double y, double from) {
        double named = right - x - pen.width(cache.rate(), Type.BIT) - 4;
        pen.textWithin(cache.name(), Type.DENSE, palette.text2(), x, y, named);
        pen.textRight(cache.rate(), Type.BIT, palette.text1(), right, y);
        double room = right - 50 - from;
        if (room > 16) {
            pen.plate(palette.raised(), from, y - 7, room, 7, 2);
            pen.plate(palette.hit(), from, y - 7, room * cache.fraction(), 7, 2);
        }
    }

    // functions

    void function(Rect at, Look look, Box.Kind kind) {
        boolean ownGroup = kind == Box.Kind.ROW && !look.tab().isEmpty();
        var edge =
                ownGroup && layers.contains(Layer.GROUPS)
                        ? palette.category(look.group())
                        : palette.line();
        box(at, palette.canvas(), edge, 1, kind == Box.Kind.ROW ? 3 : 5);
        if (look.domain() >= 0 && layers.contains(Layer.DOMAINS)) {
            Category.fill(pen, look.domain(), at.x(), at.y(), at.width(), at.height(), 5);
        }
        boolean rowTab = kind == Box.Kind.ROW && layers.contains(Layer.GROUPS) && zoom > 0.5;
        double right = at.right() - (pen.onWall() ? 2 : 6);
        if (rowTab && !look.tab().isEmpty()) {
            right = tab(look.tab(), look.group(), right, at.centreY() - 8, true) - 4;
        }
        if (layers.contains(Layer.OWNERS) && look.owner() != Owner.NOBODY && at.height() > 17) {
            double y = at.height() > 40 ? at.bottom() - 22 : at.centreY() - 8;
            badge(look.owner(), right - 16, y);
            right = at.height() > 40 ? right : right - 20;
        }
        lines(at, look, right, look.domain() >= 0 && layers.contains(Layer.DOMAINS));
    }

    /// @param plated whether words need a ground of their own, because a pattern lies below them
    private void lines(Rect at, Look look, double right, boolean plated) {
        if (at.height() < READABLE || look.title().isEmpty()) {
            return;
        }
        double pad = at.width() < 50 ? 2 : at.width() < 70 ? 3 : 8;
        double x = at.x() + pad;
        double room = plated && at.width() > 120 ? right - x - 14 : right - x;
        boolean two = at.height() >= 27 && !look.second().isEmpty();
        double y = two ? at.y() + at.height() * 0.42 : at.centreY() + 4;
        var title = look.title();
        // On a wall a whole name in narrow type says more than a part of it.
        boolean narrow = pen.onWall() && pen.width(title, this.mono) > room;
        var mono = narrow ? Type.DENSE : this.mono;
        if (pen.width(title, mono) > room) {
            title = title.substring(title.indexOf(':') + 1);
        }
        if (pen.width(title, mono) > room) {
            return;
        }
        words(title, mono, palette.text1(), x, y, room, plated);
        double used = pen.width(title, mono) + 7;
        if (room - used > (pen.onWall() ? 80 : 20)) {
            words(look.name(), name, palette.text1(), x + used, y, room - used, plated);
        }
        if (two) {
            double wide = look.owner() == Owner.NOBODY ? room : room - 20;
            double below = at.y() + at.height() * 0.82;
            words(look.second(), Type.SECOND_LINE, palette.text2(), x, below, wide, plated);
        }
    }

    private void words(
            String words,
            Type type,
            Color colour,
            double x,
            double y,
            double room,
            boolean plated) {
        var cut = pen.cut(words, type, room);
        if (plated && !cut.isEmpty()) {
            double width = pen.width(cut, type) + 6;
            pen.plate(palette.canvas(), x - 3, y - type.size(), width, type.size() + 3, 2);
        }
        pen.text(cut, type, colour, x, y);
    }

    void stack(Rect at, Look look) {
        double shift = Math.min(3, at.height() / 16);
        for (int i = 2; i >= 0; i--) {
            box(
                    new Rect(at.x() + i * shift, at.y() - i * shift, at.width(), at.height()),
                    palette.canvas(),
                    palette.line(),
                    1,
                    5);
        }
        if (at.height() < READABLE) {
            return;
        }
        double room = at.width() - 16;
        double x = at.x() + 8;
        double y = at.height() > 30 ? at.y() + 16 : at.centreY() + 4;
        var title = pen.cut(look.title(), Type.BODY_BOLD, room);
        pen.text(title, Type.BODY_BOLD, palette.text1(), x, y);
        double used = pen.width(title, Type.BODY_BOLD) + 6;
        pen.textWithin(look.name(), mono, palette.text1(), x + used, y, room - used);
        if (at.height() >= 56) {
            pen.textWithin(look.second(), Type.SECOND_LINE, palette.text2(), x, y + 14, room);
        }
        if (at.height() >= 38) {
            cells(look.cells(), x, at.bottom() - 20, room);
        }
    }

    private void cells(List<Look.Cell> cells, double x, double y, double room) {
        int fit = (int) Math.max(0, Math.floor(room / 18));
        int shown = cells.size() <= fit ? cells.size() : Math.max(0, fit - 2);
        for (int i = 0; i < shown; i++) {
            var cell = cells.get(i);
            double left = x + 18 * i;
            if (cell.domain() >= 0 && layers.contains(Layer.DOMAINS)) {
                Category.fill(pen, cell.domain(), left, y, 14, 14, 2);
            }
            boolean grouped = cell.group() >= 0 && layers.contains(Layer.GROUPS);
            Color colour = grouped ? palette.category(cell.group()) : palette.line();
            pen.outline(
                    cell.selected() ? palette.accent() : colour,
                    cell.selected() ? 2.4 : 1.6,
                    left,
                    y,
                    14,
                    14,
                    2,
                    grouped && !cell.selected() ? Category.dashes(cell.group()) : new double[0]);
            if (cell.owner() == Owner.USER && layers.contains(Layer.OWNERS)) {
                pen.textCentre("U", Type.SMALLEST_BOLD, palette.user(), left + 7, y + 11);
            }
        }
        if (shown < cells.size()) {
            pen.text(
                    "+" + (cells.size() - shown),
                    Type.SECOND_LINE,
                    palette.text2(),
                    x + 18 * shown + 2,
                    y + 11);
        }
    }

    void emptySlot(Rect at) {
        pen.outline(palette.text3(), 1, at.x(), at.y(), at.width(), at.height(), 5, 2, 3);
        if (at.height() > READABLE && at.width() > 70) {
            pen.text("slot empty", Type.SECOND_LINE, palette.text3(), at.x() + 8, at.centreY() + 4);
        }
    }

    // groups

    void outline(Rect at, Outline outline) {
        var colour = palette.category(outline.group());
        double line = outline.several() ? 2.2 : 1.8;
        if (outline.selected()) {
            pen.plate(
                    Color.color(colour.getRed(), colour.getGreen(), colour.getBlue(), 0.12),
                    at.x(),
                    at.y(),
                    at.width(),
                    at.height(),
                    5);
            line = 3.2;
        }
        pen.outline(
                colour,
                line,
                at.x(),
                at.y(),
                at.width(),
                at.height(),
                5,
                Category.dashes(outline.group()));
        boolean far = zoom < 0.55 || pen.onWall();
        if (at.width() < 40 || at.height() < 14 || far && !outline.several()) {
            return;
        }
        var number = String.valueOf(outline.group());
        if (pen.onWall()) {
            // Names stand at the left of boxes, and between two boxes there is none.
            double right = at.width() > 100 ? at.centreX() + 10 : at.right() - 4;
            tab(number, outline.group(), right, at.y() - 9, true);
        } else if (outline.label().isEmpty() || far) {
            tab(number, outline.group(), at.right() - 8, at.y() - (far ? 13 : 10), true);
        } else {
            double right = tab(number, outline.group(), at.x() + 14, at.y() - 8, false);
            label(outline.label(), right + 4, at.y() + 4, at.right() - 20);
        }
    }

    private void label(String words, double x, double y, double right) {
        if (right - x < 40 || zoom < 0.5) {
            return;
        }
        var text = pen.cut(words, Type.SECOND_LINE, right - x);
        double width = pen.width(text, Type.SECOND_LINE);
        pen.plate(palette.bar(), x - 2, y - 11, width + 6, 14, 2);
        pen.text(text, Type.SECOND_LINE, palette.text2(), x, y);
    }

    /// A number tab.
    ///
    /// @param leftwards whether `x` is its right edge
    /// @return its other edge
    private double tab(String number, int group, double x, double y, boolean leftwards) {
        double width = Math.max(18, pen.width(number, Type.SMALLEST_BOLD) + 10);
        double left = leftwards ? x - width : x;
        var colour = group < 0 ? palette.kernel() : palette.category(group);
        pen.plate(colour, left, y, width, 16, 3);
        pen.textCentre(number, Type.SMALLEST_BOLD, palette.canvas(), left + width / 2, y + 11.5);
        return leftwards ? left : left + width;
    }

    private void badge(Owner owner, double x, double y) {
        boolean user = owner == Owner.USER;
        var colour = user ? palette.user() : palette.kernel();
        double radius = user ? 8 : 3;
        pen.plate(user ? palette.userGround() : palette.kernelGround(), x, y, 16, 16, radius);
        pen.outline(colour, 1.2, x, y, 16, 16, radius);
        pen.textCentre(user ? "U" : "K", Type.SMALLEST_BOLD, colour, x + 8, y + 11.8);
    }

    void box(Rect at, Color ground, Color edge, double line, double radius) {
        if (at.height() < 3) {
            pen.fill(edge, at.x(), at.y(), at.width(), Math.max(1, at.height()));
            return;
        }
        double r = Math.min(radius, at.height() / 4);
        pen.plate(ground, at.x(), at.y(), at.width(), at.height(), r);
        pen.outline(edge, line, at.x(), at.y(), at.width(), at.height(), r);
    }
}
