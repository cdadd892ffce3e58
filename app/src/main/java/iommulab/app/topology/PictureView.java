package iommulab.app.topology;

import iommulab.app.theme.Drawing;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.engine.pci.PciAddress;

import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.value.ObservableValue;
import javafx.geometry.Point2D;
import javafx.scene.input.MouseButton;
import javafx.scene.input.MouseEvent;
import javafx.scene.input.ScrollEvent;

import org.jspecify.annotations.Nullable;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// The picture of the machine as a node: pan by dragging, zoom at the pointer by the wheel. Until
/// somebody zooms or pans, the whole picture fits.
final class PictureView extends Drawing {
    private static final double WHEEL_STEP = 1.0015;

    private final ReadOnlyObjectWrapper<View> view = new ReadOnlyObjectWrapper<>(View.WHOLE);
    private Set<Layer> layers = EnumSet.of(Layer.GROUPS, Layer.DOMAINS, Layer.OWNERS, Layer.DMA);
    private Heat heat = Heat.NONE;
    private boolean fits = true;
    private @Nullable MachineModel model;
    private @Nullable Point2D grip;

    PictureView(ObservableValue<Palette> palette) {
        super(palette);
        setFocusTraversable(true);
        addEventHandler(ScrollEvent.SCROLL, this::wheel);
        addEventHandler(MouseEvent.MOUSE_PRESSED, this::press);
        addEventHandler(MouseEvent.MOUSE_DRAGGED, this::drag);
    }

    void show(MachineModel shown, Heat now) {
        model = shown;
        heat = now;
        redraw();
    }

    void show(Set<Layer> shown) {
        layers = shown;
        redraw();
    }

    ReadOnlyObjectProperty<View> view() {
        return view.getReadOnlyProperty();
    }

    /// Shows the whole picture, and keeps doing so when the window changes its size.
    void fit() {
        fits = true;
        redraw();
    }

    void zoomTo(double zoom) {
        zoomBy(drawnWidth() / 2, drawnHeight() / 2, zoom / view.get().zoom());
    }

    void zoomIn() {
        zoomBy(drawnWidth() / 2, drawnHeight() / 2, 1.25);
    }

    void zoomOut() {
        zoomBy(drawnWidth() / 2, drawnHeight() / 2, 0.8);
    }

    /// Zooms so far that a box can be read, and puts it in the middle.
    void goTo(Box box) {
        fits = false;
        double zoom = Math.max(1, view.get().zoom());
        view.set(new View(zoom, 1, 0, 0).centredOn(box.at(), drawnWidth(), drawnHeight()));
        redraw();
    }

    /// Moves the picture if a box is not in sight.
    void reveal(Box box) {
        var shown = view.get();
        double x = shown.toX(box.at().centreX()) * shown.grown();
        double y = shown.toY(box.at().centreY()) * shown.grown();
        boolean inSight = x >= 0 && y >= 0 && x <= drawnWidth() && y <= drawnHeight();
        if (!fits && !inSight) {
            view.set(shown.centredOn(box.at(), drawnWidth(), drawnHeight()));
            redraw();
        }
    }

    /// The innermost box under the pointer.
    Optional<Box> boxAt(MouseEvent event) {
        var at = place(event);
        var shown = view.get();
        return model == null
                ? Optional.empty()
                : model.picture().boxAt(shown.pictureX(at.getX()), shown.pictureY(at.getY()));
    }

    private void zoomBy(double x, double y, double factor) {
        fits = false;
        view.set(view.get().zoomedAt(x, y, factor));
        redraw();
    }

    /// Where a function is drawn, in the coordinates of this node.
    Optional<Rect> rectOf(PciAddress function) {
        return Optional.ofNullable(model)
                .flatMap(m -> Optional.ofNullable(m.picture().boxOf().get(function)))
                .map(box -> view.get().to(box.at()))
                .map(at -> {
                    double k = view.get().grown() * scale();
                    return new Rect(at.x() * k, at.y() * k, at.width() * k, at.height() * k);
                });
    }

    /// The request that is over whose sign is at a place of this node.
    Optional<LastDma> requestAt(double x, double y) {
        double k = view.get().grown() * scale();
        return signs().filter(last ->
                        RequestCanvas.isUnder(
                                RequestCanvas.placeOf(view.get(), last), x / k, y / k))
                .findFirst();
    }

    /// Where the sign of a device's last request is drawn, in the coordinates of this node.
    Optional<Point> signOf(PciAddress device) {
        double k = view.get().grown() * scale();
        return signs().filter(last -> last.device().equals(device))
                .findFirst()
                .map(last -> RequestCanvas.placeOf(view.get(), last))
                .map(at -> new Point(at.x() * k, at.y() * k));
    }

    private Stream<LastDma> signs() {
        var shown = model;
        return shown == null || !layers.contains(Layer.DMA)
                ? Stream.empty()
                : shown.last().stream().filter(last -> last.way().size() > 1);
    }

    private void wheel(ScrollEvent event) {
        double factor = Math.pow(WHEEL_STEP, event.getDeltaY());
        zoomBy(event.getX() / scale(), event.getY() / scale(), factor);
        event.consume();
    }

    private void press(MouseEvent event) {
        grip = place(event);
        requestFocus();
    }

    private void drag(MouseEvent event) {
        var from = grip;
        if (from == null || event.getButton() == MouseButton.SECONDARY) {
            return;
        }
        var to = place(event);
        if (from.distance(to) < 3 && fits) {
            return;
        }
        fits = false;
        view.set(view.get().moved(to.getX() - from.getX(), to.getY() - from.getY()));
        grip = to;
        redraw();
    }

    @Override
    protected void draw(Pen pen, double width, double height) {
        var shown = model;
        if (shown == null) {
            return;
        }
        if (fits) {
            view.set(View.fitting(shown.picture(), width, height));
        }
        MachineCanvas.draw(pen, view.get(), shown, heat, layers, width, height);
    }
}
