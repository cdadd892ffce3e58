package iommulab.app.topology;

import iommulab.app.shell.Words;
import iommulab.app.theme.Pen;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import javafx.scene.paint.Color;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Draws a model of the machine: containers, links, boxes, groups, last requests. Only what lies in the
/// view is drawn, and in small boxes only what can be read.
final class MachineCanvas {
    private static final double WIDEST = 9;

    private final Pen pen;
    private final View view;
    private final MachineModel model;
    private final Set<Layer> layers;
    private final Rect visible;
    private final BoxCanvas boxes;
    private final MemoryCanvas memory;

    private MachineCanvas(
            Pen pen,
            View view,
            MachineModel model,
            Set<Layer> layers,
            double width,
            double height) {
        this.pen = pen;
        this.view = view;
        this.model = model;
        this.layers = layers;
        double margin = 20;
        this.visible = new Rect(-margin, -margin, width + 2 * margin, height + 2 * margin);
        this.boxes = new BoxCanvas(pen, layers, view.zoom());
        this.memory = new MemoryCanvas(pen, layers, view.zoom(), boxes);
    }

    /// @param width of the canvas, in pixels at 100 %
    static void draw(
            Pen pen,
            View view,
            MachineModel model,
            Heat heat,
            Set<Layer> layers,
            double width,
            double height) {
        var context = pen.context();
        context.save();
        context.scale(view.grown(), view.grown());
        var canvas =
                new MachineCanvas(
                        pen, view, model, layers, width / view.grown(), height / view.grown());
        canvas.containers();
        canvas.links(heat);
        if (layers.contains(Layer.DMA)) {
            canvas.peerWays();
        }
        canvas.boxes();
        canvas.selections();
        if (layers.contains(Layer.GROUPS)) {
            canvas.groups();
        }
        if (layers.contains(Layer.DMA)) {
            canvas.lastRequests();
        }
        context.restore();
    }

    private boolean sees(Rect on) {
        return on.overlaps(visible);
    }

    private void containers() {
        for (var box : model.picture().boxes()) {
            var at = view.to(box.at());
            if (!sees(at)) {
                continue;
            }
            switch (box.kind()) {
                case MEMORY -> memory.column(at);
                case COMPLEX, SWITCH -> boxes.container(at, model.looks().get(box.id()));
                case SPAN, UNIT, PORT, BRIDGE, DEVICE, ROW, STACK, EMPTY_SLOT -> {}
            }
        }
    }

    private void links(Heat heat) {
        var chosen = new HashSet<>(model.wayOfSelected());
        for (var link : model.picture().links()) {
            var points = link.points().stream().map(view::to).toList();
            if (!sees(around(points))) {
                continue;
            }
            boolean hot = layers.contains(Layer.HEAT) || layers.contains(Layer.DMA);
            double rate = hot ? heat.rate(link) : 0;
            if (rate > 0) {
                hotLink(points, rate);
                hotTrunk(link, heat, rate);
            } else {
                link(link, points, chosen.contains(link));
            }
        }
    }

    private static Rect around(List<Point> points) {
        var rect = new Rect(points.getFirst().x() - 3, points.getFirst().y() - 3, 6, 6);
        for (var p : points) {
            rect = rect.with(new Rect(p.x() - 3, p.y() - 3, 6, 6));
        }
        return rect;
    }

    private void link(Link link, List<Point> points, boolean chosen) {
        var palette = pen.palette();
        Color colour = chosen ? palette.accent() : palette.kernel();
        double line = chosen ? 3 : view.zoom() < 0.4 ? 1.2 : 2;
        switch (link.kind()) {
            case PCI_EXPRESS, TRUNK -> path(points, colour, line);
            case EMPTY_SLOT -> path(points, palette.text3(), 1, 2, 3);
            case CONVENTIONAL_BUS -> {
                path(points, colour, line);
                bus(points, colour);
            }
            case TO_UNIT, TO_MEMORY -> {
                path(points, colour, line);
                arrow(points, colour);
            }
            case BYPASS -> {
                path(points, colour, line, 5, 4);
                arrow(points, colour);
            }
        }
    }

