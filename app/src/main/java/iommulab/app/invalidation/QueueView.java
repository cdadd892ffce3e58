package iommulab.app.invalidation;

import iommulab.app.shell.Workbench;
import iommulab.engine.session.DeviceSide;

import javafx.scene.control.Label;
import javafx.scene.control.MenuButton;
import javafx.scene.control.MenuItem;
import javafx.scene.layout.VBox;

import java.util.List;
import java.util.Optional;

/// What the queue behind a table waits for, and a menu that puts an invalidation of a device TLB into it
/// without waiting: the queue of a device that hangs can then be looked at.
final class QueueView extends VBox {
    private final Workbench workbench;
    private final Label waiting = new Label();
    private final MenuButton post = new MenuButton("Tell a device TLB, do not wait");
    private Optional<QueueWait> shown = Optional.empty();

    /// @param workbench takes the commands
    QueueView(Workbench workbench) {
        this.workbench = workbench;
        getStyleClass().add("invalidation-queue");
        waiting.setId("invalidation-queue-waits");
        waiting.getStyleClass().add("says-stale");
        waiting.setWrapText(true);
        waiting.setMinHeight(USE_PREF_SIZE);
        post.setId("invalidation-post");
        getChildren().addAll(waiting, post);
    }

    void show(Optional<QueueWait> queue) {
        if (queue.equals(shown)) {
            return;
        }
        shown = queue;
        waiting.setText(queue.map(QueueWait::words).orElse(""));
        waiting.setVisible(!waiting.getText().isEmpty());
        waiting.setManaged(waiting.isVisible());
        var devices = queue.map(QueueWait::devices).orElse(List.of());
        post.getItems().setAll(devices.stream().map(this::item).toList());
        post.setVisible(!devices.isEmpty());
        post.setManaged(post.isVisible());
        setVisible(waiting.isVisible() || post.isVisible());
        setManaged(isVisible());
    }

    private MenuItem item(DeviceSide device) {
        var item = new MenuItem(device.function().toString());
        item.setOnAction(_ -> shown.ifPresent(queue -> workbench.submit(queue.telling(device))));
        return item;
    }
}
