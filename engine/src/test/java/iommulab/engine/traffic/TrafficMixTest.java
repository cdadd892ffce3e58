package iommulab.engine.traffic;

import static iommulab.engine.traffic.DmaLab.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import iommulab.engine.memory.AddressRange;
import iommulab.engine.pci.PciAddress;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.HashMap;
import java.util.List;
import java.util.Optional;

class TrafficMixTest {
    private static final PciAddress GPU = PciAddress.parse("04:00.0");

    @Provide
    Arbitrary<TrafficSource> sources() {
        var start = Arbitraries.longs().between(0, 1000).map(page -> page * 4096);
        var bytes = Arbitraries.longs().between(1, 300).map(pages -> pages * 4096);
        var odd = Arbitraries.longs().between(1, 40_000);
        var pattern =
                Arbitraries.oneOf(
                        List.of(
                                Combinators.combine(odd, odd).as(Pattern.Sequential::new),
                                Combinators.combine(start, bytes).as(Pattern.Uniform::new),
                                Combinators.combine(
                                                start,
                                                bytes,
                                                Arbitraries.of(0.0, 0.5, 0.99, 1.0, 1.2, 2.0))
                                        .as(Pattern.Zipf::new),
                                Combinators.combine(odd, odd)
                                        .as((at, by) -> new Pattern.Stride(at, by, 1 + by / 3)),
                                Combinators.combine(
                                                start,
                                                Arbitraries.integers().between(1, 9),
                                                Arbitraries.integers().between(1, 9000))
                                        .as((at, n, size) ->
                                                new Pattern.NicRing(at, n, 0x100_0000, size)),
                                Combinators.combine(
                                                start,
                                                Arbitraries.integers().between(2, 9),
                                                Arbitraries.integers().between(1, 20))
                                        .as((at, n, pages) ->
                                                new Pattern.NvmePrp(
                                                        at, n, 0x200_0000, 0x300_0000, pages)),
                                Arbitraries.integers().between(1, 2048).map(Pattern.Msi::new)));
        return Combinators.combine(
                        pattern,
                        Arbitraries.integers().between(1, 4096),
                        Arbitraries.integers().between(0, 100),
                        Arbitraries.longs())
                .as((p, bytes2, writes, seed) ->
                        new TrafficSource(1, GPU, p, 1, bytes2, writes, seed));
    }

    @Property
    void theSameSeedMakesTheSameRequests(@ForAll("sources") TrafficSource source)
            throws SourceRefused {
        assertThat(new DmaLab().with(source).steps(50))
                .isEqualTo(new DmaLab().with(source).steps(50));
    }

    @Property
    void requestsStayInTheRangesAndWithinAPage(@ForAll("sources") TrafficSource source)
            throws SourceRefused {
        var lab = new DmaLab().with(source);
        var ranges = DriverRings.rangesOf(source.pattern());
        var slot = new DmaSlot();
        for (int i = 0; i < 100; i++) {
            lab.mix.next(slot);
            var asked = AddressRange.of(slot.iova, slot.bytes);
            assertThat(asked.start() >>> 12).isEqualTo(asked.last() >>> 12);
            if (source.pattern() instanceof Pattern.Msi) {
                assertThat(slot.iova >>> 20).isEqualTo(0xfee);
            } else {
                assertThat(ranges)
                        .as("ranges, of which one holds %s", asked)
                        .anyMatch(r -> r.contains(asked.start()) && r.contains(asked.last()));
            }
            lab.step();
        }
        assertThat(lab.mix.errors(1)).isZero();
        assertThat(lab.mix.served(1)).isEqualTo(100);
    }

    @Property
    void afterGoingBackTheSameRequestsFollow(
            @ForAll("sources") TrafficSource source, @ForAll @IntRange(max = 60) int before)
            throws SourceRefused {
        var lab = new DmaLab().with(source);
        lab.steps(before);
        var mix = lab.mix.checkpoint();
        var memory = lab.memory.checkpoint();
        long hash = lab.mix.stateHash();
        var first = lab.steps(40);
        long later = lab.mix.stateHash();
        lab.mix.restore(mix);
        lab.memory.restore(memory);
        assertThat(lab.mix.stateHash()).isEqualTo(hash);
        assertThat(lab.steps(40)).isEqualTo(first);
        assertThat(lab.mix.stateHash()).isEqualTo(later).isNotEqualTo(hash);
    }

    @Property
    void everyoneHasItsShareOfTheTurns(
            @ForAll @Size(min = 1, max = 5) List<@IntRange(min = 1, max = 60) Integer> weights)
            throws SourceRefused {
        var lab = new DmaLab();
        int sum = 0;
        for (int i = 0; i < weights.size(); i++) {
            lab.with(source(i + 1, new Pattern.Sequential(0, 4096), weights.get(i)));
            sum += weights.get(i);
        }
        for (int made = 1; made <= 2 * sum; made++) {
            lab.step();
            for (int i = 0; i < weights.size(); i++) {
                double share = (double) made * weights.get(i) / sum;
                assertThat((double) lab.mix.served(i + 1))
                        .as("requests of source %d of %s after %d", i, weights, made)
                        .isBetween(share - weights.size(), share + weights.size());
            }
        }
        for (int i = 0; i < weights.size(); i++) {
            assertThat(lab.mix.served(i + 1)).isEqualTo(2L * weights.get(i));
        }
    }

