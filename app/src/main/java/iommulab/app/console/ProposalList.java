package iommulab.app.console;

import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.ListView;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;

import org.jspecify.annotations.Nullable;

import java.util.function.Function;

/// What could be typed at the caret, beside what was said. The keyboard stays in the field.
final class ProposalList {
    private final CallField field;
    private final Function<String, Completion> completions;
    private final ListView<Proposal> list = new ListView<>();
    private int from;

    /// @param completions for a line up to the caret
    ProposalList(CallField field, Function<String, Completion> completions) {
        this.field = field;
        this.completions = completions;
        list.setId("console-proposals");
        list.setAccessibleText("What could be typed");
        list.setFocusTraversable(false);
        list.getStyleClass().add("console-proposals");
        list.setCellFactory(_ -> new Cell());
        list.setOnMouseClicked(_ -> takeChosen());
        list.managedProperty().bind(list.visibleProperty());
        close();
        field.textProperty()
                .addListener((_, _, _) -> {
                    if (isOpen()) {
                        refresh();
                    }
                });
    }

    Node view() {
        return list;
    }

    boolean isOpen() {
        return list.isVisible();
    }

    void close() {
        list.setVisible(false);
        list.getItems().clear();
    }

    /// Types what all proposals have in common; where they differ, they are listed. Again takes the chosen one.
    void complete() {
        if (isOpen() && takeChosen()) {
            return;
        }
        var typed = typed();
        var completion = completions.apply(typed);
        from = completion.from();
        if (completion.proposals().isEmpty()) {
            close();
        } else if (completion.proposals().size() == 1) {
            close();
            put(completion.proposals().getFirst().text());
        } else {
            put(completion.common(typed));
            fill(completion);
        }
    }

    private void refresh() {
        var completion = completions.apply(typed());
        from = completion.from();
        if (completion.proposals().isEmpty()) {
            close();
        } else {
            fill(completion);
        }
    }

    private void fill(Completion completion) {
        list.getItems().setAll(completion.proposals());
        list.getSelectionModel().clearSelection();
        list.setVisible(true);
    }

    private String typed() {
        return field.getText(0, Math.min(field.getCaretPosition(), field.getLength()));
    }

    /// Chooses the one above or below; whether there is a list.
    boolean move(int way) {
        if (!isOpen()) {
            return false;
        }
        int count = list.getItems().size();
        int now = list.getSelectionModel().getSelectedIndex();
        int next = now < 0 && way < 0 ? count - 1 : Math.floorMod(now + way, count);
        list.getSelectionModel().select(next);
        list.scrollTo(Math.max(0, next - 2));
        return true;
    }

    /// Types the chosen one; whether one was chosen.
    boolean takeChosen() {
        var chosen = list.getSelectionModel().getSelectedItem();
        if (!isOpen() || chosen == null) {
            return false;
        }
        close();
        put(chosen.text());
        return true;
    }

    private void put(String text) {
        int start = Math.min(from, field.getLength());
        field.replaceText(start, Math.max(start, field.getCaretPosition()), text);
        field.positionCaret(start + text.length());
    }

    /// A proposal and what it is.
    private static final class Cell extends ListCell<Proposal> {
        private final Label text = new Label();
        private final Label about = new Label();
        private final HBox line = new HBox(text, about);

        Cell() {
            text.getStyleClass().add("mono");
            text.setMinWidth(Region.USE_PREF_SIZE);
            about.getStyleClass().add("secondary");
            about.setMinWidth(0);
            HBox.setHgrow(about, Priority.ALWAYS);
            line.getStyleClass().add("console-proposal");
            setPrefWidth(0);
        }

        @Override
        protected void updateItem(@Nullable Proposal proposal, boolean empty) {
            super.updateItem(proposal, empty);
            setGraphic(empty ? null : line);
            if (!empty && proposal != null) {
                text.setText(proposal.text());
                about.setText(proposal.about());
            }
        }
    }
}
