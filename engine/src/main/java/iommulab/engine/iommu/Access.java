package iommulab.engine.iommu;

/// What a device wants to do with memory.
public enum Access {
    READ("read"),
    WRITE("write");

    private final String word;

    Access(String word) {
        this.word = word;
    }

    public String word() {
        return word;
    }
}
