package iommulab.app;

import static org.assertj.core.api.Assertions.assertThat;

import javafx.application.Platform;
import javafx.event.Event;
import javafx.geometry.Bounds;
import javafx.scene.Node;
import javafx.scene.Scene;
import javafx.scene.image.WritableImage;
import javafx.scene.input.ContextMenuEvent;
import javafx.scene.input.KeyCode;
import javafx.scene.input.MouseButton;
import javafx.scene.input.ScrollEvent;
import javafx.stage.Stage;
import javafx.stage.Window;

import org.testfx.api.FxRobot;
import org.testfx.util.WaitForAsyncUtils;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/// A person at the window: looks, points, types. Works without a display, on JavaFX' headless platform;
/// the toolkit starts once per JVM. Every action returns when the window has settled.
public final class Robot implements AutoCloseable {
    private static final int PATIENCE_SECONDS = Toolkit.PATIENCE_SECONDS;

    private final FxRobot hands = new FxRobot();
    private final Stage stage;

    private Robot(Stage stage) {
        this.stage = stage;
    }

    /// Opens a window.
    ///
    /// @param scene made on the JavaFX thread
    public static Robot at(Supplier<Scene> scene) {
        return at(scene, 0, 0);
    }

    /// Opens a window of a size; the headless screen has 1000 by 1000 pixels, and no window may be
    /// larger.
    ///
    /// @param width 0 for the scene's own
    public static Robot at(Supplier<Scene> scene, double width, double height) {
        return on(_ -> scene.get(), width, height);
    }

    /// Opens a window whose program knows it.
    ///
    /// @param scene made on the JavaFX thread, for this window
    public static Robot on(Function<Stage, Scene> scene) {
        return on(scene, 0, 0);
    }

    private static Robot on(Function<Stage, Scene> scene, double width, double height) {
        Toolkit.start();
        var stage =
                onScreen(() -> {
                    var window = new Stage();
                    window.setScene(scene.apply(window));
                    // A window that leaves the headless screen to the left or above cannot be
                    // drawn.
                    window.setX(0);
                    window.setY(0);
                    if (width > 0) {
                        window.setWidth(width);
                        window.setHeight(height);
                    }
                    window.show();
                    window.toFront();
                    window.requestFocus();
                    return window;
                });
        var robot = new Robot(stage);
        robot.settle();
        return robot;
    }

    /// Starts the toolkit, if no test has yet.
    public static void start() {
        Toolkit.start();
    }

    /// Runs something on the JavaFX thread and hands back what it gives.
    public static <T> T onScreen(Callable<T> what) {
        return Toolkit.onScreen(what);
    }

    /// Runs something on the JavaFX thread.
    public static void onScreen(Runnable what) {
        Toolkit.onScreen(what);
    }

    /// The window.
    public Stage stage() {
        return stage;
    }

    /// The one visible node that a selector names, in any window that is open: `#id` or `.class`. What is
    /// not there yet is waited for.
    public Node find(String selector) {
        if (!Platform.isFxApplicationThread()) {
            until("a visible node " + selector, () -> sees(selector));
        }
        return onScreen(() -> OpenWindows.find(selector))
                .orElseThrow(() -> new AssertionError("no visible node " + selector));
    }

    /// Whether a selector names a visible node.
    public boolean sees(String selector) {
        return onScreen(() -> OpenWindows.find(selector)).isPresent();
    }

    /// All nodes below the roots of all open windows, roots included.
    public static List<Node> everything() {
        return onScreen(OpenWindows::everything);
    }

    /// Nodes of a class that fulfil a condition.
    public static <T extends Node> List<T> all(Class<T> kind, Predicate<T> condition) {
        return onScreen(() -> OpenWindows.all(kind, condition));
    }

    public Robot click(String selector) {
        return click(find(selector));
    }

    /// Goes to a control by keyboard and presses it; it may lie outside what is scrolled to.
    public Robot activate(String selector) {
        var control = find(selector);
        onScreen(control::requestFocus);
        return press(KeyCode.SPACE);
    }

    /// Clicks the middle of a node.
    public Robot click(Node node) {
        pointAt(node);
        hands.clickOn(MouseButton.PRIMARY);
        return settle();
    }

    /// Clicks a place of a node.
    ///
    /// @param x in the node's own coordinates
    public Robot clickAt(Node node, double x, double y) {
        pointAt(node, x, y);
        hands.clickOn(MouseButton.PRIMARY);
        return settle();
    }

    public Robot doubleClickAt(Node node, double x, double y) {
        pointAt(node, x, y);
        hands.doubleClickOn(MouseButton.PRIMARY);
        return settle();
    }

