package iommulab.app.domains;

import iommulab.app.domains.FlowLayout.Placed;
import iommulab.app.domains.FlowLayout.Thing;
import iommulab.app.theme.Drawing;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Type;
import iommulab.engine.pci.PciAddress;

import javafx.beans.value.ObservableValue;
import javafx.geometry.Point2D;
import javafx.scene.AccessibleRole;
import javafx.scene.Cursor;
import javafx.scene.input.MouseButton;
import javafx.scene.input.MouseEvent;

import org.jspecify.annotations.Nullable;

import java.util.Optional;

/// The flow from groups through domains to devices. A group or a device can be dragged onto a domain.
final class FlowCanvas extends Drawing {
    private static final double DRAG_BEGINS = 5;

    /// What a gesture on the flow asks for.
    interface Gestures {
        void select(Thing thing);

        /// @param at where it was dropped, in the node's own pixels
        void attach(Thing what, int domain, Point2D at);

        void menu(Thing thing, double screenX, double screenY);
    }

    private final Gestures gestures;
    private @Nullable DomainsModel model;
    private @Nullable FlowLayout layout;
    private double scrolled;
    private @Nullable Placed pressed;
    private @Nullable Point2D from;
    private @Nullable Point2D to;

    FlowCanvas(ObservableValue<Palette> palette, Gestures gestures) {
        super(palette);
        this.gestures = gestures;
        setAccessibleRole(AccessibleRole.LIST_VIEW);
        setOnMousePressed(this::press);
        setOnMouseDragged(this::drag);
        setOnMouseReleased(this::release);
        setOnMouseMoved(
                event -> setCursor(under(place(event)).isPresent() ? Cursor.HAND : Cursor.DEFAULT));
        setOnContextMenuRequested(event ->
                under(new Point2D(event.getX() / scale(), event.getY() / scale()))
                        .ifPresent(p ->
                                gestures.menu(p.thing(), event.getScreenX(), event.getScreenY())));
        setOnScroll(event -> {
            scrolled -= event.getDeltaY() / scale();
            redraw();
        });
    }

    void show(DomainsModel model) {
        this.model = model;
        setAccessibleText(model.headline());
        redraw();
    }

    /// Where the middle of a device's or a domain's box lies, in the node's own pixels.
    Optional<Point2D> middleOf(PciAddress device) {
        return middleOf(t -> t instanceof Thing.OfDevice(var row) && row.address().equals(device));
    }

    Optional<Point2D> middleOfDomain(int domain) {
        return middleOf(t -> t instanceof Thing.OfDomain(var card) && card.id() == domain);
    }

    private Optional<Point2D> middleOf(java.util.function.Predicate<Thing> wanted) {
        return layout == null
                ? Optional.empty()
                : layout.placed().stream()
                        .filter(p -> wanted.test(p.thing()))
                        .findFirst()
                        .map(p ->
                                new Point2D(
                                                p.x() + p.width() / 2,
                                                p.y() - scrolled + p.height() / 2)
                                        .multiply(scale()));
    }

    private Optional<Placed> under(Point2D place) {
        return layout == null || place.getY() < FlowLayout.HEAD
                ? Optional.empty()
                : layout.at(place.getX(), place.getY() + scrolled);
    }

    private void press(MouseEvent event) {
        if (event.getButton() == MouseButton.PRIMARY) {
            pressed = under(place(event)).orElse(null);
            from = place(event);
        }
    }

    private void drag(MouseEvent event) {
        if (pressed != null
                && from != null
                && (pressed.thing() instanceof Thing.OfDevice
                        || pressed.thing() instanceof Thing.OfGroup)
                && (to != null || place(event).distance(from) > DRAG_BEGINS)) {
            to = place(event);
            setCursor(Cursor.CLOSED_HAND);
            redraw();
        }
    }

    private void release(MouseEvent event) {
        var what = pressed;
        var end = to;
        pressed = null;
        to = null;
        if (what == null) {
            return;
        }
        if (end == null) {
            gestures.select(what.thing());
            return;
        }
        setCursor(Cursor.DEFAULT);
        redraw();
        if (under(place(event)).map(Placed::thing).orElse(null)
                instanceof Thing.OfDomain(var card)) {
            gestures.attach(what.thing(), card.id(), new Point2D(event.getX(), event.getY()));
        }
    }

    @Override
    protected void draw(Pen pen, double width, double height) {
        var palette = pen.palette();
        pen.fill(palette.canvas(), 0, 0, width, height);
        if (model == null) {
            return;
        }
        if (model.blocks().isEmpty()) {
            var words = "No domains: this machine has no IOMMU that the lab emulates.";
            pen.text(words, Type.BODY, palette.text2(), FlowLayout.groupsX(), FlowLayout.HEAD + 24);
        }
        var now = FlowLayout.of(model, width);
        layout = now;
        scrolled = Math.clamp(scrolled, 0, Math.max(0, now.height() - height));
        pen.context().save();
        pen.context().beginPath();
        pen.context().rect(0, FlowLayout.HEAD, width, height - FlowLayout.HEAD);
        pen.context().clip();
        pen.context().translate(0, -scrolled);
        var target = to == null ? Optional.<Placed>empty() : under(to);
        new FlowDrawing(pen).draw(now, scrolled, scrolled + height, target);
        pen.context().restore();
        head(pen, width);
        scrollBar(pen, now, width, height);
        if (to != null && pressed != null) {
            ghost(pen, pressed, to);
        }
    }

    private static void head(Pen pen, double width) {
        var ink = pen.palette().text2();
        pen.text("Groups and owners", Type.SECONDARY_BOLD, ink, FlowLayout.groupsX(), 20);
        pen.text("Domains", Type.SECONDARY_BOLD, ink, FlowLayout.domainsX(width), 20);
        pen.text("Devices", Type.SECONDARY_BOLD, ink, FlowLayout.devicesX(width), 20);
        pen.line(pen.palette().faintLine(), 1, 0, FlowLayout.HEAD - 1, width, FlowLayout.HEAD - 1);
    }

    private void scrollBar(Pen pen, FlowLayout now, double width, double height) {
        double room = height - FlowLayout.HEAD;
        if (now.height() > height) {
            double share = room / now.height();
            pen.plate(
                    pen.palette().line(),
                    width - 6,
                    FlowLayout.HEAD + scrolled * share,
                    4,
                    room * share,
                    2);
        }
    }

    private static void ghost(Pen pen, Placed what, Point2D at) {
        pen.opacity(0.85);
        new FlowDrawing(pen)
                .box(
                        new Placed(
                                what.thing(),
                                at.getX() - 20,
                                at.getY() - 14,
                                Math.min(what.width(), 220),
                                what.height()),
                        true);
        pen.opacity(1);
    }
}
