package iommulab.app.walk;

import iommulab.app.theme.Drawing;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Type;

import javafx.beans.value.ObservableValue;
import javafx.scene.Cursor;

import org.jspecify.annotations.Nullable;

import java.util.function.IntConsumer;

/// The steps of a walk as dots on a line: done, current, to come. A click goes to a step.
final class StepDots extends Drawing {
    private static final double FIRST = 34;
    private static final double WIDEST = 76;
    private static final double LABELS_FROM = 44;
    private static final double DOTS_FROM = 11;

    private @Nullable WalkModel model;

    StepDots(ObservableValue<Palette> palette, IntConsumer onStep) {
        super(palette);
        setCursor(Cursor.HAND);
        setMinWidth(0);
        setOnMouseClicked(event -> {
            if (model != null && !model.rungs().isEmpty()) {
                double step = distance(model, drawnWidth());
                int nearest = (int) Math.round((place(event).getX() - FIRST) / step);
                onStep.accept(Math.clamp(nearest, 0, model.rungs().size() - 1));
            }
        });
    }

    void show(WalkModel model) {
        this.model = model;
        redraw();
    }

    private static double distance(WalkModel model, double width) {
        return Math.min(WIDEST, (width - 2 * FIRST) / Math.max(1, model.rungs().size() - 1));
    }

    @Override
    protected void draw(Pen pen, double width, double height) {
        if (model == null) {
            return;
        }
        var palette = pen.palette();
        double step = distance(model, width);
        double y = step < LABELS_FROM ? height / 2 : 16;
        int last = model.rungs().size() - 1;
        for (int i = 0; i < last; i++) {
            double x = FIRST + i * step;
            var colour = i < model.current() ? palette.accent() : palette.line();
            pen.line(colour, 2, x, y, x + step, y);
        }
        if (step < DOTS_FROM) {
            dot(pen, model, model.current(), FIRST + model.current() * step, y);
            return;
        }
        for (int i = 0; i <= last; i++) {
            dot(pen, model, i, FIRST + i * step, y);
            if (step >= LABELS_FROM) {
                var name = model.rungs().get(i).name().replace(" entry", "").replace(" probe", "");
                boolean now = i == model.current();
                var type = now ? Type.SMALLEST_BOLD : Type.SMALLEST;
                pen.textCentre(
                        pen.cut(name.toLowerCase().replace("iotlb", "IOTLB"), type, step - 4),
                        type,
                        now ? palette.text1() : palette.text2(),
                        FIRST + i * step,
                        y + 20);
            }
        }
    }

    private static void dot(Pen pen, WalkModel model, int step, double x, double y) {
        var palette = pen.palette();
        var colour = model.rungs().get(step).failed() ? palette.fault() : palette.accent();
        if (step == model.current()) {
            pen.plate(colour, x - 7, y - 7, 14, 14, 7);
        } else if (step < model.current()) {
            pen.plate(colour, x - 5, y - 5, 10, 10, 5);
        } else {
            pen.plate(palette.canvas(), x - 5, y - 5, 10, 10, 5);
            pen.outline(palette.text3(), 1.5, x - 5, y - 5, 10, 10, 5);
        }
    }
}
