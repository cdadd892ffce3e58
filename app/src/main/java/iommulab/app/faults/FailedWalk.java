package iommulab.app.faults;

import iommulab.app.theme.Drawing;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Sign;
import iommulab.app.theme.Type;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.Walk.Step;

import javafx.beans.value.ObservableValue;
import javafx.scene.Cursor;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.function.IntConsumer;

/// A walk in short, one line per step, down to the step that failed.
final class FailedWalk extends Drawing {
    private static final double ROW = 36;
    private static final double FAILED = 58;

    private @Nullable Walk walk;

    /// @param onStep told the number of a step that was clicked
    FailedWalk(ObservableValue<Palette> palette, IntConsumer onStep) {
        super(palette);
        setCursor(Cursor.HAND);
        setOnMouseClicked(event -> {
            if (walk != null && !walk.steps().isEmpty()) {
                int step = (int) (place(event).getY() / ROW);
                onStep.accept(Math.clamp(step, 0, walk.steps().size() - 1));
            }
        });
    }

    void show(Walk shown) {
        walk = shown;
        setPrefHeight((shown.steps().size() * ROW + FAILED - ROW + 4) * scale());
        redraw();
    }

    @Override
    protected void draw(Pen pen, double width, double height) {
        if (walk == null) {
            return;
        }
        int failed = walk.outcome() instanceof Walk.Outcome.Faulted(_, int at, _) ? at : -1;
        double y = 0;
        var steps = walk.steps();
        for (int i = 0; i < steps.size(); i++) {
            double tall = i == failed ? FAILED : ROW;
            if (i < steps.size() - 1) {
                pen.line(pen.palette().line(), 2, 14, y + 18, 14, y + tall + 18);
            }
            y += tall;
        }
        y = 0;
        for (int i = 0; i < steps.size(); i++) {
            step(pen, steps.get(i), i == failed, y, width);
            y += i == failed ? FAILED : ROW;
        }
    }

    private static void step(Pen pen, Step step, boolean failed, double y, double width) {
        var palette = pen.palette();
        if (failed) {
            pen.plate(palette.faultGround(), 0, y, width, FAILED - 2, 6);
            pen.outline(palette.fault(), 1.6, 0, y, width, FAILED - 2, 6);
        }
        pen.sign(failed ? Sign.FAULT : sign(step), 14, y + 17, failed ? 16 : 10);
        pen.textWithin(step.name(), Type.SECONDARY_BOLD, palette.text1(), 30, y + 15, 96);
        pen.textWithin(
                words(step),
                Type.SECOND_LINE,
                failed ? palette.fault() : palette.text2(),
                30,
                y + 29,
                96);
        if (step.indexSource() != Walk.IndexSource.NONE) {
            pen.text(Long.toHexString(step.entryHpa()), Type.MONO, palette.text1(), 132, y + 15);
        }
        raw(pen, step.raw(), failed, width, y);
        if (failed) {
            pen.textWithin(step.finding(), Type.SECONDARY, palette.text1(), 30, y + 46, width - 40);
        }
    }

    private static void raw(Pen pen, List<Long> raw, boolean failed, double width, double y) {
        if (!raw.isEmpty()) {
            var ink = failed ? pen.palette().fault() : pen.palette().text2();
            pen.textRight(
                    FaultsModel.grouped(raw.getFirst()),
                    failed ? Type.MONO_BOLD : Type.MONO,
                    ink,
                    width - 8,
                    y + 15);
        }
    }

    private static boolean isMiss(Step step) {
        return step.kind() == Walk.Kind.IOTLB_PROBE
                && (step.givenBy() != GivenBy.IOTLB || step.detail().startsWith("miss"));
    }

    private static String words(Step step) {
        return isMiss(step) ? "miss" : step.givenBy().words();
    }

    private static Sign sign(Step step) {
        if (step.kind() == Walk.Kind.FAULT) {
            return Sign.FAULT;
        }
        if (isMiss(step)) {
            return Sign.PROBE;
        }
        return step.givenBy() == GivenBy.SAVED
                ? Sign.SAVED
                : step.givenBy() == GivenBy.NOBODY
                        ? Sign.PROBE
                        : step.givenBy() == GivenBy.MEMORY ? Sign.WALK : Sign.HIT;
    }
}
