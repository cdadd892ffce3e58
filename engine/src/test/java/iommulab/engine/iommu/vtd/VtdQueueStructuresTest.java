package iommulab.engine.iommu.vtd;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.BitField.Use;
import iommulab.engine.iommu.Field;
import iommulab.engine.iommu.PageResponse;
import iommulab.engine.iommu.Structure;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

class VtdQueueStructuresTest {
    private static final VtdCapabilities ALL =
            new VtdCapabilities(
                    VtdCapabilities.SCALABLE.cap(), VtdCapabilities.SCALABLE.ecap() | 1 << 3, 52);

    /// One of each type that hardware accepts, with no bit that depends on another.
    static List<InvalidationDescriptor> accepted() {
        return List.of(
                InvalidationDescriptor.contextGlobal(),
                InvalidationDescriptor.iotlbDomain(7),
                new InvalidationDescriptor(3 | 0x0320L << 32, 0x5000),
                new InvalidationDescriptor(4, 0),
                InvalidationDescriptor.waitAndWrite(1, 0x8000),
                InvalidationDescriptor.pasidPage(7, 3, 0x5000, 0, false),
                InvalidationDescriptor.pasidGlobal(),
                InvalidationDescriptor.pasidDeviceTlb(0x0320, 5, 0x5000, 12, false),
                InvalidationDescriptor.pageGroupResponse(0x0320, -1, 7, PageResponse.SUCCESS));
    }

    @ParameterizedTest
    @MethodSource("accepted")
    void aDescriptorIsRefusedForItsReservedBitsAndForNoOther(InvalidationDescriptor good) {
        assertThat(good.isValid(ALL)).isTrue();
        var structure = VtdQueueStructures.descriptorAt(good.low(), 2);
        for (var field : structure.fields()) {
            // What type, granularity and mask may be is no matter of single bits.
            if (List.of("TYPE", "G", "AM", "RC").contains(field.name())) {
                continue;
            }
            for (int bit = field.low(); bit <= field.high(); bit++) {
                long set = 1L << bit;
                var changed =
                        new InvalidationDescriptor(
                                good.low() | (field.word() == 0 ? set : 0),
                                good.high() | (field.word() == 1 ? set : 0));
                assertThat(changed.isValid(ALL))
                        .as("%s with bit %d of word %d", structure.name(), bit, field.word())
                        .isEqualTo(field.use() != Use.RESERVED);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("accepted")
    void theUpperHalfOfALongDescriptorIsReserved(InvalidationDescriptor good) {
        var structure = VtdQueueStructures.descriptorAt(good.low(), 4);
        assertThat(structure.reservedBits(2)).isEqualTo(-1);
        assertThat(structure.reservedBits(3)).isEqualTo(-1);
        assertThat(structure.reservedBits(0))
                .isEqualTo(VtdQueueStructures.descriptorAt(good.low(), 2).reservedBits(0));
    }

    @Property(tries = 500)
    void whatIsDecodedEncodesToTheSameBits(
            @ForAll @IntRange(min = 0, max = 15) int type,
            @ForAll long low,
            @ForAll long high,
            @ForAll boolean isFault) {
        var structure =
                isFault
                        ? VtdQueueStructures.FAULT_RECORD
                        : VtdQueueStructures.descriptorAt(type, 2);
        long[] raw = {low, high};
        long[] built = new long[2];
        var decoded = structure.decode(raw, new long[2]);
        for (int i = 0; i < decoded.size(); i++) {
            var field = structure.fields().get(i);
            built[field.word()] = field.into(built[field.word()], decoded.get(i).value());
            assertThat(decoded.get(i).meaning()).as(field.name()).isNotBlank();
        }
        assertThat(built).containsExactly(raw);
    }

    @Test
    void whatTheQueueIsAskedStandsInTheFields() {
        var page = InvalidationDescriptor.iotlbPage(0x2a, 0x4_0000_3000L, 2, true);
        assertThat(values(VtdQueueStructures.descriptorAt(page.low(), 2), page.low(), page.high()))
                .containsEntry("G", 3L)
                .containsEntry("DID", 0x2aL)
                .containsEntry("ADDR", 0x40_0003L)
                .containsEntry("AM", 2L)
                .containsEntry("IH", 1L);
        var device = InvalidationDescriptor.contextDevice(7, 0x0320, 3);
        assertThat(values(VtdQueueStructures.descriptorAt(device.low(), 2), device.low(), 0))
                .containsEntry("SID", 0x0320L)
                .containsEntry("FM", 3L);
        var wait = InvalidationDescriptor.waitAndWrite(9, 0x8004);
        assertThat(values(VtdQueueStructures.descriptorAt(wait.low(), 2), wait.low(), wait.high()))
                .containsEntry("SDATA", 9L)
                .containsEntry("SADDR", 0x2001L)
                .containsEntry("SW", 1L);
    }

    @Test
    void whatHardwareRecordsOfAFaultStandsInTheFields() {
        var faults = new FaultRecording(1);
        faults.record(5, 0x0320, 0x4_0000_3123L, false, FaultRecording.kind(77, 0));
        assertThat(values(VtdQueueStructures.FAULT_RECORD, faults.low(0), faults.high(0)))
                .containsEntry("F", 1L)
                .containsEntry("T1", 0L)
                .containsEntry("AT", 0L)
                .containsEntry("FR", 5L)
                .containsEntry("PP", 1L)
                .containsEntry("PV", 77L)
                .containsEntry("SID", 0x0320L)
                .containsEntry("FI", 0x40_0003L);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 10, 15})
    void aTypeThatThereIsNotIsSaidToStopTheQueue(int type) {
        assertThat(VtdQueueStructures.descriptorAt(type, 2).field("TYPE[3:0]").meaning().of(type))
                .isEqualTo("0x%x: hardware stops here".formatted(type));
    }

    private static Map<String, Long> values(Structure structure, long low, long high) {
        return structure.decode(new long[] {low, high}, new long[2]).stream()
                .filter(field -> !field.name().isEmpty())
                .collect(Collectors.toMap(Field::name, Field::value));
    }
}
