package iommulab.app.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LabMachine;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import org.junit.jupiter.api.Test;

class TimelineModelTest {
    @Test
    void everyCommandHasAColumn() {
        var model =
                TimelineModel.of(
                        new LabMachine()
                                .did("Create domain 3", "domain.create(…)")
                                .did("Attach 03:00.0", "domain.attach(…)")
                                .snapshot());
        assertThat(model.columns())
                .extracting(TimelineModel.Column::title)
                .containsExactly("Create domain 3", "Attach 03:00.0");
        assertThat(model.position()).isEqualTo(2);
    }

    @Test
    void aRequestStandsInTheLaneOfItsDeviceUnderTheCommandThatCausedIt() {
        var lab =
                new LabMachine().did("Run 100 requests", "dma.run(100)").did("Stop", "dma.stop()");
        lab.dma(LabMachine.NIC, 0x1000, DmaOutcome.WALK, 0x2000);
        var model = TimelineModel.of(lab.snapshot());
        assertThat(model.lanes())
                .extracting(TimelineModel.Lane::device)
                .containsExactly(LabMachine.NIC);
        assertThat(model.lanes().getFirst().marks())
                .containsExactly(new TimelineModel.Mark(0, 0, 1, DmaOutcome.WALK));
    }

    @Test
    void lanesAreSortedByAddressWhateverCameFirst() {
        var lab = new LabMachine().did("Run", "dma.run(2)");
        lab.dma(LabMachine.SOUND, 0x1000, DmaOutcome.HIT, 0x2000);
        lab.dma(LabMachine.GPU, 0x1000, DmaOutcome.HIT, 0x2000);
        assertThat(TimelineModel.of(lab.snapshot()).lanes())
                .extracting(TimelineModel.Lane::device)
                .containsExactly(LabMachine.GPU, LabMachine.SOUND);
    }

    @Test
    void aMachineWithoutCommandsHasAnEmptyTimeline() {
        assertThat(TimelineModel.of(new LabMachine().snapshot()).columns()).isEmpty();
    }
}
