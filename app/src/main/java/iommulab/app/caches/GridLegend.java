package iommulab.app.caches;

import iommulab.app.theme.Drawing;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Sign;
import iommulab.app.theme.Type;

import javafx.beans.value.ObservableValue;

/// What the marks in a cell mean.
final class GridLegend extends Drawing {
    private static final double WIDTH = 258;

    GridLegend(ObservableValue<Palette> palette) {
        super(palette);
        setMinWidth(0);
        setPrefHeight(24);
        prefWidthProperty().bind(scaleProperty().multiply(WIDTH));
    }

    @Override
    protected void draw(Pen pen, double width, double height) {
        if (width < WIDTH - 1) {
            return;
        }
        var palette = pen.palette();
        double baseline = height / 2 + 4;
        for (int i = 0; i < 4; i++) {
            double tall = 3 + 2.5 * i;
            pen.fill(
                    i < 3 ? palette.text2() : palette.line(),
                    i * 4.5,
                    baseline + 1 - tall,
                    3.2,
                    tall);
        }
        pen.text("age, tall is young", Type.SECONDARY, palette.text2(), 24, baseline);
        pen.outline(palette.accent(), 2, 136, baseline - 10, 14, 12, 3);
        pen.text("last used", Type.SECONDARY, palette.text2(), 155, baseline);
        pen.sign(Sign.STALE, 220, baseline - 4, 11);
        pen.text("stale", Type.SECONDARY, palette.text2(), 229, baseline);
    }
}
