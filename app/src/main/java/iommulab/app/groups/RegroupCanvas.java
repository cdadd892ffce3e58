package iommulab.app.groups;

import iommulab.app.groups.Regrouping.Run;
import iommulab.app.shell.FunctionNames;
import iommulab.app.theme.Category;
import iommulab.app.theme.Drawing;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Type;

import javafx.beans.value.ObservableValue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Draws groups before and after beside each other: functions stay where they are, outlines change.
final class RegroupCanvas extends Drawing {
    private static final double ROW = 22;
    private static final double GAP = 5;
    private static final double BETWEEN_GROUPS = 26;
    private static final double TOP = 22;
    private static final double MIDDLE = 40;
    private static final double RIGHT = 26;
    private static final double PAD = 8;

    private Optional<Regrouping> shown = Optional.empty();
    private List<WhatIfModel.Path> paths = List.of();
    private double[] tops = {};

    RegroupCanvas(ObservableValue<Palette> palette) {
        super(palette);
        setId("regrouping");
        scaleProperty().addListener((_, _, _) -> fitHeight());
    }

    void show(Optional<Regrouping> regrouping, List<WhatIfModel.Path> open) {
        shown = regrouping;
        paths = open;
        tops = regrouping.map(RegroupCanvas::tops).orElse(new double[0]);
        setAccessibleText(regrouping.map(Regrouping::sentence).orElse(""));
        fitHeight();
        redraw();
    }

    private void fitHeight() {
        double height = tops.length == 0 ? 0 : tops[tops.length - 1] + ROW + 16;
        setMinHeight(height * scale());
        setPrefHeight(height * scale());
    }

    private static double[] tops(Regrouping regrouping) {
        var lines = regrouping.lines();
        var tops = new double[lines.size()];
        double y = TOP;
        for (int i = 0; i < tops.length; i++) {
            if (i > 0) {
                boolean same =
                        lines.get(i).before() == lines.get(i - 1).before()
                                && lines.get(i).after() == lines.get(i - 1).after();
                y += ROW + (same ? GAP : BETWEEN_GROUPS);
            }
            tops[i] = y;
        }
        return tops;
    }

    @Override
    protected void draw(Pen pen, double width, double height) {
        if (shown.isEmpty() || tops.length == 0) {
            return;
        }
        var regrouping = shown.get();
        double column = (width - MIDDLE - RIGHT) / 2;
        double afterX = column + MIDDLE;
        for (int i = 0; i < tops.length; i++) {
            double y = tops[i] + ROW / 2;
            pen.line(pen.palette().line(), 1, column, y, afterX, y);
        }
        regrouping.runs(false).forEach(run -> outline(pen, run, 0, column, Optional.empty()));
        regrouping
                .runs(true)
                .forEach(run ->
                        outline(
                                pen,
                                run,
                                afterX,
                                column,
                                Optional.of(regrouping.lines().get(run.from()).change())));
        for (int i = 0; i < tops.length; i++) {
            row(pen, regrouping.lines().get(i), PAD, tops[i], column - 2 * PAD);
            row(pen, regrouping.lines().get(i), afterX + PAD, tops[i], column - 2 * PAD);
        }
        wires(pen, regrouping, afterX + column - PAD);
    }

    private void row(Pen pen, Regrouping.Line line, double x, double y, double width) {
        var palette = pen.palette();
        pen.plate(palette.canvas(), x, y, width, ROW, 3);
        pen.outline(palette.line(), 1, x, y, width, ROW, 3);
        var address = FunctionNames.address(line.function());
        pen.text(address, Type.MONO_BOLD, palette.text1(), x + 7, y + 15);
        double used = pen.width(address, Type.MONO_BOLD) + 16;
        pen.textWithin(
                line.name(), Type.DENSE, palette.text2(), x + used, y + 15, width - used - 4);
    }

    private void outline(
            Pen pen, Run run, double x, double width, Optional<Regrouping.Change> change) {
        if (run.group() < 0) {
            return;
        }
        var palette = pen.palette();
        var colour = palette.category(run.group());
        double top = tops[run.from()] - 10;
        double bottom = tops[run.to()] + ROW + 7;
        pen.plate(palette.bar(), x, top, width, bottom - top, 5);
        pen.outline(colour, 2.2, x, top, width, bottom - top, 5, Category.dashes(run.group()));
        var number = String.valueOf(run.group());
        double tab = Math.max(20, pen.width(number, Type.SMALLEST_BOLD) + 10);
        pen.plate(colour, x + 12, top - 8, tab, 16, 3);
        pen.textCentre(number, Type.SMALLEST_BOLD, palette.canvas(), x + 12 + tab / 2, top + 3.5);
        change.ifPresent(c -> {
            double wide = pen.width(c.word(), Type.SMALLEST_BOLD) + 10;
            double left = x + 12 + tab + 4;
            pen.plate(palette.accentGround(), left, top - 8, wide, 16, 3);
            pen.outline(palette.accent(), 1, left, top - 8, wide, 16, 3);
            pen.text(c.word(), Type.SMALLEST_BOLD, palette.accent(), left + 5, top + 3.5);
        });
    }

    /// Ways that stay open, from row to row at the right edge.
    private void wires(Pen pen, Regrouping regrouping, double x) {
        Map<Object, Integer> rows = new HashMap<>();
        for (int i = 0; i < tops.length; i++) {
            rows.put(regrouping.lines().get(i).function(), i);
        }
        double out = x + PAD + 6;
        for (var path : paths) {
            var from = rows.get(path.from());
            var to = rows.get(path.to());
            if (from != null && to != null && out < x + PAD + RIGHT) {
                wire(pen, x, out, tops[from] + ROW / 2, tops[to] + ROW / 2);
                out += 5;
            }
        }
    }

    private static void wire(Pen pen, double x, double out, double fromY, double toY) {
        var colour = pen.palette().fault();
        pen.line(colour, 2.4, x, fromY, out, fromY);
        pen.line(colour, 2.4, out, fromY, out, toY);
        pen.line(colour, 2.4, out, toY, x + 8, toY);
        var context = pen.context();
        context.setFill(colour);
        context.fillPolygon(
                new double[] {x, x + 10, x + 10}, new double[] {toY, toY - 6, toY + 6}, 3);
    }
}
