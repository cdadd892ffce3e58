package iommulab.engine.group;

import static iommulab.engine.group.GroupLab.ALL;
import static iommulab.engine.group.GroupLab.at;
import static iommulab.engine.group.GroupLab.machine;
import static iommulab.engine.group.GroupLab.partition;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.group.GroupFacts.TypeChange;
import iommulab.engine.pci.Acs;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;
import java.util.Set;

class LinuxGroupsTest {
    @Test
    void aPortThatKeepsPeersApartIsAloneAndSoIsItsDevice() {
        var lab = machine().rootPort("00:01.0", 1).isolated().endpoint("01:00.0", "00:01.0");

        assertThat(partition(lab.groups())).isEqualTo("00:01.0 | 01:00.0");
    }

    @Test
    void aPortWithoutAcsTakesItsDeviceIn() {
        var lab = machine().rootPort("00:01.0", 1).endpoint("01:00.0", "00:01.0");

        assertThat(partition(lab.groups())).isEqualTo("00:01.0 01:00.0");
    }

    @ParameterizedTest
    @CsvSource(
            textBlock =
                    """
                    0x00, 0x00, 00:01.0 | 01:00.0
                    0x1d, 0x1d, 00:01.0 | 01:00.0
                    0x1d, 0x1c, 00:01.0 01:00.0
                    0x1d, 0x19, 00:01.0 01:00.0
                    0x1d, 0x15, 00:01.0 01:00.0
                    0x1d, 0x0d, 00:01.0 01:00.0
                    0x19, 0x19, 00:01.0 | 01:00.0
                    0x7f, 0x1d, 00:01.0 | 01:00.0
                    """)
    void everyFlagThatIsOfferedAndAskedForMustBeSet(
            String offered, String control, String expected) {
        var lab =
                machine()
                        .rootPort("00:01.0", 1)
                        .acs(Integer.decode(offered), Integer.decode(control))
                        .endpoint("01:00.0", "00:01.0");

        assertThat(partition(lab.groups())).isEqualTo(expected);
    }

    @Test
    void aSwitchWithoutAcsBelowAGoodRootPortGroupsEachPortWithWhatIsBelowIt() {
        assertThat(partition(switchBelow(true).groups()))
                .isEqualTo("00:01.0 | 01:00.0 | 02:00.0 03:00.0 | 02:01.0 04:00.0");
    }

    @Test
    void oneOpenPortHighUpTakesEverythingBelowIn() {
        assertThat(partition(switchBelow(false).groups()))
                .isEqualTo("00:01.0 01:00.0 02:00.0 02:01.0 03:00.0 04:00.0");
    }

    private static GroupLab switchBelow(boolean isolated) {
        var lab = machine().rootPort("00:01.0", 1);
        lab = isolated ? lab.isolated() : lab;
        return lab.upstreamPort("01:00.0", "00:01.0", 2)
                .downstreamPort("02:00.0", "01:00.0", 3)
                .downstreamPort("02:01.0", "01:00.0", 4)
                .endpoint("03:00.0", "02:00.0")
                .endpoint("04:00.0", "02:01.0");
    }

    @Test
    void conventionalBridgesAndAllBelowAreOneGroup() {
        var lab =
                machine()
                        .rootPort("00:01.0", 1)
                        .isolated()
                        .pcieToPciBridge("01:00.0", "00:01.0", 2)
                        .conventional("02:00.0", "01:00.0")
                        .conventionalBridge("02:01.0", "01:00.0", 3)
                        .conventional("03:00.0", "02:01.0");

        assertThat(partition(lab.groups())).isEqualTo("00:01.0 | 01:00.0 02:00.0 02:01.0 03:00.0");
    }

    @Test
    void openFunctionsOfASlotShareAndIsolatedOnesStayApart() {
        var lab =
                machine()
                        .rootPort("00:01.0", 1)
                        .isolated()
                        .endpoint("01:00.0", "00:01.0")
                        .multifunction()
                        .isolated()
                        .endpoint("01:00.1", "00:01.0")
                        .endpoint("01:00.2", "00:01.0")
                        .isolated()
                        .endpoint("01:00.3", "00:01.0");

        assertThat(partition(lab.groups()))
                .isEqualTo("00:01.0 | 01:00.0 | 01:00.1 01:00.3 | 01:00.2");
    }

    @Test
    void aVirtualFunctionDoesNotShareWithItsPhysicalOne() {
        var lab =
                machine()
                        .rootPort("00:01.0", 1)
                        .isolated()
                        .endpoint("01:00.0", "00:01.0")
                        .multifunction()
                        .endpoint("01:00.1", "00:01.0")
                        .endpoint("01:10.1", "00:01.0")
                        .virtualFunctionOf("01:00.1");

        assertThat(partition(lab.groups())).isEqualTo("00:01.0 | 01:00.0 01:00.1 | 01:10.1");
    }

