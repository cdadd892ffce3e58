package iommulab.app.topology;

/// What can be shown or left out of the picture; its digit key is its place in the list.
enum Layer {
    GROUPS("Groups"),
    DOMAINS("Domains"),
    OWNERS("Owners"),
    DMA("DMA"),
    HEAT("Heat");

    private final String title;

    Layer(String title) {
        this.title = title;
    }

    String title() {
        return title;
    }
}
