package iommulab.engine.iommu.amdvi;

import static iommulab.engine.iommu.amdvi.AmdLab.NONE;
import static iommulab.engine.iommu.amdvi.AmdLab.P;
import static iommulab.engine.iommu.amdvi.AmdLab.RW;
import static iommulab.engine.iommu.amdvi.AmdLab.U;
import static iommulab.engine.iommu.amdvi.AmdLab.W;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.Walk;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every reason for which a DMA can be stopped, caused once: as the unit answers, logs and explains it.
class AmdFaultsTest {
    private static final int NIC = 0x0300;
    private static final int PASID = 4;
    private static final long IOVA = 0x12_3456_7000L;
    private static final long PORT = 0xfd_fc00_0000L;
    private static final long MANAGEMENT = 0xfd_f910_0000L;

    private final AmdLab lab = new AmdLab(CacheShapes.USUAL);

    /// A request that ends for some reason.
    private record Cause(int pasid, long iova) {
        static Cause plain(long iova) {
            return new Cause(NONE, iova);
        }
    }

    /// Spoils one thing on the way of a request that would be fine.
    private Cause cause(AmdFault fault) {
        long table = lab.table();
        long upper = AmdLab.slot(table, 4, IOVA);
        lab.attach(NIC, 7, 4, table);
        lab.map(table, 4, IOVA, 0x5000_0000L, 1, RW);
        switch (fault) {
            case DEVICE_ENTRY_RESERVED -> lab.deviceEntry(NIC, table | 4 << 9 | RW | 7, 7, 0);
            case DEVICE_ENTRY_ILLEGAL -> lab.deviceEntry(NIC, table | 7 << 9 | RW | 3, 7, 0);
            case BEYOND_DEVICE_TABLE -> lab.setRegister(AmdRegisters.DEVICE_TABLE, AmdLab.DEVICES);
            case PAGE_NOT_PRESENT -> lab.memory.write64(upper, 0);
            case BEYOND_TABLE -> {
                return Cause.plain(1L << 48);
            }
            case LEVEL_SKIPPED -> lab.memory.write64(upper, lab.table() | 1 << 9 | RW | P);
            case PASID_NOT_PRESENT -> {
                guest(0, false);
                return new Cause(PASID, IOVA);
            }
            case RIGHT_MISSING -> lab.deviceEntry(NIC, table | 4 << 9 | AmdLab.IW | 3, 7, 0);
            case TABLE_RESERVED -> {
                guest(1 << 7, true);
                return new Cause(PASID, IOVA);
            }
            case LEVEL_ILLEGAL -> lab.memory.write64(upper, lab.table() | 5 << 9 | RW | P);
            case DEVICE_TABLE_UNREADABLE ->
                    lab.setRegister(AmdRegisters.DEVICE_TABLE, 1L << 45 | 0x1ff);
            case TABLE_UNREADABLE -> lab.memory.write64(upper, 1L << 45 | 3 << 9 | RW | P);
            case TRANSLATION_REFUSED -> {
                return new Cause(PASID, IOVA);
            }
            case PORT_REFUSED -> {
                return Cause.plain(PORT);
            }
            case MANAGEMENT_REFUSED -> {
                return Cause.plain(MANAGEMENT);
            }
        }
        return Cause.plain(IOVA);
    }

    /// @param topBits further bits of the entry of the guest's top table
    private void guest(long topBits, boolean present) {
        long gcr3 = lab.table();
        long root = lab.table();
        lab.attachGuest(NIC, 7, 0, 0, gcr3, 1, 4, 0);
        if (present) {
            lab.setGcr3(gcr3, 1, PASID, root);
        }
        lab.mapGuest(root, 4, IOVA, 0x5000_0000L, 1, W | U, 0);
        long top = AmdLab.slot(root, 4, IOVA);
        lab.memory.write64(top, lab.memory.read64(top) | topBits);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "PAGE_REQUEST_REFUSED")
    void itIsAnsweredLoggedAndExplained(AmdFault fault) {
        var cause = cause(fault);
        var walk = lab.explain(NIC, cause.pasid(), cause.iova(), Access.READ);
        assertThat(lab.unit.translate(NIC, cause.pasid(), cause.iova(), Iommu.READ))
                .isEqualTo(-fault.code());
        assertThat(lab.unit.lastFault()).isEqualTo(fault);
        var event = lab.event().orElseThrow();
        assertThat(event.code()).isEqualTo(fault.code());
        assertThat(event.device()).isEqualTo(NIC);
        var decided = AmdEvent.PRESENT | AmdEvent.PERMISSION | AmdEvent.RESERVED_BIT | 7 << 9;
        assertThat(event.flags() & decided).isEqualTo(fault.flags());
        assertThat(walk.outcome())
                .isEqualTo(new Walk.Outcome.Faulted(fault, walk.steps().size() - 2, true));
        assertThat(walk.steps().getLast().kind()).isEqualTo(Walk.Kind.FAULT);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "PAGE_REQUEST_REFUSED")
    void itsRecordIsTheEventInTheLog(AmdFault fault) {
        var cause = cause(fault);
        lab.unit.translate(NIC, cause.pasid(), cause.iova(), Iommu.READ);
        var record = lab.unit.lastFaultRecord();
        assertThat(lab.event()).contains(new AmdEvent(record.low(), record.high()));
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "PAGE_REQUEST_REFUSED")
    void noneOfItsEventsSetsAReservedBit(AmdFault fault) {
        var cause = cause(fault);
        lab.unit.translate(NIC, cause.pasid(), cause.iova(), Iommu.WRITE);
        lab.unit.translate(NIC, cause.pasid(), cause.iova(), Iommu.READ);
        var event = lab.event().orElseThrow();
        var layout = AmdLogStructures.event(event.code()).orElseThrow();
        assertThat(event.low() & layout.reservedBits(0)).isZero();
        assertThat(event.high() & layout.reservedBits(1)).isZero();
    }
}
