package iommulab.engine.iommu;

/// The tables of an IOMMU cannot be changed as asked; they are as before.
public final class MappingRefused extends Exception {
    private static final long serialVersionUID = 1;
    private final String errno;

    /// @param errno as Linux would answer, such as `EEXIST`
    /// @param message what was tried with which domain and page, what stood in the way, what to do
    public MappingRefused(String errno, String message) {
        super(message, null, false, false);
        this.errno = errno;
    }

    public String errno() {
        return errno;
    }

    /// The message without the errno.
    public String reason() {
        return String.valueOf(getMessage());
    }
}
