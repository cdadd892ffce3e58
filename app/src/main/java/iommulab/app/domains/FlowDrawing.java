package iommulab.app.domains;

import iommulab.app.domains.DomainsModel.Card;
import iommulab.app.domains.DomainsModel.DeviceRow;
import iommulab.app.domains.DomainsModel.GroupRow;
import iommulab.app.domains.DomainsModel.Owner;
import iommulab.app.domains.DomainsModel.PasidRow;
import iommulab.app.domains.FlowLayout.Placed;
import iommulab.app.domains.FlowLayout.Thing;
import iommulab.app.theme.Category;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Sign;
import iommulab.app.theme.Type;

import javafx.scene.paint.Color;

import java.util.Optional;

/// Draws the boxes and links of the flow.
final class FlowDrawing {
    private static final double LEAST_WORDS = 30;

    private final Pen pen;
    private final Palette palette;

    FlowDrawing(Pen pen) {
        this.pen = pen;
        this.palette = pen.palette();
    }

    /// @param from first visible height
    /// @param target the box that something is being dragged onto
    void draw(FlowLayout layout, double from, double to, Optional<Placed> target) {
        for (var span : layout.spans()) {
            links(span, from, to);
        }
        for (var placed : layout.placed()) {
            if (placed.y() + placed.height() > from && placed.y() < to) {
                box(placed, target.isPresent() && target.get().equals(placed));
            }
        }
    }

    private void links(FlowLayout.Span span, double from, double to) {
        if (span.domain() < 0) {
            return;
        }
        var middle = span.middle();
        boolean made = middle.thing() instanceof Thing.OfDomain(var card) && card.byUser();
        var colour = made ? palette.category(span.domain()) : palette.line();
        for (var left : span.left()) {
            link(
                    colour,
                    left.x() + left.width(),
                    left.y() + left.height() / 2,
                    middle.x(),
                    middle.y() + middle.height() / 2,
                    from,
                    to);
        }
        for (var right : span.right()) {
            link(
                    colour,
                    middle.x() + middle.width(),
                    middle.y() + middle.height() / 2,
                    right.x(),
                    right.y() + right.height() / 2,
                    from,
                    to);
        }
    }

