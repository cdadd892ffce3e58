package iommulab.app.theme;

import javafx.beans.binding.BooleanExpression;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.ReadOnlyDoubleProperty;
import javafx.beans.property.ReadOnlyDoubleWrapper;
import javafx.beans.property.SimpleObjectProperty;
import javafx.beans.value.ObservableValue;
import javafx.geometry.Point2D;
import javafx.scene.canvas.Canvas;
import javafx.scene.input.MouseEvent;
import javafx.scene.layout.Region;
import javafx.scene.text.Text;

import org.jspecify.annotations.Nullable;

/// A node that is drawn, as large as its place allows. It draws again, once per frame at most, when
/// its size, the theme, the text size or what it shows has changed. All coordinates are pixels at
/// 100 %, whatever the text size in force.
public abstract class Drawing extends Region {
    private static final double FULL_SIZE = 12;

    /// From this text size on, people read from far away.
    private static final double WALL = 2;

    private final Canvas canvas = new Canvas();
    private final Text ruler = new Text();
    private final ObjectProperty<@Nullable Palette> palette = new SimpleObjectProperty<>();
    private final ReadOnlyDoubleWrapper scale = new ReadOnlyDoubleWrapper(1);
    private final BooleanExpression onWall = scale.greaterThanOrEqualTo(WALL);

    /// @param palette the colours in force
    protected Drawing(ObservableValue<Palette> palette) {
        // The ruler is never seen: it inherits the root's font, and thereby tells the text size.
        ruler.setManaged(false);
        ruler.setVisible(false);
        canvas.setManaged(false);
        getChildren().addAll(ruler, canvas);
        this.palette.bind(palette);
        this.palette.addListener((_, _, _) -> redraw());
        ruler.fontProperty().addListener((_, _, font) -> scale.set(font.getSize() / FULL_SIZE));
        scale.addListener((_, _, _) -> {
            requestParentLayout();
            redraw();
        });
    }

    /// Draws everything.
    ///
    /// @param width of the place, in pixels at 100 %
    /// @param height likewise
    protected abstract void draw(Pen pen, double width, double height);

    /// Asks for a new drawing at the next frame.
    public final void redraw() {
        requestLayout();
    }

    /// The text size in force, 1 for 100 %.
    public final ReadOnlyDoubleProperty scaleProperty() {
        return scale.getReadOnlyProperty();
    }

    /// Whether people read from far away.
    public final BooleanExpression onWall() {
        return onWall;
    }

    protected final double scale() {
        return scale.get();
    }

    /// Width of the place, in pixels at 100 %.
    protected final double drawnWidth() {
        return getWidth() / scale();
    }

    protected final double drawnHeight() {
        return getHeight() / scale();
    }

    /// Where an event points, in the coordinates of the drawing.
    protected final Point2D place(MouseEvent event) {
        return new Point2D(event.getX() / scale(), event.getY() / scale());
    }

    @Override
    protected final void layoutChildren() {
        double width = Math.ceil(getWidth());
        double height = Math.ceil(getHeight());
        canvas.setWidth(width);
        canvas.setHeight(height);
        var colours = palette.get();
        if (colours == null || width < 1 || height < 1) {
            return;
        }
        var context = canvas.getGraphicsContext2D();
        context.save();
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.clearRect(0, 0, width, height);
        context.scale(scale(), scale());
        draw(new Pen(context, colours, onWall.get()), width / scale(), height / scale());
        context.restore();
    }
}
