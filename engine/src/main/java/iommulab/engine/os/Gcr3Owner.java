package iommulab.engine.os;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.amdvi.AmdRegisters;
import iommulab.engine.iommu.amdvi.AmdUnit;

import java.util.Collection;

/// Whose the GCR3 tables above host tables are: the guests' or the host's. One bit of an AMD IOMMU says it for
/// all devices. Source: kernel `CONTROL_GCR3TRPMODE`, which Linux sets for good: it keeps no such tables
/// itself.
record Gcr3Owner(AmdUnit unit, Collection<AttachedDevice> attached) {
    /// Before a device is attached.
    ///
    /// @throws MappingRefused (EOPNOTSUPP) the hardware has no such mode, (EBUSY) a device with tables of the
    ///     other kind is attached
    void requireFor(Translation to) throws MappingRefused {
        if (to.guest() != null) {
            become(true);
        } else if (to.hasFirst() && to.hasSecond()) {
            become(false);
        }
    }

    private void become(boolean guests) throws MappingRefused {
        var registers = unit.registers();
        long control = registers.control();
        if (guests == ((control & AmdRegisters.GUEST_POINTERS) != 0)) {
            return;
        }
        if (guests && !unit.capabilities().guestPointers()) {
            throw new MappingRefused(
                    "EOPNOTSUPP", "The IOMMU reads GCR3 tables in host memory only (GCR3TRPMode).");
        }
        for (var device : attached) {
            if (guests ? isHosts(device) : isGuests(device)) {
                throw new MappingRefused(
                        "EBUSY",
                        "The IOMMU takes all GCR3 tables above host tables from guests, or all from"
                                + " the host. A device of the other kind is attached: detach it"
                                + " first.");
            }
        }
        registers.write64(AmdRegisters.CONTROL, control ^ AmdRegisters.GUEST_POINTERS);
    }

    private static boolean isGuests(AttachedDevice device) {
        return device.own != null && device.own.guest() != null;
    }

    private static boolean isHosts(AttachedDevice device) {
        return device.own != null && device.own.hasSecond() && device.directory != null;
    }
}