    @Test
    void anAliasJoinsEvenIsolatedFunctions() {
        var lab =
                machine()
                        .rootPort("00:01.0", 1)
                        .isolated()
                        .endpoint("01:00.0", "00:01.0")
                        .multifunction()
                        .isolated()
                        .ids(0x1b4b, 0x9230)
                        .endpoint("01:00.1", "00:01.0")
                        .isolated();

        var groups = lab.groups();

        assertThat(partition(groups)).isEqualTo("00:01.0 | 01:00.0 01:00.1");
        assertThat(groups.proof(at("01:00.0"), at("01:00.1")).finding())
                .isEqualTo(
                        "They share group 1 because 01:00.0 issues requests under the name of"
                                + " 01:00.1.");
    }

    @Test
    void whoeverHasNoUnitHasNoGroupAndTheReasonIsGiven() {
        var facts = machine().endpoint("00:03.0", "").facts();
        var withoutUnits =
                new GroupFacts(
                        facts.topology(),
                        facts.firmware(),
                        facts.release(),
                        facts.parameters(),
                        List.of(),
                        Set.of(),
                        List.of());

        assertThat(LinuxGroups.of(withoutUnits).ungrouped())
                .containsEntry(
                        at("00:03.0"),
                        "the firmware describes an IOMMU, but the kernel has none in use");
    }

    @ParameterizedTest
    @CsvSource(
            textBlock =
                    """
                    6.1.0, intel_iommu=on,                                    DMA_FQ
                    6.1.0, intel_iommu=on iommu.strict=1,                     DMA
                    6.1.0, 'intel_iommu=on,strict',                           DMA
                    6.1.0, iommu=pt,                                          IDENTITY
                    6.1.0, iommu.passthrough=1,                               IDENTITY
                    6.1.0, iommu=pt iommu.passthrough=0,                      DMA_FQ
                    """)
    void theTypeFollowsTheKernelParameters(String release, String words, DomainType type) {
        var lab = machine().endpoint("00:03.0", "").kernel(release).booted(words);

        assertThat(lab.groups().groups().getFirst().type()).isEqualTo(type);
    }

    @Test
    void aUnitWithoutPassThroughGivesIdentityOnlyOnOldKernels() {
        var lab = machine().endpoint("00:03.0", "").unitWith(0, 0).booted("iommu=pt");

        assertThat(lab.kernel("6.1.0").groups().groups().getFirst().type())
                .isEqualTo(DomainType.IDENTITY);
        assertThat(lab.kernel("6.12.0").groups().groups().getFirst().type())
                .isEqualTo(DomainType.DMA_FQ);
    }

    @Test
    void aVirtualUnitThatCachesNotPresentEntriesMakesAllStrict() {
        var lab = machine().endpoint("00:03.0", "").unitWith(1 << 7, 0x40);

        assertThat(lab.groups().groups().getFirst().type()).isEqualTo(DomainType.DMA);
    }

    @Test
    void firstLevelTablesNeedNoShadowsAndStayLazy() {
        long scalableWithFirstLevel = 1L << 43 | 1L << 47 | 0x40;
        var lab = machine().endpoint("00:03.0", "").unitWith(1 << 7, scalableWithFirstLevel);

        assertThat(lab.groups().groups().getFirst().type()).isEqualTo(DomainType.DMA_FQ);
        assertThat(lab.booted("intel_iommu=on,sm_off").groups().groups().getFirst().type())
                .isEqualTo(DomainType.DMA);
    }

    @Test
    void whatIsBelowAnExternalFacingPortIsStrict() {
        var facts =
                machine()
                        .rootPort("00:01.0", 1)
                        .isolated()
                        .endpoint("01:00.0", "00:01.0")
                        .booted("iommu=pt")
                        .facts()
                        .withExternalFacing(Set.of(at("00:01.0")));

        var groups = LinuxGroups.of(facts);

        assertThat(groups.groupOf(at("00:01.0")).orElseThrow().type())
                .isEqualTo(DomainType.IDENTITY);
        assertThat(groups.groupOf(at("01:00.0")).orElseThrow().type()).isEqualTo(DomainType.DMA);
    }

    @Test
    void aTypeWrittenAtRunTimeStays() {
        var facts =
                machine()
                        .endpoint("00:03.0", "")
                        .facts()
                        .withTypeChanges(List.of(new TypeChange(at("00:03.0"), DomainType.DMA)));

        assertThat(LinuxGroups.of(facts).groups().getFirst().type()).isEqualTo(DomainType.DMA);
    }

    @Test
    void clearingABitByHandRegroupsAtOnce() {
        var facts =
                machine().rootPort("00:01.0", 1).isolated().endpoint("01:00.0", "00:01.0").facts();
        var port = facts.topology().get(at("00:01.0"));
        var acs = Acs.of(port.config()).orElseThrow();
        var edited =
                facts.topology()
                        .with(
                                port.withConfig(
                                        acs.write(port.config(), ALL & ~Acs.REQUEST_REDIRECT)));

        assertThat(partition(LinuxGroups.of(facts.with(edited)))).isEqualTo("00:01.0 01:00.0");
    }
}
