package iommulab.app;

import iommulab.app.shell.Bench;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.app.theme.Palette;
import iommulab.engine.io.CapturedMachine;
import iommulab.engine.io.FileRefused;
import iommulab.engine.io.Progress;
import iommulab.engine.io.SysfsArchive;
import iommulab.engine.session.Command;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.MachineDescription;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.Outcome;
import iommulab.engine.session.Session;
import iommulab.engine.session.WalkQuestion;

import javafx.beans.value.ObservableValue;
import javafx.scene.control.TabPane;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/// The whole window around a machine that runs: a captured machine, its engine, and a person at the
/// window.
public final class LiveLab implements AutoCloseable {
    private static final Path CAPTURES =
            Path.of("..", "engine", "src", "test", "resources", "linux-groups");
    private static final int SCREEN = 1000;

    private final Session session;
    private final Bench bench;
    private final Robot robot;

    private LiveLab(Session session, Bench bench, Robot robot) {
        this.session = session;
        this.bench = bench;
        this.robot = robot;
    }

    /// Opens the window on a captured machine.
    public static LiveLab on(String capture) {
        return on(session(capture));
    }

    /// Opens the window on a machine that was described by hand.
    public static LiveLab on(MachineDescription machine) {
        try {
            return on(Session.open(machine, List.of()));
        } catch (CommandRefused e) {
            throw new AssertionError(e);
        }
    }

    /// Opens the window on a machine that is switched on.
    public static LiveLab on(Session session) {
        var made = new AtomicReference<Bench>();
        var robot =
                Robot.at(
                        () -> {
                            var bench = new Bench(session);
                            var window = LabWindow.around(bench, List.of());
                            made.set(bench);
                            bench.settings().drawerOpen().set(false);
                            window.start();
                            return window.scene();
                        },
                        SCREEN,
                        SCREEN);
        return new LiveLab(session, made.get(), robot.settle());
    }

    private static Session session(String capture) {
        var file = CAPTURES.resolve(capture).resolve("sysfs.tar.gz");
        try (var archive = Files.newInputStream(file)) {
            return Session.open(
                    CapturedMachine.describe(
                            SysfsArchive.read(archive, Files.size(file), Progress.NONE), capture),
                    List.of());
        } catch (IOException | FileRefused | CommandRefused e) {
            throw new AssertionError(e);
        }
    }

    public Robot robot() {
        return robot;
    }

    public MachineSnapshot machine() {
        return session.newest();
    }

    /// Runs a command as if somebody had done it before.
    public Outcome did(Command command) {
        var outcome = session.submit(command).join();
        robot.settle();
        return outcome;
    }

    public LiveLab opens(Perspective perspective) {
        Robot.onScreen(() -> bench.open(perspective));
        robot.settle();
        return this;
    }

    /// Opens the Walk perspective with a question.
    public LiveLab asks(WalkQuestion question, int step) {
        Robot.onScreen(() -> bench.openWalk(question, step));
        robot.settle();
        return this;
    }

    public LiveLab selects(Subject subject) {
        Robot.onScreen(() -> bench.select(subject));
        robot.settle();
        return this;
    }

    /// Makes text so small that the inspector is not folded on a screen of 1000 pixels.
    public LiveLab withAllOfTheInspector() {
        Robot.onScreen(() -> bench.settings().textScale().set(0.7));
        robot.settle();
        return this;
    }

    /// Opens the drawer at one of its tabs.
    public LiveLab opensDrawer(String tab) {
        Robot.onScreen(() -> {
            bench.settings().drawerOpen().set(true);
            var tabs = (TabPane) robot.find("#drawer");
            tabs.getSelectionModel()
                    .select(
                            tabs.getTabs().stream()
                                    .filter(t -> t.getText().equals(tab))
                                    .findFirst()
                                    .orElseThrow());
        });
        robot.settle();
        return this;
    }

    /// The colours in force.
    public ObservableValue<Palette> palette() {
        return bench.palette();
    }

    public Subject subject() {
        return Robot.onScreen(() -> bench.subject().get());
    }

    public Perspective perspective() {
        return Robot.onScreen(() -> bench.perspective().get());
    }

    @Override
    public void close() {
        robot.close();
        session.close();
    }
}
