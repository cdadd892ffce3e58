package iommulab.app.ownership;

import iommulab.app.ownership.OwnershipModel.Pointer;
import iommulab.app.ownership.OwnershipModel.Row;
import iommulab.app.theme.Drawing;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Type;

import javafx.animation.AnimationTimer;
import javafx.beans.value.ObservableBooleanValue;
import javafx.beans.value.ObservableValue;
import javafx.geometry.Point2D;
import javafx.scene.AccessibleRole;
import javafx.scene.Cursor;
import javafx.scene.input.KeyCode;
import javafx.scene.input.MouseButton;

import org.jspecify.annotations.Nullable;

import java.util.Optional;
import java.util.function.IntConsumer;

/// The picture of who owns which group. Domain pointers move to where they lead, unless nothing may move.
final class OwnershipCanvas extends Drawing {
    private final ObservableBooleanValue still;
    private final Pointers pointers = new Pointers();
    private final AnimationTimer timer =
            new AnimationTimer() {
                @Override
                public void handle(long frame) {
                    advance(frame);
                }
            };
    private @Nullable OwnershipModel model;
    private @Nullable OwnershipLayout layout;
    private double scrolled;
    private int revealed = -1;
    private long now;

    /// @param still whether nothing may move
    /// @param select told the number of a group that was clicked
    OwnershipCanvas(
            ObservableValue<Palette> palette, ObservableBooleanValue still, IntConsumer select) {
        super(palette);
        this.still = still;
        setAccessibleRole(AccessibleRole.LIST_VIEW);
        setFocusTraversable(true);
        setOnMouseClicked(event -> {
            requestFocus();
            if (event.getButton() == MouseButton.PRIMARY) {
                under(place(event)).ifPresent(row -> select.accept(row.id()));
            }
        });
        setOnMouseMoved(
                event -> setCursor(under(place(event)).isPresent() ? Cursor.HAND : Cursor.DEFAULT));
        setOnKeyPressed(event -> {
            int way = event.getCode() == KeyCode.DOWN ? 1 : event.getCode() == KeyCode.UP ? -1 : 0;
            if (way != 0) {
                event.consume();
                beside(way).ifPresent(row -> select.accept(row.id()));
            }
        });
        setOnScroll(event -> {
            scrolled -= event.getDeltaY() / scale();
            redraw();
        });
    }

    void show(OwnershipModel shown) {
        model = shown;
        pointers.follow(shown.rows(), still.get(), now);
        setAccessibleText("Owners of groups: " + shown.headline());
        if (pointers.isMoving(now)) {
            timer.start();
        }
        redraw();
    }

    private void advance(long frame) {
        now = frame;
        pointers.begin(frame);
        if (!pointers.isMoving(frame)) {
            timer.stop();
        }
        redraw();
    }

    private Optional<Row> beside(int way) {
        if (model == null) {
            return Optional.empty();
        }
        var rows = model.rows();
        for (int i = 0; i < rows.size(); i++) {
            int next = i + way;
            if (rows.get(i).selected()) {
                return next < 0 || next >= rows.size()
                        ? Optional.empty()
                        : Optional.of(rows.get(next));
            }
        }
        return rows.stream().findFirst();
    }

    /// Where the ring of a group lies, in the node's own pixels.
    Optional<Point2D> middleOf(int group) {
        var drawn = layout;
        return drawn == null
                ? Optional.empty()
                : drawn.of(group)
                        .map(p ->
                                new Point2D(drawn.ringX() + 20, p.middle() - scrolled)
                                        .multiply(scale()));
    }

    private Optional<Row> under(Point2D at) {
        return layout == null || at.getY() < OwnershipLayout.HEAD
                ? Optional.empty()
                : layout.at(at.getY() + scrolled).map(OwnershipLayout.Placed::row);
    }

    @Override
    protected void draw(Pen pen, double width, double height) {
        pen.fill(pen.palette().canvas(), 0, 0, width, height);
        if (model == null) {
            return;
        }
        var drawn = OwnershipLayout.of(model, width, pen.onWall());
        layout = drawn;
        reveal(drawn, height);
        scrolled = Math.clamp(scrolled, 0, Math.max(0, drawn.height() - height));
        var context = pen.context();
        context.save();
        context.beginPath();
        context.rect(0, OwnershipLayout.HEAD, width, height - OwnershipLayout.HEAD);
        context.clip();
        context.translate(0, -scrolled);
        var drawing = new OwnershipDrawing(pen, drawn);
        for (var placed : drawn.rows()) {
            drawing.row(placed, pointers.at(placed.row().id(), now));
        }
        context.restore();
        heads(pen, drawn, width);
        if (drawn.height() > height) {
            double room = height - OwnershipLayout.HEAD;
            double share = room / drawn.height();
            pen.plate(
                    pen.palette().line(),
                    width - 6,
                    OwnershipLayout.HEAD + scrolled * share,
                    4,
                    room * share,
                    2);
        }
    }

    /// Brings the group that has just been selected into the window.
    private void reveal(OwnershipLayout drawn, double height) {
        var selected = drawn.rows().stream().filter(p -> p.row().selected()).findFirst();
        int id = selected.map(p -> p.row().id()).orElse(-1);
        if (id == revealed) {
            return;
        }
        revealed = id;
        selected.ifPresent(p -> {
            double top = Math.max(0, p.y() - OwnershipLayout.HEAD - 8);
            scrolled = Math.clamp(scrolled, Math.min(top, p.y() + p.height() + 8 - height), top);
        });
    }

    private static void heads(Pen pen, OwnershipLayout drawn, double width) {
        head(pen, "Group", "in the ring of its owner", drawn.ringX());
        if (!pen.onWall()) {
            head(pen, "Members", "and who has them", drawn.membersX());
        }
        for (var pointer : Pointer.values()) {
            double x = drawn.stationMiddle(pointer);
            pen.textCentre(pointer.title(), Type.HEAD, pen.palette().text1(), x, 20);
            if (!pen.onWall()) {
                pen.textCentre(pointer.about(), Type.DENSE, pen.palette().text2(), x, 36);
            }
        }
        double line = OwnershipLayout.HEAD - 1;
        pen.line(pen.palette().line(), 1, 0, line, width, line);
    }

    private static void head(Pen pen, String title, String about, double x) {
        pen.text(title, Type.HEAD, pen.palette().text1(), x, 20);
        if (!pen.onWall()) {
            pen.text(about, Type.DENSE, pen.palette().text2(), x, 36);
        }
    }
}
