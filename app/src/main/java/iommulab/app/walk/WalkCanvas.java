package iommulab.app.walk;

import iommulab.app.theme.Drawing;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Type;

import javafx.beans.value.ObservableValue;
import javafx.scene.AccessibleRole;
import javafx.scene.Cursor;
import javafx.scene.control.ContextMenu;
import javafx.scene.input.MouseEvent;

import org.jspecify.annotations.Nullable;

import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/// The ladder: the bits of the request above, one rung per step below, the current one highlighted,
/// those still to come pale.
final class WalkCanvas extends Drawing {
    private static final double HEAD = 28;
    private static final double RUNG_LEAST = 60;
    private static final double RUNG_MOST = 84;
    private static final double PROBE = 26;
    private static final double COMPACT = 28;
    private static final double END = 44;
    private static final double WALL_RUNG = 34;
    private static final double WALL_CURRENT = 104;
    private static final double WALL_END = 64;

    private final Targets targets = new Targets();
    private @Nullable WalkModel model;
    private Rung.@Nullable Chip lit;
    private double scrolled;
    private double tallest;
    private boolean follow;
    private IntConsumer onRung = _ -> {};
    private Consumer<Optional<Rung.Chip>> onField = _ -> {};

    WalkCanvas(ObservableValue<Palette> palette) {
        super(palette);
        setAccessibleRole(AccessibleRole.LIST_VIEW);
        setOnMouseMoved(this::hover);
        setOnMouseExited(_ -> light(Optional.empty()));
        setOnMouseClicked(event -> targets.rungAt(place(event).getY()).ifPresent(onRung));
        setOnScroll(event -> {
            scrolled -= event.getDeltaY() / scale();
            redraw();
        });
    }

    /// @param onRung told the number of a rung that was clicked
    void onRung(IntConsumer onRung) {
        this.onRung = onRung;
    }

    /// Offers a menu for the rung that is pointed at, which becomes the current one.
    void offer(ContextMenu menu) {
        setOnContextMenuRequested(request -> {
            if (!request.isKeyboardTrigger()) {
                targets.rungAt(request.getY() / scale()).ifPresent(onRung);
            }
            menu.show(this, request.getScreenX(), request.getScreenY());
        });
    }

    /// @param onField told the field under the mouse, or none
    void onField(Consumer<Optional<Rung.Chip>> onField) {
        this.onField = onField;
    }

    void show(WalkModel model) {
        follow = true;
        this.model = model;
        setAccessibleText(model.rungs().isEmpty() ? model.result() : model.rung().finding());
        redraw();
    }

    /// What is drawn.
    WalkModel shown() {
        if (model == null) {
            throw new IllegalStateException("no walk was shown yet");
        }
        return model;
    }

    private void hover(MouseEvent event) {
        if (model != null) {
            var place = place(event);
            light(targets.fieldAt(place.getX(), place.getY(), model.rungs()));
            setCursor(targets.rungAt(place.getY()).isPresent() ? Cursor.HAND : Cursor.DEFAULT);
        }
    }

    private void light(Optional<Rung.Chip> field) {
        if (!field.equals(Optional.ofNullable(lit))) {
            lit = field.orElse(null);
            onField.accept(field);
            redraw();
        }
    }

    @Override
    protected void draw(Pen pen, double width, double height) {
        pen.fill(pen.palette().canvas(), 0, 0, width, height);
        targets.clear();
        if (model == null) {
            return;
        }
        var columns = LadderColumns.of(width);
        double top = columns.wall() ? BitStrip.WALL_HEIGHT : BitStrip.HEIGHT + HEAD;
        double rung = rungHeight(model, height - top);
        tallest = 0;
        for (int i = 0; i < model.rungs().size(); i++) {
            tallest += heightOf(model, i, columns, rung);
        }
        keepCurrentVisible(model, columns, rung, height - top);
        scrolled = Math.clamp(scrolled, 0, Math.max(0, tallest - (height - top)));
        rungs(pen, model, columns, rung, top, height);
        head(pen, model, columns);
    }

