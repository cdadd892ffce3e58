package iommulab.app.topology;

import iommulab.app.theme.Category;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Type;
import iommulab.engine.memory.Region.RegionKind;

import java.util.Set;

/// Draws the memory column: what can be used as boxes with their domains, what is reserved as one line.
final class MemoryCanvas {
    private static final double READABLE = 10;

    private final Pen pen;
    private final Palette palette;
    private final Set<Layer> layers;
    private final double zoom;
    private final BoxCanvas boxes;

    MemoryCanvas(Pen pen, Set<Layer> layers, double zoom, BoxCanvas boxes) {
        this.pen = pen;
        this.palette = pen.palette();
        this.layers = layers;
        this.zoom = zoom;
        this.boxes = boxes;
    }

    void column(Rect at) {
        boxes.box(at, palette.bar(), palette.line(), 1, 6);
        if (pen.onWall()) {
            upright(at);
        } else if (at.width() > 60 && zoom > 0.6) {
            pen.text("Memory", Type.HEAD, palette.text1(), at.x() + 10, at.y() + 19);
        }
    }

    private void upright(Rect at) {
        var context = pen.context();
        context.save();
        context.translate(at.centreX() + 4, at.centreY());
        context.rotate(-90);
        pen.textCentre("Memory", Type.HEAD, palette.text1(), 0, 0);
        context.restore();
    }

    void span(Rect at, SpanLook look) {
        if (pen.onWall()) {
            return;
        }
        if (look.kind() == RegionKind.RESERVED) {
            reserved(at, look);
            return;
        }
        boolean raised = look.kind() != RegionKind.RAM && look.kind() != RegionKind.TABLES;
        boxes.box(
                at,
                raised ? palette.raised() : palette.canvas(),
                look.kind() == RegionKind.TABLES ? palette.walk() : palette.line(),
                1,
                3);
        if (at.height() < READABLE || at.width() < 44) {
            return;
        }
        double room = at.width() - 14;
        double x = at.x() + 8;
        var bold = zoom < 0.9 ? Type.DENSE_BOLD : Type.SECONDARY_BOLD;
        pen.textWithin(look.title(), bold, palette.text1(), x, at.y() + 15, room);
        if (at.height() > 32) {
            pen.textWithin(look.second(), Type.SECOND_LINE, palette.text2(), x, at.y() + 29, room);
        }
        if (at.height() > 46) {
            pen.textWithin(look.address(), Type.BIT, palette.text2(), x, at.bottom() - 7, room);
        }
        double y = at.y() + 35;
        for (var share : look.shares()) {
            if (y + 19 < at.bottom() - 16 && layers.contains(Layer.DOMAINS)) {
                share(new Rect(x, y, at.width() - 16, 18), share);
                y += 22;
            }
        }
    }

    private void reserved(Rect at, SpanLook look) {
        boxes.box(at, palette.bar(), palette.faintLine(), 1, 3);
        if (at.height() >= READABLE && at.width() >= 44) {
            var words = look.title() + ", " + look.second();
            pen.textWithin(
                    words,
                    Type.SECOND_LINE,
                    palette.text2(),
                    at.x() + 8,
                    at.centreY() + 4,
                    at.width() - 14);
        }
    }

    private void share(Rect at, SpanLook.Share share) {
        boxes.box(at, palette.canvas(), palette.category(share.domain()), 1, 3);
        Category.fill(pen, share.domain(), at.x(), at.y(), at.width(), at.height(), 3);
        pen.textWithin(
                share.words(),
                Type.SECOND_LINE,
                palette.text1(),
                at.x() + 6,
                at.y() + 13,
                at.width() - 8);
    }
}
