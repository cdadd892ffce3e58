package iommulab.app.theme;

import javafx.beans.value.ObservableValue;
import javafx.scene.AccessibleRole;

import java.util.List;
import java.util.stream.Collectors;

/// Numbers over time as lines: few, thin, told apart by dashes as well as by colour, named at the right
/// with their last value.
public final class LinePlot extends Drawing {
    private static final double LEFT = 44;
    private static final double TOP = 8;
    private static final double BOTTOM = 20;
    private static final double LEGEND = 150;

    /// The colours that lines may take.
    public enum Ink {
        HIT,
        WALK,
        ACCENT,
        PEER,
        USER,
        QUIET
    }

    /// One line.
    ///
    /// @param name beside its last value
    /// @param last the newest value, in words
    /// @param dash lengths on and off; empty for a solid line
    /// @param points in order of x
    public record Line(String name, String last, Ink ink, List<Double> dash, List<Point> points) {
        public Line {
            dash = List.copyOf(dash);
            points = List.copyOf(points);
        }
    }

    /// @param x such as a tick
    public record Point(double x, double y) {}

    /// @param lowest value at the bottom of the axis
    /// @param highest value at the top
    /// @param marks values that get a line and a number
    public record Axis(double lowest, double highest, List<Double> marks) {
        public Axis {
            marks = List.copyOf(marks);
        }

        /// An axis from 0 up to a round number above the highest point.
        public static Axis above(List<Line> lines) {
            double highest =
                    lines.stream()
                            .flatMap(l -> l.points().stream())
                            .mapToDouble(Point::y)
                            .max()
                            .orElse(1);
            double power = Math.pow(10, Math.floor(Math.log10(Math.max(highest, 1e-9))));
            double top = power * 10;
            for (double step : new double[] {1, 2, 5, 10}) {
                if (step * power >= highest) {
                    top = step * power;
                    break;
                }
            }
            return new Axis(0, top, List.of(0.0, top / 2, top));
        }
    }

    private List<Line> lines = List.of();
    private Axis axis = new Axis(0, 1, List.of());
    private String whileEmpty = "";

    /// @param palette the colours in force
    public LinePlot(ObservableValue<Palette> palette) {
        super(palette);
        setAccessibleRole(AccessibleRole.IMAGE_VIEW);
    }

    /// @param whileEmpty the sentence that stands there as long as no line has two points
    public void show(List<Line> lines, Axis axis, String whileEmpty) {
        this.lines = List.copyOf(lines);
        this.axis = axis;
        this.whileEmpty = whileEmpty;
        setAccessibleText(
                lines.stream()
                        .map(l -> l.name() + " " + l.last())
                        .collect(Collectors.joining(", ")));
        redraw();
    }

    @Override
    protected void draw(Pen pen, double width, double height) {
        var palette = pen.palette();
        double right = width - LEGEND;
        double bottom = height - BOTTOM;
        for (double mark : axis.marks()) {
            double y = y(mark, bottom);
            pen.line(palette.faintLine(), 1, LEFT, Math.round(y), right, Math.round(y));
            pen.textRight(number(mark), Type.BIT, palette.text3(), LEFT - 6, y + 4);
        }
        double from = lines.stream().mapToDouble(l -> end(l, true)).min().orElse(0);
        double to = lines.stream().mapToDouble(l -> end(l, false)).max().orElse(0);
        if (to <= from) {
            double baseline = (TOP + bottom) / 2 + 4;
            double worded = pen.width(whileEmpty, Type.SECONDARY);
            pen.fill(palette.canvas(), LEFT + 8, baseline - 13, worded + 8, 18);
            pen.text(whileEmpty, Type.SECONDARY, palette.text2(), LEFT + 12, baseline);
        } else {
            times(pen, from, to, right, height);
            lines.forEach(line -> line(pen, line, from, to, right, bottom));
        }
        legend(pen, right);
    }

    private static double end(Line line, boolean first) {
        if (line.points().isEmpty()) {
            return first ? Double.MAX_VALUE : -Double.MAX_VALUE;
        }
        return (first ? line.points().getFirst() : line.points().getLast()).x();
    }

    private double y(double value, double bottom) {
        double share = (value - axis.lowest()) / (axis.highest() - axis.lowest());
        return bottom - Math.clamp(share, 0, 1) * (bottom - TOP);
    }

    private static void times(Pen pen, double from, double to, double right, double height) {
        var ink = pen.palette().text3();
        pen.text(number(from), Type.BIT, ink, LEFT, height - 5);
        pen.textCentre(number((from + to) / 2), Type.BIT, ink, (LEFT + right) / 2, height - 5);
        pen.textRight(number(to), Type.BIT, ink, right, height - 5);
    }

    private void line(Pen pen, Line line, double from, double to, double right, double bottom) {
        var context = pen.context();
        stroke(pen, line);
        context.beginPath();
        boolean first = true;
        for (var point : line.points()) {
            double x = LEFT + (point.x() - from) / (to - from) * (right - LEFT);
            if (first) {
                context.moveTo(x, y(point.y(), bottom));
                first = false;
            } else {
                context.lineTo(x, y(point.y(), bottom));
            }
        }
        context.stroke();
        context.setLineDashes((double[]) null);
    }

    private static void stroke(Pen pen, Line line) {
        var palette = pen.palette();
        var context = pen.context();
        context.setStroke(
                switch (line.ink()) {
                    case HIT -> palette.hit();
                    case WALK -> palette.walk();
                    case ACCENT -> palette.accent();
                    case PEER -> palette.peer();
                    case USER -> palette.user();
                    case QUIET -> palette.text2();
                });
        context.setLineWidth(1.8);
        context.setLineDashes(line.dash().stream().mapToDouble(Double::doubleValue).toArray());
    }

    private void legend(Pen pen, double right) {
        double y = TOP + 10;
        for (var line : lines) {
            stroke(pen, line);
            pen.context().strokeLine(right + 12, y - 4, right + 34, y - 4);
            pen.context().setLineDashes((double[]) null);
            pen.textWithin(line.name(), Type.SECONDARY, pen.palette().text1(), right + 40, y, 62);
            pen.textRight(
                    line.last(), Type.MONO_BOLD, pen.palette().text1(), right + LEGEND - 8, y);
            y += 18;
        }
    }

    private static String number(double value) {
        return value == Math.rint(value) || value >= 1000
                ? "%,d".formatted(Math.round(value)).replace(',', '\u2009')
                : "%.1f".formatted(value);
    }
}
