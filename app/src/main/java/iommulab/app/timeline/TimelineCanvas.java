package iommulab.app.timeline;

import iommulab.app.theme.Drawing;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Sign;
import iommulab.app.theme.Type;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import javafx.beans.value.ObservableValue;
import javafx.scene.input.KeyEvent;
import javafx.scene.input.MouseEvent;

import java.util.List;
import java.util.OptionalLong;
import java.util.function.IntConsumer;

/// Draws the timeline, and turns a drag of its handle, a click or an arrow key into a journal position.
final class TimelineCanvas extends Drawing {
    private static final double NAMES = 138;
    private static final double HEAD = 22;
    private static final double LANE = 27;
    private static final double COMMANDS = 22;
    private static final double NARROWEST = 24;
    private static final double MARK = 13;
    private static final double WIDEST = 320;

    private final IntConsumer goTo;
    private TimelineModel model = new TimelineModel(List.of(), 0, List.of(), 0);
    private double[] rights = new double[0];
    private double scrolled;
    private double dragged = Double.NaN;

    /// @param goTo told the journal position that the user asks for
    TimelineCanvas(ObservableValue<Palette> palette, IntConsumer goTo) {
        super(palette);
        this.goTo = goTo;
        setId("timeline");
        setFocusTraversable(true);
        setOnMousePressed(this::grasp);
        setOnMouseDragged(event -> {
            if (!Double.isNaN(dragged)) {
                drag(event);
            }
        });
        setOnMouseReleased(this::drop);
        setOnScroll(scroll -> {
            scrolled = Math.max(0, scrolled + scroll.getDeltaY() + scroll.getDeltaX());
            redraw();
        });
        setOnKeyPressed(this::key);
        focusedProperty().addListener((_, _, _) -> redraw());
    }

    void show(TimelineModel next) {
        if (next.columns().size() != model.columns().size()) {
            scrolled = 0;
        }
        model = next;
        rights = new double[next.columns().size()];
        double right = 0;
        for (int i = 0; i < rights.length; i++) {
            right += Math.clamp(MARK * (next.columns().get(i).events() + 1), NARROWEST, WIDEST);
            rights[i] = right;
        }
        setAccessibleText(next.sentence());
        redraw();
    }

    /// How far the columns are pushed to the left, so that the newest can be seen.
    private double offset() {
        double all = rights.length == 0 ? 0 : rights[rights.length - 1];
        double room = drawnWidth() - NAMES - 70;
        return Math.max(0, all - room - scrolled);
    }

    private double left(int column) {
        return NAMES + (column == 0 ? 0 : rights[column - 1]) - offset();
    }

    private double handle() {
        return Double.isNaN(dragged) ? left(model.position()) : dragged;
    }

    /// The handle can be grasped anywhere along its line; the head takes it to the pointer.
    private void grasp(MouseEvent event) {
        requestFocus();
        // The tabs around would take the focus for themselves.
        event.consume();
        var place = place(event);
        if (place.getY() < HEAD + COMMANDS || Math.abs(place.getX() - handle()) < MARK / 2) {
            drag(event);
        }
    }

    private void drag(MouseEvent event) {
        dragged = Math.clamp(place(event).getX(), left(0), left(rights.length));
        redraw();
    }

    private void drop(MouseEvent event) {
        if (Double.isNaN(dragged)) {
            return;
        }
        int wanted = positionAt(dragged);
        dragged = Double.NaN;
        redraw();
        if (wanted != model.position()) {
            goTo.accept(wanted);
        }
    }

    /// The position whose edge lies nearest.
    private int positionAt(double x) {
        int nearest = 0;
        for (int i = 1; i <= rights.length; i++) {
            if (Math.abs(left(i) - x) < Math.abs(left(nearest) - x)) {
                nearest = i;
            }
        }
        return nearest;
    }

    private void key(KeyEvent event) {
        int wanted =
                switch (event.getCode()) {
                    case LEFT -> model.position() - 1;
                    case RIGHT -> model.position() + 1;
                    case HOME -> 0;
                    case END -> rights.length;
                    default -> -1;
                };
        if (wanted < 0 || wanted > rights.length || event.isAltDown()) {
            return;
        }
        goTo.accept(wanted);
        event.consume();
    }

    @Override
    protected void draw(Pen pen, double width, double height) {
        var palette = pen.palette();
        pen.fill(palette.canvas(), 0, 0, width, height);
        if (rights.length == 0) {
            pen.text(
                    "No command yet. Whatever is done to the machine appears here, and can be"
                            + " gone back to.",
                    Type.BODY,
                    palette.text2(),
                    16,
                    HEAD + 20);
            return;
        }
        drawColumns(pen, width, height);
        double y = HEAD + COMMANDS;
        for (var lane : model.lanes()) {
            drawLane(pen, lane, y, width);
            y += LANE;
        }
        if (model.moreLanes() > 0) {
            pen.text(
                    model.moreLanes() + " more devices",
                    Type.SECONDARY,
                    palette.text2(),
                    16,
                    y + 17);
        }
        drawNames(pen, height);
        drawHandle(pen, height);
    }

