package iommulab.app.software;

import iommulab.app.software.SoftwareLayout.Placed;
import iommulab.app.software.SoftwareModel.Line;
import iommulab.app.software.SoftwareModel.Look;
import iommulab.app.theme.Category;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Type;

import javafx.geometry.Rectangle2D;
import javafx.scene.paint.Color;

import java.util.ArrayList;
import java.util.List;

/// Draws the boxes and lines of the Software perspective. Lines lie below boxes, so that boxes stay
/// readable; those of what is selected are drawn last and say why.
final class SoftwareDrawing {
    /// With more lines than these, only those of what is selected say why.
    private static final int ALL_SAY = 14;

    /// Parts of a line at which its words may stand, the best first.
    private static final double[] PLACES = {0.5, 0.65, 0.35};

    private static final double ARROW = 7;
    private static final double LANE = 5;
    private static final double TURN = 16;
    private static final double LOOP_END = 9;
    private static final double SWATCH = 7;

    private final Pen pen;
    private final Palette palette;
    private final SoftwareLayout layout;
    private final String pointedAt;
    private final List<Rectangle2D> tags = new ArrayList<>();

    /// @param pointedAt key of the box that the pointer is at, or empty
    SoftwareDrawing(Pen pen, SoftwareLayout layout, String pointedAt) {
        this.pen = pen;
        this.layout = layout;
        this.pointedAt = pointedAt;
        palette = pen.palette();
    }

    void draw(SoftwareModel model) {
        layout.placed().stream().filter(p -> p.box().rank() == Rank.IOMMUFD).forEach(this::box);
        for (var line : model.lines()) {
            if (look(line) == Look.ASIDE && !line.implied()) {
                line(line, palette.text3(), 1.2);
            }
        }
        for (var line : model.lines()) {
            if (look(line) != Look.ASIDE) {
                line(line, colour(look(line)), 2.4);
            }
        }
        layout.placed().stream().filter(p -> p.box().rank() != Rank.IOMMUFD).forEach(this::box);
        boolean all = model.lines().size() <= ALL_SAY && !pen.onWall();
        for (var line : model.lines()) {
            if (all && !line.implied() || look(line) != Look.ASIDE) {
                why(line, look(line));
            }
        }
    }

    /// What the pointer is at is lit like what is selected.
    private Look look(Line line) {
        if (line.look() != Look.ASIDE) {
            return line.look();
        }
        return line.to().equals(pointedAt)
                ? Look.KEEPS
                : line.from().equals(pointedAt) ? Look.KEPT : Look.ASIDE;
    }

    private Color colour(Look look) {
        return switch (look) {
            case ASIDE -> palette.text2();
            case KEEPS -> palette.accent();
            case BLOCKS -> palette.fault();
            case KEPT -> palette.walk();
        };
    }

    // ---- lines

    /// A curve from one box to another: where it begins, how far it reaches out, where it ends.
    private record Curve(double x1, double y1, double c1, double c2, double x2, double y2) {
        /// @param t part of the way, 0 to 1
        double xAt(double t) {
            double u = 1 - t;
            return u * u * u * x1 + 3 * u * u * t * c1 + 3 * u * t * t * c2 + t * t * t * x2;
        }

        double yAt(double t) {
            return y1 + (y2 - y1) * t * t * (3 - 2 * t);
        }

        /// From one point to another, level at both.
        static Curve between(double x1, double y1, double x2, double y2) {
            double bend = (x2 - x1) / 2;
            return new Curve(x1, y1, x1 + bend, x2 - bend, x2, y2);
        }
    }

