package iommulab.app.topology;

import iommulab.app.theme.Drawing;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;

import javafx.animation.AnimationTimer;
import javafx.beans.value.ObservableBooleanValue;
import javafx.beans.value.ObservableValue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Requests on their way: above the picture, each a sign that moves along its links in 600 ms.
/// Where nothing may move, the newest stand at their ends with their ways drawn.
final class MarksView extends Drawing {
    private static final long WAY_NANOS = 600_000_000;
    private static final int MOST = 60;

    private final ObservableValue<View> view;
    private final ObservableBooleanValue still;
    private final List<Mark> marks = new ArrayList<>();
    private final AnimationTimer timer =
            new AnimationTimer() {
                @Override
                public void handle(long now) {
                    advance(now);
                }
            };
    private long now;

    /// @param start nanoseconds of the frame in which it set out, 0 before the first
    private record Mark(LastDma request, long start) {}

    /// @param still whether nothing may move
    MarksView(
            ObservableValue<Palette> palette,
            ObservableValue<View> view,
            ObservableBooleanValue still) {
        super(palette);
        this.view = view;
        this.still = still;
        still.addListener((_, _, _) -> clear());
        setMouseTransparent(true);
    }

    /// Lets requests set out.
    void start(List<LastDma> requests) {
        var setOut = requests.stream().filter(request -> request.way().size() > 1).toList();
        if (setOut.isEmpty()) {
            return;
        }
        if (still.get()) {
            marks.clear();
        }
        setOut.stream()
                .limit(MOST - marks.size())
                .forEach(request -> marks.add(new Mark(request, 0)));
        if (still.get()) {
            redraw();
        } else {
            timer.start();
        }
    }

    /// Takes all marks away, as when the machine becomes another.
    void clear() {
        marks.clear();
        redraw();
    }

    /// The request whose mark is at a place of this node.
    Optional<LastDma> requestAt(double x, double y) {
        double grown = view.getValue().grown() * scale();
        return marks.reversed().stream()
                .filter(mark -> RequestCanvas.isUnder(placeOf(mark), x / grown, y / grown))
                .findFirst()
                .map(Mark::request);
    }

    private Point placeOf(Mark mark) {
        if (still.get()) {
            return view.getValue().to(mark.request().way().getLast());
        }
        double part = mark.start() == 0 ? 0 : (double) (now - mark.start()) / WAY_NANOS;
        return view.getValue().to(Ways.along(mark.request().way(), part));
    }

    private void advance(long frame) {
        now = frame;
        marks.replaceAll(mark -> mark.start() == 0 ? new Mark(mark.request(), frame) : mark);
        marks.removeIf(mark -> frame - mark.start() > WAY_NANOS);
        if (marks.isEmpty()) {
            timer.stop();
        }
        redraw();
    }

    @Override
    protected void draw(Pen pen, double width, double height) {
        var shown = view.getValue();
        var context = pen.context();
        context.scale(shown.grown(), shown.grown());
        for (var mark : marks) {
            var at = placeOf(mark);
            if (still.get()) {
                trail(pen, shown, mark.request());
            }
            RequestCanvas.mark(pen, mark.request(), at.x(), at.y(), 12);
        }
    }

    private static void trail(Pen pen, View shown, LastDma request) {
        var colour = LastDma.sign(request.outcome()).colour(pen.palette());
        var from = shown.to(request.way().getFirst());
        for (var place : request.way()) {
            var to = shown.to(place);
            pen.line(colour, 2, from.x(), from.y(), to.x(), to.y());
            from = to;
        }
    }
}
