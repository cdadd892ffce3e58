package iommulab.engine.group;

import static iommulab.engine.group.GroupLab.at;
import static iommulab.engine.group.GroupLab.machine;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.group.ProofStep.Verdict;
import iommulab.engine.pci.Acs;

import org.junit.jupiter.api.Test;

class GroupProofsTest {
    private static final int WITHOUT_REDIRECT = 0x11;

    /// A switch below a root port, none of which redirects.
    private static GroupLab openSwitch() {
        return machine()
                .rootPort("00:01.0", 1)
                .acs(0x1f, WITHOUT_REDIRECT)
                .upstreamPort("01:00.0", "00:01.0", 2)
                .downstreamPort("02:08.0", "01:00.0", 3)
                .acs(0x1f, WITHOUT_REDIRECT)
                .downstreamPort("02:09.0", "01:00.0", 4)
                .acs(0x1f, WITHOUT_REDIRECT)
                .endpoint("03:00.0", "02:08.0")
                .endpoint("04:00.0", "02:09.0");
    }

    private static Proof proof(GroupLab lab, String first, String second) {
        return lab.groups().proof(at(first), at(second));
    }

    @Test
    void theFindingNamesThePortAndWhatItDoesNot() {
        var proof = proof(openSwitch(), "03:00.0", "04:00.0");

        assertThat(proof.together()).isTrue();
        assertThat(proof.finding())
                .isEqualTo(
                        "They share group 0 because root port 00:01.0 does not redirect peer"
                                + " requests.");
    }

    @Test
    void theChainsRunToWhereTheyMeetAndTheEvidenceIsARegister() {
        var proof = proof(openSwitch(), "03:00.0", "04:00.0");

        assertThat(proof.first())
                .extracting(link -> link.function().withoutDomain())
                .containsExactly("03:00.0", "02:08.0", "01:00.0");
        assertThat(proof.second())
                .extracting(link -> link.function().withoutDomain())
                .containsExactly("04:00.0", "02:09.0", "01:00.0");
        assertThat(proof.first().getFirst().steps())
                .filteredOn(step -> step.verdict() == Verdict.FAILS)
                .extracting(step -> step.evidence().orElseThrow())
                .containsExactly("ACS control 0x0011: SV 1 RR 0 CR 0 UF 1");
    }

    @Test
    void oneBitMoreOnTheRightPortSeparates() {
        assertThat(proof(openSwitch(), "03:00.0", "04:00.0").remedies())
                .containsExactly("Set RR and CR on root port 00:01.0.");
    }

    @Test
    void severalPortsAreNamedIfNoneIsEnough() {
        var lab =
                machine()
                        .rootPort("00:01.0", 1)
                        .acs(0x1d, 0)
                        .multifunction()
                        .rootPort("00:01.1", 2)
                        .acs(0x1d, 0)
                        .endpoint("01:00.0", "00:01.0")
                        .endpoint("02:00.0", "00:01.1");

        assertThat(proof(lab, "01:00.0", "02:00.0").remedies())
                .containsExactly(
                        "Set SV, RR, CR and UF on root port 00:01.0.",
                        "Set SV, RR, CR and UF on root port 00:01.1.");
        assertThat(proof(lab, "00:01.0", "01:00.0").remedies())
                .containsExactly("Set SV, RR, CR and UF on root port 00:01.0.");
    }

    @Test
    void aCardCanMoveToAnEmptyPortThatKeepsPeersApart() {
        var lab =
                machine()
                        .rootPort("00:01.0", 1)
                        .endpoint("01:00.0", "00:01.0")
                        .rootPort("00:02.0", 2)
                        .isolated();

        assertThat(proof(lab, "00:01.0", "01:00.0").remedies())
                .containsExactly(
                        "Put the card of 01:00.0 under root port 00:02.0, which is empty.");
    }

