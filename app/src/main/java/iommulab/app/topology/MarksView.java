package iommulab.app.topology;

import iommulab.app.theme.Drawing;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;

import javafx.animation.AnimationTimer;
import javafx.beans.value.ObservableValue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Requests on their way: above the picture, each a sign that moves along its links in 600 ms.
final class MarksView extends Drawing {
    private static final long WAY_NANOS = 600_000_000;
    private static final int MOST = 60;

    private final ObservableValue<View> view;
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

    MarksView(ObservableValue<Palette> palette, ObservableValue<View> view) {
        super(palette);
        this.view = view;
        setMouseTransparent(true);
    }

    /// Lets a request set out.
    void start(LastDma request) {
        if (request.way().size() < 2 || marks.size() >= MOST) {
            return;
        }
        marks.add(new Mark(request, 0));
        timer.start();
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
            RequestCanvas.mark(pen, mark.request(), at.x(), at.y(), 12);
        }
    }
}
