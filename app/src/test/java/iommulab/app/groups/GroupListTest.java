package iommulab.app.groups;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.SnapshotFixture;
import iommulab.app.groups.GroupList.GroupRow;
import iommulab.app.groups.GroupList.MemberRow;
import iommulab.app.groups.GroupList.UngroupedRow;
import iommulab.app.groups.GroupList.ViableRow;
import iommulab.engine.session.MachineSnapshot;

import org.junit.jupiter.api.Test;

import java.util.Set;

class GroupListTest {
    private static final MachineSnapshot MACHINE =
            SnapshotFixture.captured("switch-mixed-acs-a").snapshot();
    private static final MachineSnapshot WITH_VFS =
            SnapshotFixture.captured("sriov-igb-a").snapshot();

    @Test
    void everyGroupIsOneRowUntilItIsOpened() {
        var list = GroupList.of(MACHINE, "", Set.of());
        assertThat(list.rows()).hasSize(14).allMatch(GroupRow.class::isInstance);
        assertThat(list.counted()).isEqualTo("14 of 14");
    }

    @Test
    void anOpenGroupShowsItsMembersAndWhetherItIsViable() {
        var rows = GroupList.of(WITH_VFS, "", Set.of(2)).rows();
        assertThat(rows).filteredOn(MemberRow.class::isInstance).hasSize(5);
        assertThat(rows)
                .filteredOn(ViableRow.class::isInstance)
                .singleElement()
                .isEqualTo(new ViableRow(2, false, "1 driver uses DMA, 1 exempt"));
    }

    @Test
    void theFilterTakesNumbersAddressesAndDrivers() {
        assertThat(GroupList.of(MACHINE, "7", Set.of()).rows())
                .singleElement()
                .extracting(row -> ((GroupRow) row).group())
                .isEqualTo(7);
        assertThat(GroupList.of(MACHINE, "02:03", Set.of()).counted()).isEqualTo("1 of 14");
        assertThat(GroupList.of(WITH_VFS, "pf-stub", Set.of()).counted()).startsWith("4 of");
    }

    @Test
    void aMachineWithoutAnIommuHasNoGroupsToCount() {
        var none = SnapshotFixture.captured("none-a").snapshot();
        assertThat(GroupList.of(none, "", Set.of()).counted()).isEqualTo("no groups");
    }

    @Test
    void functionsWithoutGroupTellWhy() {
        var pxb = SnapshotFixture.captured("pxb-a").snapshot();
        assertThat(GroupList.of(pxb, "", Set.of()).rows())
                .filteredOn(UngroupedRow.class::isInstance)
                .hasSameSizeAs(pxb.grouping().ungrouped().entrySet())
                .allSatisfy(row -> assertThat(((UngroupedRow) row).reason()).isNotBlank());
    }
}
