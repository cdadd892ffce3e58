package iommulab.engine.iommu.vtd;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.BitField;
import iommulab.engine.iommu.Structure;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.SplittableRandom;

class ScalableStructuresTest {
    private static VtdCapabilities hostOf(int bits) {
        var all = VtdCapabilities.SCALABLE;
        return new VtdCapabilities(all.cap(), all.ecap(), bits);
    }

    @ParameterizedTest
    @ValueSource(ints = {39, 46, 48, 52})
    void theBitTablesReserveWhatTheFirstStageRefuses(int hostBits) {
        var capabilities = hostOf(hostBits);
        var structures = new ScalableStructures(capabilities);
        var format = new FirstStageFormat(capabilities, false);
        for (int level = 1; level <= 5; level++) {
            if (level > 1) {
                assertThat(structures.firstStageEntry(level, false).reservedBits(0))
                        .as("level %d entry", level)
                        .isEqualTo(format.reservedBits(level, false));
            }
            if (level <= 3) {
                assertThat(structures.firstStageEntry(level, true).reservedBits(0))
                        .as("level %d leaf", level)
                        .isEqualTo(format.reservedBits(level, true));
            }
        }
    }

    @Test
    void aUnitWithoutGigapagesReservesThemInTheFirstStage() {
        var all = VtdCapabilities.SCALABLE;
        var none = new VtdCapabilities(all.cap() & ~(1L << 56), all.ecap(), 52);
        assertThat(new ScalableStructures(none).firstStageEntry(3, true).reservedBits(0))
                .isEqualTo(new FirstStageFormat(none, false).reservedBits(3, true));
    }

    @ParameterizedTest
    @ValueSource(ints = {39, 48, 52})
    void theBitTablesReserveWhatTheWayToAPasidRefuses(int hostBits) {
        var capabilities = hostOf(hostBits);
        var structures = new ScalableStructures(capabilities);
        for (int word = 0; word < 2; word++) {
            assertThat(structures.contextEntry().reservedBits(word))
                    .isEqualTo(ScalableContext.reserved(word, capabilities));
        }
        for (int word = 0; word < PasidEntry.WORDS; word++) {
            assertThat(structures.pasidEntry().reservedBits(word))
                    .as("word %d of the PASID table entry", word)
                    .isEqualTo(PasidEntry.reserved(word));
        }
        assertThat(structures.pasidDirectoryEntry().reservedBits(0))
                .isEqualTo(ScalableTables.reservedInDirectory(capabilities));
    }

    @Test
    void whatIsDecodedAndEncodedAgainIsTheSame() {
        var random = new SplittableRandom(11);
        var structures = new ScalableStructures(VtdCapabilities.SCALABLE);
        for (var structure :
                List.of(
                        structures.rootEntry(),
                        structures.contextEntry(),
                        structures.pasidDirectoryEntry(),
                        structures.pasidEntry(),
                        structures.firstStageEntry(5, false),
                        structures.firstStageEntry(3, true),
                        structures.firstStageEntry(1, true))) {
            long[] raw = random.longs(structure.words()).toArray();
            assertThat(encoded(structure, raw)).as(structure.name()).isEqualTo(raw);
        }
    }

    private static long[] encoded(Structure structure, long[] raw) {
        var words = new long[structure.words()];
        for (BitField field : structure.fields()) {
            words[field.word()] = field.into(words[field.word()], field.valueIn(raw[field.word()]));
        }
        return words;
    }

    @ParameterizedTest
    @CsvSource({
        "PGTT, 0, 8, 6",
        "AW, 0, 4, 2",
        "SSADE, 0, 9, 9",
        "DID, 1, 15, 0",
        "PWSNP, 1, 23, 23",
        "SRE, 2, 0, 0",
        "FSPM, 2, 3, 2",
        "SMEP, 2, 6, 6"
    })
    void aFieldOfThePasidTableEntryIsWhereTheSpecificationHasIt(
            String name, int word, int high, int low) {
        var field = new ScalableStructures(VtdCapabilities.SCALABLE).pasidEntry().field(name);
        assertThat(List.of(field.word(), field.high(), field.low()))
                .isEqualTo(List.of(word, high, low));
    }
}
