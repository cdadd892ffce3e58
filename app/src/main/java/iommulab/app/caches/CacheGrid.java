package iommulab.app.caches;

import iommulab.app.theme.Drawing;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Sign;
import iommulab.app.theme.Type;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.CacheSnapshot.Line;

import javafx.beans.value.ObservableValue;
import javafx.scene.AccessibleRole;
import javafx.scene.control.Tooltip;
import javafx.scene.input.MouseEvent;

import org.jspecify.annotations.Nullable;

import java.util.Optional;
import java.util.function.Consumer;

/// A cache as sets by ways. Only the visible sets are drawn.
final class CacheGrid extends Drawing {
    private static final double SENTENCE = 170;
    private static final double HEAD = 26;
    private static final double WAYS_HEAD = 16;
    private static final double PITCH = 28;
    private static final double CELL = 24;
    private static final double GAP = 4;
    private static final double LEAST_CELL = 14;
    private static final double TEXT_FROM = 54;

    private final Consumer<Line> onLine;
    private @Nullable GridModel model;
    private final Tooltip tip = new Tooltip();
    private double scrolled;

    /// @param onLine told the entry that was clicked
    CacheGrid(ObservableValue<Palette> palette, Consumer<Line> onLine) {
        super(palette);
        this.onLine = onLine;
        setAccessibleRole(AccessibleRole.TABLE_VIEW);
        setMinSize(0, 0);
        setOnScroll(event -> {
            scrolled -= event.getDeltaY() / scale();
            redraw();
        });
        setOnMouseClicked(this::click);
        setOnMouseMoved(this::tell);
    }

    void show(GridModel model) {
        if (!model.equals(this.model)) {
            boolean wasEmpty = this.model == null || this.model.cache().lines().isEmpty();
            if (wasEmpty && !model.cache().lines().isEmpty()) {
                scrolled = model.cache().lines().getFirst().set() * PITCH;
            }
            this.model = model;
            setAccessibleText(
                    "%s, %s, hit rate %s".formatted(model.title(), model.shape(), model.hitRate()));
            redraw();
        }
    }

    /// The cache that is shown, once there is one.
    Optional<CacheSnapshot> cache() {
        return Optional.ofNullable(model).map(GridModel::cache);
    }

    private double left(GridModel shown) {
        return 8 + Math.max(2, Integer.toHexString(Math.max(1, shown.sets() - 1)).length()) * 8;
    }

    private double cellWidth(GridModel shown, double width) {
        double each = (width - left(shown) - 8) / shown.ways() - GAP;
        return Math.max(LEAST_CELL, Math.min(each, 240));
    }

    private void click(MouseEvent event) {
        lineAt(event).ifPresent(onLine);
    }

    /// A cell may be too narrow for its words: they stand beside the pointer.
    private void tell(MouseEvent event) {
        Tooltip.uninstall(this, tip);
        lineAt(event)
                .ifPresent(line -> {
                    tip.setText(words(line));
                    Tooltip.install(this, tip);
                });
    }

    private String words(Line line) {
        var kind = cache().orElseThrow().kind();
        return "set %x, way %d: %s%s %s"
                .formatted(
                        line.set(),
                        line.way(),
                        GridModel.space(kind, line),
                        GridModel.key(kind, line),
                        GridModel.value(kind, line));
    }

    private Optional<Line> lineAt(MouseEvent event) {
        if (model == null || model.cache().geometry().isOff()) {
            return Optional.empty();
        }
        var at = place(event);
        int set = (int) ((at.getY() - HEAD - WAYS_HEAD + scrolled) / PITCH);
        int way = (int) ((at.getX() - left(model)) / (cellWidth(model, drawnWidth()) + GAP));
        var lines = model.cache().lines();
        return lines.subList(model.firstOf(set), lines.size()).stream()
                .takeWhile(line -> line.set() == set)
                .filter(line -> line.way() == way)
                .findFirst();
    }

    @Override
    protected void draw(Pen pen, double width, double height) {
        if (model == null) {
            return;
        }
        head(pen, model, width);
        if (model.cache().geometry().isOff()) {
            pen.textWithin(
                    width < SENTENCE ? "reads memory" : "Every lookup reads memory.",
                    Type.SECONDARY,
                    pen.palette().text2(),
                    0,
                    HEAD + 16,
                    width);
            return;
        }
        double room = height - HEAD - WAYS_HEAD;
        double full = model.sets() * PITCH;
        scrolled = Math.clamp(scrolled, 0, Math.max(0, full - room));
        double cell = cellWidth(model, width);
        pen.context().save();
        pen.context().beginPath();
        pen.context().rect(0, HEAD, width, height - HEAD);
        pen.context().clip();
        ways(pen, model, cell);
        pen.context().beginPath();
        pen.context().rect(0, HEAD + WAYS_HEAD, width, room);
        pen.context().clip();
        int first = (int) (scrolled / PITCH);
        int last = Math.min(model.sets() - 1, (int) ((scrolled + room) / PITCH));
        for (int set = first; set <= last; set++) {
            set(pen, model, set, HEAD + WAYS_HEAD + set * PITCH - scrolled, cell, width);
        }
        pen.context().restore();
        if (full > room) {
            double share = room / full;
            pen.plate(
                    pen.palette().line(),
                    width - 5,
                    HEAD + WAYS_HEAD + scrolled * share,
                    4,
                    Math.max(8, room * share),
                    2);
        }
    }