    @Test
    void zipfAsksForTheFirstPageAsOftenAsItsLawSays() throws SourceRefused {
        var lab = new DmaLab().with(source(1, new Pattern.Zipf(0, 1000 * 4096L, 1.0)));
        var pages = new HashMap<Long, Integer>();
        var slot = new DmaSlot();
        for (int i = 0; i < 100_000; i++) {
            lab.mix.next(slot);
            lab.mix.finish(slot, true);
            pages.merge(slot.iova >>> 12, 1, Integer::sum);
        }
        var counts = pages.values().stream().sorted((a, b) -> b - a).toList();
        // The sum of 1/k for 1000 ranks is 7.485: 13,360 for the first, half of it for the second.
        assertThat(counts.get(0)).isBetween(12_900, 13_800);
        assertThat(counts.get(1)).isBetween(6_350, 7_000);
        assertThat(counts.get(9)).isBetween(1_200, 1_480);
        assertThat(pages.get(0L)).as("the favourite is the first page").isEqualTo(counts.get(0));
    }

    @Test
    void uniformAsksForAllPagesAlike() throws SourceRefused {
        var lab = new DmaLab().with(source(1, new Pattern.Uniform(0x8000, 16 * 4096L)));
        var pages = new HashMap<Long, Integer>();
        var slot = new DmaSlot();
        for (int i = 0; i < 16_000; i++) {
            lab.mix.next(slot);
            lab.mix.finish(slot, true);
            pages.merge(slot.iova >>> 12, 1, Integer::sum);
        }
        assertThat(pages).hasSize(16).allSatisfy((_, n) -> assertThat(n).isBetween(850, 1150));
    }

    @Test
    void sequentialRequestsAreCutAtPagesAndTheEnd() throws SourceRefused {
        var lab = new DmaLab().with(source(1, new Pattern.Sequential(0x1400, 0x1000)));
        assertThat(lab.steps(5))
                .extracting(step -> step.substring(step.indexOf("0x")))
                .containsExactly(
                        "0x1400+1500", "0x19dc+1500", "0x1fb8+72", "0x2000+1024", "0x1400+1500");
    }

    @Test
    void peerToPeerWritesThroughTheBar() throws SourceRefused {
        var lab = new DmaLab();
        lab.mix.set(
                source(1, new Pattern.PeerToPeer(GPU, 0)),
                Optional.of(AddressRange.of(0xc000_0000L, 2048)));
        assertThat(lab.steps(3))
                .containsExactly(
                        "1 writes 0xc0000000+1500",
                        "1 writes 0xc00005dc+548",
                        "1 writes 0xc0000000+1500");
    }

    @Test
    void anInterruptIsADwordWithItsVector() throws SourceRefused {
        var lab = new DmaLab().with(source(1, new Pattern.Msi(1)));
        var slot = new DmaSlot();
        lab.mix.next(slot);
        assertThat(slot.iova).isEqualTo(0xfee0_0000L);
        assertThat(slot.bytes).isEqualTo(4);
        assertThat(slot.write).isTrue();
        assertThat(slot.data[0]).isEqualTo(0x20);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    uniform  | 0x800  | 4096 | the start is 0x800. Take a multiple of 0x1000.
                    uniform  | 0      | 100  | the length is 0x64. Take a multiple of 0x1000.
                    zipf     | 0      | 4096 | the exponent is 3.0. Take 0 to 2.
                    stride   | 0      | 4096 | the stride is 8192. Take 1 to 4096.
                    straight | 0      | 0    | 0x0 bytes from 0x0 on are no range of iova
                    straight | -4096  | 4096 | no range of iova
                    ring     | 0x8    | 4096 | the ring is 0x8. Take a multiple of 0x10.
                    queue    | 0x40   | 4096 | the queue is 0x40. Take a multiple of 0x1000.
                    msi      | 0      | 0    | the number of vectors is 0. Take 1 to 2048.
                    peer     | 0      | 0    | 0000:04:00.0 has no memory BAR 2
                    """)
    void aPatternThatNoDeviceCanFollowIsRefused(String kind, String start, long bytes, String why) {
        long at = Long.decode(start);
        var pattern =
                switch (kind) {
                    case "uniform" -> new Pattern.Uniform(at, bytes);
                    case "zipf" -> new Pattern.Zipf(at, bytes, 3);
                    case "stride" -> new Pattern.Stride(at, bytes, 8192);
                    case "straight" -> new Pattern.Sequential(at, bytes);
                    case "ring" -> new Pattern.NicRing(at, 4, 0, 100);
                    case "queue" -> new Pattern.NvmePrp(at, 4, 0, 0, 1);
                    case "msi" -> new Pattern.Msi(0);
                    default -> new Pattern.PeerToPeer(GPU, 2);
                };
        var mix = new TrafficMix();
        var refused =
                catchThrowableOfType(
                        SourceRefused.class, () -> mix.set(source(1, pattern), Optional.empty()));
        assertThat(refused).hasMessageContaining(why).hasMessageContaining("Source 1 of");
        assertThat(mix.isEmpty()).isTrue();
    }
}
