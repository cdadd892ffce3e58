package iommulab.app.pasids;

import iommulab.app.pasids.PasidsLayout.Placed;
import iommulab.app.pasids.PasidsLayout.Thing;
import iommulab.app.theme.Drawing;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Type;

import javafx.beans.value.ObservableValue;
import javafx.geometry.Point2D;
import javafx.scene.AccessibleRole;
import javafx.scene.Cursor;
import javafx.scene.input.MouseButton;

import org.jspecify.annotations.Nullable;

import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// The picture from PASIDs through address spaces to devices.
final class PasidsCanvas extends Drawing {
    private @Nullable PasidsModel model;
    private @Nullable PasidsLayout layout;
    private double scrolled;

    /// @param select told what was clicked
    PasidsCanvas(ObservableValue<Palette> palette, Consumer<Thing> select) {
        super(palette);
        setAccessibleRole(AccessibleRole.LIST_VIEW);
        setFocusTraversable(true);
        setOnMouseClicked(event -> {
            requestFocus();
            if (event.getButton() == MouseButton.PRIMARY) {
                under(place(event)).ifPresent(placed -> select.accept(placed.thing()));
            }
        });
        setOnKeyPressed(event -> {
            int way =
                    switch (event.getCode()) {
                        case UP -> -1;
                        case DOWN -> 1;
                        default -> 0;
                    };
            if (way != 0) {
                event.consume();
                beside(way).ifPresent(entry -> select.accept(new Thing.OfName(entry)));
            }
        });
        setOnMouseMoved(
                event -> setCursor(under(place(event)).isPresent() ? Cursor.HAND : Cursor.DEFAULT));
        setOnScroll(event -> {
            scrolled -= event.getDeltaY() / scale();
            redraw();
        });
    }

    void show(PasidsModel shown) {
        model = shown;
        setAccessibleText(shown.headline());
        redraw();
    }

    /// The name above or below the chosen one.
    private Optional<PasidsModel.Entry> beside(int way) {
        if (model == null) {
            return Optional.empty();
        }
        var entries = model.entries();
        for (int i = 0; i < entries.size(); i++) {
            int next = i + way;
            if (entries.get(i).selected() && next >= 0 && next < entries.size()) {
                return Optional.of(entries.get(next));
            }
        }
        return Optional.empty();
    }

    /// Where the middle of what a name or a domain stands in lies, in the node's own pixels.
    Optional<Point2D> middleOf(Predicate<Thing> wanted) {
        return layout == null
                ? Optional.empty()
                : layout.all().stream()
                        .filter(p -> wanted.test(p.thing()))
                        .findFirst()
                        .map(p ->
                                new Point2D(p.x() + p.width() / 2, p.middle() - scrolled)
                                        .multiply(scale()));
    }

    private Optional<Placed> under(Point2D at) {
        return layout == null || at.getY() < PasidsLayout.HEAD
                ? Optional.empty()
                : layout.at(at.getX(), at.getY() + scrolled);
    }

    @Override
    protected void draw(Pen pen, double width, double height) {
        pen.fill(pen.palette().canvas(), 0, 0, width, height);
        if (model == null || model.devices().isEmpty()) {
            return;
        }
        var now = PasidsLayout.of(model, width);
        layout = now;
        scrolled = Math.clamp(scrolled, 0, Math.max(0, now.height() - height));
        var context = pen.context();
        context.save();
        context.beginPath();
        context.rect(0, PasidsLayout.HEAD, width, height - PasidsLayout.HEAD);
        context.clip();
        context.translate(0, -scrolled);
        new PasidsDrawing(pen).draw(now, scrolled, scrolled + height);
        context.restore();
        heads(pen, width);
        scrollBar(pen, now, width, height);
    }

    private static void heads(Pen pen, double width) {
        head(pen, "PASID", "and where its entry lies", PasidsLayout.namesX());
        head(pen, "Address space", "what an address means", PasidsLayout.spacesX(width));
        head(pen, "Device", "who may use the number", PasidsLayout.devicesX(width));
        double line = PasidsLayout.HEAD - 1;
        pen.line(pen.palette().line(), 1, 0, line, width, line);
    }

    private static void head(Pen pen, String title, String about, double x) {
        pen.text(title, Type.HEAD, pen.palette().text1(), x, 20);
        if (!pen.onWall()) {
            pen.text(about, Type.DENSE, pen.palette().text2(), x, 36);
        }
    }

    private void scrollBar(Pen pen, PasidsLayout now, double width, double height) {
        double room = height - PasidsLayout.HEAD;
        if (now.height() > height) {
            double share = room / now.height();
            pen.plate(
                    pen.palette().line(),
                    width - 6,
                    PasidsLayout.HEAD + scrolled * share,
                    4,
                    room * share,
                    2);
        }
    }
}
