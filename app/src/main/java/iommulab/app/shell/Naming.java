package iommulab.app.shell;

/// Whose words stand on a structure in memory: those of the architecture's specification, or ours, which
/// are the same on every architecture.
public enum Naming {
    BOTH("both names"),
    VENDORS("vendor's names"),
    OURS("neutral names");

    private final String words;

    Naming(String words) {
        this.words = words;
    }

    public String words() {
        return words;
    }
}
