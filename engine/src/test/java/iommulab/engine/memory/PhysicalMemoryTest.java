package iommulab.engine.memory;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.memory.Region.RegionKind;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

class PhysicalMemoryTest {
    private static final long TOP = 1L << 56;

    @Test
    void ramThatNobodyWroteIsZero() {
        assertThat(memory().read64(0x1234_5678)).isZero();
        assertThat(memory().isBacked(0x1234_5678)).isTrue();
    }

    @Test
    void whereNobodyAnswersReadsGiveAllOnesAndWritesAreDropped() {
        var memory = memory();
        assertThat(memory.write64(0xa_0000, 7)).isFalse();
        assertThat(memory.read64(0xa_0000)).isEqualTo(-1);
        assertThat(memory.isBacked(0xa_0000)).isFalse();
        assertThat(memory.read64(TOP)).isEqualTo(-1);
        assertThat(memory.read64(-8)).isEqualTo(-1);
        assertThat(memory.write32(TOP, 1)).isFalse();
    }

    @Test
    void theLowestByteComesFirst() {
        var memory = memory();
        memory.write64(0x2000, 0x8877_6655_4433_2211L);
        assertThat(memory.read8(0x2001)).isEqualTo(0x22);
        assertThat(memory.read16(0x2002)).isEqualTo(0x4433);
        assertThat(memory.read32(0x2004)).isEqualTo(0x8877_6655);
        memory.write16(0x2007, 0xbbaa);
        assertThat(memory.read64(0x2000)).isEqualTo(0xaa77_6655_4433_2211L);
        assertThat(memory.read64(0x2008)).isEqualTo(0xbb);
        memory.write32(0x2000, -1);
        assertThat(memory.read64(0x2000)).isEqualTo(0xaa77_6655_ffff_ffffL);
        memory.write8(0x2fff, 0x5a);
        assertThat(memory.read32(0x2ffe)).isEqualTo(0x5a00);
    }

    @Test
    void aRangeThatFailsDisturbsNoOtherWordOfItsFrame() {
        var memory = memory();
        memory.write64(0x5000, 1);
        memory.write64(0x5008, 2);
        var before = memory.checkpoint();
        long hash = memory.contentHash();
        memory.fail(AddressRange.of(0x5008, 8), PhysicalMemory.Failure.POISON);
        assertThat(memory.read64(0x5000)).isEqualTo(1);
        assertThat(memory.read64(0x5008)).isEqualTo(-1);
        assertThat(memory.isBacked(0x5008)).isFalse();
        assertThat(memory.failureAt(0x5008)).isEqualTo(PhysicalMemory.Failure.POISON);
        assertThat(memory.write64(0x5008, 3)).isFalse();
        assertThat(memory.contentHash()).isNotEqualTo(hash);
        memory.mend();
        assertThat(memory.read64(0x5008)).isEqualTo(2);
        memory.fail(AddressRange.of(0x5000, 16), PhysicalMemory.Failure.ACCESS);
        memory.restore(before);
        assertThat(memory.read64(0x5000)).isEqualTo(1);
        assertThat(memory.contentHash()).isEqualTo(hash);
    }

    @Test
    void memoryThatRefusesWritesCanBeRead() {
        var memory = memory();
        memory.fail(AddressRange.of(0x5000, 8), PhysicalMemory.Failure.WRITE);
        assertThat(memory.write64(0x5000, 7)).isFalse();
        assertThat(memory.read64(0x5000)).isZero();
        assertThat(memory.isBacked(0x5000)).isTrue();
        assertThat(memory.write64(0x5008, 7)).isTrue();
        assertThat(memory.read64(0x5008)).isEqualTo(7);
    }

    @Test
    void theHighestFrameOfFiftySixBitsCanBeUsed() {
        var memory = memory();
        assertThat(memory.write64(TOP - 8, 42)).isTrue();
        assertThat(memory.read64(TOP - 8)).isEqualTo(42);
    }

    @Test
    void aWordThatStaysTheSameIsNoChange() {
        var memory = memory();
        memory.write64(0x1000, 5);
        long version = memory.version();
        memory.write64(0x1000, 5);
        assertThat(memory.version()).isEqualTo(version);
        memory.write64(0x1000, 6);
        assertThat(memory.version()).isGreaterThan(version);
    }

    @Property(tries = 300)
    void behavesAsAMapOfWordsAlsoWhenItGoesBack(
            @ForAll @Size(max = 120)
                    List<@LongRange(max = 200) Long> words, // some 200 words over many frames
            @ForAll @Size(max = 120) List<@IntRange(max = 12) Integer> deeds) {
        var memory = memory();
        var naive = new TreeMap<Long, Long>();
        var kept = new ArrayList<PhysicalMemory.Checkpoint>();
        var keptNaive = new ArrayList<Map<Long, Long>>();
        var keptHash = new ArrayList<Long>();
        for (int i = 0; i < Math.min(words.size(), deeds.size()); i++) {
            long address = 0x10_0000 + words.get(i) * 0x7_ff8;
            switch (deeds.get(i)) {
                case 0 -> {
                    kept.add(memory.checkpoint());
                    keptNaive.add(Map.copyOf(naive));
                    keptHash.add(memory.contentHash());
                }
                case 1 -> {
                    if (!kept.isEmpty()) {
                        int which = words.get(i).intValue() % kept.size();
                        memory.restore(kept.get(which));
                        naive.clear();
                        naive.putAll(keptNaive.get(which));
                        assertThat(memory.contentHash()).isEqualTo(keptHash.get(which));
                    }
                }
                default -> {
                    long value = deeds.get(i) == 2 ? 0 : i + 1L << 40 | i;
                    memory.write64(address, value);
                    naive.put(address, value);
                }
            }
        }
        naive.forEach((address, value) -> assertThat(memory.read64(address)).isEqualTo(value));
        var visited = new TreeMap<Long, Long>();
        memory.forEachWord(visited::put);
        naive.values().removeIf(value -> value == 0);
        assertThat(visited).isEqualTo(naive);
    }

    @Property
    void theHashKnowsTheContentNotTheWayToIt(
            @ForAll @Size(min = 1, max = 40) List<@LongRange(max = 1000) Long> words) {
        var forth = memory();
        var back = memory();
        words.forEach(word -> forth.write64(word * 0x888 & -8, word + 1));
        back.write64(0x40_0000, 1);
        back.write64(0x40_0000, 0);
        words.reversed().forEach(word -> back.write64(word * 0x888 & -8, word + 1));
        assertThat(back.contentHash()).isEqualTo(forth.contentHash());
        long before = back.contentHash();
        back.write64(0x50_0008, 9);
        assertThat(back.contentHash()).isNotEqualTo(before);
        assertThat(memory().contentHash()).isZero();
    }

    private static PhysicalMemory memory() {
        return new PhysicalMemory(
                new AddressMap(List.of(region(0x10_0000, TOP - 1), region(0, 0x9_ffff))));
    }

    private static Region region(long start, long last) {
        return new Region(
                new AddressRange(start, last), RegionKind.RAM, "System RAM", Optional.empty());
    }
}
