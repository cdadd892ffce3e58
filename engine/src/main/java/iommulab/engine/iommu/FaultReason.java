package iommulab.engine.iommu;

import java.util.Set;

/// Why the hardware stopped a request, as the hardware itself numbers it.
public interface FaultReason {
    /// Its name in this program, such as `ROOT_NOT_PRESENT`.
    String name();

    /// The number that the hardware records; several reasons of an architecture may share one.
    int code();

    /// The sentence that the Linux driver prints for it.
    String kernelText();

    /// What it can come to in the terms of all architectures; mostly one. Where there are several,
    /// [Iommu#lastCause] knows which it was.
    Set<StopCause> causes();

    /// Whether it stops a device's request for a page (PCIe PRI), not an access.
    default boolean isOfPageRequest() {
        return false;
    }

    /// What it means and which step of the walk found it, in one or two sentences.
    String meaning();
}
