package iommulab.app.topology;

import iommulab.app.theme.Category;
import iommulab.app.theme.Drawing;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Sign;
import iommulab.app.theme.Type;

import javafx.beans.value.ObservableValue;

import java.util.List;

/// The line below the picture: what the signs mean, and how much there is.
final class Legend extends Drawing {
    private static final double HEIGHT = 34;

    private record Entry(Sign sign, String words) {}

    private static final List<Entry> ENTRIES =
            List.of(
                    new Entry(Sign.HIT, "IOTLB hit"),
                    new Entry(Sign.WALK, "table walk"),
                    new Entry(Sign.STALE, "stale entry used"),
                    new Entry(Sign.FAULT, "fault"),
                    new Entry(Sign.PEER, "peer-to-peer"),
                    new Entry(Sign.BLOCKED, "blocked"));

    private String counts = "";

    Legend(ObservableValue<Palette> palette) {
        super(palette);
        scaleProperty().subscribe(scale -> tall(scale.doubleValue()));
    }

    private void tall(double scale) {
        setMinHeight(HEIGHT * scale);
        setPrefHeight(HEIGHT * scale);
        setMaxHeight(HEIGHT * scale);
    }

    void show(String now) {
        if (!now.equals(counts)) {
            counts = now;
            setAccessibleText(now);
            redraw();
        }
    }

    @Override
    protected void draw(Pen pen, double width, double height) {
        var palette = pen.palette();
        pen.line(palette.faintLine(), 1, 0, 0, width, 0);
        double y = height / 2;
        double counted = pen.width(counts, Type.SECONDARY);
        pen.textRight(counts, Type.SECONDARY, palette.text2(), width - 16, y + 4);
        double right = width - counted - 40;
        double x = 22;
        for (var entry : ENTRIES) {
            double next = x + 14 + pen.width(entry.words(), Type.SECONDARY) + 24;
            if (next > right) {
                return;
            }
            pen.sign(entry.sign(), x, y, entry.sign() == Sign.HIT ? 10 : 13);
            pen.text(entry.words(), Type.SECONDARY, palette.text2(), x + 14, y + 4);
            x = next;
        }
        x = outline(pen, x, y, right);
        x = fill(pen, x, y, right);
        x = owner(pen, x, y, right, false);
        owner(pen, x, y, right, true);
    }

    private static double outline(Pen pen, double x, double y, double right) {
        return entry(
                pen,
                x,
                y,
                right,
                "outline: group",
                () ->
                        pen.outline(
                                pen.palette().category(3),
                                1.8,
                                x - 6,
                                y - 7,
                                22,
                                14,
                                3,
                                Category.dashes(3)));
    }

    private static double fill(Pen pen, double x, double y, double right) {
        return entry(
                pen,
                x,
                y,
                right,
                "fill: domain",
                () -> Category.fill(pen, 7, x - 6, y - 7, 22, 14, 3));
    }

    private static double owner(Pen pen, double x, double y, double right, boolean user) {
        var palette = pen.palette();
        var colour = user ? palette.user() : palette.kernel();
        return entry(
                pen,
                x,
                y,
                right,
                user ? "user (VFIO)" : "kernel driver",
                () -> {
                    pen.plate(
                            user ? palette.userGround() : palette.kernelGround(),
                            x,
                            y - 8,
                            16,
                            16,
                            user ? 8 : 3);
                    pen.outline(colour, 1.2, x, y - 8, 16, 16, user ? 8 : 3);
                    pen.textCentre(user ? "U" : "K", Type.SMALLEST_BOLD, colour, x + 8, y + 3.8);
                });
    }

    private static double entry(
            Pen pen, double x, double y, double right, String words, Runnable sign) {
        double next = x + 22 + pen.width(words, Type.SECONDARY) + 24;
        if (next > right) {
            return right;
        }
        sign.run();
        pen.text(words, Type.SECONDARY, pen.palette().text2(), x + 22, y + 4);
        return next;
    }
}
