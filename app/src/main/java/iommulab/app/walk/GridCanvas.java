package iommulab.app.walk;

import iommulab.app.theme.Drawing;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Type;

import javafx.beans.value.ObservableValue;
import javafx.scene.AccessibleRole;
import javafx.scene.Cursor;
import javafx.scene.input.MouseEvent;

import org.jspecify.annotations.Nullable;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/// The nested grid: what each address of the first stage costs in the second, cell by cell; below it the
/// entry of the current step as the ladder shows it.
final class GridCanvas extends Drawing {
    private static final double HEADS = 22;
    private static final double RUNG = 84;
    private static final double WALL_TOTALS = 26;

    private final Targets targets = new Targets();
    private @Nullable WalkModel model;
    private @Nullable GridModel grid;
    private @Nullable GridLayout layout;
    private Rung.@Nullable Chip lit;
    private double scrolled;
    private boolean follow;
    private IntConsumer onStep = _ -> {};
    private Consumer<Optional<Rung.Chip>> onField = _ -> {};

    GridCanvas(ObservableValue<Palette> palette) {
        super(palette);
        setAccessibleRole(AccessibleRole.TABLE_VIEW);
        setFocusTraversable(true);
        setOnMouseMoved(this::hover);
        setOnMouseExited(_ -> light(Optional.empty()));
        setOnMouseClicked(event -> stepAt(event).ifPresent(onStep));
        setOnScroll(event -> {
            scrolled -= event.getDeltaY() / scale();
            redraw();
        });
    }

    /// @param onStep told the step whose cell was clicked
    void onStep(IntConsumer onStep) {
        this.onStep = onStep;
    }

    /// @param onField told the field under the mouse, or none
    void onField(Consumer<Optional<Rung.Chip>> onField) {
        this.onField = onField;
    }

    void show(WalkModel model, GridModel grid) {
        this.model = model;
        this.grid = grid;
        follow = true;
        setAccessibleText(
                "%d entries, %d read, %d saved. %s"
                        .formatted(grid.all(), grid.read(), grid.saved(), model.caption()));
        redraw();
    }

    private OptionalInt stepAt(MouseEvent event) {
        return layout == null || grid == null
                ? OptionalInt.empty()
                : layout.stepAt(grid, place(event).getX(), place(event).getY(), scrolled);
    }

    private void hover(MouseEvent event) {
        if (model != null) {
            setCursor(stepAt(event).isPresent() ? Cursor.HAND : Cursor.DEFAULT);
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
        var shown = grid;
        if (model == null || shown == null) {
            return;
        }
        boolean small = GridLayout.of(shown, width, 0, 0).small();
        double top = small ? WALL_TOTALS : BitStrip.GRID_HEIGHT + HEADS;
        double bottom = small ? height - 8 : height - RUNG - 8;
        var made = GridLayout.of(shown, width, top, bottom);
        layout = made;
        double overflow = Math.max(0, made.height(shown) - (bottom - top));
        keepCurrentVisible(model, shown, made, bottom - top);
        scrolled = Math.clamp(scrolled, 0, overflow);
        rows(pen, model, shown, made, bottom);
        head(pen, model, shown, made, width);
        if (!small) {
            current(pen, model, width, height);
        }
        if (overflow > 0) {
            double share = (bottom - top) / made.height(shown);
            pen.plate(
                    pen.palette().line(),
                    width - 7,
                    top + scrolled * share,
                    4,
                    (bottom - top) * share,
                    2);
        }
    }

    private void rows(Pen pen, WalkModel model, GridModel grid, GridLayout layout, double bottom) {
        var context = pen.context();
        context.save();
        context.beginPath();
        context.rect(0, layout.top() - 2, 10_000, bottom - layout.top() + 4);
        context.clip();
        var drawing = new GridDrawing(pen, grid, layout);
        for (int i = 0; i < grid.rows().size(); i++) {
            double y = layout.top() + i * layout.pitch() - scrolled;
            if (y + layout.cellHeight() > layout.top() - layout.gap() && y < bottom) {
                drawing.row(grid.rows().get(i), model.current(), y, i);
            }
        }
        context.restore();
    }

    private static void head(
            Pen pen, WalkModel model, GridModel grid, GridLayout layout, double width) {
        var palette = pen.palette();
        if (layout.small()) {
            new GridDrawing(pen, grid, layout).totals(8, 17, width - 16);
            return;
        }
        double end = new BitStrip(pen).drawAboveGrid(model, Math.min(600, width * 0.5));
        new GridDrawing(pen, grid, layout).totals(end + 24, 28, width - 16);
        double baseline = layout.top() - 8;
        pen.textWithin(
                "Second stage: guest-physical to host-physical",
                Type.SECONDARY_BOLD,
                palette.text2(),
                layout.x(),
                baseline,
                layout.entryX() - layout.x() - 8);
        pen.textWithin(
                "First stage",
                Type.SECONDARY_BOLD,
                palette.text2(),
                layout.entryX(),
                baseline,
                layout.entryWidth());
    }

    private void current(Pen pen, WalkModel model, double width, double height) {
        double top = height - RUNG;
        pen.fill(pen.palette().canvas(), 0, top - 6, width, RUNG + 6);
        pen.line(pen.palette().line(), 1, 0, top - 1, width, top - 1);
        new RungDrawing(pen, LadderColumns.of(width), targets, lit)
                .draw(model.rung(), model.current(), model.current(), model, top, RUNG);
    }

    private void keepCurrentVisible(
            WalkModel model, GridModel grid, GridLayout layout, double room) {
        if (!follow) {
            return;
        }
        follow = false;
        for (int i = 0; i < grid.rows().size(); i++) {
            boolean here =
                    grid.rows().get(i).cells().stream().anyMatch(c -> c.step() == model.current());
            if (here) {
                double y = i * layout.pitch();
                scrolled = Math.clamp(scrolled, y + layout.cellHeight() - room, y);
                return;
            }
        }
        scrolled = model.atEnd() ? Double.MAX_VALUE : model.atStart() ? 0 : scrolled;
    }
}
