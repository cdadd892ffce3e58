package iommulab.app.pasids;

import iommulab.app.pasids.PasidsLayout.Placed;
import iommulab.app.pasids.PasidsLayout.Thing;
import iommulab.app.pasids.PasidsModel.Device;
import iommulab.app.pasids.PasidsModel.Entry;
import iommulab.app.pasids.PasidsModel.Space;
import iommulab.app.theme.Category;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Sign;
import iommulab.app.theme.Type;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import javafx.scene.paint.Color;

import java.util.Optional;

/// Draws the boxes and links of the PASIDs perspective.
final class PasidsDrawing {
    private static final double SWATCH = 28;
    private static final double SIGN = 14;

    private final Pen pen;
    private final Palette palette;

    PasidsDrawing(Pen pen) {
        this.pen = pen;
        palette = pen.palette();
    }

    /// @param from first visible height
    void draw(PasidsLayout layout, double from, double to) {
        for (var name : layout.names()) {
            if (name.thing() instanceof Thing.OfName(var entry) && !entry.selected()) {
                links(layout, name, entry);
            }
        }
        for (var name : layout.names()) {
            if (name.thing() instanceof Thing.OfName(var entry) && entry.selected()) {
                links(layout, name, entry);
            }
        }
        for (var placed : layout.all()) {
            if (placed.y() + placed.height() > from && placed.y() < to) {
                box(placed, layout);
            }
        }
    }

    /// From the name to what it means, and on to the device that may use it.
    private void links(PasidsLayout layout, Placed name, Entry entry) {
        var space = layout.spaceOf(entry);
        var device = layout.deviceOf(entry);
        if (space.isEmpty() || device.isEmpty()) {
            return;
        }
        boolean lost = entry.domain() == 0;
        var colour = lost ? palette.fault() : entry.selected() ? palette.accent() : palette.text3();
        double line = entry.selected() ? 3 : 1.4;
        link(
                colour,
                line,
                name.right(),
                name.middle(),
                space.get().x(),
                space.get().middle(),
                lost);
        if (!lost) {
            link(
                    colour,
                    line,
                    space.get().right(),
                    space.get().middle(),
                    device.get().x(),
                    device.get().middle(),
                    false);
        }
        double middle = (name.right() + space.get().x()) / 2;
        double height = (name.middle() + space.get().middle()) / 2;
        sign(entry)
                .ifPresent(sign -> {
                    pen.plate(
                            palette.canvas(),
                            middle - SIGN / 2 - 2,
                            height - SIGN / 2 - 2,
                            SIGN + 4,
                            SIGN + 4,
                            9);
                    pen.sign(sign, middle, height, SIGN);
                });
    }

