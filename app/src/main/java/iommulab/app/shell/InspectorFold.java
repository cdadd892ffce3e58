package iommulab.app.shell;

import javafx.css.PseudoClass;

/// How the frame tells the inspector that there is little room: by a pseudo-class on its view.
public final class InspectorFold {
    /// Set while the window is too narrow for the whole inspector.
    public static final PseudoClass FOLDED = PseudoClass.getPseudoClass("folded");

    private InspectorFold() {}
}
