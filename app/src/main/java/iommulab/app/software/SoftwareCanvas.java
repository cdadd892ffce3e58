package iommulab.app.software;

import iommulab.app.software.SoftwareModel.Box;
import iommulab.app.theme.Drawing;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Type;

import javafx.beans.value.ObservableValue;
import javafx.geometry.Point2D;
import javafx.scene.AccessibleRole;
import javafx.scene.Cursor;
import javafx.scene.input.KeyCode;
import javafx.scene.input.MouseButton;

import org.jspecify.annotations.Nullable;

import java.util.Optional;

/// The picture of what the kernel remembers. Scrolls where it does not fit.
final class SoftwareCanvas extends Drawing {
    /// What people do to the picture.
    interface Gestures {
        void select(Box box);

        void menu(Box box, double screenX, double screenY);
    }

    /// As much of a selected box is brought into the window.
    private static final double WIDE = 150;

    private final Gestures gestures;
    private @Nullable SoftwareModel model;
    private @Nullable SoftwareLayout layout;
    private String pointedAt = "";
    private String revealed = "";
    private double scrolledX;
    private double scrolledY;

    SoftwareCanvas(ObservableValue<Palette> palette, Gestures gestures) {
        super(palette);
        this.gestures = gestures;
        setAccessibleRole(AccessibleRole.LIST_VIEW);
        setFocusTraversable(true);
        setOnMouseClicked(event -> {
            requestFocus();
            if (event.getButton() == MouseButton.PRIMARY) {
                under(place(event)).ifPresent(gestures::select);
            }
        });
        setOnContextMenuRequested(event ->
                under(new Point2D(event.getX() / scale(), event.getY() / scale()))
                        .ifPresent(
                                box -> gestures.menu(box, event.getScreenX(), event.getScreenY())));
        setOnMouseMoved(event -> pointAt(under(place(event))));
        setOnMouseExited(_ -> pointAt(Optional.empty()));
        setOnScroll(event -> {
            scrolledX -= event.getDeltaX() / scale();
            scrolledY -= event.getDeltaY() / scale();
            redraw();
        });
        setOnKeyPressed(event -> {
            int way = event.getCode() == KeyCode.DOWN ? 1 : event.getCode() == KeyCode.UP ? -1 : 0;
            if (way != 0) {
                event.consume();
                beside(way).ifPresent(gestures::select);
            }
        });
    }

    void show(SoftwareModel shown) {
        model = shown;
        setAccessibleText("Kernel objects: " + shown.headline());
        redraw();
    }

    private void pointAt(Optional<Box> box) {
        setCursor(box.isPresent() ? Cursor.HAND : Cursor.DEFAULT);
        var key = box.map(Box::key).orElse("");
        if (!key.equals(pointedAt)) {
            pointedAt = key;
            redraw();
        }
    }

    /// The next box in the order of the picture.
    private Optional<Box> beside(int way) {
        if (layout == null) {
            return Optional.empty();
        }
        var boxes = layout.placed().stream().map(SoftwareLayout.Placed::box).toList();
        for (int i = 0; i < boxes.size(); i++) {
            if (boxes.get(i).selected()) {
                int next = i + way;
                return next < 0 || next >= boxes.size()
                        ? Optional.empty()
                        : Optional.of(boxes.get(next));
            }
        }
        return boxes.stream().findFirst();
    }

    /// Where the middle of a box lies, in the node's own pixels.
    Optional<Point2D> middleOf(String key) {
        return layout == null
                ? Optional.empty()
                : layout.of(key)
                        .map(p ->
                                new Point2D(p.centre() - scrolledX, p.y() + 12 - scrolledY)
                                        .multiply(scale()));
    }

    private Optional<Box> under(Point2D at) {
        return layout == null
                ? Optional.empty()
                : layout.at(at.getX() + scrolledX, at.getY() + scrolledY)
                        .map(SoftwareLayout.Placed::box);
    }

    @Override
    protected void draw(Pen pen, double width, double height) {
        pen.fill(pen.palette().canvas(), 0, 0, width, height);
        if (model == null) {
            return;
        }
        var now = SoftwareLayout.of(model, width, pen.onWall());
        layout = now;
        reveal(now, width, height);
        scrolledX = Math.clamp(scrolledX, 0, Math.max(0, now.width() - width));
        scrolledY = Math.clamp(scrolledY, 0, Math.max(0, now.height() - height));
        var context = pen.context();
        context.save();
        context.translate(-scrolledX, -scrolledY);
        heads(pen, now);
        new SoftwareDrawing(pen, now, pointedAt).draw(model);
        context.restore();
        bars(pen, now, width, height);
        if (pen.onWall()) {
            return;
        }
        pen.textRight(model.left(), Type.DENSE, pen.palette().text2(), width - 14, height - 8);
    }

    /// Brings what has just been selected into the window.
    private void reveal(SoftwareLayout now, double width, double height) {
        var selected = now.placed().stream().filter(p -> p.box().selected()).findFirst();
        var key = selected.map(p -> p.box().key()).orElse("");
        if (key.equals(revealed)) {
            return;
        }
        revealed = key;
        selected.ifPresent(p -> {
            double left = Math.max(0, p.x() - 30);
            double right = p.x() + Math.min(p.width(), WIDE) + 30;
            scrolledX = Math.clamp(scrolledX, Math.min(left, right - width), left);
            double top = Math.max(0, p.y() - 40);
            scrolledY = Math.clamp(scrolledY, Math.min(top, p.y() + p.height() + 30 - height), top);
        });
    }

    private void heads(Pen pen, SoftwareLayout now) {
        for (var rank : Rank.values()) {
            if (!rank.isInside()) {
                now.placed().stream()
                        .filter(p -> p.box().rank() == rank)
                        .findFirst()
                        .ifPresent(p ->
                                pen.text(
                                        head(rank),
                                        Type.HEAD,
                                        pen.palette().text1(),
                                        p.x(),
                                        now.isBelowOthers(rank)
                                                ? p.y() - SoftwareLayout.ABOVE
                                                : SoftwareLayout.TOP - SoftwareLayout.ABOVE));
            }
        }
    }

    private static String head(Rank rank) {
        return switch (rank) {
            case PROCESS -> "Processes";
            case FILE -> "Files";
            case BOND -> "SVA bonds";
            case MADE -> "Mediated";
            case IOMMUFD -> "IOMMUFDs and their objects";
            case GROUP -> "Groups";
            case ADDRESS_SPACE, TABLE, VIRTUAL, GUEST_TABLE, DEVICE -> "";
        };
    }

    private void bars(Pen pen, SoftwareLayout now, double width, double height) {
        if (now.height() > height) {
            double share = height / now.height();
            pen.plate(pen.palette().line(), width - 6, scrolledY * share, 4, height * share, 2);
        }
        if (now.width() > width) {
            double share = width / now.width();
            pen.plate(pen.palette().line(), scrolledX * share, height - 6, width * share, 4, 2);
        }
    }
}