    private void drawColumns(Pen pen, double width, double height) {
        var palette = pen.palette();
        double free = 0;
        for (int i = 0; i < rights.length; i++) {
            double x = left(i);
            double right = left(i + 1);
            if (right < NAMES || x > width) {
                continue;
            }
            var column = model.columns().get(i);
            pen.line(palette.faintLine(), 1, right, HEAD - 4, right, height);
            var text = column.undone() ? palette.text3() : palette.text2();
            if (x >= free) {
                pen.text("#" + column.number(), Type.SMALLEST, text, x + 4, 14);
                free = x + 44;
            }
            pen.plate(
                    column.undone() ? palette.raised() : palette.kernel(),
                    x + 4,
                    HEAD + 7,
                    Math.max(6, Math.min(right - x - 6, 14)),
                    8,
                    2);
        }
        pen.line(palette.faintLine(), 1, 0, HEAD + COMMANDS, width, HEAD + COMMANDS);
    }

    private void drawLane(Pen pen, TimelineModel.Lane lane, double y, double width) {
        var palette = pen.palette();
        double middle = Math.rint(y + LANE / 2);
        for (var mark : lane.marks()) {
            var column = model.columns().get(mark.column());
            double from = left(mark.column());
            double to = left(mark.column() + 1);
            double x = from + (to - from) * (mark.place() + 0.5) / Math.max(1, column.events());
            if (x > NAMES && x < width) {
                drawMark(pen, mark.outcome(), x, middle);
            }
        }
        pen.line(palette.faintLine(), 1, 0, y + LANE, width, y + LANE);
    }

    private static void drawMark(Pen pen, DmaOutcome outcome, double x, double y) {
        switch (outcome) {
            case HIT -> pen.sign(Sign.HIT, x, y, 7);
            case WALK -> pen.sign(Sign.WALK, x, y, 11);
            case STALE -> pen.sign(Sign.STALE, x, y, 11);
            case FAULT -> pen.sign(Sign.FAULT, x, y, 12);
            case PEER -> pen.sign(Sign.PEER, x, y, 13);
            case BLOCKED -> pen.sign(Sign.BLOCKED, x, y, 9);
            case BYPASS, INTERRUPT -> pen.sign(Sign.PROBE, pen.palette().kernel(), x, y, 8);
        }
    }

    private void drawNames(Pen pen, double height) {
        var palette = pen.palette();
        pen.fill(palette.canvas(), 0, 0, NAMES - 1, height);
        pen.line(palette.faintLine(), 1, NAMES - 1, HEAD - 4, NAMES - 1, height);
        pen.text("commands", Type.SECONDARY, palette.text2(), 16, HEAD + 15);
        double y = HEAD + COMMANDS;
        for (var lane : model.lanes()) {
            pen.text(lane.device().withoutDomain(), Type.MONO_BOLD, palette.text1(), 16, y + 18);
            pen.textWithin(lane.note(), Type.DENSE, palette.text2(), 72, y + 18, NAMES - 76);
            y += LANE;
        }
    }

    private void drawHandle(Pen pen, double height) {
        var palette = pen.palette();
        double x = Math.rint(handle());
        if (x < NAMES - 1) {
            return;
        }
        boolean moving = !Double.isNaN(dragged);
        pen.line(palette.accent(), 2, x, HEAD - 6, x, height);
        int at = moving ? positionAt(dragged) : model.position();
        var words = at == 0 ? "power-on" : "#" + at;
        double plate = pen.width(words, Type.SECONDARY_BOLD) + 12;
        pen.plate(palette.accentFill(), x - 5, 2, 10, 12, 2);
        pen.plate(palette.accentFill(), x + 8, 1, plate, 16, 3);
        pen.text(words, Type.SECONDARY_BOLD, javafx.scene.paint.Color.WHITE, x + 14, 13);
        if (isFocused()) {
            pen.outline(palette.accent(), 2, x - 8, 0, plate + 18, 18, 5);
        }
    }

    /// The request whose mark lies under a place, if any.
    OptionalLong tickAt(double x, double y) {
        int lane = (int) Math.floor((y - HEAD - COMMANDS) / LANE);
        if (lane < 0 || lane >= model.lanes().size()) {
            return OptionalLong.empty();
        }
        for (var mark : model.lanes().get(lane).marks()) {
            double from = left(mark.column());
            double to = left(mark.column() + 1);
            int events = Math.max(1, model.columns().get(mark.column()).events());
            if (Math.abs(from + (to - from) * (mark.place() + 0.5) / events - x) < MARK / 2) {
                return OptionalLong.of(mark.tick());
            }
        }
        return OptionalLong.empty();
    }
}