    @Test
    void aPortThatIsTakenIsNotOffered() {
        var lab =
                machine()
                        .rootPort("00:01.0", 1)
                        .endpoint("01:00.0", "00:01.0")
                        .rootPort("00:02.0", 2)
                        .isolated()
                        .endpoint("02:00.0", "00:02.0");

        assertThat(proof(lab, "00:01.0", "01:00.0").remedies()).isEmpty();
    }

    @Test
    void whereNothingHelpsNothingIsPromised() {
        var lab =
                machine()
                        .conventionalBridge("00:1e.0", "", 1)
                        .conventional("01:01.0", "00:1e.0")
                        .conventional("01:02.0", "00:1e.0");

        var proof = proof(lab, "01:01.0", "01:02.0");

        assertThat(proof.remedies()).isEmpty();
        assertThat(proof.finding())
                .contains(
                        "conventional PCI bridge 00:1e.0 passes requests from below on as its own");
    }

    @Test
    void apartIsExplainedToo() {
        var lab = machine().rootPort("00:01.0", 1).isolated().endpoint("01:00.0", "00:01.0");

        assertThat(proof(lab, "00:01.0", "01:00.0").finding())
                .isEqualTo(
                        "They are in groups 0 and 1: 00:01.0 sits on a root bus, no port above it"
                            + " is asked; every port from root port 00:01.0 up to the root keeps"
                            + " peers apart.");
    }

    @Test
    void theBootParameterHasOneDigitPerBit() {
        var before = openSwitch().topology();
        var port = before.get(at("00:01.0"));
        var after =
                before.with(
                        port.withConfig(
                                Acs.of(port.config()).orElseThrow().write(port.config(), 0x1d)));

        assertThat(AcsParameter.forEdits(before, after))
                .contains("pci=config_acs=xxx11xx@0000:00:01.0");
        assertThat(AcsParameter.forEdits(before, before)).isEmpty();
        assertThat(AcsParameter.forEdits(before, before.without(at("04:00.0")))).isEmpty();
    }

    @Test
    void groupsChangeAndWiresDoNot() {
        var lab =
                machine()
                        .rootPort("00:01.0", 1)
                        .isolated()
                        .window(0xe000_0000L, 0xe03f_ffffL)
                        .upstreamPort("01:00.0", "00:01.0", 2)
                        .window(0xe000_0000L, 0xe03f_ffffL)
                        .downstreamPort("02:08.0", "01:00.0", 3)
                        .acs(0x1f, WITHOUT_REDIRECT)
                        .window(0xe000_0000L, 0xe00f_ffffL)
                        .downstreamPort("02:09.0", "01:00.0", 4)
                        .isolated()
                        .window(0xe010_0000L, 0xe01f_ffffL)
                        .endpoint("03:00.0", "02:08.0")
                        .bar(0xe000_0000L)
                        .endpoint("04:00.0", "02:09.0")
                        .bar(0xe010_0000L);

        var paths = SurvivingPaths.of(lab.facts(), lab.groups());

        assertThat(paths.more()).isFalse();
        assertThat(paths.paths())
                .extracting(p -> p.from() + " " + p.to() + " " + p.turnsAt())
                .containsExactly("0000:03:00.0 0000:04:00.0 0000:02:08.0");
    }

    @Test
    void driversThatUseDmaStandInTheWay() {
        var lab =
                machine()
                        .rootPort("00:01.0", 1)
                        .driver("pcieport")
                        .endpoint("01:00.0", "00:01.0")
                        .driver("vfio-pci")
                        .endpoint("01:00.1", "00:01.0")
                        .driver("snd_hda_intel");

        var viability =
                Viability.of(lab.groups().groupOf(at("01:00.0")).orElseThrow(), lab.topology());

        assertThat(viability.viable()).isFalse();
        assertThat(viability.members())
                .extracting(Viability.Member::standing)
                .containsExactly(
                        Viability.Standing.EXEMPT,
                        Viability.Standing.FOR_USER,
                        Viability.Standing.IN_THE_WAY);
    }
}
