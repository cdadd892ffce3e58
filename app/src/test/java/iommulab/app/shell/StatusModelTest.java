package iommulab.app.shell;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LabMachine;
import iommulab.engine.session.MachineSnapshot.Counters;

import org.junit.jupiter.api.Test;

class StatusModelTest {
    private static final long SECOND = 1_000_000_000L;

    private static Counters counters(long requests, long hits, long walks) {
        return new Counters(requests, 0, hits, walks, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    @Test
    void whileTrafficRunsItSaysHowFastAndHowWellTheIotlbServesNow() {
        var rates = new Rates();
        rates.look(new LabMachine().served(counters(0, 0, 0)).snapshot(), 0);
        var now = new LabMachine().running().served(counters(1_200_000, 900, 100)).snapshot();
        rates.look(now, SECOND);
        var model = StatusModel.of(now, rates);
        assertThat(model.rate()).isEqualTo("1.2 M DMA/s");
        assertThat(model.iotlb()).isEqualTo("IOTLB 90.0 % hits");
    }

    @Test
    void aMachineAtRestHasNoRateAndTheHitRateSincePowerOn() {
        var model =
                StatusModel.of(
                        new LabMachine().served(counters(100, 75, 25)).snapshot(), new Rates());
        assertThat(model.rate()).isEmpty();
        assertThat(model.iotlb()).isEqualTo("IOTLB 75.0 % hits");
        assertThat(model.tick()).isEqualTo("tick 100");
    }

    @Test
    void nothingIsClaimedOfAMachineThatDidNothing() {
        var model = StatusModel.of(new LabMachine().snapshot(), new Rates());
        assertThat(model.iotlb()).isEmpty();
        assertThat(model.faults()).isEmpty();
        assertThat(model.state()).isEmpty();
    }
}
