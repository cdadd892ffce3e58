package iommulab.engine.iommu;

/// What a mapping lets a device do.
public enum Permissions {
    NONE(false, false),
    READ(true, false),
    WRITE(false, true),
    READ_WRITE(true, true);

    private final boolean read;
    private final boolean write;

    Permissions(boolean read, boolean write) {
        this.read = read;
        this.write = write;
    }

    public static Permissions of(boolean read, boolean write) {
        if (read) {
            return write ? READ_WRITE : READ;
        }
        return write ? WRITE : NONE;
    }

    public boolean read() {
        return read;
    }

    public boolean write() {
        return write;
    }

    public boolean allows(Access access) {
        return access == Access.READ ? read : write;
    }

    /// `rw`, `r-`, `-w` or `--`
    @Override
    public String toString() {
        return (read ? "r" : "-") + (write ? "w" : "-");
    }
}
