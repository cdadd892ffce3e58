package iommulab.app.topology;

import iommulab.app.theme.Pen;
import iommulab.app.theme.Type;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

/// Draws how requests end: a sign on the device's link with its words, a peer-to-peer way in full.
final class RequestCanvas {
    private static final double REACH = 9;

    private RequestCanvas() {}

    /// The newest request of a device, where it stands now that it is over.
    static void draw(Pen pen, View view, LastDma last) {
        if (last.way().size() < 2) {
            return;
        }
        var at = placeOf(view, last);
        if (last.outcome() == DmaOutcome.PEER) {
            peer(pen, view.to(last.way().getLast()), at, view.zoom() > 0.5 && !pen.onWall());
            return;
        }
        double size =
                view.zoom() < 0.5 && !pen.onWall() ? 7 : last.outcome() == DmaOutcome.HIT ? 10 : 13;
        mark(pen, last, at.x(), at.y(), size);
        if (view.zoom() > 0.7 && !pen.onWall()) {
            var colour = LastDma.sign(last.outcome()).colour(pen.palette());
            plate(pen, last.words(), colour, at.x(), at.y() + 20);
        }
    }

    /// Where the sign of a request stands that is over: beside its device, or where it turned to a peer.
    static Point placeOf(View view, LastDma last) {
        var way = last.way();
        if (last.outcome() == DmaOutcome.PEER) {
            return view.to(way.get(way.size() / 2));
        }
        var from = view.to(way.getFirst());
        return new Point(from.x() - Math.min(15, view.length(15)), from.y());
    }

    /// Whether a sign at a place is pointed at.
    static boolean isUnder(Point sign, double x, double y) {
        return Math.hypot(sign.x() - x, sign.y() - y) <= REACH;
    }

    /// A sign over a line, with a gap in the ground's colour.
    static void mark(Pen pen, LastDma last, double x, double y, double size) {
        double r = size / 2 + 2;
        pen.plate(pen.palette().bar(), x - r, y - r, 2 * r, 2 * r, r);
        pen.sign(LastDma.sign(last.outcome()), x, y, size);
    }

    /// Words on a plate in the ground's colour, centred.
    static void plate(Pen pen, String words, javafx.scene.paint.Color colour, double x, double y) {
        double width = pen.width(words, Type.DENSE_BOLD) + 4;
        pen.plate(pen.palette().bar(), x - width / 2, y - 10, width, 13, 3);
        pen.textCentre(words, Type.DENSE_BOLD, colour, x, y);
    }

    private static void peer(Pen pen, Point tip, Point turn, boolean told) {
        var palette = pen.palette();
        var context = pen.context();
        context.setFill(palette.peer());
        context.fillPolygon(
                new double[] {tip.x(), tip.x() - 12, tip.x() - 12},
                new double[] {tip.y(), tip.y() - 7, tip.y() + 7},
                3);
        pen.plate(palette.bar(), turn.x() - 9, turn.y() - 7, 18, 14, 3);
        pen.sign(iommulab.app.theme.Sign.PEER, turn.x(), turn.y(), 16);
        if (told) {
            label(pen, turn);
        }
    }

    private static void label(Pen pen, Point turn) {
        var palette = pen.palette();
        var words = "peer, IOMMU not reached";
        double width = pen.width(words, Type.SMALLEST_BOLD) + 12;
        double x = turn.x() - width - 14;
        pen.plate(palette.peerGround(), x, turn.y() + 22, width, 18, 3);
        pen.outline(palette.peer(), 1, x, turn.y() + 22, width, 18, 3);
        pen.text(words, Type.SMALLEST_BOLD, palette.peer(), x + 6, turn.y() + 35);
    }
}
