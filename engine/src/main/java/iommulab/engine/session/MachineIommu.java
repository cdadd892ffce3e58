package iommulab.engine.session;

import iommulab.engine.os.device.IommuCore;

/// The kernel's IOMMU core on a machine: domains are the machine's domains, and every change is made by
/// the drivers in the tables that hardware walks.
final class MachineIommu {
    private MachineIommu() {}

    static IommuCore of(Machine machine) {
        var drivers = new DomainDrivers(machine);
        return new IommuCore(
                new MachineInventory(machine),
                new MachinePaging(machine, drivers),
                new MachineGuests(machine, drivers),
                new MachineAttachments(machine, drivers),
                new MachineRequests(machine));
    }
}
