package iommulab.app.groups;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.SnapshotFixture;
import iommulab.app.groups.ProofModel.Mark;
import iommulab.app.shell.Subject;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;

import org.junit.jupiter.api.Test;

import java.util.Optional;

class ProofModelTest {
    private static final MachineSnapshot MACHINE =
            SnapshotFixture.captured("sriov-igb-a").snapshot();

    private static ProofModel proof(MachineSnapshot machine, String first, String second) {
        var pair = new Pair(PciAddress.parse(first), Optional.of(PciAddress.parse(second)));
        return ProofModel.of(
                machine, pair, machine.grouping().proof(pair.first(), pair.second().get()));
    }

    @Test
    void chainsThatMeetGoOnAsOne() {
        var model = proof(MACHINE, "02:00.0", "02:10.0");
        assertThat(model.finding()).startsWith("They share group 2 because");
        assertThat(model.first()).extracting(ProofModel.Box::address).containsExactly("02:00.0");
        assertThat(model.second()).extracting(ProofModel.Box::address).containsExactly("02:10.0");
        assertThat(model.common()).extracting(ProofModel.Box::address).containsExactly("00:03.0");
        assertThat(model.opens()).isEqualTo(2);
    }

    @Test
    void whatFailedIsMarkedWithItsEvidence() {
        var box = proof(MACHINE, "02:00.0", "02:10.0").first().getFirst();
        assertThat(box.lines())
                .filteredOn(line -> line.mark() == Mark.FAILS)
                .singleElement()
                .satisfies(line -> assertThat(line.evidence()).isNotBlank());
        assertThat(box.last()).isEqualTo("joins the group of 00:03.0");
    }

    @Test
    void functionsOfDifferentGroupsHaveChainsThatDoNotMeet() {
        var model = proof(MACHINE, "02:00.0", "01:00.0");
        assertThat(model.common()).isEmpty();
        assertThat(model.opens()).isEqualTo(-1);
        assertThat(model.first()).isNotEmpty();
        assertThat(model.second()).isNotEmpty();
    }

    @Test
    void theCapturedKernelIsQuotedBesideOurAnswer() {
        var model = proof(MACHINE, "02:00.0", "02:10.0");
        assertThat(model.kernel())
                .isEqualTo(
                        new KernelSaid(
                                true, true, "Its kernel said group 2, the same 5 functions"));
    }

    @Test
    void aGroupIsExplainedByTwoOfItsDevices() {
        assertThat(Pair.of(MACHINE, new Subject.Group(2), Optional.empty()))
                .hasValue(
                        new Pair(
                                PciAddress.parse("02:00.0"),
                                Optional.of(PciAddress.parse("02:10.0"))));
    }

    @Test
    void aFunctionThatIsPartOfThePairKeepsThePair() {
        var kept =
                Optional.of(
                        new Pair(
                                PciAddress.parse("02:00.0"),
                                Optional.of(PciAddress.parse("02:10.2"))));
        var subject = new Subject.Function(PciAddress.parse("02:10.2"));
        assertThat(Pair.of(MACHINE, subject, kept)).isEqualTo(kept);
    }

    @Test
    void aFunctionAloneInItsGroupSaysSo() {
        var pair = new Pair(PciAddress.parse("01:10.0"), Optional.empty());
        var model =
                ProofModel.of(MACHINE, pair, MACHINE.grouping().proof(pair.first(), pair.first()));
        assertThat(model.finding()).startsWith("01:10.0 is alone in group 9: ");
        assertThat(model.second()).isEmpty();
    }
}
