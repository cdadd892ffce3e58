package iommulab.app.theme;

import javafx.geometry.VPos;
import javafx.scene.canvas.GraphicsContext;
import javafx.scene.paint.Color;
import javafx.scene.paint.Paint;
import javafx.scene.shape.StrokeLineCap;
import javafx.scene.text.Text;
import javafx.scene.text.TextAlignment;

import java.util.HashMap;
import java.util.Map;

/// Draws the shapes and the type of the visual language onto a canvas, in one theme. Coordinates are
/// pixels at 100 %; the text position is its baseline. Lives for one drawing, on the JavaFX thread.
public final class Pen {
    private static final Map<Type, Map<String, Double>> WIDTHS = new HashMap<>();
    private static final int WIDTHS_KEPT = 4_000;
    private static final Text RULER = new Text();

    private final GraphicsContext context;
    private final Palette palette;
    private final boolean onWall;

    /// @param context of the canvas, already scaled
    /// @param onWall whether the smallest roles of text are drawn larger
    Pen(GraphicsContext context, Palette palette, boolean onWall) {
        this.context = context;
        this.palette = palette;
        this.onWall = onWall;
        context.setTextBaseline(VPos.BASELINE);
        context.setLineCap(StrokeLineCap.BUTT);
    }

    public Palette palette() {
        return palette;
    }

    /// Whether people read from far away: what is small is left out.
    public boolean onWall() {
        return onWall;
    }

    public GraphicsContext context() {
        return context;
    }

    /// Everything drawn from here on lets the ground shine through; 1 is opaque.
    public void opacity(double opacity) {
        context.setGlobalAlpha(opacity);
    }

    public void fill(Paint paint, double x, double y, double width, double height) {
        context.setFill(paint);
        context.fillRect(x, y, width, height);
    }

    /// A filled box with round corners.
    public void plate(Paint paint, double x, double y, double width, double height, double radius) {
        context.setFill(paint);
        context.fillRoundRect(x, y, width, height, 2 * radius, 2 * radius);
    }

    /// The outline of a box, drawn inside its bounds.
    ///
    /// @param dashes lengths on and off; none for a solid line
    public void outline(
            Paint paint,
            double line,
            double x,
            double y,
            double width,
            double height,
            double radius,
            double... dashes) {
        context.setStroke(paint);
        context.setLineWidth(line);
        context.setLineDashes(dashes);
        double in = line / 2;
        context.strokeRoundRect(
                x + in, y + in, width - line, height - line, 2 * radius, 2 * radius);
        context.setLineDashes((double[]) null);
    }

    /// A straight line; level and upright lines of one pixel fall on pixels.
    public void line(
            Paint paint,
            double line,
            double x1,
            double y1,
            double x2,
            double y2,
            double... dashes) {
        double snap = line == 1 ? 0.5 : 0;
        context.setStroke(paint);
        context.setLineWidth(line);
        context.setLineDashes(dashes);
        context.strokeLine(x1 + snap, y1 + snap, x2 + snap, y2 + snap);
        context.setLineDashes((double[]) null);
    }

    public void text(String text, Type type, Paint paint, double x, double baseline) {
        write(text, type, paint, x, baseline, TextAlignment.LEFT);
    }

    public void textRight(String text, Type type, Paint paint, double right, double baseline) {
        write(text, type, paint, right, baseline, TextAlignment.RIGHT);
    }

    public void textCentre(String text, Type type, Paint paint, double middle, double baseline) {
        write(text, type, paint, middle, baseline, TextAlignment.CENTER);
    }

    private Type inForce(Type role) {
        return onWall ? role.onWall() : role;
    }

    private void write(
            String text, Type type, Paint paint, double x, double y, TextAlignment alignment) {
        context.setFont(inForce(type).font());
        context.setTextAlign(alignment);
        context.setFill(paint);
        context.fillText(text, x, y);
    }

    /// Text that ends with an ellipsis where it does not fit.
    public void textWithin(
            String text, Type type, Paint paint, double x, double baseline, double width) {
        text(cut(text, type, width), type, paint, x, baseline);
    }

