package iommulab.engine.iommu.vtd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.iommu.builder.TableLimits;
import iommulab.engine.pci.RequesterId;

import org.junit.jupiter.api.Test;

class VtdTablesTest {
    private static final RequesterId NIC = new RequesterId(0x0300);
    private static final RequesterId DISK = new RequesterId(0x0311);

    private final TableLab lab = new TableLab(8);

    private long contextEntry(VtdTables tables, RequesterId requester) {
        long root = lab.memory.read64(tables.rootTable() + requester.bus() * 16L);
        return (root & -4096L) + requester.devfn() * 16L;
    }

    @Test
    void attachWritesRootAndContextEntry() throws MappingRefused {
        var tables = VtdTables.create(lab.memory, lab.frames);
        var domain = lab.domain(new TableLimits(TableShape.FOUR_KIB, 4, 48, 46, 3));
        tables.attach(NIC, ContextAttachment.to(0x1234, domain));
        assertThat(lab.memory.read64(tables.rootTable() + 3 * 16) & 0xfff).isEqualTo(1);
        assertThat(lab.memory.read64(contextEntry(tables, NIC))).isEqualTo(domain.top() | 1);
        assertThat(lab.memory.read64(contextEntry(tables, NIC) + 8)).isEqualTo(0x12_3402);
        assertThat(tables.isAttached(NIC)).isTrue();
        assertThat(tables.isAttached(DISK)).isFalse();
    }

    @Test
    void passThroughAndSilenceAreBitsOfTheContextEntry() throws MappingRefused {
        var tables = VtdTables.create(lab.memory, lab.frames);
        tables.attach(
                NIC, new ContextAttachment(7, ContextAttachment.Type.PASS_THROUGH, 3, 0, true));
        assertThat(lab.memory.read64(contextEntry(tables, NIC))).isEqualTo(0b1011);
        assertThat(lab.memory.read64(contextEntry(tables, NIC) + 8)).isEqualTo(7 << 8 | 1);
    }

    @Test
    void detachTellsUnderWhichDomainTheIommuMayHaveCachedIt() throws MappingRefused {
        var tables = VtdTables.create(lab.memory, lab.frames);
        tables.attach(NIC, ContextAttachment.passThrough(42, 4));
        assertThat(tables.detach(NIC)).isEqualTo(42);
        assertThat(lab.memory.read64(contextEntry(tables, NIC))).isZero();
        assertThat(lab.memory.read64(contextEntry(tables, NIC) + 8)).isZero();
        assertThat(refusal(() -> tables.detach(NIC)).errno()).isEqualTo("ENODEV");
    }

    @Test
    void aRequesterIsAttachedOnce() throws MappingRefused {
        var tables = VtdTables.create(lab.memory, lab.frames);
        tables.attach(NIC, ContextAttachment.passThrough(42, 4));
        var refused = refusal(() -> tables.attach(NIC, ContextAttachment.passThrough(43, 4)));
        assertThat(refused.errno()).isEqualTo("EBUSY");
        assertThat(refused.reason())
                .isEqualTo("Requester 03:00.0 is attached to domain ID 42. Detach it first.");
    }

    @Test
    void functionsOfABusShareItsContextTable() throws MappingRefused {
        var tables = VtdTables.create(lab.memory, lab.frames);
        tables.attach(NIC, ContextAttachment.passThrough(1, 4));
        tables.attach(DISK, ContextAttachment.passThrough(1, 4));
        assertThat(lab.frames.taken()).isEqualTo(2);
        tables.destroy();
        assertThat(lab.frames.taken()).isZero();
        assertThat(lab.memory.contentHash()).isZero();
    }

    @Test
    void aRootEntryChangedByHandIsNotFollowed() throws MappingRefused {
        var tables = VtdTables.create(lab.memory, lab.frames);
        lab.memory.write64(tables.rootTable() + 3 * 16, 0x5000_0001);
        var refused = refusal(() -> tables.attach(NIC, ContextAttachment.passThrough(1, 4)));
        assertThat(refused.errno()).isEqualTo("EIO");
        assertThat(refused.reason()).contains("root entry of bus 03").contains("0x50000001");
    }

    private static MappingRefused refusal(
            org.assertj.core.api.ThrowableAssert.ThrowingCallable attempt) {
        var refused = catchThrowableOfType(MappingRefused.class, attempt);
        assertThat(refused).as("refusal").isNotNull();
        return refused;
    }
}
