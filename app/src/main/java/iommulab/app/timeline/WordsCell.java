package iommulab.app.timeline;

import iommulab.app.shell.ProposalLabel;

import javafx.scene.Node;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.control.TableCell;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Region;
import javafx.scene.shape.Rectangle;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.function.Consumer;

/// A cell of words, some of which are links. What does not fit is cut off at the cell's edge.
///
/// The links are no stops of the Tab key, of which a long table would have hundreds: the row's menu has
/// them too.
final class WordsCell<T> extends TableCell<T, List<CallWord>> {
    private final Consumer<CallWord> follow;
    private final HBox line = new HBox();

    /// @param follow is told which word was clicked
    WordsCell(String styleClass, Consumer<CallWord> follow) {
        this.follow = follow;
        getStyleClass().add(styleClass);
        line.setMinWidth(0);
        var edge = new Rectangle();
        edge.widthProperty().bind(line.widthProperty());
        edge.heightProperty().bind(line.heightProperty());
        line.setClip(edge);
    }

    @Override
    protected void updateItem(@Nullable List<CallWord> words, boolean empty) {
        super.updateItem(words, empty);
        if (empty || words == null) {
            setGraphic(null);
        } else {
            line.getChildren().setAll(words.stream().map(this::node).toList());
            if (ProposalLabel.concerns(words.getFirst().text())) {
                line.getChildren().add(ProposalLabel.ofCall());
            }
            setGraphic(line);
        }
    }

    private Node node(CallWord word) {
        if (word.leadsTo().isEmpty()) {
            var text = new Label(word.text());
            text.setMinWidth(Region.USE_PREF_SIZE);
            return text;
        }
        var link = new Hyperlink(word.text());
        link.getStyleClass().add("link");
        link.setMinWidth(Region.USE_PREF_SIZE);
        link.setFocusTraversable(false);
        link.setOnAction(_ -> follow.accept(word));
        return link;
    }
}
