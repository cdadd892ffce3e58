package iommulab.app.shell;

import javafx.beans.property.ObjectProperty;
import javafx.beans.property.SimpleObjectProperty;

import java.util.LinkedHashMap;
import java.util.Map;

/// How the user looks at walks: belongs to the window, and is kept in its file.
public final class WalkLook {
    private static final String NAMING = "naming";
    private static final String VIEW = "walk";

    private final ObjectProperty<Naming> naming = new SimpleObjectProperty<>(Naming.BOTH);
    private final ObjectProperty<View> view = new SimpleObjectProperty<>(View.LADDER);

    /// Both names, on the ladder.
    public WalkLook() {}

    /// The ways to look at a walk.
    public enum View {
        /// A rung for each step.
        LADDER,
        /// A nested walk: first stage × second stage.
        GRID,
        /// Beside another walk.
        PAIR,
        /// On every architecture.
        FORMATS
    }

    public ObjectProperty<Naming> naming() {
        return naming;
    }

    /// A walk that is not nested shows the ladder where this says grid.
    public ObjectProperty<View> view() {
        return view;
    }

    /// The members of a file's view that keep this.
    Map<String, String> toView() {
        var kept = new LinkedHashMap<String, String>();
        kept.put(NAMING, naming.get().name());
        kept.put(VIEW, view.get().name());
        return kept;
    }

    /// Takes over what a file kept; what it does not know stays as it is.
    void restore(Map<String, String> kept) {
        for (var known : Naming.values()) {
            if (known.name().equals(kept.get(NAMING))) {
                naming.set(known);
            }
        }
        for (var known : View.values()) {
            if (known.name().equals(kept.get(VIEW))) {
                view.set(known);
            }
        }
    }
}