    private static void head(Pen pen, GridModel shown, double width) {
        var palette = pen.palette();
        pen.text(shown.title(), Type.HEAD, palette.text1(), 0, 14);
        double used = pen.width(shown.title(), Type.HEAD) + 10;
        pen.textRight(shown.hitRate(), Type.MONO_BOLD, palette.text1(), width - 8, 14);
        double room = width - used - 64;
        if (room > 70) {
            pen.textWithin(shown.shape(), Type.DENSE, palette.text2(), used, 14, room);
        }
    }

    private void ways(Pen pen, GridModel shown, double cell) {
        if (cell < TEXT_FROM) {
            return;
        }
        for (int way = 0; way < shown.ways(); way++) {
            pen.text(
                    "way " + way,
                    Type.SMALLEST,
                    pen.palette().text3(),
                    left(shown) + way * (cell + GAP),
                    HEAD + 10);
        }
    }

    private void set(Pen pen, GridModel shown, int set, double y, double cell, double width) {
        var palette = pen.palette();
        var cache = shown.cache();
        if (set == cache.lastSet()) {
            pen.plate(palette.accentGround(), 0, y - 2, width - 8, PITCH, 3);
        }
        pen.text(
                Integer.toHexString(set),
                Type.BIT,
                set == cache.lastSet() ? palette.text1() : palette.text3(),
                2,
                y + 16);
        for (int way = 0; way < shown.ways(); way++) {
            double x = left(shown) + way * (cell + GAP);
            pen.outline(palette.faintLine(), 1, x, y, cell, CELL, 3);
            if (cell >= TEXT_FROM) {
                pen.textCentre("–", Type.SMALLEST, palette.line(), x + cell / 2, y + 16);
            }
        }
        for (int i = shown.firstOf(set); i < cache.lines().size(); i++) {
            var line = cache.lines().get(i);
            if (line.set() != set) {
                break;
            }
            cell(pen, shown, line, left(shown) + line.way() * (cell + GAP), y, cell);
        }
    }

    private static void cell(Pen pen, GridModel shown, Line line, double x, double y, double w) {
        var palette = pen.palette();
        boolean stale = line.stale().isPresent();
        boolean last =
                line.set() == shown.cache().lastSet() && line.way() == shown.cache().lastWay();
        boolean chosen =
                shown.selected()
                        .filter(s -> s.set() == line.set() && s.way() == line.way())
                        .isPresent();
        pen.plate(stale ? palette.staleGround() : palette.bar(), x, y, w, CELL, 3);
        if (last || chosen) {
            pen.outline(palette.accent(), last ? 2.4 : 1.6, x, y, w, CELL, 3);
        } else if (stale) {
            pen.outline(palette.stale(), 1.4, x, y, w, CELL, 3, 5, 3);
        } else {
            pen.outline(palette.line(), 1, x, y, w, CELL, 3);
        }
        pen.fill(palette.category(line.domain()), x + 2, y + 4, 3, CELL - 8);
        if (w < TEXT_FROM) {
            var key = GridModel.key(shown.cache().kind(), line);
            if (!stale && pen.width(key, Type.BIT) + 10 <= w) {
                pen.text(key, Type.BIT, palette.text1(), x + 7, y + 16);
            } else if (stale) {
                pen.sign(Sign.STALE, x + w / 2 + 2, y + CELL / 2, Math.min(9, w - 5));
            }
            return;
        }
        double right = x + w - 6;
        if (w >= 86) {
            ages(pen, line, shown.ways(), right - 18, y + CELL - 6);
            right -= 24;
        }
        if (stale) {
            pen.sign(Sign.STALE, right - 6, y + CELL / 2, 11);
            right -= 16;
        }
        text(pen, shown.cache().kind(), line, last || stale, x + 9, y + 16, right);
    }

    private static void text(
            Pen pen, CacheKind kind, Line line, boolean strong, double x, double y, double right) {
        var palette = pen.palette();
        var domain = GridModel.number(kind, line);
        var key = GridModel.key(kind, line);
        double width = pen.width(domain, Type.MONO);
        var type = strong ? Type.MONO_BOLD : Type.MONO;
        if (x + width + pen.width(key, type) <= right) {
            pen.text(domain, Type.MONO, palette.text2(), x, y);
            x += width;
        }
        pen.text(tail(pen, key, type, right - x), type, palette.text1(), x, y);
        var value = GridModel.value(kind, line);
        double used = x + pen.width(key, type) + 8;
        if (used + pen.width(value, Type.MONO) <= right) {
            pen.text(value, Type.MONO, palette.text2(), used, y);
        }
    }

    /// Neighbouring pages differ in their last digits: where room is short, those stay.
    private static String tail(Pen pen, String key, Type type, double width) {
        if (pen.width(key, type) <= width) {
            return key;
        }
        int from = 1;
        while (from < key.length() - 1 && pen.width("…" + key.substring(from), type) > width) {
            from++;
        }
        return "…" + key.substring(from);
    }

    /// Four bars; the youngest entry of a set has all of them.
    private static void ages(Pen pen, Line line, int ways, double x, double bottom) {
        int oldest = Math.max(1, ways - 1);
        int bars = 4 - Math.round(3f * Math.min(line.age(), oldest) / oldest);
        for (int i = 0; i < 4; i++) {
            double height = 3 + 2.5 * i;
            pen.fill(
                    i < bars ? pen.palette().text2() : pen.palette().line(),
                    x + i * 4.5,
                    bottom - height,
                    3.2,
                    height);
        }
    }
}
