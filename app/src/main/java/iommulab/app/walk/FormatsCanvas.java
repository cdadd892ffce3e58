package iommulab.app.walk;

import iommulab.app.theme.Drawing;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.engine.session.Architecture;

import javafx.beans.value.ObservableValue;
import javafx.scene.AccessibleRole;
import javafx.scene.Cursor;
import javafx.scene.input.MouseEvent;

import org.jspecify.annotations.Nullable;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/// One request on every architecture: entries with the same purpose stand in one row.
final class FormatsCanvas extends Drawing {
    private final Targets targets = new Targets();
    private @Nullable FormatsModel model;
    private @Nullable FormatsLayout layout;
    private Rung.@Nullable Chip lit;
    private double scrolled;
    private boolean follow;
    private IntConsumer onRow = _ -> {};
    private Consumer<Architecture> onColumn = _ -> {};
    private Consumer<Optional<Rung.Chip>> onField = _ -> {};

    FormatsCanvas(ObservableValue<Palette> palette) {
        super(palette);
        setAccessibleRole(AccessibleRole.TABLE_VIEW);
        setFocusTraversable(true);
        setOnMouseMoved(this::hover);
        setOnMouseExited(_ -> light(Optional.empty()));
        setOnMouseClicked(event -> {
            rowAt(event).ifPresent(onRow);
            columnAt(event).ifPresent(onColumn);
        });
        setOnScroll(event -> {
            scrolled -= event.getDeltaY() / scale();
            redraw();
        });
    }

    /// @param onRow told the row that was clicked
    void onRow(IntConsumer onRow) {
        this.onRow = onRow;
    }

    /// @param onColumn told the architecture whose head was clicked
    void onColumn(Consumer<Architecture> onColumn) {
        this.onColumn = onColumn;
    }

    /// @param onField told the field under the mouse, or none
    void onField(Consumer<Optional<Rung.Chip>> onField) {
        this.onField = onField;
    }

    void show(FormatsModel model) {
        this.model = model;
        follow = true;
        setAccessibleText(model.finding());
        redraw();
    }

    private OptionalInt rowAt(MouseEvent event) {
        return layout == null || model == null
                ? OptionalInt.empty()
                : layout.rowAt(place(event).getY(), scrolled, model.rows().size());
    }

    private Optional<Architecture> columnAt(MouseEvent event) {
        if (layout == null || model == null) {
            return Optional.empty();
        }
        var columns = model.columns();
        var number = layout.headAt(place(event).getX(), place(event).getY(), columns.size());
        return number.isPresent()
                ? Optional.of(columns.get(number.getAsInt()).architecture())
                : Optional.empty();
    }

    private void hover(MouseEvent event) {
        if (model != null) {
            boolean leads = rowAt(event).isPresent() || columnAt(event).isPresent();
            setCursor(leads ? Cursor.HAND : Cursor.DEFAULT);
            light(targets.fieldAt(place(event).getX(), place(event).getY(), model.rungs()));
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
        var made = FormatsLayout.of(model, width, height);
        layout = made;
        double tallest = made.tallest(model);
        double room = height - made.top();
        if (follow && model.current() >= 0) {
            double y = made.pitch() * model.current();
            double bottom = y + made.heightOf(model.current(), model);
            scrolled = Math.clamp(scrolled, Math.min(y, Math.max(0, bottom - room)), y);
        }
        follow = false;
        scrolled = Math.clamp(scrolled, 0, Math.max(0, tallest - room));
        var drawing = new FormatsDrawing(pen, model, made, targets, lit);
        var context = pen.context();
        context.save();
        context.beginPath();
        context.rect(0, made.top(), width, room);
        context.clip();
        for (int i = 0; i < model.rows().size(); i++) {
            double y = made.top() + i * made.pitch() - scrolled;
            if (y + made.pitch() > made.top() && y < height) {
                drawing.row(i, y);
            }
        }
        context.restore();
        drawing.head();
        if (tallest > room) {
            double share = room / tallest;
            pen.plate(
                    pen.palette().line(),
                    width - 5,
                    made.top() + scrolled * share,
                    4,
                    room * share,
                    2);
        }
    }
}