    /// A way past the boxes between: in the lane above the row where it ends. One curve where nothing
    /// stands between.
    private List<Curve> way(Placed from, Placed to) {
        double y1 = from.box().rank() == Rank.IOMMUFD ? from.y() + 14 : from.middle();
        double y2 = to.box().rank() == Rank.IOMMUFD ? to.y() + 14 : to.middle();
        boolean right = to.x() >= from.right();
        if (!right && to.right() > from.x()) {
            double far = Math.abs(y2 - y1) * 0.08;
            double out = Math.max(from.right(), to.right()) + Math.clamp(far, 14, 34);
            // Other lines begin at the middle.
            double end = y2 + (y1 < y2 ? -LOOP_END : LOOP_END);
            return List.of(new Curve(from.right(), y1, out, out, to.right(), end));
        }
        double x1 = right ? from.right() : from.x();
        double x2 = right ? to.x() : to.right();
        boolean past = x2 - x1 > 3 * TURN;
        if (past && from.box().rank() == Rank.PROCESS && to.box().rank() == Rank.IOMMUFD) {
            return overFiles(x1, y1, x2, y2);
        }
        if (to.box().rank() == Rank.GROUP && !from.box().rank().isInside()) {
            return underIommufds(x1, y1, x2, y2);
        }
        if (!to.box().rank().isInside() || !layout.isAnyBetween(x1, x2, to)) {
            return List.of(Curve.between(x1, y1, x2, y2));
        }
        // Ways to the left and to the right each have a lane of their own.
        double lane = to.y() - (right ? 2 * LANE - 1 : LANE - 1);
        double turn = right ? TURN : -TURN;
        double first = right ? Math.max(x1 + turn, layout.firstInside(to) - LANE) : x1 + turn;
        return List.of(
                Curve.between(x1, y1, first, lane),
                Curve.between(first, lane, x2 - turn, lane),
                Curve.between(x2 - turn, lane, x2, to.y() + LANE));
    }

    /// A process has an IOMMUFD open: past the files, above them.
    private static List<Curve> overFiles(double x1, double y1, double x2, double y2) {
        double lane = SoftwareLayout.TOP - LANE;
        return List.of(
                Curve.between(x1, y1, x1 + TURN, lane),
                Curve.between(x1 + TURN, lane, x2 - 2 * TURN, lane),
                Curve.between(x2 - 2 * TURN, lane, x2, y2));
    }

    /// From the left of all IOMMUFDs to a group: below them.
    private List<Curve> underIommufds(double x1, double y1, double x2, double y2) {
        double bottom = layout.bottomOf(Rank.IOMMUFD) + LANE;
        if (Math.min(y1, y2) > bottom || layout.bottomOf(Rank.IOMMUFD) <= SoftwareLayout.TOP) {
            return List.of(Curve.between(x1, y1, x2, y2));
        }
        double lane = Math.max(bottom, y1);
        return List.of(
                Curve.between(x1, y1, x1 + TURN, lane),
                Curve.between(x1 + TURN, lane, x2 - TURN, lane),
                Curve.between(x2 - TURN, lane, x2, y2));
    }

    private void line(Line line, Color colour, double width) {
        var from = layout.of(line.from());
        var to = layout.of(line.to());
        if (from.isEmpty() || to.isEmpty()) {
            return;
        }
        var curves = way(from.get(), to.get());
        var context = pen.context();
        context.setStroke(colour);
        context.setLineWidth(width);
        context.beginPath();
        context.moveTo(curves.getFirst().x1(), curves.getFirst().y1());
        for (var part : curves) {
            context.bezierCurveTo(part.c1(), part.y1(), part.c2(), part.y2(), part.x2(), part.y2());
        }
        context.stroke();
        var curve = curves.getLast();
        double way = curve.c2() < curve.x2() ? -ARROW : ARROW;
        context.setFill(colour);
        context.fillPolygon(
                new double[] {curve.x2(), curve.x2() + way, curve.x2() + way},
                new double[] {curve.y2(), curve.y2() - ARROW / 2, curve.y2() + ARROW / 2},
                3);
    }