    private void link(
            Color colour, double x1, double y1, double x2, double y2, double from, double to) {
        if (Math.max(y1, y2) < from || Math.min(y1, y2) > to) {
            return;
        }
        var context = pen.context();
        double bend = (x2 - x1) / 2;
        context.setStroke(colour);
        context.setLineWidth(2);
        context.beginPath();
        context.moveTo(x1, y1);
        context.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2, y2);
        context.stroke();
    }

    void box(Placed placed, boolean target) {
        switch (placed.thing()) {
            case Thing.OfGroup(var row) -> group(placed, row);
            case Thing.OfDevice(var row) -> device(placed, row);
            case Thing.OfPasid(var row) -> pasid(placed, row);
            case Thing.OfDomain(var card) -> domain(placed, card, target);
            case Thing.NoDomain() -> noDomain(placed);
        }
    }

    private void group(Placed at, GroupRow row) {
        frame(at, palette.bar(), row.selected());
        double tab = Math.max(22, pen.width("" + row.id(), Type.SMALLEST_BOLD) + 10);
        pen.plate(palette.category(row.id()), at.x() + 6, at.y() + 6, tab, 16, 3);
        pen.textCentre(
                "" + row.id(),
                Type.SMALLEST_BOLD,
                palette.canvas(),
                at.x() + 6 + tab / 2,
                at.y() + 18);
        double x = at.x() + tab + 14;
        double right = at.x() + at.width() - (row.owner() == Owner.NOBODY ? 6 : 30);
        double room = right - x;
        pen.textWithin(row.members(), Type.BODY, palette.text1(), x, at.y() + 18, room);
        double used = pen.width(row.members(), Type.BODY) + 10;
        second(row.type(), x + used, at.y() + 18, room - used);
        owner(row.owner(), at.x() + at.width() - 16, at.y() + at.height() / 2);
    }

    private void device(Placed at, DeviceRow row) {
        frame(at, palette.canvas(), row.selected());
        pen.text(row.name(), Type.MONO_BOLD, palette.text1(), at.x() + 10, at.y() + 18);
        double used = pen.width(row.name(), Type.MONO_BOLD) + 20;
        second(row.driver(), at.x() + used, at.y() + 18, at.width() - used - 30);
        owner(row.owner(), at.x() + at.width() - 16, at.y() + at.height() / 2);
    }

    /// Dashed: the device itself is in another domain.
    private void pasid(Placed at, PasidRow row) {
        pen.plate(palette.canvas(), at.x(), at.y(), at.width(), at.height(), 5);
        pen.outline(
                row.selected() ? palette.accent() : palette.text3(),
                row.selected() ? 2.4 : 1,
                at.x(),
                at.y(),
                at.width(),
                at.height(),
                5,
                5,
                3);
        pen.text(row.name(), Type.MONO, palette.text2(), at.x() + 10, at.y() + 18);
        double used = pen.width(row.name(), Type.MONO) + 20;
        pen.textWithin(
                row.pasid(),
                Type.DENSE_BOLD,
                palette.text1(),
                at.x() + used,
                at.y() + 18,
                at.width() - used - 8);
    }

    /// What is not the name of the thing needs room for more than an ellipsis.
    private void second(String words, double x, double y, double room) {
        if (room > LEAST_WORDS) {
            pen.textWithin(words, Type.DENSE, palette.text2(), x, y, room);
        }
    }

    private void domain(Placed at, Card card, boolean target) {
        pen.plate(
                target ? palette.accentGround() : palette.bar(),
                at.x(),
                at.y(),
                at.width(),
                at.height(),
                5);
        if (card.byUser()) {
            Category.fill(pen, card.id(), at.x(), at.y(), at.width(), at.height(), 5);
            // Text never stands on a pattern.
            pen.plate(
                    target ? palette.accentGround() : palette.bar(),
                    at.x() + 7,
                    at.y() + 5,
                    at.width() - 40,
                    at.height() - 10,
                    3);
        }
        boolean strong = card.selected() || target;
        var edge =
                strong
                        ? palette.accent()
                        : card.byUser() ? palette.category(card.id()) : palette.line();
        pen.outline(edge, strong ? 2.4 : 1.2, at.x(), at.y(), at.width(), at.height(), 5);
        double tab = Math.max(20, pen.width("" + card.id(), Type.SMALLEST_BOLD) + 10);
        pen.plate(
                card.byUser() ? palette.category(card.id()) : palette.kernel(),
                at.x() + 10,
                at.y() + 8,
                tab,
                16,
                3);
        pen.textCentre(
                "" + card.id(),
                Type.SMALLEST_BOLD,
                palette.canvas(),
                at.x() + 10 + tab / 2,
                at.y() + 20);
        double room = at.width() - 60;
        pen.textWithin(
                card.name(),
                Type.HEAD,
                palette.text1(),
                at.x() + tab + 18,
                at.y() + 20,
                room - tab);
        pen.textWithin(card.kind(), Type.DENSE, palette.text2(), at.x() + 12, at.y() + 37, room);
        if (card.warning().isEmpty()) {
            pen.textWithin(
                    card.content(), Type.DENSE, palette.text2(), at.x() + 12, at.y() + 52, room);
        } else {
            pen.sign(Sign.STALE, at.x() + 18, at.y() + 48, 12);
            pen.textWithin(
                    card.warning(),
                    Type.DENSE_BOLD,
                    palette.stale(),
                    at.x() + 30,
                    at.y() + 52,
                    room - 20);
        }
    }

    private void noDomain(Placed at) {
        pen.outline(palette.blocked(), 1.2, at.x(), at.y(), at.width(), at.height(), 5, 5, 3);
        pen.textCentre(
                "no domain: no emulated IOMMU translates them",
                Type.DENSE,
                palette.text2(),
                at.x() + at.width() / 2,
                at.y() + at.height() / 2 + 4);
    }

    private void frame(Placed at, Color ground, boolean selected) {
        pen.plate(ground, at.x(), at.y(), at.width(), at.height(), 5);
        pen.outline(
                selected ? palette.accent() : palette.line(),
                selected ? 2.4 : 1,
                at.x(),
                at.y(),
                at.width(),
                at.height(),
                5);
    }

    /// K in a square is the kernel, U in a circle a user.
    private void owner(Owner owner, double x, double y) {
        if (owner == Owner.NOBODY) {
            return;
        }
        boolean user = owner == Owner.USER;
        var colour = user ? palette.user() : palette.kernel();
        double radius = user ? 8 : 3;
        pen.plate(
                user ? palette.userGround() : palette.kernelGround(), x - 8, y - 8, 16, 16, radius);
        pen.outline(colour, 1.2, x - 8, y - 8, 16, 16, radius);
        pen.textCentre(owner.letter(), Type.SMALLEST_BOLD, colour, x, y + 4);
    }
}
