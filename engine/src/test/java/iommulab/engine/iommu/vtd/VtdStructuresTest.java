package iommulab.engine.iommu.vtd;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.BitField;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VtdStructuresTest {
    @ParameterizedTest
    @ValueSource(ints = {39, 46, 48, 52})
    void theBitTablesReserveWhatTheWalkerRefuses(int hostBits) {
        var all = VtdCapabilities.EVERYTHING;
        var capabilities = new VtdCapabilities(all.cap(), all.ecap(), hostBits);
        var structures = new VtdStructures(capabilities);
        var format = new SecondStageFormat(capabilities);
        for (int level = 1; level <= 5; level++) {
            if (level > 1) {
                assertThat(structures.secondStageEntry(level, false).reservedBits(0))
                        .as("level %d entry", level)
                        .isEqualTo(format.reservedBits(level, false));
            }
            if (level <= 3) {
                assertThat(structures.secondStageEntry(level, true).reservedBits(0))
                        .as("level %d leaf", level)
                        .isEqualTo(format.reservedBits(level, true));
            }
        }
        assertThat(structures.contextEntry().reservedBits(0))
                .isEqualTo(ContextEntry.reservedInLow(capabilities));
        assertThat(structures.contextEntry().reservedBits(1))
                .isEqualTo(ContextEntry.reservedInHigh());
    }

    @ParameterizedTest
    @CsvSource({"DID, 1, 0x2a", "AW, 1, 2", "SSPTPTR, 0, 0x12345", "TT, 0, 1"})
    void aFieldWrittenIsTheFieldRead(String name, int word, String value) {
        BitField field = new VtdStructures(VtdCapabilities.EVERYTHING).contextEntry().field(name);
        assertThat(field.word()).isEqualTo(word);
        long bits = Long.decode(value);
        assertThat(field.valueIn(field.into(-1, bits))).isEqualTo(bits);
        assertThat(field.into(-1, bits) | field.mask()).isEqualTo(-1);
    }
}
