package iommulab.engine.os.device;

import iommulab.engine.pci.PciAddress;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// What the kernel found on the machine's buses: functions, the groups that they form, IOMMUs. Source:
/// kernel `drivers/pci/probe.c`, `iommu_init_device`.
public interface Inventory {
    /// A function of the machine.
    ///
    /// @param name how people call it, such as `devA`; else its address
    /// @param group number of its group; empty if it has none
    /// @param unit number of its IOMMU; empty if none translates it
    /// @param driver that it was bound to when the machine was switched on
    record Function(
            PciAddress address,
            String name,
            OptionalInt group,
            OptionalInt unit,
            Optional<String> driver,
            DeviceTraits traits) {}

    /// A group of functions.
    ///
    /// @param defaultType as sysfs prints it
    /// @param reserved by firmware and by the IOMMU for its members
    record GroupFacts(
            int id, List<PciAddress> members, String defaultType, List<ReservedRange> reserved) {
        public GroupFacts {
            members = List.copyOf(members);
            reserved = List.copyOf(reserved);
        }
    }

    /// Now, in the order of discovery.
    List<Function> functions();

    /// Now, by number.
    List<GroupFacts> groups();

    UnitTraits unit(int number);

    /// Of the kernel, as it was started.
    KernelOptions options();

    /// The machine's record of which driver a function is bound to.
    void bound(PciAddress function, Optional<String> driver);
}
