package iommulab.app;

import javafx.application.Platform;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// JavaFX for tests: it starts once per JVM, and what a test does to nodes it does on the toolkit's thread.
final class Toolkit {
    static final int PATIENCE_SECONDS = 20;
    private static boolean started;

    private Toolkit() {}

    /// Starts the toolkit, if no test has yet.
    static synchronized void start() {
        if (started) {
            return;
        }
        var ready = new CountDownLatch(1);
        Platform.startup(() -> {
            Platform.setImplicitExit(false);
            ready.countDown();
        });
        try {
            if (!ready.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("the toolkit did not start");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        started = true;
    }

    /// Runs something on the JavaFX thread and hands back what it gives.
    static <T> T onScreen(Callable<T> what) {
        start();
        if (Platform.isFxApplicationThread()) {
            try {
                return what.call();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
        var answer = new CompletableFuture<T>();
        Platform.runLater(() -> {
            try {
                answer.complete(what.call());
            } catch (Exception | Error e) {
                answer.completeExceptionally(e);
            }
        });
        try {
            return answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e.getCause() == null ? e : e.getCause());
        }
    }

    /// Runs something on the JavaFX thread.
    static void onScreen(Runnable what) {
        onScreen(() -> {
            what.run();
            return true;
        });
    }
}