    /// Turns the wheel over a place.
    ///
    /// @param pixels positive away from the person
    public Robot turnWheelAt(Node node, double x, double y, double pixels) {
        pointAt(node, x, y);
        var inScene = onScreen(() -> node.localToScene(x, y));
        var at = onScreen(() -> node.localToScreen(x, y));
        onScreen(() ->
                Event.fireEvent(
                        node,
                        new ScrollEvent(
                                ScrollEvent.SCROLL,
                                inScene.getX(),
                                inScene.getY(),
                                at.getX(),
                                at.getY(),
                                false,
                                false,
                                false,
                                false,
                                false,
                                false,
                                0,
                                pixels,
                                0,
                                pixels,
                                ScrollEvent.HorizontalTextScrollUnits.NONE,
                                0,
                                ScrollEvent.VerticalTextScrollUnits.NONE,
                                0,
                                0,
                                null)));
        return settle();
    }

    /// Asks for the menu of what is at a place. The headless platform makes no such request of a click
    /// by the right button; on a screen the desktop does.
    public Robot askMenuAt(Node node, double x, double y) {
        pointAt(node, x, y);
        var at = onScreen(() -> node.localToScreen(x, y));
        onScreen(() ->
                Event.fireEvent(
                        node,
                        new ContextMenuEvent(
                                ContextMenuEvent.CONTEXT_MENU_REQUESTED,
                                x,
                                y,
                                at.getX(),
                                at.getY(),
                                false,
                                null)));
        return settle();
    }

    /// Asks for the menu by the keyboard's key for it.
    public Robot askMenuByKey(Node node) {
        onScreen(() -> {
            node.requestFocus();
            Event.fireEvent(
                    node,
                    new ContextMenuEvent(
                            ContextMenuEvent.CONTEXT_MENU_REQUESTED, 0, 0, 0, 0, true, null));
        });
        return settle();
    }

    private void pointAt(Node node, double x, double y) {
        var at = onScreen(() -> node.localToScreen(x, y));
        hands.moveTo(at.getX(), at.getY());
        settle();
    }

    /// Chooses an entry of the menu that is open.
    public Robot choose(String entry) {
        until("a menu with " + entry, () -> OpenWindows.entryOfMenu(entry).isPresent());
        onScreen(() -> {
            var found = OpenWindows.entryOfMenu(entry).orElseThrow();
            assertThat(found.isDisable()).as("'%s' cannot be chosen", found.getText()).isFalse();
            found.getParentPopup().hide();
            found.fire();
        });
        return settle();
    }

    /// Moves the pointer over a node.
    public Robot pointAt(Node node) {
        var middle = onScreen(() -> middleOf(node));
        hands.moveTo(middle.getCenterX(), middle.getCenterY());
        return settle();
    }

    /// Drags from the middle of one node to the middle of another.
    public Robot drag(String from, String to) {
        pointAt(find(from));
        hands.press(MouseButton.PRIMARY);
        var target = onScreen(() -> middleOf(find(to)));
        hands.moveTo(target.getCenterX(), target.getCenterY());
        hands.release(MouseButton.PRIMARY);
        return settle();
    }

    private static Bounds middleOf(Node node) {
        return node.localToScreen(node.getBoundsInLocal());
    }

    /// Moves the pointer in steps with the button down, as a hand would.
    ///
    /// @param fromX in the node's own coordinates
    public Robot drag(String node, double fromX, double fromY, double toX, double toY) {
        var on = find(node);
        var from = onScreen(() -> on.localToScreen(fromX, fromY));
        var to = onScreen(() -> on.localToScreen(toX, toY));
        hands.moveTo(from.getX(), from.getY());
        hands.press(MouseButton.PRIMARY);
        hands.moveTo((from.getX() + to.getX()) / 2, (from.getY() + to.getY()) / 2);
        hands.moveTo(to.getX(), to.getY());
        hands.release(MouseButton.PRIMARY);
        return settle();
    }

    /// Presses keys together and lets go of them.
    public Robot press(KeyCode... keys) {
        hands.press(keys).release(keys);
        return settle();
    }

    public Robot type(String text) {
        hands.write(text);
        return settle();
    }

    /// Waits until something is so.
    public Robot until(String what, BooleanSupplier so) {
        try {
            WaitForAsyncUtils.waitFor(
                    PATIENCE_SECONDS, TimeUnit.SECONDS, () -> onScreen(so::getAsBoolean));
        } catch (TimeoutException e) {
            throw new AssertionError("waited in vain for: " + what, e);
        }
        return settle();
    }

    /// Waits until the window has done what it was asked.
    public Robot settle() {
        WaitForAsyncUtils.waitForFxEvents(2);
        return this;
    }

    /// A picture of the window.
    public WritableImage look() {
        return onScreen(() -> stage.getScene().snapshot(null));
    }

    /// Closes every window.
    @Override
    public void close() {
        onScreen(() -> List.copyOf(Window.getWindows()).forEach(Window::hide));
        settle();
    }
}
