package iommulab.engine.traffic;

import static iommulab.engine.traffic.DmaLab.OFFSET;
import static iommulab.engine.traffic.DmaLab.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import iommulab.engine.pci.PciAddress;

import org.junit.jupiter.api.Test;

import java.util.Optional;

/// Devices that follow descriptors in memory.
class DescriptorsTest {
    private static final long RING = 0x1000;
    private static final long BUFFERS = 0x8000;
    private static final Pattern NIC = new Pattern.NicRing(RING, 4, BUFFERS, 2000);

    private static final long QUEUE = 0x10000;
    private static final long LISTS = 0x20000;
    private static final long DATA = 0x100000;

    private static TrafficSource reading(Pattern pattern, int requestBytes) {
        return new TrafficSource(1, PciAddress.parse("03:00.0"), pattern, 1, requestBytes, 0, 7);
    }

    private static TrafficSource writing(Pattern pattern, int requestBytes) {
        return new TrafficSource(1, PciAddress.parse("03:00.0"), pattern, 1, requestBytes, 100, 7);
    }

    @Test
    void aCardFetchesADescriptorMovesThePacketAndWritesItBack() throws SourceRefused {
        var lab = new DmaLab().with(reading(NIC, 1500));
        assertThat(lab.steps(5))
                .containsExactly(
                        "1 reads 0x1000+16",
                        "1 reads 0x8000+1500",
                        "1 reads 0x85dc+500",
                        "1 writes 0x1008+8",
                        "1 reads 0x1010+16");
        assertThat(lab.memory.read64(OFFSET + RING + 8)).isEqualTo(3L << 32 | 2000);
    }

    @Test
    void aReceivingCardWritesItsBuffers() throws SourceRefused {
        var lab = new DmaLab().with(writing(NIC, 4096));
        assertThat(lab.steps(2)).containsExactly("1 reads 0x1000+16", "1 writes 0x8000+2000");
    }

    @Test
    void aCardFollowsWhateverTheDescriptorSays() throws SourceRefused {
        var lab = new DmaLab().with(reading(NIC, 1500));
        lab.memory.write64(OFFSET + RING, 0x7777_0000L);
        assertThat(lab.steps(3))
                .containsExactly(
                        "1 reads 0x1000+16", "1 reads 0x77770000+1500", "1 writes 0x1008+8");
        assertThat(lab.mix.errors(1)).isOne();
        assertThat(lab.memory.read64(OFFSET + RING + 8)).isEqualTo(1L << 47 | 3L << 32 | 2000);
    }

    @Test
    void anEmptyDescriptorIsAnErrorAndPassedOver() throws SourceRefused {
        var lab = new DmaLab().with(reading(NIC, 1500));
        lab.memory.write64(OFFSET + RING + 8, 0);
        assertThat(lab.steps(2)).containsExactly("1 reads 0x1000+16", "1 reads 0x1010+16");
        assertThat(lab.mix.errors(1)).isOne();
    }

    @Test
    void aRingThatCannotBeReadIsTriedDescriptorByDescriptor() throws SourceRefused {
        var mix = new TrafficMix();
        mix.set(reading(NIC, 1500), Optional.empty());
        var slot = new DmaSlot();
        for (int i = 0; i < 5; i++) {
            mix.next(slot);
            assertThat(slot.iova).isEqualTo(RING + i % 4 * 16);
            mix.finish(slot, false);
        }
        assertThat(mix.errors(1)).isEqualTo(5);
    }

    @Test
    void aControllerReadsEntryAndListMovesPagesAndCompletes() throws SourceRefused {
        var lab = new DmaLab().with(reading(new Pattern.NvmePrp(QUEUE, 4, LISTS, DATA, 3), 4096));
        assertThat(lab.steps(6))
                .containsExactly(
                        "1 reads 0x10000+64",
                        "1 reads 0x100000+4096",
                        "1 reads 0x20000+64",
                        "1 reads 0x101000+4096",
                        "1 reads 0x102000+4096",
                        "1 writes 0x11000+16");
        assertThat(lab.memory.read64(OFFSET + QUEUE + 0x1008)).isEqualTo(1L << 48 | 1);
        assertThat(lab.step()).isEqualTo("1 reads 0x10040+64");
    }

    @Test
    void aLongListIsReadEightEntriesAtATime() throws SourceRefused {
        var lab = new DmaLab().with(writing(new Pattern.NvmePrp(QUEUE, 2, LISTS, DATA, 11), 4096));
        var steps = lab.steps(16);
        assertThat(steps.stream().filter(step -> step.contains("0x20")).toList())
                .containsExactly("1 reads 0x20000+64", "1 reads 0x20040+64");
        assertThat(steps).contains("1 writes 0x10a000+4096").last().asString().contains("0x10040");
    }

    @Test
    void twoPagesNeedNoList() throws SourceRefused {
        var lab = new DmaLab().with(reading(new Pattern.NvmePrp(QUEUE, 2, LISTS, DATA, 2), 4096));
        assertThat(lab.steps(4))
                .containsExactly(
                        "1 reads 0x10000+64",
                        "1 reads 0x100000+4096",
                        "1 reads 0x101000+4096",
                        "1 writes 0x11000+16");
    }

    @Test
    void thePhaseBitTurnsWithEveryRound() throws SourceRefused {
        var lab = new DmaLab().with(reading(new Pattern.NvmePrp(QUEUE, 2, LISTS, DATA, 1), 4096));
        lab.steps(3);
        assertThat(lab.memory.read64(OFFSET + QUEUE + 0x1008) >>> 48 & 1).isOne();
        lab.steps(6);
        assertThat(lab.memory.read64(OFFSET + QUEUE + 0x1008) >>> 48 & 1).isZero();
    }

    @Test
    void aPageThatCannotBeReachedEndsTheCommandWithAStatus() throws SourceRefused {
        var lab = new DmaLab().with(reading(new Pattern.NvmePrp(QUEUE, 2, LISTS, DATA, 1), 4096));
        lab.memory.write64(OFFSET + QUEUE + 24, 0x7777_0000L);
        assertThat(lab.steps(3))
                .containsExactly(
                        "1 reads 0x10000+64", "1 reads 0x77770000+4096", "1 writes 0x11000+16");
        assertThat(lab.memory.read64(OFFSET + QUEUE + 0x1008) >>> 49).isEqualTo(4);
        assertThat(lab.mix.errors(1)).isOne();
    }

    @Test
    void anUnknownOpcodeIsCompletedWithAStatus() throws SourceRefused {
        var lab = new DmaLab().with(reading(new Pattern.NvmePrp(QUEUE, 2, LISTS, DATA, 1), 4096));
        lab.memory.write64(OFFSET + QUEUE, 0x77);
        assertThat(lab.steps(2)).containsExactly("1 reads 0x10000+64", "1 writes 0x11000+16");
        assertThat(lab.memory.read64(OFFSET + QUEUE + 0x1008) >>> 49).isEqualTo(1);
    }

    @Test
    void aDriverCannotPostARingThatIsNotMapped() {
        var lab = new DmaLab();
        var refused =
                catchThrowableOfType(
                        SourceRefused.class,
                        () -> DriverRings.post(source(1, NIC), lab.memory, _ -> -1));
        assertThat(refused.errno()).isEqualTo("EFAULT");
        assertThat(refused)
                .hasMessage(
                        "Source 1 of 0000:03:00.0: page 0x1000 of its ring is not mapped."
                                + " Map 0x1000-0x103f to memory first.");
        assertThat(lab.memory.contentHash()).isZero();
    }
}
