package iommulab.app;

import iommulab.app.Opening.Source;
import iommulab.app.shell.Bench;
import iommulab.engine.io.Progress;
import iommulab.engine.io.machine.MachineReader;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot;

import javafx.scene.Scene;
import javafx.scene.control.ButtonBase;
import javafx.scene.control.Label;
import javafx.scene.control.Labeled;
import javafx.scene.control.Menu;
import javafx.scene.control.MenuBar;
import javafx.scene.control.MenuItem;
import javafx.scene.input.KeyCode;
import javafx.stage.Stage;
import javafx.stage.WindowEvent;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;

/// The whole program in a window that nobody sees, files included.
final class LabFiles implements AutoCloseable {
    private final Path folder;
    private final OpenMachine first;
    private final AnsweredFiles answers = new AnsweredFiles();
    private final Robot robot;
    private Bench bench;
    private FileActions files;

    private LabFiles(OpenMachine first, Path folder) {
        this.first = first;
        this.folder = folder;
        this.robot = Robot.on(this::window);
    }

    /// The window on a sample, as it opens without an argument.
    ///
    /// @param folder for the recovery of machines without a file
    static LabFiles onSample(String name, Path folder) {
        try {
            return new LabFiles(
                    OpenMachine.switchedOn(Samples.read(name), Optional.empty()), folder);
        } catch (Exception e) {
            throw new AssertionError(name, e);
        }
    }

    /// The window on a file, as it opens with one.
    static LabFiles onFile(Path file, Path folder) {
        try {
            return new LabFiles(
                    OpenMachine.switchedOn(
                            MachineReader.read(file, Progress.NONE), OpenMachine.own(file)),
                    folder);
        } catch (Exception e) {
            throw new AssertionError(file.toString(), e);
        }
    }

    private Scene window(Stage stage) {
        bench = new Bench(first.session());
        files = new FileActions(bench, stage, first, new Recovery(folder), answers);
        var window = LabWindow.around(bench, files.all());
        window.start();
        files.begin();
        return window.scene();
    }

    Robot robot() {
        return robot;
    }

    MachineSnapshot machine() {
        return Robot.onScreen(bench::machine);
    }

    /// What the person answers when the window asks for a file.
    AnsweredFiles answers() {
        return answers;
    }

    /// Chooses an entry of a menu.
    LabFiles choose(String menu, String title) {
        Robot.onScreen(() -> {
            var menus = ((MenuBar) robot.find("#menus")).getMenus();
            item(((Menu) item(menus, "_" + menu)).getItems(), title).fire();
        });
        robot.settle();
        return this;
    }

    /// Chooses an entry of a menu in a menu by how its title begins; a sample's title is its file's name
    /// until it is read.
    LabFiles choose(String menu, String inner, String title) {
        Robot.onScreen(() -> {
            var menus = ((MenuBar) robot.find("#menus")).getMenus();
            var items =
                    ((Menu) item(((Menu) item(menus, "_" + menu)).getItems(), inner)).getItems();
            item(items, title).fire();
        });
        robot.settle();
        return this;
    }

    private static MenuItem item(List<? extends MenuItem> items, String title) {
        return items.stream()
                .filter(item ->
                        item.getText() != null && plain(item.getText()).startsWith(plain(title)))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no entry " + title));
    }

    private static String plain(String title) {
        return title.toLowerCase(Locale.ROOT).replace('-', ' ');
    }

    LabFiles open(Path file) {
        Robot.onScreen(() -> files.read(file));
        robot.settle();
        return this;
    }

    /// Imports a capture, of which nothing more than its first step is done before the gate opens.
    LabFiles importSlowly(Path capture, CountDownLatch gate) {
        Robot.onScreen(() ->
                files.open(
                        new Source(
                                "slow",
                                Optional.empty(),
                                progress ->
                                        MachineReader.read(capture, new Gated(progress, gate)))));
        robot.settle();
        return this;
    }

    LabFiles save(Path file) {
        Robot.onScreen(() -> files.write(file));
        return until("it is saved", () -> says("#status-file", "saved"));
    }

    /// Runs a command and waits until the window shows it.
    LabFiles run(Command command) {
        int before = machine().journal().position();
        Robot.onScreen(() -> {
            bench.submit(command, robot.stage().getScene().getRoot());
        });
        return until("it is run", () -> machine().journal().position() == before + 1);
    }

    /// Asks the window to close, as the button of its title bar does.
    LabFiles askToClose() {
        Robot.onScreen(() ->
                robot.stage()
                        .fireEvent(
                                new WindowEvent(robot.stage(), WindowEvent.WINDOW_CLOSE_REQUEST)));
        robot.settle();
        return this;
    }

    LabFiles redo() {
        robot.press(KeyCode.CONTROL, KeyCode.Y);
        return this;
    }

    /// Whether so many commands are in force.
    boolean isAt(int position) {
        return machine().journal().position() == position;
    }

    boolean says(String label, String words) {
        return robot.sees(label)
                && Robot.onScreen(() -> ((Label) robot.find(label)).getText().contains(words));
    }

    /// What a screen reader says of a drawing.
    boolean describes(String drawing, String words) {
        return Robot.onScreen(() -> {
            var text = robot.find(drawing).getAccessibleText();
            return text != null && text.contains(words);
        });
    }

    LabFiles until(String what, BooleanSupplier so) {
        robot.until(what, so);
        return this;
    }

    /// Presses a button of a dialog, or a link.
    LabFiles press(String words) {
        var button =
                Robot.all(ButtonBase.class, b -> words.equals(b.getText())).stream()
                        .findFirst()
                        .orElseThrow(() -> new AssertionError("no button " + words));
        Robot.onScreen(button::fire);
        robot.settle();
        return this;
    }

    /// All words that stand anywhere in an open window or menu.
    boolean reads(String words) {
        return !Robot.all(Labeled.class, l -> l.getText() != null && l.getText().contains(words))
                .isEmpty();
    }

    @Override
    public void close() {
        robot.close();
        Robot.onScreen(files::close);
    }

    /// Stops an import at its first step until it is let go or cancelled.
    private record Gated(Progress progress, CountDownLatch gate) implements Progress {
        @Override
        public void at(String what, long done, long total) {
            progress.at(what, done, total);
            try {
                gate.await();
            } catch (InterruptedException cancelled) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public boolean cancelled() {
            return progress.cancelled();
        }
    }
}
