package iommulab.app.memory;

import iommulab.app.theme.Drawing;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;

import javafx.beans.property.DoubleProperty;
import javafx.beans.property.ReadOnlyDoubleProperty;
import javafx.beans.property.ReadOnlyDoubleWrapper;
import javafx.beans.property.SimpleDoubleProperty;
import javafx.beans.value.ObservableValue;
import javafx.scene.AccessibleRole;
import javafx.scene.Cursor;
import javafx.scene.input.KeyEvent;
import javafx.scene.input.MouseEvent;

import org.jspecify.annotations.Nullable;

import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BiConsumer;
import java.util.function.LongConsumer;

/// The words of a frame in rows, the selected one outlined. Arrow keys move the selection, pointing at a
/// digit tells what it is part of.
final class HexCanvas extends Drawing {
    /// Bits that are lit.
    ///
    /// @param hpa of the word
    record Lit(long hpa, long bits) {}

    private final LongConsumer onSelect;
    private final DoubleProperty scrolled = new SimpleDoubleProperty();
    private final ReadOnlyDoubleWrapper mostScrolled = new ReadOnlyDoubleWrapper();
    private final ReadOnlyDoubleWrapper shareSeen = new ReadOnlyDoubleWrapper(1);
    private BiConsumer<OptionalInt, OptionalInt> onPoint = (_, _) -> {};
    private Runnable onFollow = () -> {};
    private @Nullable HexModel model;
    private HexRows rows = HexRows.NARROWEST;
    private int selected;
    private int hovered = -1;
    private @Nullable Lit lit;
    private boolean reveal;

    /// @param onSelect told the address of a word that was chosen
    HexCanvas(ObservableValue<Palette> palette, LongConsumer onSelect) {
        super(palette);
        this.onSelect = onSelect;
        setAccessibleRole(AccessibleRole.TEXT);
        setOnMouseMoved(this::point);
        setOnMouseExited(_ -> pointAt(OptionalInt.empty(), OptionalInt.empty()));
        setOnMousePressed(press -> {
            requestFocus();
            var place = place(press);
            wordAt(place.getX(), place.getY()).ifPresent(this::choose);
            if (press.getClickCount() == 2) {
                onFollow.run();
            }
            press.consume();
        });
        setOnScroll(
                event -> scrolled.set(scrolled.get() - event.getDeltaY() / scale() / HexRows.ROW));
        setOnKeyPressed(this::key);
        scrolled.addListener((_, _, _) -> redraw());
        focusedProperty().addListener((_, _, _) -> redraw());
    }

    /// Rows above the first that is seen.
    DoubleProperty scrolled() {
        return scrolled;
    }

    ReadOnlyDoubleProperty mostScrolled() {
        return mostScrolled.getReadOnlyProperty();
    }

    /// How much of all rows is seen, of what can be scrolled.
    ReadOnlyDoubleProperty shareSeen() {
        return shareSeen.getReadOnlyProperty();
    }

    /// @param onPoint told the word under the pointer and the bit of it; neither where none is
    void onPoint(BiConsumer<OptionalInt, OptionalInt> onPoint) {
        this.onPoint = onPoint;
    }

    /// @param onFollow told that the selected entry shall be followed
    void onFollow(Runnable onFollow) {
        this.onFollow = onFollow;
    }

    /// @param address of the selected word
    void show(HexModel shown, long address) {
        int index = shown.indexOf(address);
        reveal |= model == null || model.hpa() != shown.hpa() || index != selected;
        model = shown;
        selected = index;
        var word = shown.words().get(index);
        setAccessibleText(
                "Word at %x: %x%s"
                        .formatted(
                                shown.addressOf(index),
                                word.raw(),
                                word.use().map(u -> ", " + u.entry().name()).orElse("")));
        redraw();
    }

    /// Lights digits; null lights none.
    void light(@Nullable Lit bits) {
        if (!Objects.equals(bits, lit)) {
            lit = bits;
            redraw();
        }
    }

    private void choose(int word) {
        if (model != null) {
            onSelect.accept(model.addressOf(word));
        }
    }

    private void key(KeyEvent event) {
        int perRow = rows.perRow();
        int page = perRow * Math.max(1, (int) rows.fitting(drawnHeight()) - 1);
        int to =
                switch (event.getCode()) {
                    case LEFT -> selected - 1;
                    case RIGHT -> selected + 1;
                    case UP -> selected - perRow;
                    case DOWN -> selected + perRow;
                    case PAGE_UP -> selected - page;
                    case PAGE_DOWN -> selected + page;
                    case HOME -> 0;
                    case END -> HexModel.WORDS - 1;
                    default -> -1;
                };
        if (event.isAltDown() || event.isControlDown()) {
            return;
        }
        switch (event.getCode()) {
            case ENTER -> onFollow.run();
            case LEFT, RIGHT, UP, DOWN, PAGE_UP, PAGE_DOWN, HOME, END ->
                    choose(Math.clamp(to, 0, HexModel.WORDS - 1));
            default -> {
                return;
            }
        }
        event.consume();
    }

    private OptionalInt wordAt(double x, double y) {
        return rows.wordAt(x, y, scrolled.get());
    }

    private void point(MouseEvent event) {
        var place = place(event);
        var word = wordAt(place.getX(), place.getY());
        var bit = word.isEmpty() ? OptionalInt.empty() : rows.bitAt(word.getAsInt(), place.getX());
        setCursor(word.isPresent() ? Cursor.HAND : Cursor.DEFAULT);
        pointAt(word, bit);
    }

    private void pointAt(OptionalInt word, OptionalInt bit) {
        if (hovered != word.orElse(-1)) {
            hovered = word.orElse(-1);
            redraw();
        }
        onPoint.accept(word, bit);
    }

    @Override
    protected void draw(Pen pen, double width, double height) {
        pen.fill(pen.palette().canvas(), 0, 0, width, height);
        if (model == null) {
            return;
        }
        rows = HexRows.fitting(pen, width, model);
        bound(height);
        var drawing = new HexDrawing(pen, rows, model, scrolled.get());
        drawing.rows(height, selected, hovered, lit);
        drawing.head(width);
        if (isFocused()) {
            drawing.focus(width, height);
        }
    }

    /// Keeps within what there is to scroll, and the selected word in sight after it has moved.
    private void bound(double height) {
        double seen = Math.max(1, Math.floor(rows.fitting(height)));
        double most = Math.max(0, rows.count() - seen);
        mostScrolled.set(most);
        shareSeen.set(seen / rows.count());
        double row = (double) (selected / rows.perRow());
        double to = scrolled.get();
        if (reveal) {
            reveal = false;
            if (row < to) {
                to = row;
            } else if (row >= to + seen) {
                to = row - seen / 2;
            }
        }
        scrolled.set(Math.clamp(Math.rint(to), 0, most));
    }

    /// What lies at a word, or at one digit of it.
    Optional<Pointed> pointed(int word, OptionalInt bit) {
        return Optional.ofNullable(model).map(shown -> Pointed.of(shown, word, bit));
    }

    /// Address of the selected word.
    long selectedAddress() {
        return model == null ? -1 : model.addressOf(selected);
    }

    /// What is selected.
    Optional<Pointed> selected() {
        return pointed(selected, OptionalInt.empty());
    }
}
