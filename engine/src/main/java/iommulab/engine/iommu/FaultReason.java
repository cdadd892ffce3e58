package iommulab.engine.iommu;

/// Why the hardware stopped a request, as the hardware itself numbers it.
public interface FaultReason {
    /// The number that the hardware records, 8 bits in VT-d.
    int code();

    /// The sentence that the Linux driver prints for it.
    String kernelText();

    /// What it means and which step of the walk found it, in one or two sentences.
    String meaning();
}
