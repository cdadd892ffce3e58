package iommulab.engine.os;

import iommulab.engine.os.device.GuestEntry;

import java.util.Map;

/// The table of PASIDs that a guest's driver keeps for one of its devices in the guest's memory; its content
/// is memory.
///
/// @param root gpa of the upper table
/// @param tables hpa of each of its tables, by gpa
/// @param entry that the guest's driver has for the device, and that leads to it
public record GuestDirectory(long root, Map<Long, Long> tables, GuestEntry entry) {
    public GuestDirectory {
        tables = Map.copyOf(tables);
    }
}