    /// In the gap between the boxes if it fits there; what is selected says it below the box at the other
    /// end, where nothing is hidden by it.
    private void why(Line line, Look look) {
        var from = layout.of(line.from());
        var to = layout.of(line.to());
        if (from.isEmpty() || to.isEmpty()) {
            return;
        }
        double wide = pen.width(line.why(), Type.DENSE) + 8;
        if (look != Look.ASIDE) {
            var other = look == Look.KEPT ? to.get() : from.get();
            double y =
                    other.box().rank() == Rank.IOMMUFD ? other.y() : other.y() + other.height() + 1;
            tag(line.why(), look, other.centre(), y, wide);
            return;
        }
        var curves = way(from.get(), to.get());
        var curve = curves.getFirst();
        if (curves.size() > 1 || Math.abs(curve.x2() - curve.x1()) <= wide + 2 * ARROW) {
            return;
        }
        for (double part : PLACES) {
            double x = curve.xAt(part);
            double y = curve.yAt(part);
            if (tags.stream().noneMatch(tag -> tag.intersects(x - wide / 2, y - 8, wide, 16))) {
                tag(line.why(), look, x, y, wide);
                return;
            }
        }
    }

    private void tag(String why, Look look, double x, double y, double wide) {
        tags.add(new Rectangle2D(x - wide / 2, y - 7, wide, 14));
        pen.plate(palette.canvas(), x - wide / 2, y - 7, wide, 14, 3);
        if (look != Look.ASIDE) {
            pen.outline(colour(look), 1, x - wide / 2, y - 7, wide, 14, 3);
        }
        pen.textCentre(why, Type.DENSE, colour(look), x, y + 4);
    }

    // ---- boxes

    private void box(Placed at) {
        var box = at.box();
        boolean container = box.rank() == Rank.IOMMUFD || box.rank() == Rank.GROUP;
        var edge = box.rank() == Rank.GROUP ? palette.category(box.number()) : palette.line();
        pen.plate(
                container ? palette.bar() : palette.canvas(),
                at.x(),
                at.y(),
                at.width(),
                at.height(),
                5);
        double[] dashes =
                box.rank() == Rank.GROUP && !box.selected()
                        ? Category.dashes(box.number())
                        : new double[0];
        pen.outline(
                box.selected() ? palette.accent() : edge,
                box.selected() ? 2.4 : container ? 1.6 : 1.2,
                at.x(),
                at.y(),
                at.width(),
                at.height(),
                5,
                dashes);
        double left = at.x() + 9;
        if (box.rank() != Rank.GROUP && box.number() > 0) {
            Category.fill(pen, box.number(), at.x() + 3, at.y() + 3, SWATCH, at.height() - 6, 2);
            left += SWATCH - 3;
        }
        words(at, left, count(at));
    }

    /// How many keep it alive.
    ///
    /// @return where the room for the words beside it ends
    private double count(Placed at) {
        if (at.box().references() < 0 || pen.onWall()) {
            return at.right() - 6;
        }
        double y = at.box().rank() == Rank.IOMMUFD ? at.y() + 5 : at.y() + at.height() - 19;
        var number = "" + at.box().references();
        double wide = Math.max(16, pen.width(number, Type.SMALLEST_BOLD) + 9);
        double x = at.right() - wide - 5;
        pen.plate(palette.raised(), x, y, wide, 15, 7.5);
        pen.textCentre(number, Type.SMALLEST_BOLD, palette.text1(), x + wide / 2, y + 11);
        return x - 4;
    }

    private void words(Placed at, double left, double right) {
        var box = at.box();
        if (pen.onWall()) {
            pen.textWithin(
                    box.title().replace("HWPT_", ""),
                    Type.DENSE_BOLD,
                    palette.text1(),
                    left - 3,
                    at.y() + 18,
                    at.right() - 3 - left + 3);
            return;
        }
        var role = box.rank().isInside() ? Type.DENSE_BOLD : Type.MONO_BOLD;
        double end = box.rank() == Rank.IOMMUFD ? right : at.right() - 3;
        var title =
                pen.width(box.title(), role) > end - left
                        ? box.title().replace("HWPT_", "")
                        : box.title();
        pen.textWithin(title, role, palette.text1(), left, at.y() + 16, end - left);
        if (box.rank() != Rank.IOMMUFD) {
            var detail =
                    pen.width(box.detail(), Type.DENSE) > right - left
                            ? box.detail().replace("domain ", "dom ")
                            : box.detail();
            pen.textWithin(detail, Type.DENSE, palette.text2(), left, at.y() + 31, right - left);
        }
    }
}
