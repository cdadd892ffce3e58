package iommulab.app.shell;

/// The big views of the window, in the order of the rail.
public enum Perspective {
    MACHINE("Machine", "Shortcut+1"),
    GROUPS("Groups", "Shortcut+2"),
    DOMAINS("Domains", "Shortcut+3"),
    WALK("Walk", "Shortcut+4"),
    CACHES("Caches", "Shortcut+5"),
    TRAFFIC("Traffic", "Shortcut+6"),
    FAULTS("Faults", "Shortcut+7"),
    MEMORY("Memory", "Shortcut+8"),
    PASIDS("PASIDs", "Shortcut+9"),
    SOFTWARE("Software", "Shortcut+Shift+1"),
    OWNERSHIP("Ownership", "Shortcut+Shift+2");

    private final String title;
    private final String key;

    Perspective(String title, String key) {
        this.title = title;
        this.key = key;
    }

    /// The key that opens it. Ctrl+0 is the text at 100 %, so the tenth begins with Shift.
    public String key() {
        return key;
    }

    public String title() {
        return title;
    }
}
