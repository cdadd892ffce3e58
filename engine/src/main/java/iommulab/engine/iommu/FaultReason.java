package iommulab.engine.iommu;

/// Why the hardware stopped a request, as the hardware itself numbers it.
public interface FaultReason {
    /// Its name in this program, such as `ROOT_NOT_PRESENT`.
    String name();

    /// The number that the hardware records; several reasons of an architecture may share one.
    int code();

    /// The sentence that the Linux driver prints for it.
    String kernelText();

    /// What it means and which step of the walk found it, in one or two sentences.
    String meaning();
}
