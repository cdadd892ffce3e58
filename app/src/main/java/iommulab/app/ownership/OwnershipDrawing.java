package iommulab.app.ownership;

import iommulab.app.ownership.OwnershipLayout.Placed;
import iommulab.app.ownership.OwnershipModel.Pointer;
import iommulab.app.ownership.OwnershipModel.Row;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Sign;
import iommulab.app.theme.Type;
import iommulab.engine.os.SoftwareView.Owner;

import javafx.scene.paint.Color;

/// Draws the rows of the Ownership perspective: each group within the ring of its owner, its members, and
/// its domain pointer at one of three stations.
final class OwnershipDrawing {
    private static final double RING = 4;
    private static final double SHAPE = 18;
    private static final double LINE = 17;
    private static final double MARK = 11;

    private final Pen pen;
    private final Palette palette;
    private final OwnershipLayout layout;

    OwnershipDrawing(Pen pen, OwnershipLayout layout) {
        this.pen = pen;
        this.layout = layout;
        palette = pen.palette();
    }

    /// @param station where the pointer is now, between two while it moves
    void row(Placed at, double station) {
        var row = at.row();
        if (row.selected()) {
            pen.plate(
                    palette.accentGround(), 6, at.y() - 4, layout.width() - 12, at.height() + 8, 5);
        }
        ring(at);
        if (!pen.onWall()) {
            members(at);
        }
        stations(at, station);
    }

    private Color colour(Owner owner) {
        return switch (owner) {
            case NOBODY -> palette.blocked();
            case KERNEL -> palette.kernel();
            case USER -> palette.user();
        };
    }

    private Color ground(Owner owner) {
        return switch (owner) {
            case NOBODY -> palette.canvas();
            case KERNEL -> palette.kernelGround();
            case USER -> palette.userGround();
        };
    }

    /// Solid for an owner, dashed for none.
    private void ring(Placed at) {
        var row = at.row();
        double x = layout.ringX();
        double[] dashes = row.owner() == Owner.NOBODY ? new double[] {5, 4} : new double[0];
        pen.plate(ground(row.owner()), x, at.y(), layout.ringWidth(), at.height(), 8);
        pen.outline(
                colour(row.owner()),
                row.owner() == Owner.NOBODY ? 1.6 : RING,
                x,
                at.y(),
                layout.ringWidth(),
                at.height(),
                8,
                dashes);
        double middle = at.middle();
        number(row, x + 12, middle - 8);
        double left = x + 12 + Math.max(22, pen.width("" + row.id(), Type.SMALLEST_BOLD) + 10) + 8;
        if (!pen.onWall()) {
            shape(row.owner(), x + layout.ringWidth() - 22, middle);
        } else if (!row.spoiled().isEmpty()) {
            // Who spoils it does not fit beside; that somebody does has to be seen.
            pen.sign(Sign.FAULT, x + layout.ringWidth() + 14, middle, 14);
        }
        pen.textWithin(
                row.who(),
                Type.DENSE_BOLD,
                palette.text1(),
                left,
                middle + 4,
                layout.ringWidth() - (left - x) - (pen.onWall() ? 8 : 36));
    }

    private void number(Row row, double x, double y) {
        var text = "" + row.id();
        double wide = Math.max(22, pen.width(text, Type.SMALLEST_BOLD) + 10);
        pen.plate(palette.category(row.id()), x, y, wide, 16, 3);
        pen.textCentre(text, Type.SMALLEST_BOLD, palette.canvas(), x + wide / 2, y + 12);
    }

    /// K in a square, U in a circle, nothing in a dashed circle.
    private void shape(Owner owner, double x, double y) {
        var colour = colour(owner);
        double r = SHAPE / 2;
        switch (owner) {
            case KERNEL -> {
                pen.outline(colour, 1.6, x - r, y - r, SHAPE, SHAPE, 2);
                pen.textCentre("K", Type.SMALLEST_BOLD, palette.text1(), x, y + 4);
            }
            case USER -> {
                pen.outline(colour, 1.6, x - r, y - r, SHAPE, SHAPE, r);
                pen.textCentre("U", Type.SMALLEST_BOLD, palette.text1(), x, y + 4);
            }
            case NOBODY -> {
                pen.outline(colour, 1.4, x - r, y - r, SHAPE, SHAPE, r, 3, 3);
                pen.textCentre("–", Type.SMALLEST_BOLD, palette.text2(), x, y + 4);
            }
        }
    }

    private void members(Placed at) {
        var row = at.row();
        double x = layout.membersX();
        double lines = row.members().size() + (row.spoiled().isEmpty() ? 0 : 1);
        double y = at.middle() - lines * LINE / 2 + 12;
        double half = layout.membersWidth() * 0.55;
        for (var member : row.members()) {
            pen.textWithin(member.name(), Type.MONO, palette.text1(), x, y, half - 8);
            pen.textWithin(
                    member.driver(),
                    Type.DENSE,
                    member.spoils() ? palette.fault() : palette.text2(),
                    x + half,
                    y,
                    layout.membersWidth() - half);
            y += LINE;
        }
        if (!row.spoiled().isEmpty()) {
            pen.sign(Sign.FAULT, x + 6, y - 4, 11);
            pen.textWithin(
                    "not viable: " + row.spoiled(),
                    Type.DENSE,
                    palette.fault(),
                    x + 17,
                    y,
                    layout.membersWidth() - 17);
        }
    }

    private void stations(Placed at, double station) {
        var row = at.row();
        double y = at.middle() - (pen.onWall() ? 0 : 7);
        double first = layout.stationMiddle(Pointer.DEFAULT);
        double last = layout.stationMiddle(Pointer.TABLE);
        pen.line(palette.line(), 2, first, y, last, y);
        for (var pointer : Pointer.values()) {
            double x = layout.stationMiddle(pointer);
            pen.plate(palette.canvas(), x - 7, y - 7, 14, 14, 7);
            pen.outline(palette.text3(), 1.4, x - 6, y - 6, 12, 12, 6);
        }
        double where = first + station * (last - first) / (Pointer.values().length - 1);
        mark(row.pointer(), where, y);
        if (!pen.onWall()) {
            pen.textCentre(
                    pen.cut(row.to(), Type.DENSE, layout.stationWidth() - 8),
                    Type.DENSE,
                    palette.text1(),
                    Math.clamp(where, first, last),
                    y + 24);
        }
    }

    /// A circle, a square with a bar, a diamond: the shape says the same as the place.
    private void mark(Pointer pointer, double x, double y) {
        switch (pointer) {
            case DEFAULT -> pen.sign(Sign.HIT, palette.kernel(), x, y, MARK + 3);
            case BLOCKING -> {
                pen.plate(palette.canvas(), x - 8, y - 8, 16, 16, 2);
                pen.sign(Sign.BLOCKED, palette.text1(), x, y, MARK + 2);
            }
            case TABLE -> pen.sign(Sign.WALK, palette.user(), x, y, MARK + 6);
        }
    }
}
