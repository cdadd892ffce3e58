package iommulab.app.inspector;

import iommulab.app.shell.Workbench;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.TreeItem;

import org.controlsfx.control.BreadCrumbBar;

import java.util.List;

/// Where the selected thing is, as bread crumbs; each leads to what it names.
final class PathBar {
    private final BreadCrumbBar<Span> bar = new BreadCrumbBar<>();
    private List<Span> shown = List.of();

    PathBar(Workbench bench) {
        bar.setId("inspector-path");
        bar.setAccessibleText("Where it is");
        bar.setAutoNavigationEnabled(false);
        bar.setFocusTraversable(false);
        bar.setMinWidth(0);
        bar.setCrumbFactory(this::crumb);
        bar.setOnCrumbAction(
                event -> event.getSelectedCrumb().getValue().leadsTo().ifPresent(bench::select));
    }

    private Button crumb(TreeItem<Span> item) {
        var span = item.getValue();
        var crumb = new Button(span.text());
        crumb.getStyleClass().add("crumb");
        if (item.getParent() != null) {
            var arrow = new Label("›");
            arrow.getStyleClass().add("crumb-arrow");
            crumb.setGraphic(arrow);
        }
        boolean last = item.isLeaf();
        crumb.getStyleClass().add(last ? "here" : "above");
        crumb.setAccessibleText(last ? span.text() + ", selected" : "up to " + span.text());
        return crumb;
    }

    Node view() {
        return bar;
    }

    /// @param path from the outermost thing; the bar goes while there is none
    void show(List<Span> path) {
        bar.setManaged(!path.isEmpty());
        bar.setVisible(!path.isEmpty());
        if (!path.equals(shown)) {
            shown = path;
            bar.setSelectedCrumb(
                    path.isEmpty()
                            ? null
                            : BreadCrumbBar.buildTreeModel(path.toArray(Span[]::new)));
        }
    }
}
