package iommulab.engine.iommu.smmuv3;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.BitField;
import iommulab.engine.iommu.Structure;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;

class SmmuStructuresTest {
    private static final SmmuCapabilities ALL = SmmuCapabilities.EVERYTHING;

    private static List<Structure> everyStructure() {
        var structures = new SmmuStructures(ALL);
        var descriptors = new DescriptorStructures(ALL);
        var all = new ArrayList<Structure>();
        all.add(structures.streamDirectoryEntry());
        all.add(structures.streamEntry());
        all.add(structures.descriptorDirectoryEntry());
        all.add(structures.contextDescriptor());
        all.add(QueueStructures.event());
        all.add(QueueStructures.pageRequest());
        for (int opcode = 0; opcode < 256; opcode++) {
            all.add(QueueStructures.command(new SmmuCommand(opcode, 0)));
        }
        for (var granule : Granule.values()) {
            for (int level = 1; level <= 4; level++) {
                for (boolean first : new boolean[] {true, false}) {
                    if (level > 1) {
                        all.add(descriptors.table(granule, level, first));
                    }
                    if (level == 1 || granule.hasBlocksAt(level, true)) {
                        all.add(descriptors.leaf(granule, level, first));
                    }
                }
            }
        }
        return all;
    }

    @Test
    void everyBitOfEveryStructureBelongsToOneField() {
        for (var structure : everyStructure()) {
            for (int word = 0; word < structure.words(); word++) {
                int at = word;
                long owned =
                        structure.fields().stream()
                                .filter(field -> field.word() == at)
                                .mapToLong(BitField::mask)
                                .reduce(0, (a, b) -> a + b);
                assertThat(owned).as("%s, word %d", structure.name(), word).isEqualTo(-1);
            }
        }
    }

    @Property(tries = 50)
    void whatIsDecodedEncodesToTheSameBits(
            @ForAll long word0, @ForAll @IntRange(max = 7) int rotation) {
        for (var structure : everyStructure()) {
            var raw = new long[structure.words()];
            for (int word = 0; word < raw.length; word++) {
                raw[word] = Long.rotateLeft(word0, rotation * word);
            }
            var again = new long[raw.length];
            for (var field : structure.fields()) {
                again[field.word()] =
                        field.into(again[field.word()], field.valueIn(raw[field.word()]));
            }
            assertThat(again).as(structure.name()).isEqualTo(raw);
        }
    }

    @ParameterizedTest
    @EnumSource
    void bitsThatTheTableCallsIgnoredNeverChangeWhatADescriptorMeans(Granule granule) {
        var descriptors = new DescriptorStructures(ALL);
        var stages =
                List.of(new StageOneFormat(granule, true), new StageTwoFormat(granule, true, ALL));
        for (int stage = 0; stage < 2; stage++) {
            var format = stages.get(stage);
            for (int level = 2; level <= 3; level++) {
                var table = descriptors.table(granule, level, stage == 0);
                long raw = 0x1234_5000_0000L | 3;
                for (var field : table.fields()) {
                    if (field.use() == BitField.Use.IGNORED) {
                        assertThat(format.decode(raw ^ field.mask(), level, 0))
                                .as("%s, bits %d:%d", table.name(), field.high(), field.low())
                                .isEqualTo(format.decode(raw, level, 0));
                    }
                }
            }
            var leaf = descriptors.leaf(granule, 1, stage == 0);
            long raw = 0x1234_5000_0000L | 0x4c3;
            for (var field : leaf.fields()) {
                boolean attribute =
                        List.of("SH", "AttrIndx", "NS", "MemAttr", "GP", "Contiguous")
                                .contains(field.name());
                if (attribute || field.use() == BitField.Use.IGNORED) {
                    assertThat(format.decode(raw ^ field.mask(), 1, 0))
                            .as("%s, bits %d:%d", leaf.name(), field.high(), field.low())
                            .isEqualTo(format.decode(raw, 1, 0));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "S1CDMax", "S1ContextPtr", "S1Fmt", "Config", "V", "S1DSS", "EATS", "S1STALLD",
                "PRIVCFG", "INSTCFG", "S2VMID", "S2T0SZ", "S2SL0", "S2TG", "S2PS", "S2AA64",
                "S2ENDI", "S2AFFD", "S2HD", "S2HA", "S2S", "S2R", "S2TTB"
            })
    void theUnitReadsAFieldOfAStreamEntryWhereTheTableHasIt(String name) {
        var field = new SmmuStructures(ALL).streamEntry().field(name);
        var zero = new StreamEntry(0, 0, 0, 0);
        var raw = new long[] {0, 0, 0, 0};
        raw[field.word()] = Long.lowestOneBit(field.mask());
        var set = new StreamEntry(raw[0], raw[1], raw[2], raw[3]);
        assertThat(facts(set)).as(name).isNotEqualTo(facts(zero));
        var others = raw.clone();
        for (var other : new SmmuStructures(ALL).streamEntry().fields()) {
            if (other.use() == BitField.Use.IGNORED && other.word() < 4) {
                others[other.word()] |= other.mask();
            }
        }
        assertThat(facts(new StreamEntry(others[0], others[1], others[2], others[3])))
                .isEqualTo(facts(set));
    }

    private static List<Object> facts(StreamEntry entry) {
        return List.of(
                entry.isValid(),
                entry.config(),
                entry.descriptors(),
                entry.descriptorFormat(),
                entry.descriptorBits(ALL),
                entry.withoutSubstream(),
                entry.forbidsStall(),
                entry.ats(ALL),
                entry.privilege(),
                entry.instruction(),
                entry.vmid(),
                entry.secondSizeField(),
                entry.secondStartField(),
                entry.secondGranule(),
                entry.secondOutputField(),
                entry.secondIsAarch64(),
                entry.secondIsBigEndian(),
                entry.secondIgnoresAccessFlag(),
                entry.secondSetsDirtyState(),
                entry.secondSetsAccessFlag(),
                entry.secondStalls(),
                entry.secondRecords(),
                entry.secondTable());
    }
}
