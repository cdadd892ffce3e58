package iommulab.app.invalidation;

import iommulab.app.shell.Workbench;
import iommulab.engine.session.DeviceSide;

import javafx.scene.control.Label;
import javafx.scene.control.MenuButton;
import javafx.scene.control.MenuItem;
import javafx.scene.control.Tooltip;

import java.util.List;
import java.util.Optional;

/// What the queue behind a table waits for, and a menu beside it that puts an invalidation of a device TLB
/// into it without waiting: the queue of a device that hangs can then be looked at.
final class QueueView extends Label {
    private final Workbench workbench;
    private final MenuButton post = new MenuButton("Post to a device TLB");
    private Optional<QueueWait> shown = Optional.empty();

    /// @param workbench takes the commands
    QueueView(Workbench workbench) {
        this.workbench = workbench;
        setId("invalidation-queue-waits");
        getStyleClass().add("says-stale");
        setWrapText(true);
        setMinHeight(USE_PREF_SIZE);
        managedProperty().bind(visibleProperty());
        post.setId("invalidation-post");
        post.setMinWidth(USE_PREF_SIZE);
        post.setAccessibleText("Tell a device TLB to forget, without waiting for its answer");
        post.setTooltip(new Tooltip("Tells a device to forget, and does not wait for its answer"));
        post.managedProperty().bind(post.visibleProperty());
        post.setVisible(false);
        setVisible(false);
    }

    /// Seen while a device has a TLB of its own in use.
    MenuButton post() {
        return post;
    }

    void show(Optional<QueueWait> queue) {
        if (queue.equals(shown)) {
            return;
        }
        shown = queue;
        setText(queue.map(QueueWait::words).orElse(""));
        setVisible(!getText().isEmpty());
        var devices = queue.map(QueueWait::devices).orElse(List.of());
        post.getItems().setAll(devices.stream().map(this::item).toList());
        post.setVisible(!devices.isEmpty());
    }

    private MenuItem item(DeviceSide device) {
        var item = new MenuItem(device.function().toString());
        item.setOnAction(_ -> shown.ifPresent(queue -> workbench.submit(queue.telling(device))));
        return item;
    }
}
