package iommulab.app.shell;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.iommu.Walk;
import iommulab.engine.pci.PciAddress;

/// What the user is looking at. One subject is selected at a time, and every panel is about it.
public sealed interface Subject {
    record Nothing() implements Subject {}

    record Function(PciAddress address) implements Subject {}

    record Group(int id) implements Subject {}

    record Domain(int id) implements Subject {}

    /// One address space of a function.
    ///
    /// @param pasid 20 bits, or [iommulab.engine.iommu.Iommu#NO_PASID] for requests without one
    record Pasid(PciAddress function, int pasid) implements Subject {}

    record Mapping(int domain, long iova) implements Subject {}

    record Unit(String name) implements Subject {}

    record CacheLine(String unit, CacheKind kind, int level, int set, int way) implements Subject {}

    record Fault(long sequence) implements Subject {}

    record DmaEvent(long tick) implements Subject {}

    /// A step of the walk that the Walk perspective shows.
    record WalkStep(Walk walk, int step) implements Subject {}

    /// A place in memory, as it lies there.
    ///
    /// @param hpa of any byte of the word that is looked at
    record Memory(long hpa) implements Subject {}

    /// Something that the kernel remembers: a process, an open file, an object in one.
    ///
    /// @param key as in [iommulab.engine.os.SoftwareView.Node]
    record Software(String key) implements Subject {}
}