    /// As much of a text as fits, with an ellipsis if something is missing.
    public String cut(String text, Type type, double width) {
        if (width(text, type) <= width) {
            return text;
        }
        int fits = 0;
        int tooMany = text.length();
        while (tooMany - fits > 1) {
            int middle = (fits + tooMany) >>> 1;
            if (width(text.substring(0, middle) + "…", type) <= width) {
                fits = middle;
            } else {
                tooMany = middle;
            }
        }
        return fits == 0 ? "" : text.substring(0, fits).stripTrailing() + "…";
    }

    /// Width of a text in pixels at 100 %.
    public double width(String text, Type role) {
        var type = inForce(role);
        var known = WIDTHS.computeIfAbsent(type, _ -> new HashMap<>());
        if (known.size() > WIDTHS_KEPT) {
            known.clear();
        }
        return known.computeIfAbsent(
                text,
                t -> {
                    RULER.setFont(type.font());
                    RULER.setText(t);
                    return RULER.getLayoutBounds().getWidth();
                });
    }

    /// The shape of an outcome around a middle.
    ///
    /// @param size width and height, in pixels
    public void sign(Sign sign, double x, double y, double size) {
        sign(sign, sign.colour(palette), x, y, size);
    }

    /// The shape of an outcome in another colour than its own.
    public void sign(Sign sign, Color colour, double x, double y, double size) {
        double r = size / 2;
        context.setFill(colour);
        context.setStroke(colour);
        context.setLineWidth(Math.max(1.5, size / 8));
        switch (sign) {
            case HIT -> context.fillOval(x - r, y - r, size, size);
            case WALK -> polygon(true, x, y - r, x + r, y, x, y + r, x - r, y);
            case WALK_TO_COME -> polygon(false, x, y - r, x + r, y, x, y + r, x - r, y);
            case PROBE -> ring(x, y, r);
            case SAVED -> {
                context.setLineDashes(2, 2);
                ring(x, y, r);
                context.setLineDashes((double[]) null);
            }
            case FAULT -> octagon(x, y, r);
            case STALE -> polygon(true, x, y - r, x + r, y + r * 0.8, x - r, y + r * 0.8);
            case PEER -> doubleArrow(x, y, r);
            case BLOCKED -> {
                context.strokeRect(x - r, y - r, size, size);
                context.strokeLine(x - r * 0.6, y, x + r * 0.6, y);
            }
        }
    }

    private void ring(double x, double y, double r) {
        var stroke = context.getStroke();
        context.setFill(palette.canvas());
        context.fillOval(x - r, y - r, 2 * r, 2 * r);
        context.setStroke(stroke);
        context.strokeOval(x - r, y - r, 2 * r, 2 * r);
    }

    private void octagon(double x, double y, double r) {
        double k = r * 0.414;
        polygon(
                true, x - k, y - r, x + k, y - r, x + r, y - k, x + r, y + k, x + k, y + r, x - k,
                y + r, x - r, y + k, x - r, y - k);
        double c = r * 0.42;
        context.setStroke(palette.canvas());
        context.strokeLine(x - c, y - c, x + c, y + c);
        context.strokeLine(x - c, y + c, x + c, y - c);
    }

    private void doubleArrow(double x, double y, double r) {
        context.strokeLine(x - r * 0.5, y, x + r * 0.5, y);
        polygon(true, x - r, y, x - r * 0.35, y - r * 0.6, x - r * 0.35, y + r * 0.6);
        polygon(true, x + r, y, x + r * 0.35, y - r * 0.6, x + r * 0.35, y + r * 0.6);
    }

    private void polygon(boolean filled, double... points) {
        var xs = new double[points.length / 2];
        var ys = new double[xs.length];
        for (int i = 0; i < xs.length; i++) {
            xs[i] = points[2 * i];
            ys[i] = points[2 * i + 1];
        }
        if (filled) {
            context.fillPolygon(xs, ys, xs.length);
        } else {
            var stroke = context.getStroke();
            context.setFill(palette.canvas());
            context.fillPolygon(xs, ys, xs.length);
            context.setStroke(stroke);
            context.strokePolygon(xs, ys, xs.length);
        }
    }
}
