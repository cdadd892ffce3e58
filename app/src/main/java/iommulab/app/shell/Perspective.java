package iommulab.app.shell;

/// The big views of the window, in the order of the rail.
public enum Perspective {
    MACHINE("Machine"),
    GROUPS("Groups"),
    DOMAINS("Domains"),
    WALK("Walk"),
    CACHES("Caches"),
    TRAFFIC("Traffic"),
    FAULTS("Faults"),
    MEMORY("Memory"),
    PASIDS("PASIDs");

    private final String title;

    Perspective(String title) {
        this.title = title;
    }

    public String title() {
        return title;
    }
}