    private void link(
            Color colour, double line, double x1, double y1, double x2, double y2, boolean dashed) {
        var context = pen.context();
        double bend = (x2 - x1) / 2;
        context.setStroke(colour);
        context.setLineWidth(line);
        if (dashed) {
            context.setLineDashes(6, 4);
        }
        context.beginPath();
        context.moveTo(x1, y1);
        context.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2, y2);
        context.stroke();
        context.setLineDashes((double[]) null);
    }

    /// How the last request with this name ended.
    private static Optional<Sign> sign(Entry entry) {
        return entry.last().map(PasidsDrawing::sign);
    }

    private static Sign sign(DmaOutcome outcome) {
        return switch (outcome) {
            case HIT -> Sign.HIT;
            case WALK -> Sign.WALK;
            case STALE -> Sign.STALE;
            case FAULT -> Sign.FAULT;
            case PEER -> Sign.PEER;
            case BLOCKED -> Sign.BLOCKED;
            case BYPASS, INTERRUPT -> Sign.PROBE;
        };
    }

    private void box(Placed at, PasidsLayout layout) {
        switch (at.thing()) {
            case Thing.OfName(var entry) -> name(at, entry);
            case Thing.OfSpace(var space) -> space(at, space, isMeant(layout, space));
            case Thing.Nowhere(var entry) -> nowhere(at, entry);
            case Thing.OfDevice(var device) -> device(at, device, isAsked(layout, device));
        }
    }

    private static boolean isMeant(PasidsLayout layout, Space space) {
        return layout.names().stream()
                .anyMatch(n ->
                        n.thing() instanceof Thing.OfName(var entry)
                                && entry.selected()
                                && entry.domain() == space.id());
    }

    private static boolean isAsked(PasidsLayout layout, Device device) {
        return layout.names().stream()
                .anyMatch(n ->
                        n.thing() instanceof Thing.OfName(var entry)
                                && entry.selected()
                                && entry.space().function().equals(device.address()));
    }

    private void frame(Placed at, Color ground, Color edge, boolean strong) {
        pen.plate(ground, at.x(), at.y(), at.width(), at.height(), 4);
        pen.outline(
                strong ? palette.accent() : edge,
                strong ? 2.4 : 1.2,
                at.x(),
                at.y(),
                at.width(),
                at.height(),
                4);
    }

    private void name(Placed at, Entry entry) {
        boolean lost = entry.domain() == 0;
        frame(
                at,
                lost ? palette.faultGround() : palette.canvas(),
                lost ? palette.fault() : palette.line(),
                entry.selected());
        var ink = lost ? palette.fault() : palette.text1();
        if (pen.onWall()) {
            // Numbers and links are what the last row must see.
            var words = entry.space().isOwn() ? "no PASID" : entry.number();
            pen.textWithin(words, Type.RAW_BOLD, ink, at.x() + 12, at.y() + 24, at.width() - 18);
            return;
        }
        pen.text(entry.number(), Type.RAW_BOLD, ink, at.x() + 12, at.y() + 24);
        double x = at.x() + Math.max(64, pen.width(entry.number(), Type.RAW_BOLD) + 24);
        double room = at.right() - x - 6;
        var first = entry.space().isOwn() ? "no PASID" : entry.place();
        pen.textWithin(first, Type.DENSE, palette.text1(), x, at.y() + 16, room);
        pen.textWithin(entry.address(), Type.MONO, palette.text2(), x, at.y() + 31, room);
    }

    private void space(Placed at, Space space, boolean meant) {
        frame(
                at,
                palette.canvas(),
                space.byUser() ? palette.category(space.id()) : palette.line(),
                meant || space.selected());
        double left = at.x() + 10;
        if (space.byUser()) {
            Category.fill(pen, space.id(), at.x() + 3, at.y() + 3, SWATCH, at.height() - 6, 2);
            left = at.x() + SWATCH + 12;
        }
        tab(space.id(), space.byUser(), left, at.y() + 6);
        double name = left + tabWidth(space.id()) + 6;
        var kind = pen.onWall() ? "" : pen.cut(space.kind(), Type.DENSE, at.width() / 3);
        double right = at.right() - 10;
        if (space.parent() != 0) {
            right -= tabWidth(space.parent());
            tab(space.parent(), true, right, at.y() + 6);
            right -= 6;
            kind = pen.onWall() ? "in" : "nested in";
        }
        pen.textRight(kind, Type.DENSE, palette.text2(), right, at.y() + 17);
        double room = right - pen.width(kind, Type.DENSE) - 10 - name;
        pen.textWithin(space.name(), Type.BODY_BOLD, palette.text1(), name, at.y() + 18, room);
        pen.textWithin(
                pen.onWall() ? space.kind() : space.detail(),
                Type.DENSE,
                palette.text2(),
                left,
                at.y() + 32,
                at.right() - 10 - left);
    }

    private double tabWidth(int number) {
        return Math.max(20, pen.width("" + number, Type.SMALLEST_BOLD) + 10);
    }

    private void tab(int number, boolean byUser, double x, double y) {
        double width = tabWidth(number);
        pen.plate(byUser ? palette.category(number) : palette.kernel(), x, y, width, 15, 3);
        pen.textCentre("" + number, Type.SMALLEST_BOLD, palette.canvas(), x + width / 2, y + 11.5);
    }

    private void nowhere(Placed at, Entry entry) {
        pen.plate(palette.canvas(), at.x(), at.y(), at.width(), at.height(), 4);
        pen.outline(palette.fault(), 1.2, at.x(), at.y(), at.width(), at.height(), 4, 5, 3);
        pen.text("no entry", Type.BODY_BOLD, palette.fault(), at.x() + 12, at.y() + 17);
        pen.textWithin(
                entry.trouble(),
                Type.DENSE,
                palette.text2(),
                at.x() + 12,
                at.y() + 32,
                at.width() - 24);
    }

    private void device(Placed at, Device device, boolean asked) {
        var edge =
                device.group().isPresent()
                        ? palette.category(device.group().getAsInt())
                        : palette.line();
        pen.plate(palette.bar(), at.x(), at.y(), at.width(), at.height(), 5);
        boolean strong = asked || device.selected();
        double[] dashes =
                strong || device.group().isEmpty()
                        ? new double[0]
                        : Category.dashes(device.group().getAsInt());
        pen.outline(
                strong ? palette.accent() : edge,
                strong ? 2.4 : 1.8,
                at.x(),
                at.y(),
                at.width(),
                at.height(),
                5,
                dashes);
        device.group()
                .ifPresent(group -> {
                    double width = tabWidth(group);
                    pen.plate(edge, at.right() - width - 12, at.y() - 7, width, 15, 3);
                    pen.textCentre(
                            "" + group,
                            Type.SMALLEST_BOLD,
                            palette.canvas(),
                            at.right() - 12 - width / 2,
                            at.y() + 4.5);
                });
        double room = at.width() - 24;
        double x = at.x() + 12;
        pen.text(device.name(), Type.MONO_BOLD, palette.text1(), x, at.y() + 22);
        double used = pen.width(device.name(), Type.MONO_BOLD) + 10;
        if (pen.onWall()) {
            pen.textWithin(device.what(), Type.DENSE, palette.text1(), x, at.y() + 44, room);
            row(device.pasids(), x, at.y() + 70, room);
            return;
        }
        pen.textWithin(
                device.what(), Type.DENSE, palette.text1(), x + used, at.y() + 22, room - used);
        pen.textWithin(device.ability(), Type.DENSE, palette.text2(), x, at.y() + 38, room);
        row(device.intent(), x, at.y() + 48, room);
        row(device.pasids(), x, at.y() + 78, room);
    }

    private void row(String words, double x, double y, double width) {
        pen.plate(palette.canvas(), x, y, width, 24, 3);
        pen.outline(palette.line(), 1, x, y, width, 24, 3);
        pen.textWithin(words, Type.DENSE, palette.text1(), x + 10, y + 16, width - 20);
    }
}
