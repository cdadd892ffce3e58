package iommulab.app.groups;

import javafx.scene.layout.Pane;
import javafx.scene.layout.Region;
import javafx.scene.shape.LineTo;
import javafx.scene.shape.MoveTo;
import javafx.scene.shape.Path;
import javafx.scene.shape.Polygon;

import java.util.ArrayList;
import java.util.List;

/// Two chains of boxes side by side that may go on as one below them, with arrows between.
final class ChainsPane extends Pane {
    private static final double BETWEEN = 26;
    private static final double ASIDE = 10;
    private static final double WIDEST = 420;
    private static final double SHARE = 0.6;

    private final List<Region> first;
    private final List<Region> second;
    private final List<Region> common;
    private final Path lines = new Path();
    private final List<Polygon> tips = new ArrayList<>();

    ChainsPane(List<Region> first, List<Region> second, List<Region> common) {
        this.first = first;
        this.second = second;
        this.common = common;
        lines.getStyleClass().add("proof-arrow");
        lines.setManaged(false);
        getChildren().add(lines);
        getChildren().addAll(first);
        getChildren().addAll(second);
        getChildren().addAll(common);
        int arrows = first.size() + second.size() + common.size();
        for (int i = 0; i < arrows; i++) {
            var tip = new Polygon(-5, -9, 5, -9, 0, 0);
            tip.getStyleClass().add("proof-tip");
            tip.setManaged(false);
            tip.setVisible(false);
            tips.add(tip);
        }
        getChildren().addAll(tips);
    }

    private boolean sideBySide() {
        return !first.isEmpty() && !second.isEmpty();
    }

    private double chainWidth(double width) {
        return sideBySide() ? (width - ASIDE) / 2 : widest(width);
    }

    /// A line of text is not read well when it is long; large text needs more room than small text.
    private static double widest(double width) {
        return Math.min(width, Math.max(WIDEST, SHARE * width));
    }

    private double commonWidth(double width) {
        return sideBySide() ? widest(width) : chainWidth(width);
    }

    @Override
    protected double computePrefHeight(double width) {
        double inside = width < 0 ? 500 : width;
        double each = chainWidth(inside);
        double top = Math.max(height(first, each), height(second, each));
        double below = height(common, commonWidth(inside));
        return top + below + (top > 0 && below > 0 ? BETWEEN + 8 : 0);
    }

    private static double height(List<Region> boxes, double width) {
        double height = 0;
        for (var box : boxes) {
            height += box.prefHeight(width) + (height > 0 ? BETWEEN : 0);
        }
        return height;
    }

    @Override
    protected void layoutChildren() {
        lines.getElements().clear();
        tips.forEach(tip -> tip.setVisible(false));
        double width = getWidth();
        double each = chainWidth(width);
        double endFirst = stack(first, 0, 0, each);
        double endSecond = stack(second, sideBySide() ? each + ASIDE : 0, 0, each);
        if (common.isEmpty()) {
            return;
        }
        double top =
                Math.max(endFirst, endSecond)
                        + (first.isEmpty() && second.isEmpty() ? 0 : BETWEEN + 8);
        double wide = commonWidth(width);
        double x = sideBySide() ? (width - wide) / 2 : 0;
        stack(common, x, top, wide);
        join(first, x + wide * (sideBySide() ? 0.3 : 0.5), top);
        join(second, x + wide * (sideBySide() ? 0.7 : 0.5), top);
    }

    private double stack(List<Region> boxes, double x, double y, double width) {
        double at = y;
        for (int i = 0; i < boxes.size(); i++) {
            var box = boxes.get(i);
            double height = box.prefHeight(width);
            box.resizeRelocate(x, at, width, height);
            at += height;
            if (i < boxes.size() - 1) {
                arrow(x + width / 2, at, x + width / 2, at + BETWEEN);
                at += BETWEEN;
            }
        }
        return at;
    }

    private void join(List<Region> chain, double toX, double toY) {
        if (!chain.isEmpty()) {
            var last = chain.getLast();
            double fromX = last.getLayoutX() + last.getWidth() / 2;
            arrow(fromX, last.getLayoutY() + last.getHeight(), toX, toY);
        }
    }

    private void arrow(double fromX, double fromY, double toX, double toY) {
        double turn = toY - 17;
        lines.getElements().add(new MoveTo(fromX, fromY));
        if (fromX != toX) {
            lines.getElements().addAll(new LineTo(fromX, turn), new LineTo(toX, turn));
        }
        lines.getElements().add(new LineTo(toX, toY - 6));
        tips.stream()
                .filter(tip -> !tip.isVisible())
                .findFirst()
                .ifPresent(tip -> {
                    tip.setVisible(true);
                    tip.relocate(toX - 5, toY - 9);
                });
    }
}
