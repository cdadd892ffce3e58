package iommulab.app.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import iommulab.app.LabMachine;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Counters;

import org.junit.jupiter.api.Test;

class RatesTest {
    private static final long SECOND = 1_000_000_000L;

    private final Rates rates = new Rates();

    private static MachineSnapshot served(long requests, long hits, long walks) {
        return new LabMachine()
                .served(new Counters(requests, requests * 64, hits, walks, 0, 0, 0, 0, 0, 0, 0, 0))
                .snapshot();
    }

    @Test
    void theRateIsTheRiseBetweenTwoSnapshotsOverTheTimeBetweenThem() {
        rates.look(served(1_000, 900, 100), 0);
        rates.look(served(3_000, 2_400, 600), SECOND / 2);
        assertThat(rates.requestsPerSecond()).isEqualTo(4_000, within(0.001));
        assertThat(rates.bytesPerSecond()).isEqualTo(256_000, within(0.001));
        assertThat(rates.hitRate()).isEqualTo(0.75, within(0.001));
    }

    @Test
    void whatWasCountedLongAgoNoLongerMatters() {
        rates.look(served(0, 0, 0), 0);
        rates.look(served(1_000_000, 0, 0), SECOND);
        rates.look(served(1_000_100, 0, 0), 2 * SECOND);
        rates.look(served(1_000_200, 0, 0), 3 * SECOND);
        assertThat(rates.requestsPerSecond()).isEqualTo(100, within(0.001));
    }

    @Test
    void oneSnapshotHasNoRate() {
        rates.look(served(1_000, 0, 0), 0);
        assertThat(rates.requestsPerSecond()).isZero();
        assertThat(rates.hitRate()).isNaN();
    }

    @Test
    void aMachineThatWentBackInTimeStartsANewMeasurement() {
        rates.look(served(5_000, 0, 0), 0);
        rates.look(served(100, 0, 0), SECOND);
        assertThat(rates.requestsPerSecond()).isZero();
    }
}
