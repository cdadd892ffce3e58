package iommulab.app.walk;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LabMachine;
import iommulab.app.shell.Naming;
import iommulab.app.shell.Subject;
import iommulab.app.theme.Sign;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.Walk;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

import org.junit.jupiter.api.Test;

class WalkModelTest {
    private static final MachineSnapshot MACHINE = new LabMachine().snapshot();

    private static WalkModel model(Walk walk, int step) {
        return WalkModel.of(walk, step, MACHINE, Naming.BOTH);
    }

    @Test
    void theIovaIsCutIntoOneIndexPerLevelAndTheOffset() {
        var fields = model(SampleWalk.reaching(), 0).address();
        assertThat(fields.stream().map(f -> f.name() + " " + f.hex()))
                .containsExactly(
                        "must be 0 0",
                        "level 4 0fe",
                        "level 3 0ea",
                        "level 2 0e2",
                        "level 1 1d2",
                        "offset e40");
        assertThat(fields.get(1).bits()).isEqualTo("011111110");
    }

    @Test
    void anIndexHasTheSameColourInTheAddressAndOnItsRung() {
        var model = model(SampleWalk.reaching(), 0);
        for (var field : model.address()) {
            if (field.category() != BitField.PLAIN && field.category() != BitField.OFFSET) {
                assertThat(model.rungs().get(field.step()).category()).isEqualTo(field.category());
                assertThat(model.rungs().get(field.step()).index()).isEqualTo(field.hex());
            }
        }
    }

    @Test
    void theSumOfARungIsWrittenAsTablePlusIndexTimesSize() {
        var level2 = model(SampleWalk.reaching(), 0).rungs().get(5);
        assertThat(level2.table() + " + " + level2.index() + " " + level2.size())
                .isEqualTo("2a10c4000 + 0e2 × 8");
        assertThat(level2.address()).isEqualTo("2a10c4710");
        assertThat(level2.words().getFirst().groups())
                .containsExactly("0000", "0001", "f6e9", "0003");
    }

    @Test
    void aPointerIsShownAsTheAddressThatItLeadsTo() {
        var chip = model(SampleWalk.reaching(), 0).rungs().get(5).chips().getFirst();
        assertThat(chip.bits() + " " + chip.label()).isEqualTo("51:12 ADDR 1f6e90000");
    }

    @Test
    void anEntryOfTwoWordsNamesTheWordOfEachField() {
        var context = model(SampleWalk.reaching(), 0).rungs().get(1);
        assertThat(context.words().stream().map(Rung.Word::number)).containsExactly(1, 0);
        assertThat(context.chips().stream().map(c -> c.bits() + " " + c.label()))
                .contains("q1 23:8 DID 3", "q0 3:2 TT 0");
    }

    @Test
    void whoGaveAnEntryHasItsOwnShape() {
        assertThat(model(SampleWalk.reaching(), 0).rungs().stream().map(Rung::sign))
                .containsExactly(
                        Sign.SAVED,
                        Sign.HIT,
                        Sign.PROBE,
                        Sign.SAVED,
                        Sign.HIT,
                        Sign.WALK,
                        Sign.WALK,
                        Sign.PROBE);
    }

    @Test
    void whatWasNotReadCostsNothing() {
        var rungs = model(SampleWalk.reaching(), 0).rungs();
        assertThat(rungs.get(0).cycles()).isEqualTo("–");
        assertThat(rungs.get(0).place()).isEqualTo("not read");
        assertThat(rungs.get(5).cycles()).isEqualTo("110");
    }

    @Test
    void theFailingStepShowsItsOffendingBitFirstAndTheReason() {
        var model = model(SampleWalk.faulting(), 6);
        assertThat(model.rung().failed()).isTrue();
        assertThat(model.rung().chips().getFirst().label()).isEqualTo("W 0");
        assertThat(model.rung().place()).isEqualTo("fault 05h");
        assertThat(model.caption()).endsWith("Fault 05h: PTE Write access is not set.");
    }

    @Test
    void theCostSoFarIsThatOfTheStepsUpToTheCurrentOne() {
        assertThat(model(SampleWalk.reaching(), 4).soFar()).isEqualTo("18");
        assertThat(model(SampleWalk.reaching(), 7).soFar()).isEqualTo("238");
        assertThat(model(SampleWalk.reaching(), 7).sum()).isEqualTo("238");
    }

    @Property
    void anyStepNumberShowsAStepThatExists(@ForAll int step) {
        var model = model(SampleWalk.reaching(), step);
        assertThat(model.rungs().get(model.current())).isNotNull();
    }

    @Test
    void aSelectedDeviceIsShownByItsLastDma() {
        var machine =
                new LabMachine()
                        .dma(LabMachine.GPU, 0x1000, DmaOutcome.WALK, 0x8000)
                        .dma(LabMachine.NIC, 0xfff0_0000L, DmaOutcome.HIT, 0x9000)
                        .snapshot();
        var question = WalkActions.questionFor(machine, new Subject.Function(LabMachine.GPU), true);
        assertThat(question).hasValueSatisfying(q -> assertThat(q.iova()).isEqualTo(0x1000));
    }

    @Test
    void aSelectedFaultIsAskedForAgainWithItsAccess() {
        var machine =
                new LabMachine()
                        .fault(
                                LabMachine.GPU,
                                LabMachine.GPU.requesterId(),
                                LabMachine.UNMAPPED,
                                Access.WRITE,
                                LabMachine.Reason.WRITE_CLEAR)
                        .snapshot();
        var question = WalkActions.questionFor(machine, new Subject.Fault(1), false);
        assertThat(question)
                .hasValueSatisfying(q -> {
                    assertThat(q.iova()).isEqualTo(LabMachine.UNMAPPED);
                    assertThat(q.access()).isEqualTo(Access.WRITE);
                    assertThat(q.withCaches()).isFalse();
                });
    }
}
