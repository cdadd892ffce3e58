package iommulab.app.shell;

import iommulab.app.theme.Popovers;

import javafx.collections.ListChangeListener;
import javafx.concurrent.Task;
import javafx.scene.Node;
import javafx.scene.control.Hyperlink;

import org.controlsfx.control.PopOver;
import org.controlsfx.control.TaskProgressView;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Long work away from the JavaFX thread: a word in the status bar while something runs; a click shows
/// each task with its progress and Cancel.
public final class RunningTasks {
    private final ExecutorService workers =
            Executors.newCachedThreadPool(
                    work -> Thread.ofPlatform().name("long work").daemon().unstarted(work));
    private final TaskProgressView<Task<?>> tasks = new TaskProgressView<>();
    private final Hyperlink word = new Hyperlink();

    /// Nothing runs yet.
    public RunningTasks() {
        word.setId("running-tasks");
        word.getStyleClass().add("status-item");
        word.managedProperty().bind(word.visibleProperty());
        word.setVisible(false);
        word.setOnAction(_ -> open());
        tasks.getTasks().addListener((ListChangeListener<Task<?>>) _ -> showNumber());
    }

    Node view() {
        return word;
    }

    /// Runs a task; its title, message and progress are shown, and Cancel cancels it. What becomes of
    /// it is told by the task's own handlers.
    public void run(Task<?> task) {
        tasks.getTasks().add(task);
        workers.submit(task);
    }

    private void showNumber() {
        var running = tasks.getTasks();
        word.setVisible(!running.isEmpty());
        if (!running.isEmpty()) {
            word.setText(
                    running.size() == 1
                            ? running.getFirst().getTitle() + "…"
                            : running.size() + " tasks…");
        }
    }

    private void open() {
        var popOver = new PopOver(tasks);
        popOver.setArrowLocation(PopOver.ArrowLocation.BOTTOM_RIGHT);
        popOver.setDetachable(false);
        Popovers.dress(popOver);
        popOver.show(word);
    }
}
