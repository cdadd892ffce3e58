package iommulab.app.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import iommulab.app.LabMachine;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Counters;
import iommulab.engine.traffic.Pattern;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.List;
import java.util.stream.Stream;

class TrafficModelTest {
    private static MachineSnapshot after(long requests, long hits, long walks, long cycles) {
        return new LabMachine()
                .source(LabMachine.GPU, new Pattern.Sequential(0x1000, 0x4000), 30)
                .source(LabMachine.NIC, new Pattern.Uniform(0x1000, 0x4000), 10)
                .served(
                        new Counters(
                                requests,
                                requests * 64,
                                hits,
                                walks,
                                walks * 4,
                                0,
                                0,
                                0,
                                0,
                                0,
                                0,
                                cycles))
                .snapshot();
    }

    static Stream<Pattern> everyPattern() {
        return Stream.of(
                new Pattern.Sequential(0x1000, 0x4000),
                new Pattern.Uniform(0x1000, 0x4000),
                new Pattern.Zipf(0x1000, 0x4000, 1.2),
                new Pattern.Stride(0x1000, 0x4000, 0x200),
                new Pattern.NicRing(0x1000, 256, 0x10000, 0x800),
                new Pattern.NvmePrp(0x1000, 64, 0x10000, 0x20000, 16),
                new Pattern.PeerToPeer(PciAddress.parse("03:00.0"), 1),
                new Pattern.Msi(4));
    }

    @ParameterizedTest
    @MethodSource("everyPattern")
    void whatTheFormShowsOfAPatternReadsBackAsTheSamePattern(Pattern pattern) {
        var kind = PatternKind.of(pattern);
        var texts = PatternKind.texts(pattern);
        assertThat(texts).hasSameSizeAs(kind.asks());
        assertThat(kind.read(texts)).isEqualTo(pattern);
    }

    @Test
    void aNumberThatCannotBeReadIsNamed() {
        assertThatThrownBy(() -> PatternKind.SEQUENTIAL.read(List.of("0x1000", "many")))
                .hasMessage("bytes: write hex as 0x1000, or a length as 4K, 2M, 1G");
    }

    @Test
    void theWeightIsToldAsAShareOfAll() {
        var rows = TrafficModel.of(after(0, 0, 0, 0), new RateHistory()).rows();
        assertThat(rows.stream().map(TrafficModel.Row::share))
                .containsExactly("30 (75 %)", "10 (25 %)");
    }

    @Test
    void aRateIsTakenFromTwoSnapshots() {
        var rates = new RateHistory();
        rates.add(0, after(1_000, 0, 0, 0));
        rates.add(500_000_000, after(3_000, 0, 0, 0));
        assertThat(rates.rate()).isEqualTo(4_000);
        assertThat(rates.rate(1)).isEqualTo(4_000);
        assertThat(rates.rate(2)).isZero();
    }

    @Test
    void goingBackInTheJournalStartsTheRatesAgain() {
        var rates = new RateHistory();
        rates.add(0, after(3_000, 0, 0, 0));
        rates.add(500_000_000, after(1_000, 0, 0, 0));
        assertThat(rates.rate()).isZero();
    }

    @Test
    void theHitRateCountsOnlyWhatWasTranslated() {
        var rates = new RateHistory();
        rates.add(0, after(0, 0, 0, 0));
        rates.add(1, after(1_000, 600, 200, 20_000));
        assertThat(rates.hitRate()).singleElement().satisfies(p -> assertThat(p.y()).isEqualTo(75));
        assertThat(rates.cycles()).singleElement().satisfies(p -> assertThat(p.y()).isEqualTo(20));
    }

    @Test
    void aPriceIsAWholeNumberUpToAMillion() {
        assertThat(CostForm.price("110")).isEqualTo(110);
        assertThat(CostForm.price("1000001")).isEqualTo(-1);
        assertThat(CostForm.price("-5")).isEqualTo(-5).isNegative();
        assertThat(CostForm.price("cheap")).isEqualTo(-1);
    }
}
