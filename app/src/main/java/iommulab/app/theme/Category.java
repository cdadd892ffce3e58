package iommulab.app.theme;

import javafx.scene.canvas.GraphicsContext;
import javafx.scene.paint.Color;

/// How a group, domain or PASID is told from others without its colour: the dashes of its outline and
/// the pattern of its fill. The number is printed beside it in any case.
public final class Category {
    private static final double[][] DASHES = {{}, {7, 3}, {2.5, 2.5}, {9, 3, 2, 3}};

    private Category() {}

    /// The dashes of the outline of number n.
    public static double[] dashes(int number) {
        return DASHES[Math.floorMod(number, 12) % 4].clone();
    }

    /// Fills a box with the pattern of number n, pale enough for text to stand on.
    public static void fill(
            Pen pen, int number, double x, double y, double width, double height, double radius) {
        var context = pen.context();
        var colour = pen.palette().category(number);
        context.save();
        context.beginPath();
        context.rect(x, y, width, height);
        context.clip();
        pen.plate(alpha(colour, 0.16), x, y, width, height, radius);
        var ink = alpha(colour, 0.27);
        context.setStroke(ink);
        context.setFill(ink);
        context.setLineWidth(1.4);
        pattern(context, Math.floorMod(number, 12), x, y, width, height);
        context.restore();
    }

    private static Color alpha(Color colour, double alpha) {
        return Color.color(colour.getRed(), colour.getGreen(), colour.getBlue(), alpha);
    }

    private static void pattern(
            GraphicsContext c, int row, double x, double y, double w, double h) {
        switch (row) {
            case 0 -> slanted(c, x, y, w, h, 7, true);
            case 1 -> dots(c, x, y, w, h, false);
            case 2 -> slanted(c, x, y, w, h, 7, false);
            case 3 -> dots(c, x, y, w, h, true);
            case 4 -> level(c, x, y, w, h, 6);
            case 5 -> upright(c, x, y, w, h, 6);
            case 6 -> {
                slanted(c, x, y, w, h, 10, true);
                slanted(c, x, y, w, h, 10, false);
            }
            case 7 -> slanted(c, x, y, w, h, 12, true);
            case 8 -> slanted(c, x, y, w, h, 12, false);
            case 9 -> rings(c, x, y, w, h);
            case 10 -> zigzag(c, x, y, w, h);
            default -> {
                level(c, x, y, w, h, 9);
                upright(c, x, y, w, h, 9);
            }
        }
    }

    private static void slanted(
            GraphicsContext c, double x, double y, double w, double h, double pitch, boolean up) {
        for (double at = -h; at < w; at += pitch * 1.414) {
            if (up) {
                c.strokeLine(x + at, y + h, x + at + h, y);
            } else {
                c.strokeLine(x + at, y, x + at + h, y + h);
            }
        }
    }

    private static void level(
            GraphicsContext c, double x, double y, double w, double h, double pitch) {
        for (double at = pitch / 2; at < h; at += pitch) {
            c.strokeLine(x, y + at, x + w, y + at);
        }
    }

    private static void upright(
            GraphicsContext c, double x, double y, double w, double h, double pitch) {
        for (double at = pitch / 2; at < w; at += pitch) {
            c.strokeLine(x + at, y, x + at, y + h);
        }
    }

    private static void dots(
            GraphicsContext c, double x, double y, double w, double h, boolean offset) {
        boolean odd = false;
        for (double v = 3; v < h; v += 7) {
            for (double u = odd && offset ? 6.5 : 3; u < w; u += 7) {
                c.fillOval(x + u - 1.1, y + v - 1.1, 2.2, 2.2);
            }
            odd = !odd;
        }
    }

    private static void rings(GraphicsContext c, double x, double y, double w, double h) {
        c.setLineWidth(1);
        for (double v = 2; v < h; v += 10) {
            for (double u = 2; u < w; u += 10) {
                c.strokeOval(x + u, y + v, 5, 5);
            }
        }
    }

    private static void zigzag(GraphicsContext c, double x, double y, double w, double h) {
        for (double v = 6; v < h + 4; v += 8) {
            for (double u = 0; u < w; u += 8) {
                c.strokeLine(x + u, y + v, x + u + 4, y + v - 4);
                c.strokeLine(x + u + 4, y + v - 4, x + u + 8, y + v);
            }
        }
    }
}
