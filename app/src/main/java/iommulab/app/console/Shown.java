package iommulab.app.console;

/// A line that the console shows.
///
/// @param text as it can be copied
record Shown(Kind kind, String text) {
    /// What a line is, and how it looks.
    enum Kind {
        TYPED("console-typed"),
        ANSWER("console-answer"),
        REFUSAL("console-refusal"),
        RULE("console-rule"),
        NOTE("console-note"),
        PROPOSAL("console-not-in-linux");

        private final String styleClass;

        Kind(String styleClass) {
            this.styleClass = styleClass;
        }

        String styleClass() {
            return styleClass;
        }
    }
}
