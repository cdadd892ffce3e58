package iommulab.engine.iommu.vtd;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Field;
import iommulab.engine.iommu.Structure;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// What a unit's registers say stands in the fields that the bit tables name.
class VtdRegisterStructuresTest {
    private static final int NIC = 0x0320;
    private static final long RING = 0x2000_0000L;
    private static final int STATUS = VtdRegisters.FAULT_STATUS & ~7;
    private static final List<Structure> ALL =
            List.of(
                    VtdRegisterStructures.GLOBAL,
                    VtdRegisterStructures.CONTEXT_COMMAND,
                    VtdRegisterStructures.IOTLB_INVALIDATE,
                    VtdRegisterStructures.FAULT_STATUS,
                    VtdRegisterStructures.QUEUE_POSITION,
                    VtdRegisterStructures.QUEUE_ADDRESS);

    private final VtdBench bench = new VtdBench(CacheShapes.USUAL);

    private Map<String, Long> read(Structure structure, int offset) {
        var raw = new long[structure.words()];
        for (int word = 0; word < raw.length; word++) {
            raw[word] = bench.unit.registers().read64(offset + 8 * word);
        }
        return structure.decode(raw, new long[raw.length]).stream()
                .filter(field -> !field.name().isEmpty())
                .collect(Collectors.toMap(Field::name, Field::value));
    }

    @Test
    void theStatusTellsWhatWasCommanded() {
        assertThat(read(VtdRegisterStructures.GLOBAL, VtdRegisters.GLOBAL_COMMAND))
                .containsEntry("TES", 1L)
                .containsEntry("RTPS", 1L)
                .containsEntry("QIES", 0L);
        var queue = VtdRegisterStructures.GLOBAL.field("QIE");
        bench.unit.registers().write32(VtdRegisters.GLOBAL_COMMAND, (int) queue.into(0, 1));
        assertThat(read(VtdRegisterStructures.GLOBAL, VtdRegisters.GLOBAL_COMMAND))
                .containsEntry("TES", 0L)
                .containsEntry("QIES", 1L);
    }

    @Test
    void anInvalidationByRegisterEndsWithTheGranularityThatWasDone() {
        bench.forgetContexts();
        assertThat(read(VtdRegisterStructures.CONTEXT_COMMAND, VtdRegisters.CONTEXT_COMMAND))
                .containsEntry("ICC", 0L)
                .containsEntry("CIRG", 1L)
                .containsEntry("CAIG", 1L);
        bench.forgetPages(0x2a, 0x4_0000_3000L | 1 << 6 | 2);
        assertThat(
                        read(
                                VtdRegisterStructures.IOTLB_INVALIDATE,
                                bench.unit.capabilities().iotlbRegisterOffset()))
                .containsEntry("IVT", 0L)
                .containsEntry("IIRG", 3L)
                .containsEntry("IAIG", 3L)
                .containsEntry("DID", 0x2aL)
                .containsEntry("ADDR", 0x40_0003L)
                .containsEntry("IH", 1L)
                .containsEntry("AM", 2L);
    }

    @Test
    void theFaultStatusTellsOfFaultsPendingAndLost() {
        assertThat(read(VtdRegisterStructures.FAULT_STATUS, STATUS)).containsEntry("PPF", 0L);
        bench.read(NIC, 0x1000);
        assertThat(read(VtdRegisterStructures.FAULT_STATUS, STATUS))
                .containsEntry("PPF", 1L)
                .containsEntry("PFO", 0L);
        bench.read(NIC + 8, 0x1000);
        assertThat(read(VtdRegisterStructures.FAULT_STATUS, STATUS)).containsEntry("PFO", 1L);
    }

    @Test
    void theQueueTellsWhereItIsAndThatItStoppedAtABadDescriptor() {
        var registers = bench.unit.registers();
        registers.write64(VtdRegisters.QUEUE_ADDRESS, RING | 1);
        registers.write32(
                VtdRegisters.GLOBAL_COMMAND, VtdRegisters.TRANSLATION | VtdRegisters.QUEUE);
        assertThat(read(VtdRegisterStructures.QUEUE_ADDRESS, VtdRegisters.QUEUE_ADDRESS))
                .containsEntry("IQA", RING >>> 12)
                .containsEntry("DW", 0L)
                .containsEntry("QS", 1L);
        bench.memory.write64(RING, InvalidationDescriptor.contextGlobal().low());
        bench.memory.write64(RING + 16, 0xf);
        registers.write64(VtdRegisters.QUEUE_TAIL, 32);
        assertThat(read(VtdRegisterStructures.QUEUE_POSITION, VtdRegisters.QUEUE_HEAD))
                .containsEntry("QP", 1L);
        assertThat(read(VtdRegisterStructures.QUEUE_POSITION, VtdRegisters.QUEUE_TAIL))
                .containsEntry("QP", 2L);
        assertThat(read(VtdRegisterStructures.FAULT_STATUS, STATUS)).containsEntry("IQE", 1L);
    }

    @Property(tries = 200)
    void whatIsDecodedEncodesToTheSameBits(@ForAll long low, @ForAll long high) {
        for (var structure : ALL) {
            long[] raw = structure.words() == 1 ? new long[] {low} : new long[] {low, high};
            long[] built = new long[raw.length];
            var decoded = structure.decode(raw, new long[raw.length]);
            for (int i = 0; i < decoded.size(); i++) {
                var field = structure.fields().get(i);
                built[field.word()] = field.into(built[field.word()], decoded.get(i).value());
                assertThat(decoded.get(i).meaning()).as(field.name()).isNotBlank();
            }
            assertThat(built).as(structure.name()).containsExactly(raw);
        }
    }
}
