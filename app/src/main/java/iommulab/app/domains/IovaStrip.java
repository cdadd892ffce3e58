package iommulab.app.domains;

import iommulab.app.theme.Category;
import iommulab.app.theme.Drawing;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Type;
import iommulab.engine.session.MachineSnapshot.Mapping;

import javafx.beans.value.ObservableValue;
import javafx.scene.input.MouseEvent;
import javafx.scene.input.ScrollEvent;

import org.jspecify.annotations.Nullable;

import java.util.function.LongConsumer;

/// The iova space of one domain as a strip: what is mapped, what is reserved. The wheel zooms, a drag
/// moves, a click selects a mapping, a double click shows everything again.
final class IovaStrip extends Drawing {
    private static final double SIDE = 16;
    private static final double TOP = 18;
    private static final double BAR = 30;
    private static final double PAGE = 4096;
    private static final double LEAST_SHOWN = 16 * PAGE;

    private final LongConsumer onMapping;
    private @Nullable IovaStripModel model;
    private long selected = -1;
    private double from;
    private double span = 1;
    private double grabbed = -1;
    private boolean moved;

    /// @param onMapping told the iova of a mapping that was clicked
    IovaStrip(ObservableValue<Palette> palette, LongConsumer onMapping) {
        super(palette);
        this.onMapping = onMapping;
        setOnScroll(this::zoom);
        setOnMousePressed(event -> {
            grabbed = place(event).getX();
            moved = false;
        });
        setOnMouseDragged(this::move);
        setOnMouseClicked(this::click);
    }

    /// @param selected iova of the selected mapping, -1 if none
    void show(IovaStripModel model, long selected) {
        boolean other = this.model == null || this.model.domain() != model.domain();
        boolean grown =
                this.model != null
                        && (this.model.first() != model.first()
                                || this.model.last() != model.last());
        this.model = model;
        this.selected = selected;
        if (other || grown) {
            showAll(model);
        }
        redraw();
    }

    private void showAll(IovaStripModel all) {
        from = all.first();
        span = Math.max(LEAST_SHOWN, (double) all.last() - all.first() + 1);
    }

    private double x(double iova, double width) {
        return SIDE + (iova - from) / span * (width - 2 * SIDE);
    }

    private double iova(double x) {
        return from + (x - SIDE) / (drawnWidth() - 2 * SIDE) * span;
    }

    private void zoom(ScrollEvent event) {
        double at = iova(event.getX() / scale());
        double factor = Math.pow(1.003, -event.getDeltaY());
        double wanted = Math.clamp(span * factor, LEAST_SHOWN, 0x1p57);
        from = Math.max(0, at - (at - from) * wanted / span);
        span = wanted;
        redraw();
        event.consume();
    }

    private void move(MouseEvent event) {
        double x = place(event).getX();
        from = Math.max(0, from - (iova(x) - iova(grabbed)));
        moved = moved || Math.abs(x - grabbed) > 2;
        grabbed = x;
        redraw();
    }

    private void click(MouseEvent event) {
        if (model == null || moved) {
            return;
        }
        if (event.getClickCount() == 2) {
            showAll(model);
            redraw();
            return;
        }
        long at = (long) iova(place(event).getX());
        model.mappings().stream()
                .filter(m -> MapDraft.range(m).contains(at))
                .findFirst()
                .ifPresent(m -> onMapping.accept(m.iova()));
    }

    @Override
    protected void draw(Pen pen, double width, double height) {
        var palette = pen.palette();
        pen.fill(palette.canvas(), 0, 0, width, height);
        if (model == null) {
            return;
        }
        pen.plate(palette.well(), SIDE, TOP, width - 2 * SIDE, BAR, 3);
        pen.context().save();
        pen.context().beginPath();
        pen.context().rect(SIDE, 0, width - 2 * SIDE, height);
        pen.context().clip();
        reserved(pen, model, width);
        double drawnTo = Double.NEGATIVE_INFINITY;
        for (var mapping : model.mappings()) {
            drawnTo = mapping(pen, model.domain(), mapping, width, drawnTo);
        }
        pen.context().restore();
        pen.outline(palette.line(), 1, SIDE, TOP, width - 2 * SIDE, BAR, 3);
        axis(pen, width);
    }

    private void reserved(Pen pen, IovaStripModel shown, double width) {
        for (var region : shown.reserved()) {
            double left = x(region.range().start(), width);
            double right = x((double) region.range().last() + 1, width);
            if (right > SIDE && left < width - SIDE) {
                double w = Math.max(2, right - left);
                pen.context().save();
                pen.context().beginPath();
                pen.context().rect(left, TOP, w, BAR);
                pen.context().clip();
                for (double at = Math.max(left, 0) - BAR; at < Math.min(right, width); at += 7) {
                    pen.line(pen.palette().blocked(), 1.2, at, TOP + BAR, at + BAR, TOP);
                }
                pen.context().restore();
                pen.textWithin(
                        region.kind(),
                        Type.SMALLEST,
                        pen.palette().text3(),
                        left,
                        TOP - 5,
                        Math.max(60, w));
            }
        }
    }

    /// Mappings that are closer than a pixel share it: a million of them draw as fast as a thousand.
    private double mapping(Pen pen, int domain, Mapping mapping, double width, double drawnTo) {
        double left = x(mapping.iova(), width);
        double right = x((double) mapping.iova() + mapping.bytes(), width);
        if (right < SIDE || left > width - SIDE || right < drawnTo + 0.5) {
            return drawnTo;
        }
        double begin = Math.max(left, -width);
        double w = Math.max(2, Math.min(right, 2 * width) - begin);
        var colour = pen.palette().category(domain);
        boolean chosen = mapping.iova() == selected;
        if (w > 8) {
            pen.plate(pen.palette().canvas(), begin, TOP, w, BAR, 3);
            Category.fill(pen, domain, begin, TOP, w, BAR, 3);
            pen.outline(
                    chosen ? pen.palette().accent() : colour,
                    chosen ? 2.4 : 1.2,
                    begin,
                    TOP,
                    w,
                    BAR,
                    3);
        } else {
            pen.fill(chosen ? pen.palette().accent() : colour, begin, TOP, w, BAR);
        }
        double visible = Math.min(right, width - SIDE) - Math.max(left, SIDE);
        var text = Sizes.bytes(mapping.bytes()) + " " + mapping.permissions();
        if (visible > pen.width(text, Type.DENSE) + 16) {
            double at = Math.max(left, SIDE) + 6;
            pen.plate(pen.palette().canvas(), at, TOP + 6, pen.width(text, Type.DENSE) + 6, 18, 3);
            pen.text(text, Type.DENSE, pen.palette().text1(), at + 3, TOP + 19);
        }
        return right;
    }

    private void axis(Pen pen, double width) {
        double step = PAGE;
        double wanted = span / Math.max(2, (width - 2 * SIDE) / 130);
        while (step < wanted) {
            step *= 2;
        }
        for (double at = Math.ceil(from / step) * step; at <= from + span; at += step) {
            double x = x(at, width);
            pen.line(pen.palette().line(), 1, x, TOP + BAR, x, TOP + BAR + 4);
            boolean first = x < SIDE + 40;
            var text = Long.toHexString((long) at);
            if (first) {
                pen.text(text, Type.BIT, pen.palette().text3(), x, TOP + BAR + 15);
            } else if (x < width - SIDE - 40) {
                pen.textCentre(text, Type.BIT, pen.palette().text3(), x, TOP + BAR + 15);
            }
        }
    }
}