    private void rungs(
            Pen pen,
            WalkModel model,
            LadderColumns columns,
            double rung,
            double top,
            double height) {
        var drawing = new RungDrawing(pen, columns, targets, lit);
        var context = pen.context();
        context.save();
        context.beginPath();
        context.rect(0, top, columns.width(), height - top);
        context.clip();
        double y = top - scrolled;
        for (int i = 0; i < model.rungs().size(); i++) {
            double each = heightOf(model, i, columns, rung);
            if (y + each > top && y < height) {
                drawing.draw(model.rungs().get(i), i, model.current(), model, y, each);
                rail(pen, columns, i > 0, i < model.rungs().size() - 1, y, each);
            }
            y += each;
        }
        context.restore();
        if (tallest > height - top) {
            double share = (height - top) / tallest;
            pen.plate(
                    pen.palette().line(),
                    columns.width() - 6,
                    top + scrolled * share,
                    4,
                    (height - top) * share,
                    2);
        }
    }

    /// The rail runs between the signs, not behind them.
    private static void rail(
            Pen pen, LadderColumns columns, boolean above, boolean below, double y, double height) {
        double middle = y + height / 2;
        double clear = 11;
        if (above) {
            pen.line(pen.palette().line(), 2, columns.rail(), y, columns.rail(), middle - clear);
        }
        if (below) {
            pen.line(
                    pen.palette().line(),
                    2,
                    columns.rail(),
                    middle + clear,
                    columns.rail(),
                    y + height);
        }
    }

    private static void head(Pen pen, WalkModel model, LadderColumns columns) {
        var strip = new BitStrip(pen);
        if (columns.wall()) {
            strip.drawForWall(model, columns.width());
            return;
        }
        strip.draw(model, columns.width());
        double baseline = BitStrip.HEIGHT + 20;
        var ink = pen.palette().text2();
        pen.text("Rung", Type.SECONDARY_BOLD, ink, 16, baseline);
        pen.textWithin(
                "Address = table + index × size",
                Type.SECONDARY_BOLD,
                ink,
                columns.address(),
                baseline,
                columns.raw() - columns.address() - 8);
        pen.text("Raw 64 bits", Type.SECONDARY_BOLD, ink, columns.raw(), baseline);
        pen.text("Fields", Type.SECONDARY_BOLD, ink, columns.fields(), baseline);
        pen.text("Given by", Type.SECONDARY_BOLD, ink, columns.givenBy(), baseline);
        pen.textRight("Cycles", Type.SECONDARY_BOLD, ink, columns.cyclesRight(), baseline);
        double y = BitStrip.HEIGHT + HEAD - 1;
        pen.line(pen.palette().line(), 1, 0, y, columns.width(), y);
    }

    private static double rungHeight(WalkModel model, double room) {
        double others = 0;
        int entries = 0;
        for (int i = 0; i < model.rungs().size(); i++) {
            switch (model.rungs().get(i).height()) {
                case ENTRY -> entries++;
                case COMPACT -> {
                    if (i == model.current()) {
                        entries++;
                    } else {
                        others += COMPACT;
                    }
                }
                case PROBE -> others += PROBE;
                case END -> others += END;
            }
        }
        return Math.clamp(
                Math.floor((room - others) / Math.max(1, entries)), RUNG_LEAST, RUNG_MOST);
    }

    private static double heightOf(
            WalkModel model, int number, LadderColumns columns, double rung) {
        if (columns.wall()) {
            boolean atEnd = model.rungs().get(number).height() == Rung.Height.END;
            double current = atEnd ? WALL_END : WALL_CURRENT;
            return number == model.current() ? current : WALL_RUNG;
        }
        return switch (model.rungs().get(number).height()) {
            case ENTRY -> rung;
            case COMPACT -> number == model.current() ? rung : COMPACT;
            case PROBE -> PROBE;
            case END -> END;
        };
    }

    private void keepCurrentVisible(
            WalkModel model, LadderColumns columns, double rung, double room) {
        if (!follow || model.rungs().isEmpty()) {
            return;
        }
        follow = false;
        double above = 0;
        for (int i = 0; i < model.current(); i++) {
            above += heightOf(model, i, columns, rung);
        }
        double bottom = above + heightOf(model, Math.max(0, model.current()), columns, rung);
        double margin = columns.wall() ? WALL_RUNG : 0;
        if (above - margin < scrolled) {
            scrolled = above - margin;
        } else if (bottom + margin > scrolled + room) {
            // Where there is no room for what follows, the rung itself stands whole.
            scrolled = Math.min(above, bottom + margin - room);
        }
    }
}
