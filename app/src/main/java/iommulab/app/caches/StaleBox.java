package iommulab.app.caches;

import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;

import java.util.List;

/// Says which entries no longer agree with the tables, what is missing, and sends it.
final class StaleBox extends HBox {
    private static final int SHOWN = 2;

    private final Label headline = new Label();
    private final VBox entries = new VBox();
    private final Button send = new Button();
    private List<CachesModel.Stale> shown = List.of();

    /// @param onSend called when the missing invalidations shall be sent
    StaleBox(Runnable onSend) {
        getStyleClass().addAll("stale-box");
        headline.getStyleClass().addAll("row-name", "says-stale");
        headline.setId("stale-headline");
        send.setId("stale-send");
        send.setMinWidth(USE_PREF_SIZE);
        send.setOnAction(_ -> onSend.run());
        headline.setWrapText(true);
        entries.getStyleClass().add("not-on-wall");
        var text = new VBox(headline, entries);
        HBox.setHgrow(text, Priority.ALWAYS);
        getChildren().addAll(text, send);
        setVisible(false);
        setManaged(false);
    }

    void show(CachesModel model) {
        if (model.stale().equals(shown)) {
            return;
        }
        shown = model.stale();
        setVisible(!shown.isEmpty());
        setManaged(!shown.isEmpty());
        headline.setText("▲ " + model.staleHeadline());
        send.setText(
                shown.size() == 1
                        ? "Send the missing invalidation"
                        : "Send the %d missing invalidations".formatted(shown.size()));
        entries.getChildren().clear();
        for (var entry : shown.subList(0, Math.min(SHOWN, shown.size()))) {
            var where = new Label(entry.where());
            where.getStyleClass().add("strong");
            var says = new Label(entry.difference());
            says.getStyleClass().add("muted");
            var line = new HBox(where, says);
            line.getStyleClass().add("form-row");
            var missing = new Label("missing: " + entry.missing());
            missing.getStyleClass().addAll("mono-secondary", "says-stale");
            entries.getChildren().addAll(line, missing);
        }
        if (shown.size() > SHOWN) {
            var more = new Label("%d more".formatted(shown.size() - SHOWN));
            more.getStyleClass().add("secondary");
            entries.getChildren().add(more);
        }
    }
}
