package iommulab.engine.os;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.builder.TableStore;
import iommulab.engine.os.device.GuestEntry;

import java.util.Map;
import java.util.Optional;

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

    /// The table to write an entry into: the one that is there, or a new one.
    ///
    /// @param guest memory in which it lies
    /// @throws MappingRefused (EINVAL) if the PASID lies beyond it
    static PasidDirectory reaching(
            int pasid, Optional<GuestDirectory> known, TableStore guest, PasidDirectory.Shape shape)
            throws MappingRefused {
        var directory =
                known.isPresent()
                        ? new PasidDirectory.State(known.get().root(), known.get().tables())
                                .resume(shape)
                        : PasidDirectory.create(guest, shape);
        if (pasid >>> directory.pasidBits() != 0) {
            throw new MappingRefused(
                    "EINVAL",
                    "PASID 0x%x: the guest's table reaches %d bits."
                            .formatted(pasid, directory.pasidBits()));
        }
        return directory;
    }
}
