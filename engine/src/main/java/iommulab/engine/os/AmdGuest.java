package iommulab.engine.os;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.builder.TableStore;
import iommulab.engine.os.device.GuestEntry;

import java.util.Optional;

/// What the driver of an AMD IOMMU in a guest writes into the guest's memory: GCR3 tables in two levels,
/// and a device table entry of which only the hypervisor learns. Source: kernel `set_gcr3`,
/// `set_dte_gcr3_table`.
final class AmdGuest {
    private static final long GUEST_WITHOUT_PASID = 1L << 54;
    private static final long DOMAIN = 0xffff;

    private final PasidDirectory.Shape shape;

    AmdGuest(PasidDirectory.Shape shape) {
        this.shape = shape;
    }

    /// As [IommuDriver#writeForGuest]. The guest's number of the device's domain is that of the first
    /// table it gave the device.
    GuestDirectory write(Optional<GuestDirectory> table, TableStore guest, int pasid, Attachment to)
            throws MappingRefused {
        var directory = GuestDirectory.reaching(pasid, table, guest, shape);
        var own = Translation.of(to);
        directory.set(guest, pasid, AmdWords.gcr3Entry(own));
        var state = directory.checkpoint();
        long domain = table.map(known -> known.entry().high() & DOMAIN).orElse((long) to.tag());
        return new GuestDirectory(
                state.root(), state.tables(), entry(state.root(), domain, own.firstLevels()));
    }

    private static GuestEntry entry(long root, long domain, int levels) {
        return new GuestEntry(
                AmdWords.RUNNING | GUEST_WITHOUT_PASID | AmdWords.gcr3Low(root),
                AmdWords.gcr3High(root) | domain,
                AmdWords.paging(levels));
    }
}
