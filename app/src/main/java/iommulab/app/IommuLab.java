package iommulab.app;

import iommulab.app.shell.Bench;
import iommulab.app.shell.Defects;

import javafx.application.Application;
import javafx.stage.Stage;

import org.jspecify.annotations.Nullable;

import java.util.Objects;

/// The program with a window.
public final class IommuLab extends Application {
    /* JavaFX makes the application itself, from its class alone: what it opens waits here. */
    private static @Nullable OpenMachine first;

    private @Nullable FileActions files;

    /// Called by JavaFX.
    public IommuLab() {}

    /// Opens the window; returns when it is closed.
    static void open(OpenMachine machine) {
        first = machine;
        launch(IommuLab.class);
    }

    @Override
    public void start(Stage stage) {
        Defects.watch();
        var machine = Objects.requireNonNull(first, "open() names the machine");
        var bench = new Bench(machine.session());
        files =
                new FileActions(
                        bench, stage, machine, Recovery.ofThisUser(), new FileQuestion.OfDesktop());
        LabWindow.around(bench, files.all()).openOn(stage);
        files.begin();
    }

    @Override
    public void stop() {
        if (files != null) {
            files.close();
        }
    }
}
