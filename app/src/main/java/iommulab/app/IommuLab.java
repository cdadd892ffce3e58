package iommulab.app;

import iommulab.app.shell.Bench;
import iommulab.engine.session.Session;

import javafx.application.Application;
import javafx.stage.Stage;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Objects;

/// The program with a window.
public final class IommuLab extends Application {
    /* JavaFX makes the application itself, from its class alone: what it opens waits here. */
    private static @Nullable Session first;

    private @Nullable Session session;

    /// Called by JavaFX.
    public IommuLab() {}

    /// Opens the window; returns when it is closed.
    static void open(Session session) {
        first = session;
        launch(IommuLab.class);
    }

    @Override
    public void start(Stage stage) {
        session = Objects.requireNonNull(first, "open() names the machine");
        LabWindow.around(new Bench(new SessionLink(session)), List.of()).openOn(stage);
    }

    @Override
    public void stop() {
        if (session != null) {
            session.close();
        }
    }
}
