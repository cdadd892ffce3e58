package iommulab.engine.os;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.builder.TableStore;
import iommulab.engine.iommu.smmuv3.SmmuCapabilities;
import iommulab.engine.os.device.GuestEntry;

import java.util.Optional;

/// What the driver of an SMMUv3 in a guest writes into the guest's memory: context descriptors in two
/// levels, and a stream table entry of which only the hypervisor learns. Source: kernel
/// `arm_smmu_write_ctx_desc`, `arm_smmu_make_cdtable_ste`.
final class SmmuGuest {
    private static final long VALID = 1;
    private static final long STAGE_1 = 5 << 1;
    private static final long TWO_LEVELS = 1 << 4;
    private static final int DESCRIPTOR_COUNT_AT = 59;
    private static final long OWN_USES_DESCRIPTOR_0 = 2;
    private static final long FETCH_WRITE_BACK_SHARED = 1 << 2 | 1 << 4 | 3 << 6;

    private final PasidDirectory.Shape shape;
    private final SmmuWords words;

    SmmuGuest(PasidDirectory.Shape shape, SmmuCapabilities capabilities) {
        this.shape = shape;
        words = new SmmuWords(capabilities, new DomainWishes(DomainWishes.State.NONE));
    }

    /// As [IommuDriver#writeForGuest].
    GuestDirectory write(Optional<GuestDirectory> table, TableStore guest, int pasid, Attachment to)
            throws MappingRefused {
        var directory = GuestDirectory.reaching(pasid, table, guest, shape);
        directory.set(guest, pasid, words.descriptor(Translation.of(to)));
        var state = directory.checkpoint();
        return new GuestDirectory(
                state.root(), state.tables(), entry(state.root(), directory.pasidBits()));
    }

    private static GuestEntry entry(long root, int pasidBits) {
        return new GuestEntry(
                VALID | STAGE_1 | TWO_LEVELS | root | (long) pasidBits << DESCRIPTOR_COUNT_AT,
                OWN_USES_DESCRIPTOR_0 | FETCH_WRITE_BACK_SHARED);
    }
}