    private void bus(List<Point> points, Color colour) {
        double reach = view.length(13);
        double line = Math.max(3, view.length(5));
        for (int i = 1; i < points.size() - 1; i++) {
            var from = points.get(i);
            var to = points.get(Math.min(i + 1, points.size() - 2));
            double over = from.x() == to.x() ? reach : 0;
            double top = Math.min(from.y(), to.y()) - over;
            double bottom = Math.max(from.y(), to.y()) + over;
            pen.line(colour, line, from.x(), top, to.x(), bottom);
        }
    }

    private void hotLink(List<Point> points, double rate) {
        path(points, pen.palette().walk(), width(rate));
    }

    private static double width(double rate) {
        return Math.min(WIDEST, 2 + Math.log10(1 + rate));
    }

    /// The piece of a trunk between a hot link and the IOMMU, with the count beside the IOMMU.
    private void hotTrunk(Link link, Heat heat, double rate) {
        if (link.kind() == Link.Kind.TO_UNIT) {
            double half = (link.points().get(0).x() + link.points().get(1).x()) / 2;
            var at = view.to(new Point(half, link.points().getFirst().y()));
            RequestCanvas.plate(
                    pen, Words.amount(rate) + "/s", pen.palette().walk(), at.x(), at.y() - 9);
            return;
        }
        for (var up : model.picture().links()) {
            boolean leads = up.kind() == Link.Kind.TO_UNIT && up.from() == link.to();
            if (leads && heat.rate(up) > 0) {
                var from = view.to(link.points().getLast());
                var to = view.to(up.points().getFirst());
                path(List.of(from, to), pen.palette().walk(), width(rate));
            }
        }
    }

    private void path(List<Point> points, Color colour, double line, double... dashes) {
        var context = pen.context();
        context.setStroke(colour);
        context.setLineWidth(line);
        context.setLineDashes(dashes);
        context.beginPath();
        context.moveTo(points.getFirst().x(), points.getFirst().y());
        points.forEach(p -> context.lineTo(p.x(), p.y()));
        context.stroke();
        context.setLineDashes((double[]) null);
    }

    private void arrow(List<Point> points, Color colour) {
        var tip = points.getLast();
        double r = Math.max(4, Math.min(7, view.length(7)));
        var context = pen.context();
        context.setFill(colour);
        context.fillPolygon(
                new double[] {tip.x(), tip.x() + 1.5 * r, tip.x() + 1.5 * r},
                new double[] {tip.y(), tip.y() - 0.8 * r, tip.y() + 0.8 * r},
                3);
    }

    private void boxes() {
        for (var box : model.picture().boxes()) {
            var at = view.to(box.at());
            if (!sees(at)) {
                continue;
            }
            var look = model.looks().get(box.id());
            switch (box.kind()) {
                case SPAN -> memory.span(at, model.spans().get(box.index()));
                case UNIT -> boxes.unit(at, model.units().get(box.index()));
                case PORT, BRIDGE, DEVICE, ROW -> boxes.function(at, look, box.kind());
                case STACK -> boxes.stack(at, look);
                case EMPTY_SLOT -> boxes.emptySlot(at);
                case MEMORY, COMPLEX, SWITCH -> {}
            }
        }
    }

    private void groups() {
        for (var outline : model.outlines()) {
            var at = view.to(outline.at());
            if (sees(at)) {
                boxes.outline(at, outline);
            }
        }
    }

    private void selections() {
        for (var box : model.picture().boxes()) {
            boolean selected =
                    box.kind() == Box.Kind.UNIT
                            ? model.units().get(box.index()).selected()
                            : model.looks().get(box.id()).selected();
            var at = view.to(box.at());
            if (selected && sees(at)) {
                var around = at.grown(3, 3, 3);
                pen.outline(
                        pen.palette().accent(),
                        2.4,
                        around.x(),
                        around.y(),
                        around.width(),
                        around.height(),
                        6);
            }
        }
    }

    /// Ways between peers lie on the links, behind the boxes that they pass through.
    private void peerWays() {
        model.last().stream()
                .filter(last -> last.outcome() == DmaOutcome.PEER && last.way().size() > 1)
                .forEach(last ->
                        path(last.way().stream().map(view::to).toList(), pen.palette().peer(), 3));
    }

    private void lastRequests() {
        for (var last : model.last().reversed()) {
            RequestCanvas.draw(pen, view, last);
        }
    }
}
