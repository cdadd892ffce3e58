package iommulab.app.caches;

import iommulab.app.caches.CachesModel.Misses;
import iommulab.app.theme.Drawing;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Type;

import javafx.beans.value.ObservableValue;
import javafx.scene.paint.Color;

/// The misses of a cache, split by cause.
final class MissesBar extends Drawing {
    private Misses misses = new Misses(0, 0, 0);

    MissesBar(ObservableValue<Palette> palette) {
        super(palette);
    }

    void show(Misses misses) {
        this.misses = misses;
        redraw();
    }

    @Override
    protected void draw(Pen pen, double width, double height) {
        var palette = pen.palette();
        pen.plate(palette.raised(), 0, 2, width, 10, 2);
        double x = 0;
        x = part(pen, palette.text2(), misses.cold(), x, width);
        x = part(pen, palette.walk(), misses.conflict(), x, width);
        part(pen, palette.peer(), misses.capacity(), x, width);
        row(pen, palette.text2(), "cold", "never cached", misses.cold(), 32, width);
        row(pen, palette.walk(), "conflict", "too few ways", misses.conflict(), 50, width);
        row(pen, palette.peer(), "capacity", "too few entries", misses.capacity(), 68, width);
    }

    private double part(Pen pen, Color colour, long count, double x, double width) {
        if (misses.all() == 0 || count == 0) {
            return x;
        }
        double w = width * count / misses.all();
        pen.fill(colour, x, 2, Math.max(1, w - 1), 10);
        return x + w;
    }

    private static void row(
            Pen pen, Color colour, String name, String why, long count, double y, double width) {
        pen.fill(colour, 0, y - 8, 8, 8);
        pen.text(name, Type.SECONDARY, pen.palette().text1(), 14, y);
        pen.textWithin(why, Type.DENSE, pen.palette().text2(), 70, y, width - 130);
        pen.textRight(
                "%,d".formatted(count).replace(',', '\u2009'),
                Type.MONO,
                pen.palette().text1(),
                width,
                y);
    }
}
